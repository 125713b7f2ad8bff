package model_test

import (
	"strings"
	"testing"

	"sealab/sim/mutant"
)

// TestEveryMutantIsSomewhere: the code of the model asks for each mutant, and the code
// that does not know the model asks for none.
func TestEveryMutantIsSomewhere(t *testing.T) {
	var text strings.Builder
	for _, p := range source(t) {
		if !inSim(p.dir) || p.dir == "sim/mutant" || p.dir == "sim/profile" {
			continue
		}
		for _, f := range p.files {
			if !f.isTest {
				text.WriteString(f.text)
			}
		}
	}
	for _, name := range mutantConstants(t) {
		if n := strings.Count(text.String(), "mutant."+name+")") + strings.Count(text.String(), "mutant."+name+","); n == 0 {
			t.Errorf("nothing under sim/ asks for mutant.%s", name)
		}
	}
}

// mutantConstants returns the names of the constants, by the names that are written.
func mutantConstants(t *testing.T) (names []string) {
	for _, p := range source(t) {
		if p.dir != "sim/mutant" {
			continue
		}
		for _, f := range p.files {
			for _, a := range mutant.All() {
				before, _, ok := strings.Cut(f.text, `, "`+a.Name+`", `)
				if ok {
					names = append(names, before[strings.LastIndex(before, "{")+1:])
				}
			}
		}
	}
	if len(names) != len(mutant.All()) {
		t.Fatalf("%d constants for %d mutants", len(names), len(mutant.All()))
	}
	return names
}
