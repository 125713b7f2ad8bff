package mutant

import (
	"fmt"
	"strings"
)

// Mutant is one wrong kernel, by number. The numbers are not for keeping: they change
// when a mutant is added.
type Mutant uint8

// Set is a set of mutants, a bit each. The zero Set is empty: no wrong kernel at all.
// Sets can be compared with ==.
type Set [2]uint64

// Of returns the set of some mutants.
func Of(all ...Mutant) (s Set) {
	for _, m := range all {
		s[m>>6] |= 1 << (m & 63)
	}
	return s
}

// Has says whether a mutant is in the set.
func (s *Set) Has(m Mutant) bool { return s[m>>6]&(1<<(m&63)) != 0 }

// Or returns the union of two sets.
func (s Set) Or(t Set) Set { return Set{s[0] | t[0], s[1] | t[1]} }

// String prints the names, separated by commas; "none" for the empty set.
func (s Set) String() string {
	var names []string
	for _, a := range catalogue {
		if s.Has(a.Mutant) {
			names = append(names, a.Name)
		}
	}
	if names == nil {
		return "none"
	}
	return strings.Join(names, ",")
}

// String returns the name.
func (m Mutant) String() string {
	if m == 0 || m >= count {
		return fmt.Sprintf("mutant %d", uint8(m))
	}
	return catalogue[m-1].Name
}

// About returns what is to be said of a mutant, which must be one of the catalogue.
func (m Mutant) About() About { return catalogue[m-1] }

// All returns the catalogue.
func All() []About { return append([]About(nil), catalogue...) }

// Parse reads names separated by commas, or "none". An unknown name is an error that
// suggests one which is alike.
func Parse(text string) (Set, error) {
	var s Set
	if text == "none" || text == "" {
		return s, nil
	}
	for _, name := range strings.Split(text, ",") {
		m, ok := find(name)
		if !ok {
			return Set{}, fmt.Errorf("no mutant %q%s", name, suggest(name))
		}
		s = s.Or(Of(m))
	}
	return s, nil
}

func find(name string) (Mutant, bool) {
	for _, a := range catalogue {
		if a.Name == name {
			return a.Mutant, true
		}
	}
	return 0, false
}

// suggest names the mutant that begins most like a name.
func suggest(name string) string {
	best, length := "", 2
	for _, a := range catalogue {
		n := 0
		for n < len(name) && n < len(a.Name) && name[n] == a.Name[n] {
			n++
		}
		if n > length {
			best, length = a.Name, n
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; is it %q?", best)
}
