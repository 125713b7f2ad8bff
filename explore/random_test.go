package explore_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"sealab/explore"
	"sealab/sim/profile"
	"sealab/sim/sched"
)

// cell is the smallest object.
type cell struct{ n int64 }

func (c *cell) Clone() sched.Object      { d := *c; return &d }
func (c *cell) Encode(dst []byte) []byte { return append(dst, byte(c.n), byte(c.n>>8)) }

var (
	cellAdd = sched.NewOp("add", sched.Add, func(c *cell, n int64) sched.None { c.n += n; return sched.None{} })
	cellGet = sched.NewOp("get", sched.Read, func(c *cell, _ sched.None) int64 { return c.n })
	cellMul = sched.NewOp("double", sched.Write, func(c *cell, n int64) int64 { c.n = c.n*2 + n; return c.n })
	// cellSub waits for something to take.
	cellSub = sched.NewWait("take", sched.Write, func(c *cell, n int64) (int64, bool) {
		if c.n < n {
			return 0, false
		}
		c.n -= n
		return c.n, true
	})
	cellDiv = sched.NewOp("divide", sched.Write, func(c *cell, n int64) int64 { c.n = n / c.n; return c.n })
)

// step is one thing that a random task does.
type step struct {
	what string
	cell int
	n    int64
}

// tasks are random programs of a few steps over a few cells and a lock.
type tasks struct {
	cells []sched.ID
	lock  sched.ID
	prog  *explore.Program
	steps [][]step
}

var kinds = []string{"add", "get", "double", "take", "divide", "lock", "sleep", "kill", "choose", "new", "try"}

func drawTasks(t *rapid.T) *tasks {
	w := sched.NewWorld()
	w.Add(&sched.RCU{})
	p := &tasks{prog: &explore.Program{Profile: &profile.Profile{}, Clock: sched.Clock{HZ: 100}, World: w}}
	for range 2 {
		p.cells = append(p.cells, w.Add(&cell{n: 1}))
	}
	p.lock = w.Add(&sched.SpinLock{Label: "lock"})
	sizes := rapid.SampledFrom([][]int{{3, 3}, {4, 4}, {2, 2, 2}, {5, 2}, {3, 2, 1}}).Draw(t, "sizes")
	var sleepers []sched.ID
	for range sizes {
		sleepers = append(sleepers, w.Add(&sched.Sleeper{}))
	}
	draw := rapid.Custom(func(t *rapid.T) step {
		return step{
			rapid.SampledFrom(kinds).Draw(t, "what"), rapid.IntRange(0, 1).Draw(t, "cell"), rapid.Int64Range(0, 2).Draw(t, "n"),
		}
	})
	for i, n := range sizes {
		steps := rapid.SliceOfN(draw, n, n).Draw(t, "steps")
		p.steps = append(p.steps, steps)
		p.prog.Tasks = append(p.prog.Tasks, explore.Task{
			Name: string(rune('a' + i)), Num: i + 1, Sleep: sleepers[i],
			Make: func() (func(*sched.Task), func() string) {
				report := ""
				return func(t *sched.Task) { report = p.live(t, steps, sleepers) }, func() string { return report }
			},
		})
	}
	p.prog.Outcome = func(w *sched.World, reports []string) string {
		return fmt.Sprint(reports, sched.Peek[cell](w, p.cells[0]).n, sched.Peek[cell](w, p.cells[1]).n)
	}
	return p
}

// live takes the steps of one task.
func (p *tasks) live(t *sched.Task, steps []step, sleepers []sched.ID) (report string) {
	note := func(x any) { report += fmt.Sprint(x, ";") }
	for _, s := range steps {
		c := p.cells[s.cell]
		switch s.what {
		case "add":
			cellAdd.On(t, c, s.n)
		case "get":
			note(cellGet.On(t, c, sched.None{}))
		case "double":
			note(cellMul.On(t, c, s.n))
		case "take":
			note(cellSub.On(t, c, s.n))
		case "try":
			_, ok := cellSub.Try(t, c, s.n)
			note(ok)
		case "divide":
			cellDiv.On(t, c, s.n)
		case "lock":
			t.Lock(p.lock)
			mark := t.Mark()
			n := cellGet.On(t, c, sched.None{})
			t.Forget(mark, n > 1) // note forgets all but this
			note(n > 1)
			t.Unlock(p.lock)
		case "sleep":
			note(t.SleepKillable(s.n) > 0)
		case "kill":
			t.SendSignal(sleepers[s.cell], 9, true)
		case "choose":
			note(t.Choose(2, "a coin"))
		case "new":
			id := sched.New(t, &cell{n: s.n})
			note(cellMul.On(t, id, 1))
			if s.n > 0 {
				sched.Free(t, id)
			}
		}
	}
	return report
}

// agree says that two searches found the same.
func agree(t require.TestingT, want, got *explore.Result, counts bool) {
	require.Len(t, got.Outcomes, len(want.Outcomes))
	for i, w := range want.Outcomes {
		g := got.Outcomes[i]
		require.Equal(t, w.Text, g.Text)
		require.Equal(t, w.Kind, g.Kind)
		if counts {
			require.NotNil(t, g.Count, g.Text)
			require.Equal(t, w.Count.String(), g.Count.String(), g.Text)
		}
	}
}

// TestGraphAgreesWithBlind compares the graph with running every order.
func TestGraphAgreesWithBlind(t *testing.T) {
	ctx := context.Background()
	rapid.Check(t, func(t *rapid.T) {
		p := drawTasks(t)
		for _, time := range []explore.TimeModel{explore.FreeTime, explore.ZeroTime} {
			blind := explore.Blind(ctx, p.prog, explore.Options{Time: time}, 4000)
			if !blind.Complete {
				t.Skip("too many orders")
			}
			for _, o := range []explore.Options{{}, {NoForget: true}} {
				o.Time, o.Check = time, true
				r, err := explore.Run(ctx, p.prog, o)
				require.NoError(t, err)
				require.True(t, r.Complete)
				agree(t, blind, r, true)
				for _, out := range r.Outcomes {
					require.NotNil(t, out.Schedule, out.Text)
				}
			}
			few, err := explore.Run(ctx, p.prog, explore.Options{Time: time, MaxPreemptions: 100})
			require.NoError(t, err)
			require.True(t, few.Complete)
			agree(t, blind, few, false)
			for _, method := range []explore.Method{explore.Walk, explore.PCT} {
				some, err := explore.Sample(ctx, p.prog, explore.SampleOptions{
					Options: explore.Options{Time: time}, Method: method, Runs: 30})
				require.NoError(t, err)
				require.False(t, some.Complete)
				for _, o := range some.Outcomes {
					require.NotNil(t, blind.Find(o.Text), "what is drawn can be")
					shortest := few.Find(o.Text).Schedule
					require.GreaterOrEqual(t, o.Schedule.Preemptions, shortest.Preemptions)
				}
			}
			runs := blind.Total.Int64()
			for _, o := range []explore.OrderOptions{
				{NoSources: true, NoSleep: true}, {NoSources: true}, {NoSleep: true}, {NoCommute: true}, {},
			} {
				o.Time = time
				r, err := explore.Orders(ctx, p.prog, o)
				require.NoError(t, err)
				require.True(t, r.Complete)
				agree(t, blind, r, false)
				require.LessOrEqual(t, r.States, runs, "no order is run twice")
				if o.NoSources && o.NoSleep {
					require.Equal(t, runs, r.States)
				}
			}
		}
	})
}
