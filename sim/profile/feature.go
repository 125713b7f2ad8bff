package profile

import (
	"fmt"
	"strconv"
	"strings"

	"sealab/sim/abi"
)

// Feature is one field of a Profile, with a name that stays the same and words
// for its values.
type Feature struct {
	Name   string // such as "lru-batch"
	Kernel string // the kernel file and function that it is about
	About  string // what it decides, a few words

	value
}

// value reads and writes a field as text.
type value struct {
	get    func(p *Profile) string
	set    func(p *Profile, text string) bool // false if it is no value of the field
	means  func(p *Profile) string
	values string // what set takes
	group  string // the heading it belongs under; Features and Lookup set it
}

// Value returns the feature's value in a profile as a word or a number.
func (f *Feature) Value(p *Profile) string { return f.get(p) }

// Means returns a sentence on what an application notices of the value.
func (f *Feature) Means(p *Profile) string { return f.means(p) }

// Group is the heading that the feature belongs under.
func (f *Feature) Group() string { return f.group }

// Values tells which values Set takes.
func (f *Feature) Values() string { return f.values }

// group is a heading and the features under it.
type group struct {
	title    string
	features []Feature
}

var groups = []group{
	{"F_ADD_SEALS", sealFeatures},
	{"memfd_create", createFeatures},
	{"the wait for pins", waitFeatures},
	{"batches of pages", batchFeatures},
	{"mappings", mapFeatures},
	{"files", fileFeatures},
	{"who holds pages", holderFeatures},
	{"wrong kernels", wrongFeatures},
}

// Features returns every feature, in the order of Profile's fields.
func Features() []Feature {
	var all []Feature
	for _, g := range groups {
		for _, f := range g.features {
			f.group = g.title
			all = append(all, f)
		}
	}
	return all
}

// Lookup finds a feature by name.
func Lookup(name string) (*Feature, bool) {
	for _, g := range groups {
		for i := range g.features {
			if f := g.features[i]; f.Name == name {
				f.group = g.title
				return &f, true
			}
		}
	}
	return nil, false
}

// Set changes one feature, for an experiment: "lru-batch=15", "o-direct=no". A
// name alone means yes.
func (p *Profile) Set(text string) error {
	name, word, found := strings.Cut(text, "=")
	if !found {
		word = "yes"
	}
	f, ok := Lookup(name)
	if !ok {
		return fmt.Errorf("no feature %q%s", name, suggestFeature(name))
	}
	if !f.set(p, word) {
		return fmt.Errorf("feature %s: %q is none of its values: %s", name, word, f.values)
	}
	return nil
}

// suggestFeature names a feature that begins alike, or shares a word.
func suggestFeature(name string) string {
	best, length := "", 2
	for _, f := range Features() {
		n := 0
		for n < len(name) && n < len(f.Name) && name[n] == f.Name[n] {
			n++
		}
		if n > length {
			best, length = f.Name, n
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; is it %q?", best)
}

// choice is one value of an enumeration.
type choice struct{ word, means string }

// enum is a field that is one of several words; their order is that of the
// constants.
func enum[T ~uint8](at func(*Profile) *T, choices ...choice) value {
	words := make([]string, len(choices))
	for i, c := range choices {
		words[i] = c.word
	}
	pick := func(p *Profile) choice {
		if i := int(*at(p)); i < len(choices) {
			return choices[i]
		}
		return choice{strconv.Itoa(int(*at(p))), "no kernel does that."}
	}
	return value{
		get: func(p *Profile) string { return pick(p).word },
		set: func(p *Profile, text string) bool {
			for i, w := range words {
				if w == text {
					*at(p) = T(i)
					return true
				}
			}
			return false
		},
		means:  func(p *Profile) string { return pick(p).means },
		values: strings.Join(words, ", "),
	}
}

// flag is a field that is true or false.
func flag(at func(*Profile) *bool, yes, no string) value {
	return value{
		get: func(p *Profile) string { return yesNo(*at(p)) },
		set: func(p *Profile, text string) bool {
			*at(p) = *at(p) && text != "no" || text == "yes"
			return text == "yes" || text == "no"
		},
		means: func(p *Profile) string {
			if *at(p) {
				return yes
			}
			return no
		},
		values: "yes, no",
	}
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// number is a field that is a number from low to high; means has a %d for it.
func number(at func(*Profile) *int, low, high int, means string) value {
	return value{
		get: func(p *Profile) string { return strconv.Itoa(*at(p)) },
		set: func(p *Profile, text string) bool {
			n, err := strconv.Atoi(text)
			if err != nil || n < low || n > high {
				return false
			}
			*at(p) = n
			return true
		},
		means:  func(p *Profile) string { return fmt.Sprintf(means, *at(p)) },
		values: fmt.Sprintf("%d to %d", low, high),
	}
}

// bits is a field that is a set of C words; means has a %s for them.
func bits[T ~uint32](at func(*Profile) *T, family abi.Family, all T, means string) value {
	text := func(p *Profile) string { return abi.FormatFlags(family, uint64(*at(p))) }
	return value{
		get: text,
		set: func(p *Profile, text string) bool {
			v, err := abi.ParseFlags(text)
			if err != nil || v&^uint64(all) != 0 {
				return false
			}
			*at(p) = T(v)
			return true
		},
		means:  func(p *Profile) string { return fmt.Sprintf(means, text(p)) },
		values: "of " + abi.FormatFlags(family, uint64(all)),
	}
}
