package model_test

import (
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"sealab/run"
	"sealab/view"
)

// TestStories plays the scenarios of testdata/stories. A directive is `run`, with the
// scenario as its input, or `again kernel=… [seed=…] [schedule=…]` for the same
// scenario otherwise; `answers` prints only the answers.
func TestStories(t *testing.T) {
	datadriven.Walk(t, "testdata/stories", func(t *testing.T, path string) {
		var text string
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			if d.Input != "" {
				text = d.Input
			}
			var o run.Options
			d.MaybeScanArgs(t, "kernel", &o.Kernel)
			d.MaybeScanArgs(t, "cpus", &o.CPUs)
			d.MaybeScanArgs(t, "hz", &o.HZ)
			return tell(text, o, d.Cmd == "answers", d.HasArg("verbose"))
		})
	})
}

func tell(text string, o run.Options, answers, verbose bool) string {
	scripts, err := run.Read(strings.NewReader(text), "scenario")
	if err != nil {
		return err.Error() + "\n"
	}
	var b strings.Builder
	for _, s := range scripts {
		o.Record = !answers
		r, err := run.Play(s, o)
		switch {
		case err != nil:
			return err.Error() + "\n"
		case answers:
			view.Answers(&b, r)
		default:
			view.Story(&b, r, view.Style{Verbose: verbose})
		}
	}
	return b.String()
}
