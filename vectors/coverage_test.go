package vectors_test

//go:generate go test -count=1 -run ^TestCoverage$ . -coverage-page

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sealab/vectors"
)

var writeCoverage = flag.Bool("coverage-page", false, "write docs/coverage.md instead of comparing with it")

const coveragePage = "../docs/coverage.md"

// without are the behaviours that no scenario shows: why, and the test that shows the
// model's side of it all the same, if there is one.
//
//tidy:table one line a behaviour
var without = map[string]struct{ test, why string }{
	"B14":  {"", "Paths of other processes are not modelled: a scenario does not know their numbers."},
	"B17":  {"", "How many huge pages there are is not modelled."},
	"B105": {"sim/kernel TestSnapshot", "No program can ask for it: copies of the machine stand for checkpoints."},
	"H4":   {"sim/memfd TestLargeFolios", "No call makes the model choose a large folio."},
	"H28":  {"sim/memfd TestWokenEarly", "No program can wake a sealer that way."},
	"H31":  {"sim/memfd TestBehindTheWalk", "It takes a file of more than 4096 pages and one order of many."},
	"H36":  {"sim/memfd TestLargeFolios", "No call makes the model choose one; TestLargeFoliosOfTheHost asks a kernel."},
	"H37":  {"sim/memfd TestLargeFolios", "No call makes the model choose one; TestLargeFoliosOfTheHost asks a kernel."},
	"H38":  {"sim/memfd TestLargeFolios", "No call makes the model choose a large folio."},
	"H79":  {"run TestForkUnderFutureWrite", "No answer tells what a load reads; scenario b092 shows the missing flag."},
	"H85":  {"sim/memfd TestKilledBeforeTheCall", "No program can make its next call with SIGKILL pending."},
}

