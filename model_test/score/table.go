package main

import (
	"fmt"
	"os"
	"strings"

	"sealab/sim/mutant"
)

// row is a mutant and the tests that notice it.
type row struct {
	mutant.About
	kills []kill
}

// by returns the tests of a class that noticed, with their packages.
func (r row) by(c class) (names []string) {
	for _, k := range r.kills {
		if k.Class == c {
			names = append(names, fmt.Sprintf("`%s` %s", k.Suite, strings.TrimPrefix(k.Test, "Test")))
		}
	}
	return names
}

func (r row) verdict() string {
	switch {
	case len(r.by(property)) > 0:
		return fmt.Sprintf("killed by %d properties, %d examples, %d golden files",
			len(r.by(property)), len(r.by(example)), len(r.by(golden)))
	case len(r.by(example)) > 0:
		return "killed by examples only"
	case len(r.by(golden)) > 0:
		return "killed by golden files only"
	}
	return "survives"
}

// why says of mutants that survive, or that no property kills, why that is so.
//
//tidy:table one line a mutant
var why = map[string]string{
	"short-moves-whole":      "The programs of the properties write at an offset, where the position does not matter.",
	"cloexec-forgotten":      "The programs of the properties execute no other program after memfd_create.",
	"hugetlb-ignores-shrink": "The programs of the properties set no size of huge pages on a sealed file; examples do.",
	"hugetlb-ignores-grow":   "The programs of the properties set no size of huge pages on a sealed file; examples do.",
	"drain-after-tag": "The drain clears what was marked meanwhile, at the same virtual time: no program can tell. " +
		"An example looks at the marks.",
	"mark-all": "The next look takes the marks away at the same virtual time: no program can tell. " +
		"An example looks at the marks.",
	"any-signal-ends": "The programs of the properties catch no signal; an example does.",
	"madv-remove-unchecked": "Mappings that were made before F_SEAL_FUTURE_WRITE are rare in random programs: " +
		"a specification of 800 programs finds it, one of 100 does not always.",
}

// table writes docs/mutants.md.
func table(rows []row) string {
	var b strings.Builder
	count := [3]int{}
	killed := 0
	for _, r := range rows {
		for c := range count {
			if len(r.by(class(c))) > 0 {
				count[c]++
			}
		}
		if len(r.kills) > 0 {
			killed++
		}
	}
	fmt.Fprintf(&b, "# Mutants\n\nWhich tests notice which wrong kernel: `make mutants` writes this page "+
		"(package `mutant` has the\ncatalogue, `model_test/score` runs the tests). The slow packages, %s, are asked\n"+
		"only when no property of the others has noticed.\n\n"+
		"%d of %d mutants are killed: %d by a property (random programs, laws, another model, every order), %d by\n"+
		"an example in a test, %d by a golden file or a recording.\n",
		strings.Join(slow, ", "), killed, len(rows), count[property], count[example], count[golden])
	b.WriteString("What the portable vectors notice by themselves stands in [coverage.md](coverage.md).\n")
	part := ""
	for _, r := range rows {
		if p := r.Part(); p != part {
			part = p
			fmt.Fprintf(&b, "\n## %s\n\n", strings.ToUpper(part[:1])+part[1:])
			b.WriteString("| mutant | what is wrong | properties | examples | golden |\n|---|---|---|---|---|\n")
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", r.Name, r.Sentence,
			some(r.by(property)), some(r.by(example)), some(r.by(golden)))
	}
	left := ""
	for _, r := range rows {
		if len(r.by(property)) == 0 {
			left += fmt.Sprintf("- **%s** %s. %s\n", r.Name, r.verdict(), why[r.Name])
		}
	}
	if left != "" {
		fmt.Fprintf(&b, "\n## Not killed by a property\n\n%s", left)
	}
	return b.String()
}

// some lists up to three names, and how many more there are.
func some(names []string) string {
	if len(names) <= 3 {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:3], ", "), len(names)-3)
}

// survivors is an error if a mutant lives of which docs/mutants.md does not say so.
func survivors(rows []row) error {
	page, err := os.ReadFile("docs/mutants.md")
	if err != nil {
		return err
	}
	for _, r := range rows {
		if len(r.kills) == 0 && !strings.Contains(string(page), "**"+r.Name+"** survives") {
			return fmt.Errorf("%s (%s) survives, and docs/mutants.md says that it is killed", r.Name, r.Sentence)
		}
	}
	return nil
}
