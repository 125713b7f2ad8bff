package judge

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sealab/host"
	"sealab/replay"
	"sealab/sim/profile"
)

func TestMain(m *testing.M) {
	host.Child(0)
	os.Exit(m.Run())
}

// TestRecorded plays programs on which model and kernel once differed: each file holds what the
// kernel of its name answered.
func TestRecorded(t *testing.T) {
	files, err := filepath.Glob("testdata/*.strace")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) {
			p, _, err := profile.ForRelease(strings.TrimSuffix(filepath.Base(name), ".strace"))
			require.NoError(t, err)
			in, err := os.Open(name)
			require.NoError(t, err)
			defer in.Close()
			r := replay.New(replay.Options{Profile: p})
			require.NoError(t, r.Log(context.Background(), in, name))
			rep := r.Report()
			require.Zero(t, rep.Broken, "%v", rep.Errors)
			require.Empty(t, rep.Disagreements)
			require.NotZero(t, rep.Agree)
		})
	}
}

// A model that is wrong is found out, and the program is shrunk to what shows it: a kernel
// without any seals differs from every host in one call.
func TestSearchFindsAWrongModel(t *testing.T) {
	if !host.Supported {
		t.Skip(host.ErrUnsupported)
	}
	p, _, err := profile.ForRelease("5.0")
	require.NoError(t, err)
	rep, err := Search(context.Background(), Options{
		Replay: replay.Options{Profile: p}, Seed: 1, Programs: 60, Workers: 2, Keep: 2,
	})
	require.NoError(t, err)
	require.EqualValues(t, 60, rep.Programs)
	require.Greater(t, rep.Agree, rep.Calls/2)
	if rep.Differ == 0 {
		t.Skip("this host is as old as the model")
	}
	require.NotEmpty(t, rep.Found)
	for _, f := range rep.Found {
		require.NotEqual(t, f.Model, f.Recorded)
		require.LessOrEqual(t, strings.Count(f.Program, "\n"), 8, "%s", f.Program)
		require.Contains(t, f.Log, f.Line)
	}
}

func TestSearchStopsWhenTold(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	rep, err := Search(ctx, Options{Programs: 1000})
	require.NoError(t, err)
	require.Zero(t, rep.Programs)
}