// behaviours reads docs/behaviours.md: the numbers, and what they are in words.
func behaviours(t testing.TB) (numbers []string, words map[string]string) {
	page, err := os.ReadFile("../docs/behaviours.md")
	require.NoError(t, err)
	words = map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^\| ([BHU]\d+) \| (.*) \|$`).FindAllStringSubmatch(string(page), -1) {
		numbers = append(numbers, m[1])
		words[m[1]] = m[2]
	}
	return numbers, words
}

// TestCoverage: docs/coverage.md is what it would be if it were written now, and every
// behaviour has a scenario or a reason.
func TestCoverage(t *testing.T) {
	page := coverage(t)
	if *writeCoverage {
		require.NoError(t, os.WriteFile(coveragePage, []byte(page), 0o644))
		return
	}
	have, err := os.ReadFile(coveragePage)
	require.NoError(t, err)
	require.Equal(t, page, string(have), "go generate ./vectors writes it")
}

func coverage(t *testing.T) string {
	set := all(t)
	numbers, words := behaviours(t)
	require.Len(t, numbers, 106+86+20)
	shown := map[string][]*vectors.Vector{}
	for i := range set.Vectors {
		v := &set.Vectors[i]
		for _, n := range v.Shows {
			require.Contains(t, words, n, v.Name)
			shown[n] = append(shown[n], v)
		}
	}
	c := confirmations(t, set)
	require.Empty(t, c.contradicted)
	var b strings.Builder
	fmt.Fprintf(&b, coverageHead, len(numbers), len(shown), len(set.Vectors), len(numbers)-len(shown))
	b.WriteString("\n## Behaviours\n\n| # | behaviour | shown by | confirmed by |\n|---|---|---|---|\n")
	for _, n := range numbers {
		reason, ok := without[n]
		require.NotEqual(t, ok, len(shown[n]) > 0, "%s has a scenario or a reason, and not both", n)
		cell := ""
		var by []string
		for _, v := range shown[n] {
			by = append(by, c.by[v.Name]...)
			cell += fmt.Sprintf(", [%s](#%s)", v.Name, v.Name)
		}
		if ok {
			cell = "  *" + strings.TrimSuffix(reason.why, ".") + "*"
			if reason.test != "" {
				requireTest(t, reason.test)
				cell += "; " + reason.test
			}
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", n, words[n], cell[2:], kernels(by))
	}
	b.WriteString("\n## Scenarios\n\n| scenario | tests | what other kernels answer | confirmed by |\n|---|---|---|---|\n")
	for i := range set.Vectors {
		v := &set.Vectors[i]
		fmt.Fprintf(&b, "| <a id=%q></a>[%s](../vectors/scenarios/%s.scenario) | %s | %s | %s |\n",
			v.Name, v.Name, v.Name, testsOf(v), differences(v), kernels(c.by[v.Name]))
	}
	return b.String() + noticedSection(t, set)
}

const coverageHead = `# Coverage

Which scenario shows which behaviour ([behaviours.md](behaviours.md)), what kernels answer, and which
of them have confirmed it. ` + "`go generate ./vectors`" + ` writes this page.

%d behaviours; %d of them are shown by %d named scenarios, %d have none, with the reason.

A kernel confirms a scenario where its stored answers are those of the model: to the scenario itself,
recorded with ` + "`go test ./vectors -run 'TestRecord$' -record`" + ` in ` + "`vectors/testdata/confirmed`" + `, or to a recorded
program that does the same (` + "`vectors/testdata/recorded`" + `, taken from 5.10.223, 6.1.192, the same with
PREEMPT_RT, 6.12.107, 6.16.12, 6.18.15, 6.18.44, 7.2.13 and user-mode Linux 6.1.176). *TestConfirmed*
plays them again. No kernel stands here whose answers are not there.

The tests are those of package ` + "`vectors`" + `: *TestAnswers* holds every answer of every scenario against the
model of each mainline release, *TestRaces* searches all orders where the order decides, and play.c
(` + "`tools/vectors`" + `, *TestPlayer*) plays a scenario on the system underneath.
`

// requireTest fails if there is no such test.
func requireTest(t *testing.T, name string) {
	dir, test, _ := strings.Cut(name, " ")
	files, err := filepath.Glob(filepath.Join("..", dir, "*_test.go"))
	require.NoError(t, err)
	for _, f := range files {
		text, err := os.ReadFile(f)
		require.NoError(t, err)
		if strings.Contains(string(text), "func "+test+"(") {
			return
		}
	}
	require.Fail(t, "there is no test "+name)
}

func testsOf(v *vectors.Vector) string {
	tests := []string{"TestAnswers"}
	if v.Race {
		tests = append(tests, "TestRaces")
	}
	if v.Portable() {
		tests = append(tests, "play.c")
	}
	return strings.Join(tests, ", ")
}

// differences says for each range of releases that answers otherwise than the newest where
// it first does so.
func differences(v *vectors.Vector) string {
	newest := v.Answers[len(v.Answers)-1]
	var cells []string
	for _, a := range v.Answers[:len(v.Answers)-1] {
		for i, r := range a.Results {
			if r == newest.Results[i] {
				continue
			}
			answer := cmp.Or(r.Errno, r.Not, fmt.Sprint(r.Value))
			if r.Errno == newest.Results[i].Errno && r.Value == newest.Results[i].Value {
				answer += fmt.Sprintf(" after %d ms", r.MS)
			}
			cells = append(cells, fmt.Sprintf("%s: `%s` %s", span(a.First, a.Last), v.Steps[i].Call, answer))
			break
		}
	}
	return strings.Join(append([]string{"from " + v.Since + " on"}, cells...), "; ")
}

func span(first, last string) string {
	if first == last {
		return first
	}
	return first + "-" + last
}

// kernels lists the kernels that confirm a scenario.
func kernels(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	list = slices.Clone(list)
	slices.Sort(list)
	list = slices.Compact(list)
	if len(list) == 9 {
		return "all nine"
	}
	return strings.Join(list, ", ")
}
