package explore_test

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"sealab/explore"
	"sealab/sim/sched"
)

// TestBitsAndUniform holds what is never complete to what can be: with room enough, bits
// find what the search by states finds, in as many states; and what is drawn can be.
func TestBitsAndUniform(t *testing.T) {
	ctx := context.Background()
	rapid.Check(t, func(t *rapid.T) {
		p := drawTasks(t)
		for _, time := range []explore.TimeModel{explore.FreeTime, explore.ZeroTime} {
			all := search(t, p.prog, explore.Options{Time: time, NoCounts: true})
			some, err := explore.Bits(ctx, p.prog, explore.Options{Time: time, MaxMemory: 20 << 20})
			require.NoError(t, err)
			require.False(t, some.Complete)
			require.Greater(t, some.Coverage, 0.999)
			require.Equal(t, all.States, some.States)
			agree(t, all, some, false)
			for i, o := range some.Outcomes {
				if o.Schedule != nil { // a choice before the first step is not part of a schedule
					require.GreaterOrEqual(t, o.Schedule.Preemptions, all.Outcomes[i].Schedule.Preemptions)
				}
			}
			drawn, err := explore.Sample(ctx, p.prog, explore.SampleOptions{
				Options: explore.Options{Time: time}, Method: explore.Uniform, Runs: 30})
			require.NoError(t, err)
			for _, o := range drawn.Outcomes {
				require.NotNil(t, all.Find(o.Text), "what is drawn can be")
			}
		}
	})
}

// TestBitsWithoutRoom gives the search a table that is far too small.
func TestBitsWithoutRoom(t *testing.T) {
	p := newLadder(3, 2, 2, false)
	all := search(t, p, explore.Options{NoCounts: true, NoSchedules: true})
	few, err := explore.Bits(t.Context(), p, explore.Options{MaxMemory: 1 << 20, MaxStates: 5000, NoSchedules: true})
	require.NoError(t, err)
	require.Less(t, few.States, all.States)
	require.Contains(t, few.Why, "the bound of 5000 states")
	require.Less(t, few.Coverage, 1.0)
}

// TestUniformWalk interleaves two tasks of different lengths that share nothing. A walk that
// takes either with equal chances prefers orders in which the short one ends early; one that
// is uniform comes to each of the 56 about equally often, and so knows their number.
func TestUniformWalk(t *testing.T) {
	steps := func(n int, c sched.ID) func(*sched.Task) string {
		return func(t *sched.Task) string {
			for range n {
				cellAdd.On(t, c, 1)
			}
			return ""
		}
	}
	p := small([]sched.Object{&cell{}, &cell{}}, steps(5, first), steps(3, first+1))
	require.Equal(t, "56", search(t, p, explore.Options{}).Total.String())
	const runs = 3000
	basis := map[explore.Method]float64{}
	for _, m := range []explore.Method{explore.Walk, explore.Uniform} {
		r, err := explore.Sample(t.Context(), p, explore.SampleOptions{Method: m, Runs: runs, Seed: 1})
		require.NoError(t, err)
		require.InDelta(t, math.Log10(56), r.Estimate.Orders, 0.03, m)
		basis[m] = r.Estimate.Basis
	}
	require.Greater(t, basis[explore.Uniform], 0.99*runs)
	require.Less(t, basis[explore.Walk], 0.8*runs)
}
