package view

import (
	"fmt"
	"io"

	"sealab/sim/mutant"
	"sealab/sim/profile"
)

// Kernel is a kernel with what is not certain about it.
type Kernel struct {
	Profile profile.Profile
	Notes   []profile.Note
}

// Kernels lists the kernels that have a name, and other systems.
func Kernels(w io.Writer, named []profile.Named, peers []profile.Peer, s Style) {
	p := newPrinter(w, s)
	name, release := 0, 0
	for _, n := range named {
		name, release = max(name, len(n.ID)), max(release, len(n.Release))
	}
	row := func(id, of, about string) {
		head := p.bold.Sprintf("%-*s", name, id) + fmt.Sprintf("  %-*s  ", release, of)
		indent := name + release + 4
		p.hang(head, indent, indent, about)
	}
	for _, n := range named {
		row(n.ID, n.Release, n.About)
	}
	p.heading("Other systems, as deviations from a Linux")
	for _, peer := range peers {
		row(peer.ID, peer.Base, fmt.Sprintf("%s, with %s", peer.Name,
			plural(int64(len(peer.Deviations)), "deviation", "deviations")))
	}
}

// WrongKernels lists the mutants: what can be wrong with a kernel that is asked for.
func WrongKernels(w io.Writer, all []mutant.About, s Style) {
	p := newPrinter(w, s)
	name := 0
	for _, a := range all {
		name = max(name, len(a.Name))
	}
	p.wrap(0, "A kernel with one of these names behind a colon is wrong in that: 6.18.44:"+all[0].Name+".")
	p.f("\n")
	for _, a := range all {
		p.hang(p.bold.Sprintf("%-*s", name, a.Name)+"  ", name+2, name+2, a.Sentence)
	}
}

// Features prints what one kernel does: each feature with its value and what an
// application notices of it.
func Features(w io.Writer, k Kernel, s Style) {
	p := newPrinter(w, s)
	p.f("%s\n", p.bold.Sprint("Linux "+k.Profile.Release))
	group := ""
	for _, f := range profile.Features() {
		if f.Group() != group {
			group = f.Group()
			p.heading("%s", group)
		}
		p.f("  %s = %s\n", f.Name, f.Value(&k.Profile))
		p.wrap(6, f.Means(&k.Profile))
	}
	p.certainty(k)
}

// Difference prints in what two kernels differ, as an application notices it.
func Difference(w io.Writer, a, b Kernel, s Style) {
	p := newPrinter(w, s)
	all := profile.Diff(a.Profile, b.Profile)
	x, y := clean(a.Profile.Release), clean(b.Profile.Release)
	if len(all) == 0 {
		p.f("An application notices no difference between Linux %s and %s.\n", x, y)
	} else {
		p.f("An application can notice %s between Linux %s and %s.\n",
			plural(int64(len(all)), "difference", "differences"), x, y)
	}
	width := max(len(x), len(y))
	group := ""
	for _, d := range all {
		if f, ok := profile.Lookup(d.Feature); ok && f.Group() != group {
			group = f.Group()
			p.heading("%s", group)
		}
		p.f("  %s: %s\n", d.Feature, change(d.A, d.B))
		for _, side := range [][2]string{{x, d.InA}, {y, d.InB}} {
			p.hang(fmt.Sprintf("      %-*s  ", width, side[0]), width+8, width+8, side[1])
		}
	}
	p.certainty(a)
	p.certainty(b)
}

func change(a, b string) string {
	if a == b {
		return a + ", with another meaning"
	}
	return a + " -> " + b
}

// certainty says what is not certain about a kernel.
func (p *printer) certainty(k Kernel) {
	if len(k.Notes) > 0 {
		p.f("\n")
	}
	for _, n := range k.Notes {
		p.hang("Note: ", 6, 6, string(n))
	}
}
