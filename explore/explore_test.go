package explore_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sealab/explore"
	"sealab/sim/profile"
	"sealab/sim/sched"
)

// small returns a program of tasks named a, b …, over objects with IDs from 2, each
// task with a Sleeper behind them.
func small(objects []sched.Object, bodies ...func(*sched.Task) string) *explore.Program {
	w := sched.NewWorld()
	w.Add(&sched.RCU{})
	for _, o := range objects {
		w.Add(o)
	}
	p := &explore.Program{Profile: &profile.Profile{}, Clock: sched.Clock{HZ: 100}, World: w}
	for i, body := range bodies {
		p.Tasks = append(p.Tasks, explore.Task{
			Name: string(rune('a' + i)), Num: i + 1, Sleep: w.Add(&sched.Sleeper{}),
			Make: func() (func(*sched.Task), func() string) {
				report := ""
				return func(t *sched.Task) { report = body(t) }, func() string { return report }
			},
		})
	}
	return p
}

func search(t require.TestingT, p *explore.Program, o explore.Options) *explore.Result {
	r, err := explore.Run(context.Background(), p, o)
	require.NoError(t, err)
	return r
}

const first = sched.RCUID + 1 // the first object of small

func TestDeadlock(t *testing.T) {
	both := func(x, y sched.ID) func(*sched.Task) string {
		return func(t *sched.Task) string {
			t.Lock(x)
			t.Lock(y)
			t.Unlock(y)
			t.Unlock(x)
			return "ok"
		}
	}
	p := small([]sched.Object{&sched.SpinLock{}, &sched.SpinLock{}}, both(first, first+1), both(first+1, first))
	r := search(t, p, explore.Options{Check: true})
	require.Len(t, r.Outcomes, 2)
	require.Equal(t, explore.Outcome{Text: "ok ok", Count: r.Outcomes[0].Count, Schedule: r.Outcomes[0].Schedule}, r.Outcomes[0])
	require.Equal(t, "4", r.Outcomes[0].Count.String(), "the second may begin once the first has one lock left")
	dead := r.Outcomes[1]
	require.Equal(t, explore.Deadlock, dead.Kind)
	require.Equal(t, "a waits for spin_lock, b waits for spin_lock", dead.Text)
	require.Equal(t, "a1 b1", dead.Schedule.Steps.String())
	require.Equal(t, 1, dead.Schedule.Preemptions)
}

// TestLoops has a task that spins until another has been there.
func TestLoops(t *testing.T) {
	spin := func(t *sched.Task) string {
		mark := t.Mark()
		for cellGet.On(t, first, sched.None{}) == 0 {
			t.Forget(mark, nil)
		}
		return "seen"
	}
	set := func(t *sched.Task) string {
		cellAdd.On(t, first, 1)
		return "set"
	}
	r := search(t, small([]sched.Object{&cell{}}, spin, set), explore.Options{Check: true})
	require.True(t, r.Complete)
	require.True(t, r.Loops, "nobody need let the other one go")
	require.False(t, r.Stuck)
	require.Len(t, r.Outcomes, 1)
	require.Nil(t, r.Total)

	r = search(t, small([]sched.Object{&cell{}}, spin), explore.Options{Check: true})
	require.True(t, r.Loops)
	require.True(t, r.Stuck, "there is nobody to wait for")
	require.Empty(t, r.Outcomes)
}

func TestCrash(t *testing.T) {
	p := small([]sched.Object{&sched.SpinLock{Label: "l"}}, func(t *sched.Task) string {
		t.Unlock(first)
		return ""
	})
	r := search(t, p, explore.Options{})
	require.Equal(t, explore.Crash, r.Outcomes[0].Kind)
	require.Equal(t, "a: l: task 1 unlocks what task 0 holds", r.Outcomes[0].Text)
}

// TestCheckFindsBadForget has a task that forgets what it still needs.
func TestCheckFindsBadForget(t *testing.T) {
	p := small([]sched.Object{&cell{}},
		func(t *sched.Task) string {
			mark := t.Mark()
			n := cellGet.On(t, first, sched.None{})
			t.Forget(mark, nil)
			if n > 0 {
				cellAdd.On(t, first, 7)
			}
			return ""
		},
		func(t *sched.Task) string {
			cellAdd.On(t, first, 1)
			return ""
		})
	require.PanicsWithValue(t, explore.ViolationText("explore: a forgets what matters: it wants to end with  or add(7) on 2"),
		func() { search(t, p, explore.Options{Check: true}) })
}

// shallow leaves out of its encoding what its operations depend on.
type shallow struct{ n int64 }

func (c *shallow) Clone() sched.Object      { d := *c; return &d }
func (c *shallow) Encode(dst []byte) []byte { return dst }

var shallowAdd = sched.NewOp("add", sched.Write, func(c *shallow, n int64) int64 { c.n += n; return c.n })

func TestCheckFindsBadEncoding(t *testing.T) {
	twice := func(t *sched.Task) string {
		shallowAdd.On(t, first, 1)
		shallowAdd.On(t, first, 1)
		return ""
	}
	p := small([]sched.Object{&shallow{}}, twice)
	require.PanicsWithValue(t,
		explore.ViolationText("explore: the encoding of *explore_test.shallow leaves out what add depends on"),
		func() { search(t, p, explore.Options{Check: true}) })
}

// TestResume interrupts a search again and again, takes it up from what was written
// down, and compares with one that was left alone.
func TestResume(t *testing.T) {
	for _, p := range []*explore.Program{newLadder(2, 2, 1, false), resumable(t)} {
		want := search(t, p, explore.Options{})
		o := explore.Options{MaxStates: 200, Workers: 2}
		parts := 0
		for {
			parts++
			r := search(t, p, o)
			if r.Complete {
				agree(t, want, r, true)
				require.Equal(t, want.States, r.States)
				require.Equal(t, want.Steps, r.Steps)
				break
			}
			var file bytes.Buffer
			require.NoError(t, r.Checkpoint.Write(&file))
			c, err := explore.ReadCheckpoint(&file)
			require.NoError(t, err)
			o.Resume = c
			o.MaxStates += 400
		}
		require.Greater(t, parts, 2)
		_, err := explore.Run(t.Context(), newLadder(2, 2, 2, false), o)
		require.ErrorIs(t, err, explore.ErrCheckpoint)
	}
	_, err := explore.ReadCheckpoint(strings.NewReader("rubbish"))
	require.Error(t, err)
}

// resumable is a scenario in which time matters.
func resumable(t *testing.T) *explore.Program {
	p, _ := scene(t, `r0 = memfd_create("a", MFD_ALLOW_SEALING)
pwrite64(r0, "x", 1, 0) = 1
a: s0 = fcntl(r0, F_ADD_SEALS, F_SEAL_WRITE)
b: pread64(r0, ""..., 1, 0)
`, "6.12.5", false)
	return p
}

// TestBounds holds a search to what it was allowed.
func TestBounds(t *testing.T) {
	many := func(t *sched.Task) string {
		for range 30 {
			cellMul.On(t, first, 1)
		}
		return ""
	}
	p := small([]sched.Object{&cell{}}, many, many, many)
	for _, o := range []explore.Options{{MaxStates: 1000}, {MaxMemory: 1 << 20}} {
		r := search(t, p, o)
		require.False(t, r.Complete)
		require.NotEmpty(t, r.Why)
		require.Nil(t, r.Total)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	r, err := explore.Run(ctx, p, explore.Options{})
	require.NoError(t, err)
	require.Equal(t, "interrupted", r.Why)
}
