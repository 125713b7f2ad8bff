package profile

import (
	"fmt"
	"strings"
)

// Difference is one feature in which two profiles differ.
type Difference struct {
	Feature string // its name
	A, B    string // its value in each
	InA     string // a sentence each on what an application notices
	InB     string
}

// String prints the difference on one line.
func (d Difference) String() string {
	return fmt.Sprintf("%s: %s -> %s: %s Then: %s", d.Feature, d.A, d.B, d.InA, d.InB)
}

// Diff returns the features in which two profiles differ, in the order of the
// fields; also those with the same value that means something else, because of
// another feature. Their Release does not matter.
func Diff(a, b Profile) []Difference {
	var all []Difference
	for _, f := range Features() {
		if x, y := f.get(&a), f.get(&b); x != y || f.means(&a) != f.means(&b) {
			all = append(all, Difference{f.Name, x, y, f.means(&a), f.means(&b)})
		}
	}
	return all
}

// Describe prints every feature with its value and a sentence on what an
// application notices.
func (p Profile) Describe() string {
	var b strings.Builder
	if p.Release != "" {
		fmt.Fprintf(&b, "Linux %s\n", p.Release)
	}
	for _, g := range groups {
		fmt.Fprintf(&b, "\n%s\n", g.title)
		for i := range g.features {
			f := &g.features[i]
			fmt.Fprintf(&b, "  %s = %s\n      %s\n", f.Name, f.get(&p), f.means(&p))
		}
	}
	return b.String()
}
