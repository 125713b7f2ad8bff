package web_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"sealab/sim/trace"
	"sealab/web"
)

// TestGolden holds the words and the structure of documents and pages to the files in
// testdata. Their commands are
//
//	words | state | html  [kernel=RELEASE] [log] [schedule=(…)] [program=N]
//	SCENARIO, or `file: NAME` for one of testdata/logs
func TestGolden(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			doc, err := web.Build(request(t, d), web.Limits{})
			if err != nil {
				return err.Error() + "\n"
			}
			switch d.Cmd {
			case "words":
				return words(doc)
			case "state":
				return structure(doc)
			case "html":
				return page(t, doc)
			}
			d.Fatalf(t, "no command %q", d.Cmd)
			return ""
		})
	})
}

func request(t *testing.T, d *datadriven.TestData) *web.Request {
	r := &web.Request{Format: web.Format, Name: "test", Text: d.Input, Log: d.HasArg("log")}
	d.MaybeScanArgs(t, "kernel", &r.Kernel)
	d.MaybeScanArgs(t, "program", &r.Program)
	d.MaybeScanArgs(t, "schedule", &r.Schedule)
	r.Schedule = strings.ReplaceAll(r.Schedule, ",", " ")
	if name, ok := strings.CutPrefix(d.Input, "file: "); ok {
		text, err := os.ReadFile(filepath.Join("../testdata/logs", name))
		require.NoError(t, err)
		r.Text = string(text)
	}
	return r
}

// words prints what a reader of the page reads first.
func words(d *web.Document) string {
	var b strings.Builder
	fmt.Fprintf(&b, "kernel %s, hz %d, cpus %d, holds %v\n", d.Kernel, d.HZ, d.CPUs, d.Holds)
	for _, v := range d.Verdicts {
		fmt.Fprintf(&b, "%s: %s\n  because: %s\n", v.Tone, v.Title, v.Because)
		if v.Change != "" {
			fmt.Fprintf(&b, "  change: %s\n", v.Change)
		}
		for i, c := range v.Cards {
			fmt.Fprintf(&b, "  %d. %s\n", i+1, c.Text)
		}
	}
	for _, n := range d.Notes {
		fmt.Fprintf(&b, "note: %s\n", n)
	}
	return b.String()
}

// structure prints what a page draws from.
func structure(d *web.Document) string {
	var b strings.Builder
	for _, n := range d.Names {
		fmt.Fprintf(&b, "name %d from event %d: %s %s\n", n.ID, n.Event, n.Kind, n.Name)
	}
	for i, e := range d.Events {
		if e.Detail || e.Kind == trace.Boot {
			continue
		}
		fmt.Fprintf(&b, "%d %s task %d line %d", i, e.Kind, e.Task, e.Line)
		for _, c := range e.Changes {
			fmt.Fprintf(&b, " [%v %s: %q → %q]", c[0], c[1], c[2], c[3])
		}
		if e.Fork > 0 {
			fmt.Fprintf(&b, " fork %v", d.Forks[e.Fork-1])
		}
		b.WriteByte('\n')
	}
	return b.String()
}

var (
	scripts = regexp.MustCompile(`(?s)(<script[^>]*>).*?</script>`)
	styles  = regexp.MustCompile(`(?s)<style>.*?</style>`)
	hashes  = regexp.MustCompile(`sha256-[A-Za-z0-9+/=&#;]*`)
)

// page prints the page without its script, style and data.
func page(t *testing.T, d *web.Document) string {
	var b bytes.Buffer
	require.NoError(t, web.Render(&b, d))
	s := scripts.ReplaceAllString(b.String(), "$1…</script>")
	s = styles.ReplaceAllString(s, "<style>…</style>")
	s = hashes.ReplaceAllString(s, "sha256-…")
	main, _, _ := strings.Cut(s, "<dialog")
	return main
}

func build(t require.TestingT, r web.Request) *web.Document {
	r.Format = web.Format
	d, err := web.Build(&r, web.Limits{})
	require.NoError(t, err)
	return d
}

// TestExamples plays the examples that the page offers: each shows something, and is
// small enough for the first paint.
func TestExamples(t *testing.T) {
	for _, x := range web.Examples() {
		d := build(t, web.Request{Text: x.Text})
		require.Empty(t, d.Notes, x.Name)
		var b bytes.Buffer
		require.NoError(t, web.Render(&b, d))
		require.Less(t, b.Len(), 100<<10, x.Name)
		for _, v := range d.Verdicts {
			require.LessOrEqual(t, len(v.Cards), 6, x.Name)
			require.NotEmpty(t, v.Cards, x.Name)
			for i, c := range v.Cards {
				require.Equal(t, d.Events[c.Event].Say, c.Text)
				require.False(t, i > 0 && v.Cards[i-1].Event >= c.Event, "cards in the order of their events")
			}
		}
	}
}

// TestBothWays folds all changes forwards and backwards: that is all that a page does
// to step.
func TestBothWays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.SampledFrom(web.Examples()).Draw(t, "example")
		d := build(t, web.Request{Text: x.Text})
		type key struct{ id, field any }
		state := map[key]any{}
		at := rapid.IntRange(0, len(d.Events)).Draw(t, "event")
		for _, e := range d.Events[:at] {
			for _, c := range e.Changes {
				old := state[key{c[0], c[1]}]
				if old == nil {
					old = ""
				}
				require.Equal(t, c[2], old, "%v of %v", c[1], c[0])
				state[key{c[0], c[1]}] = c[3]
			}
		}
		for i := at - 1; i >= 0; i-- {
			for j := len(d.Events[i].Changes) - 1; j >= 0; j-- {
				c := d.Events[i].Changes[j]
				require.Equal(t, c[3], state[key{c[0], c[1]}])
				state[key{c[0], c[1]}] = c[2]
			}
		}
		for k, v := range state {
			require.Equal(t, "", v, "%v", k)
		}
	})
}

