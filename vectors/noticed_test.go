package vectors_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sealab/explore"
	"sealab/run"
	"sealab/sim/mutant"
	"sealab/sim/profile"
	"sealab/vectors"
)

// noticedOn are the kernels that are made wrong, to see whether the vectors notice.
var noticedOn = []string{"7.2.13", "5.10.223"}

// unnoticed says of mutants that no vector notices why that is so.
//
//tidy:table one line a mutant
var unnoticed = map[string]string{
	"drain-after-tag":       "the drain takes away what was marked meanwhile, at the same time",
	"last-scan-leaves-tags": "the first look of the next attempt takes the mark away, at the same time",
	"mark-all":              "the next look takes the marks away, at the same time",
	"split-loses-tag":       "no call splits a large folio",
}

// noticed is a wrong kernel and the first vector that notices it, if one does.
type noticed struct {
	mutant.About
	by *vectors.Vector
}

// whoNotices plays every vector on every wrong kernel and compares its answers with those
// of the right one, times as a player does: a call may take longer than it should, and
// up to a fifth less.
func whoNotices(t testing.TB, set *vectors.Set) (all []noticed) {
	if os.Getenv("SEALAB_MUTANT") != "" {
		t.Skip("the kernels of this process are wrong already")
	}
	right := map[string][][]vectors.Result{}
	for _, k := range noticedOn {
		for i := range set.Vectors {
			r, err := set.Vectors[i].Results(k, 0)
			require.NoError(t, err)
			right[k] = append(right[k], r)
		}
	}
	defer profile.MutateAll(mutant.Set{})
	for _, m := range mutant.All() {
		wrong, err := mutant.Parse(m.Name)
		require.NoError(t, err)
		profile.MutateAll(wrong)
		n := noticed{About: m}
		for _, portable := range []bool{true, false} {
			for _, k := range noticedOn {
				for i := range set.Vectors {
					v := &set.Vectors[i]
					if n.by == nil && v.Portable() == portable &&
						(differs(v, k, right[k][i]) || v.Race && !raceHolds(t, v, k)) {
						n.by = v
					}
				}
			}
		}
		all = append(all, n)
	}
	return all
}

// differs says whether a kernel answers otherwise than it should. One that crashes does.
func differs(v *vectors.Vector, kernel string, want []vectors.Result) (yes bool) {
	defer func() {
		if recover() != nil {
			yes = true
		}
	}()
	got, err := v.Results(kernel, 0)
	if err != nil {
		return true
	}
	for i, w := range want {
		g := got[i]
		if w.Not == "" && (g.Not != "" || g.Errno != w.Errno || g.Any != w.Any || g.Value != w.Value || g.MS < w.MS*4/5) {
			return true
		}
	}
	return false
}

// raceHolds says whether the conditions of a race hold in all orders together.
func raceHolds(t testing.TB, v *vectors.Vector, kernel string) bool {
	text, err := os.ReadFile(filepath.Join("scenarios", v.Name+".scenario"))
	require.NoError(t, err)
	scripts, err := run.Read(bytes.NewReader(text), v.Name)
	require.NoError(t, err)
	rep, err := explore.Explore(context.Background(), scripts[0], explore.Plan{
		Options: explore.Options{NoCounts: true, NoSchedules: true}, Search: explore.Complete, Kernel: kernel})
	require.NoError(t, err)
	for _, c := range rep.Conditions {
		if c.Verdict != "holds" {
			return false
		}
	}
	return true
}

// noticedSection is what docs/coverage.md says of it.
func noticedSection(t testing.TB, set *vectors.Set) string {
	var b, left strings.Builder
	count, portable := 0, 0
	list := whoNotices(t, set)
	for _, n := range list {
		why, known := unnoticed[n.Name]
		require.Equal(t, n.by == nil, known, "%s is noticed, or there is a reason why not", n.Name)
		if n.by == nil {
			fmt.Fprintf(&left, "- **%s** (%s): %s.\n", n.Name, n.Sentence, why)
			continue
		}
		count++
		player := "no"
		if n.by.Portable() {
			portable++
			player = "yes"
		}
		fmt.Fprintf(&b, "| %s | %s | [%s](#%s) | %s |\n", n.Name, n.Sentence, n.by.Name, n.by.Name, player)
	}
	return fmt.Sprintf(noticedHead, count, len(list), portable, strings.Join(noticedOn, " and "), left.String()) + b.String()
}

const noticedHead = `
## What the vectors notice

By themselves the vectors notice %d of %d wrong kernels (package ` + "`mutant`" + `): %d of them those that play.c
plays, compared as it does, where a call may take longer than it should but not much less. The
wrong kernels are made of %s.

No program can notice these:

%s
| wrong kernel | what is wrong | first noticed by | play.c plays it |
|---|---|---|---|
`
