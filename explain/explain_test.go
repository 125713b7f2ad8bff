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

// TestMapInstead takes the advice at its word: on every kernel whose check of the seals
// refuses a writable shared mapping, a readable one of the same descriptor is allowed.
func TestMapInstead(t *testing.T) {
	refused := 0
	for _, kernel := range profile.NamedAll() {
		for _, seals := range []string{"F_SEAL_WRITE", "F_SEAL_FUTURE_WRITE", "F_SEAL_WRITE|F_SEAL_FUTURE_WRITE"} {
			log := `memfd_create("a", MFD_ALLOW_SEALING) = 3
ftruncate(3, 4096) = 0
fcntl(3, F_ADD_SEALS, ` + seals + `) = 0
mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_SHARED, 3, 0) = -1 EPERM (Operation not permitted)
mmap(NULL, 4096, PROT_READ, MAP_SHARED, 3, 0) = 0x7f0000000000
`
			r := replay.New(replay.Options{Profile: kernel.Profile()})
			require.NoError(t, r.Log(context.Background(), strings.NewReader(log), "a.log"))
			rep := r.Report()
			for _, x := range rep.Refusals {
				if x.Line != 4 || x.Reason.Check != "memfd_check_seals_mmap" {
					continue
				}
				refused++
				require.Contains(t, x.Reason.Change, "Map it PROT_READ")
				for _, d := range rep.Disagreements {
					require.NotEqual(t, 5, d.Line, "%s, %s: %s", kernel.Release, seals, d.Model)
				}
			}
		}
	}
	require.NotZero(t, refused)
}
