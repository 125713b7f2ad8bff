package gen

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// A program is a function of its seed and number.
func TestSameAgain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed, n := rapid.Uint64().Draw(t, "seed"), rapid.Uint64().Draw(t, "number")
		p := New(seed, n, Options{})
		require.Equal(t, p, New(seed, n, Options{}))
		require.NotEqual(t, p, New(seed, n+1, Options{}))
		require.LessOrEqual(t, len(p), 30)
	})
}

// Each name is given before it is used, also after calls were left out.
func TestNamesAreKnown(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := New(rapid.Uint64().Draw(t, "seed"), 0, Options{})
		from := rapid.IntRange(0, len(p)-1).Draw(t, "from")
		for _, q := range []Program{p, p.without(from, from+1)} {
			checkNames(t, q)
		}
	})
}

// A program of several tasks is a function of its seed and number too, uses no name that is not
// given before, and has a few calls of each task.
func TestTogether(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed, n := rapid.Uint64().Draw(t, "seed"), rapid.Uint64().Draw(t, "number")
		tasks := rapid.IntRange(2, 3).Draw(t, "tasks")
		p := Together(seed, n, tasks)
		require.Equal(t, p, Together(seed, n, tasks))
		checkNames(t, p)
		calls := map[string]int{}
		for _, c := range p {
			calls[c.Task]++
		}
		require.Len(t, calls, tasks+1)
		for task, n := range calls {
			require.True(t, task == "" || n <= 2)
		}
	})
}

func checkNames(t *rapid.T, p Program) {
	var known []string
	for _, c := range p {
		for _, a := range c.Args {
			for _, w := range strings.FieldsFunc(a, func(r rune) bool { return strings.ContainsRune("[]{}=+-, ", r) }) {
				if len(w) > 1 && strings.ContainsRune("rmpgus", rune(w[0])) && w[1] <= '9' && !slices.Contains(c.names(), w) {
					require.Contains(t, known, w, "%s\n%s", c, p)
				}
			}
		}
		known = append(known, c.names()...)
	}
}

func TestOptions(t *testing.T) {
	for n := range uint64(500) {
		text := New(1, n, Options{NoURing: true, NoHugetlb: true, Calls: 10}).String()
		require.NotContains(t, text, "io_uring")
		require.NotContains(t, text, "HUGETLB")
	}
}

// Of what Shrink ends with, no line can be left out.
func TestShrink(t *testing.T) {
	bad := func(p Program) bool {
		at := slices.IndexFunc(p, func(c Call) bool { return c.Name == "mmap" })
		return at >= 0 && slices.ContainsFunc(p[at:], func(c Call) bool { return c.Name == "munmap" })
	}
	tried := 0
	for n := range uint64(2000) {
		p := New(7, n, Options{})
		if !bad(p) {
			continue
		}
		tried++
		least := p
		Shrink(p, 1000, func(q Program) bool {
			if bad(q) {
				least = q
			}
			return bad(q)
		})
		for i := range least {
			require.False(t, bad(least.without(i, i+1)), "line %d could go:\n%s", i+1, least)
		}
	}
	require.Greater(t, tried, 100)
}

// Shrink asks no more often than it may.
func TestShrinkIsBounded(t *testing.T) {
	asked := 0
	Shrink(New(1, 1, Options{}), 25, func(Program) bool { asked++; return true })
	require.LessOrEqual(t, asked, 25)
}
