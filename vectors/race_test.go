package vectors_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"sealab/explore"
	"sealab/run"
)

// raceKernels are those on which races are searched: one of each age.
var raceKernels = []string{"5.10.223", "6.1.192", "6.12.107", "7.2.13"}

// TestRaces: where the order decides, every condition of the scenario holds in all orders
// together.
func TestRaces(t *testing.T) {
	races := 0
	for _, v := range all(t).Vectors {
		if !v.Race {
			continue
		}
		races++
		f, err := os.Open(filepath.Join("scenarios", v.Name+".scenario"))
		require.NoError(t, err)
		scripts, err := run.Read(f, v.Name)
		require.NoError(t, f.Close())
		require.NoError(t, err)
		require.NotEmpty(t, scripts[0].Conds, v.Name)
		for _, k := range raceKernels {
			rep, err := explore.Explore(context.Background(), scripts[0], explore.Plan{
				Options: explore.Options{NoCounts: true, NoSchedules: true}, Search: explore.Complete, Kernel: k})
			require.NoError(t, err, v.Name)
			require.True(t, rep.Complete, v.Name)
			for _, c := range rep.Conditions {
				require.Equal(t, "holds", c.Verdict, "%s on %s: %s", v.Name, k, c.Text)
			}
		}
	}
	require.GreaterOrEqual(t, races, 4)
}

// TestConditions: what a scenario without a race says of its end is so on each kernel that
// it means something for.
func TestConditions(t *testing.T) {
	conditions := 0
	for _, v := range all(t).Vectors {
		f, err := os.Open(filepath.Join("scenarios", v.Name+".scenario"))
		require.NoError(t, err)
		scripts, err := run.Read(f, v.Name)
		require.NoError(t, f.Close())
		require.NoError(t, err)
		if v.Race || len(scripts[0].Conds) == 0 {
			continue
		}
		for _, a := range v.Answers {
			res, err := run.Play(scripts[0], run.Options{Kernel: a.First})
			require.NoError(t, err, v.Name)
			for _, c := range res.Conds {
				conditions++
				require.True(t, c.Holds, "%s on %s: %s", v.Name, a.First, c.Text)
			}
		}
	}
	require.NotZero(t, conditions)
}
