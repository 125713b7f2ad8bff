package exercise_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"sealab/exercise"
	"sealab/question"
	"sealab/run"
	"sealab/sim/mutant"
)

// TestExercises: an exercise of any kind and seed can be had, twice the same; one choice is
// right; and no two are the same.
func TestExercises(t *testing.T) {
	var names []string
	for _, k := range exercise.Kinds() {
		names = append(names, k.Name)
	}
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom(names).Draw(t, "kind")
		seed := rapid.Uint64Max(1<<20).Draw(t, "seed")
		e, err := exercise.New(kind, seed)
		require.NoError(t, err)
		if seed%8 == 0 {
			again, err := exercise.New(kind, seed)
			require.NoError(t, err)
			require.Equal(t, e, again)
		}
		require.GreaterOrEqual(t, len(e.Choices), 3)
		require.NotEmpty(t, e.Because)
		seen := map[string]bool{}
		for i, c := range e.Choices {
			require.False(t, seen[c.Text], c.Text)
			seen[c.Text] = true
			require.Equal(t, i == e.Answer, c.Say == "", "%q is told %q", c.Text, c.Say)
		}
		require.Contains(t, e.Ask, "?")
		check := checks[kind]
		if check == nil {
			check = rightByModel
		}
		check(t, e)
	})
}

var checks = map[string]func(*rapid.T, *exercise.Exercise){"line": wrongLine, "bug": wrongKernel}

// rightByModel: the right choice is what the kernel that is asked answers to the line.
func rightByModel(t *rapid.T, e *exercise.Exercise) {
	if !strings.Contains(e.Ask, "answer") {
		return // question.New has read a number off the recorded run
	}
	require.Equal(t, answers(t, e.Scenario, e.Kernel)[e.Line], e.Choices[e.Answer].Text)
}

// answers is what a kernel answers, by line.
func answers(t *rapid.T, scenario, kernel string) map[int64]string {
	scripts, err := run.Read(strings.NewReader(scenario), "exercise")
	require.NoError(t, err)
	res, err := run.Play(scripts[0], run.Options{Kernel: kernel})
	require.NoError(t, err)
	all := map[int64]string{}
	for i := range res.Calls {
		all[res.Calls[i].Line] = question.Outcome(&res.Calls[i])
	}
	return all
}

// shown is what a transcript says that was answered, by line.
func shown(scenario string) map[int64]string {
	all := map[int64]string{}
	for i, l := range strings.Split(scenario, "\n") {
		if _, said, ok := strings.Cut(l, "  # "); ok {
			all[int64(i+1)] = said
		}
	}
	return all
}

// wrongLine: the transcript is the wrong kernel's, and the right kernel differs in one line.
func wrongLine(t *rapid.T, e *exercise.Exercise) {
	require.Equal(t, answers(t, e.Scenario, e.Kernel), shown(e.Scenario))
	right, _, _ := strings.Cut(e.Kernel, ":")
	for line, said := range answers(t, e.Scenario, right) {
		require.Equal(t, line != e.Line, said == shown(e.Scenario)[line], "line %d", line)
	}
	require.Equal(t, fmt.Sprintf("that of line %d", e.Line), e.Choices[e.Answer].Text)
}

// wrongKernel: the transcript is that of the wrong kernel which is the right choice, and
// of none of the others.
func wrongKernel(t *rapid.T, e *exercise.Exercise) {
	release, _, _ := strings.Cut(e.Kernel, ":")
	for i, c := range e.Choices {
		all := mutant.All()
		at := slices.IndexFunc(all, func(a mutant.About) bool { return a.Sentence == c.Text })
		require.GreaterOrEqual(t, at, 0, c.Text)
		got := answers(t, e.Scenario, release+":"+all[at].Name)
		if i == e.Answer {
			require.Equal(t, shown(e.Scenario), got)
		} else {
			require.NotEqual(t, shown(e.Scenario), got, c.Text)
		}
	}
	require.NotEqual(t, shown(e.Scenario), answers(t, e.Scenario, release))
}

// TestKinds: every kind has its turn when none is named, and one that is not there is
// refused.
func TestKinds(t *testing.T) {
	seen := map[string]bool{}
	for seed := uint64(0); len(seen) < len(exercise.Kinds()) && seed < 500; seed++ {
		e, err := exercise.New("", seed)
		require.NoError(t, err)
		seen[e.Kind] = true
	}
	require.Len(t, seen, len(exercise.Kinds()))
	_, err := exercise.New("essay", 1)
	require.ErrorContains(t, err, `there is no exercise "essay": there are answer, counter,`)
}

func ExampleNew() {
	e, err := exercise.New("bug", 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(e.Scenario)
	fmt.Println(e.Ask)
	for i, c := range e.Choices {
		fmt.Println(i, c.Text)
	}
	fmt.Println("answer", e.Answer)
	// Output:
	// r0 = memfd_create("picture", MFD_ALLOW_SEALING)                               # It succeeds
	// ftruncate(r0, 16384)                                                          # It succeeds
	// m0 = mmap(NULL, 16384, PROT_READ|PROT_WRITE, MAP_SHARED, r0, 0)               # It succeeds
	// fcntl(r0, F_ADD_SEALS, F_SEAL_WRITE)                                          # It succeeds
	// m1 = mmap(NULL, 16384, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_POPULATE, r0, 0)  # EPERM
	// mprotect(m0, 16384, PROT_NONE)                                                # It succeeds
	// pwrite64(r0, "y", 8192, 12288)                                                # EPERM
	// A broken kernel gave these answers. What is wrong with it?
	// 0 seals can be added through a read-only descriptor
	// 1 countable mappings do not keep F_SEAL_WRITE away
	// 2 the seals are set before the wait for pins, and taken back if that fails
	// 3 unknown seals are looked for before the descriptor is
	// answer 1
}