// TestForks takes any other choice that a document offers: up to there the run is the
// same, and then the other task goes.
func TestForks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.SampledFrom(web.Examples()).Draw(t, "example")
		r := web.Request{Text: x.Text}
		d := build(t, r)
		if len(d.Forks) == 0 {
			t.Skip("nothing to choose")
		}
		n := rapid.IntRange(0, len(d.Forks)-1).Draw(t, "fork")
		f := d.Forks[n]
		task := rapid.SampledFrom(f.Tasks).Draw(t, "task")
		r.Schedule, r.Fork = d.Schedule, &web.Fork{After: f.After, Task: task}
		other := build(t, r)
		require.Empty(t, other.Notes, "every choice that is offered can be made")
		for i, e := range d.Events {
			if e.Fork == n+1 {
				require.Equal(t, d.Events[:i], other.Events[:i])
				break
			}
		}
		i := slicesIndex(other.Forks, f.After)
		require.GreaterOrEqual(t, i, 0)
		require.Equal(t, task, other.Forks[i].Went)
		again := build(t, web.Request{Text: x.Text, Schedule: other.Schedule})
		require.Equal(t, other.Hash, again.Hash, "the schedule repeats the run")
	})
}

func slicesIndex(forks []web.Choice, after int) int {
	for i := range forks {
		if forks[i].After == after {
			return i
		}
	}
	return -1
}

// TestMarkup looks for markup of a scenario in the page: there is none but as text.
func TestMarkup(t *testing.T) {
	const evil = `</script><script>alert(1)</script><img src=x onerror=alert(2)>&amp;`
	text := fmt.Sprintf("r0 = memfd_create(%q, MFD_ALLOW_SEALING)\nwrite(r0, \"x\", 1)\n# </textarea>%s\n", evil, evil)
	d := build(t, web.Request{Text: text, Name: evil})
	var b bytes.Buffer
	require.NoError(t, web.Render(&b, d))
	s := b.String()
	require.NotContains(t, s, "alert(1)</script>")
	require.NotContains(t, s, "<img")
	require.Equal(t, 2, strings.Count(s, "</script>"))
	_, data, _ := strings.Cut(s, `<script type="application/json" id="document">`)
	data, _, _ = strings.Cut(data, "</script>")
	var back web.Document
	require.NoError(t, json.Unmarshal([]byte(data), &back))
	require.Equal(t, text, back.Text, "and the data is what it was")
	require.Equal(t, len(d.Events), len(back.Events))
}

// TestBadRequests are refused with a message that says what to do.
func TestBadRequests(t *testing.T) {
	for _, x := range []struct {
		r    web.Request
		want string
	}{
		{web.Request{Format: "sealab-page-9"}, `format "sealab-page-9", and this sealab knows "sealab-page-1"`},
		{web.Request{Format: web.Format}, "no call in it"},
		{web.Request{Format: web.Format, Text: "memfd_creat(\"a\", 0)"}, "did you mean memfd_create?"},
		{web.Request{Format: web.Format, Text: "getpid()", Kernel: "9"}, "9"},
		{web.Request{Format: web.Format, Text: "getpid()", HZ: -1}, "jiffies a second"},
		{web.Request{Format: web.Format, Text: "getpid()", CPUs: 65}, "a machine has 1 to 64"},
		{web.Request{Format: web.Format, Text: "getpid()", Schedule: "!"}, "schedule:1:1"},
		{web.Request{Format: web.Format, Text: "getpid()", Program: 1}, "there is no program 2"},
		{web.Request{Format: web.Format, Text: "getpid()", Fork: &web.Fork{After: -1}}, "a fork is after"},
		{web.Request{Format: web.Format, Text: strings.Repeat("x", 17<<20)}, "at most 16777216 are read"},
	} {
		_, err := web.Build(&x.r, web.Limits{})
		var wrong *web.Problems
		require.True(t, errors.As(err, &wrong), "%v", err)
		require.Contains(t, err.Error(), x.want)
	}
}

// TestLogs makes a page of every recorded log: what it draws differs from the log
// nowhere that a replay agrees.
func TestLogs(t *testing.T) {
	names, err := filepath.Glob("../testdata/logs/*.strace")
	require.NoError(t, err)
	require.NotEmpty(t, names)
	for _, name := range names {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		d := build(t, web.Request{Text: string(text), Log: true, Name: name, Kernel: "6.18.44"})
		require.True(t, d.Holds, name)
		require.Contains(t, d.Notes[0], "differs from none", name)
	}
}

// TestRubbish gives any text as a log: there is an answer, and no panic.
func TestRubbish(t *testing.T) {
	text, err := os.ReadFile("../testdata/logs/classic.strace")
	require.NoError(t, err)
	rapid.Check(t, func(t *rapid.T) {
		b := bytes.Clone(text)
		for range rapid.IntRange(0, 20).Draw(t, "how often") {
			b[rapid.IntRange(0, len(b)-1).Draw(t, "where")] = rapid.Byte().Draw(t, "what")
		}
		b = b[:rapid.IntRange(0, len(b)).Draw(t, "length")]
		d, err := web.Build(&web.Request{Format: web.Format, Text: string(b), Log: true}, web.Limits{Steps: 20_000})
		if err == nil {
			require.NotEmpty(t, d.Verdicts)
		}
	})
}
