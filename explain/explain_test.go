package explain_test

import (
	"context"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/stretchr/testify/require"

	"sealab/replay"
	"sealab/sim/profile"
)

// TestReasons holds the sentences to the files in testdata: a log, and why its refused
// calls were refused.
func TestReasons(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			p, _, err := profile.Find(d.Cmd)
			require.NoError(t, err)
			r := replay.New(replay.Options{Profile: p, Release: p.Release})
			require.NoError(t, r.Log(context.Background(), strings.NewReader(d.Input), "a.log"))
			rep := r.Report()
			require.Empty(t, rep.Disagreements)
			var b strings.Builder
			for _, x := range rep.Refusals {
				b.WriteString(x.Reason.Sentence + "\n")
				if x.Reason.Change != "" {
					b.WriteString("-> " + x.Reason.Change + "\n")
				}
			}
			return b.String()
		})
	})
}
