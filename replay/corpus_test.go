package replay_test

import (
	"context"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sealab/replay"
	"sealab/sim/profile"
)

// corpus holds logs of real kernels; it is not part of the project.
const corpus = "../../shared/corpus"

// recorded are the logs in the corpus, by the kernel that they are of. Those that name
// no kernel are of 6.18.44.
var recorded = []string{
	"cases/*.strace", "cases-thp/*.strace", "stair/*.strace", "strace/*.strace", "apps/*.strace*", "random/*/*",
}

// kernelOf returns the kernel that a log of the corpus is of.
func kernelOf(name string) string {
	switch dir, file := path.Split(name); {
	case strings.HasPrefix(dir, "random/"):
		return path.Base(dir)
	case strings.HasPrefix(file, "6.1um"):
		return "uml"
	case strings.HasPrefix(dir, "cases") || strings.HasPrefix(dir, "stair"):
		return strings.TrimSuffix(file, ".strace")
	}
	return "6.18.44"
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
				rep := playFile(t, name, kernelOf(short))
				require.Zero(t, rep.Broken, "%v", rep.Errors)
				want := known[short]
				require.Equal(t, want.calls, rep.Differ, "calls that differ (%s):\n%s", want.why, differing(rep))
			})
		}
	}
}

// TestLogs plays the logs that come with the project.
func TestLogs(t *testing.T) {
	names, err := filepath.Glob("../testdata/*/*.strace*")
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
	p, _, err := profile.Find(release)
	require.NoError(t, err)
	in, err := os.Open(name)
	require.NoError(t, err)
	defer in.Close()
	r := replay.New(replay.Options{Profile: p, Release: release, HZ: p.HZ})
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
