package replay_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sealab/replay"
	"sealab/sim/profile"
)

// corpus holds logs of real kernels; it is not part of the project.
const corpus = "../../shared/corpus"

// recorded are the logs of Linux 6.18.44 in the corpus.
var recorded = []string{
	"cases/6.18.44.strace", "stair/6.18.44.strace", "strace/*.strace", "apps/*.strace*", "random/6.18.44/*",
}

// known are the calls of the corpus to which the model gives another answer than the
// kernel did: how many there are in a log, and why.
//
//tidy:table one line a log
var known = map[string]struct {
	calls int64
	why   string
}{}

// slow are logs that take more than a second; they are played where RAPID_CHECKS asks
// for a longer run.
var slow = map[string]bool{"apps/chromium.memfd.strace": true}

func TestCorpus(t *testing.T) {
	if _, err := os.Stat(corpus); err != nil {
		t.Skip("the recorded logs are not here: ", err)
	}
	for _, pattern := range recorded {
		names, err := filepath.Glob(filepath.Join(corpus, pattern))
		require.NoError(t, err)
		require.NotEmpty(t, names, pattern)
		for _, name := range names {
			short, err := filepath.Rel(corpus, name)
			require.NoError(t, err)
			t.Run(short, func(t *testing.T) {
				short = filepath.ToSlash(short)
				if slow[short] && os.Getenv("RAPID_CHECKS") == "" {
					t.Skip("takes long: played with RAPID_CHECKS")
				}
				rep := playFile(t, name, "6.18.44")
				require.Zero(t, rep.Broken, "%v", rep.Errors)
				want := known[short]
				require.Equal(t, want.calls, rep.Differ, "calls that differ (%s):\n%s", want.why, differing(rep))
			})
		}
	}
}

// TestLogs plays the logs that come with the project.
func TestLogs(t *testing.T) {
	names, err := filepath.Glob("../testdata/logs/*.strace")
	require.NoError(t, err)
	require.NotEmpty(t, names)
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) {
			rep := playFile(t, name, "6.18.44")
			require.Zero(t, rep.Broken, "%v", rep.Errors)
			require.NotZero(t, rep.Agree)
			require.True(t, rep.Holds(), "%s", differing(rep))
		})
	}
}

// playFile plays a log on the model of a kernel.
func playFile(t *testing.T, name, release string) *replay.Report {
	t.Helper()
	p, _, err := profile.ForRelease(release)
	require.NoError(t, err)
	in, err := os.Open(name)
	require.NoError(t, err)
	defer in.Close()
	r := replay.New(replay.Options{Profile: p, Release: release})
	require.NoError(t, r.Log(context.Background(), in, filepath.Base(name)))
	return r.Report()
}

// differing lists the calls that differ, the first few of them.
func differing(rep *replay.Report) string {
	var b strings.Builder
	for i, d := range rep.Disagreements {
		if i == 20 {
			b.WriteString("...\n")
			break
		}
		b.WriteString(d.String() + "\n")
	}
	return b.String()
}
