package model_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"sealab/sim/profile"
	"sealab/sim/sched"
)

// Random programs of locks, sleeps and signals under random schedules: locks
// exclude, nobody is forgotten, and a run is a function of its schedule.

// scPlan is a program: for each task what it does, one after the other.
type scPlan [][]scOp

type scOp struct {
	kind string
	n    int // which lock, how long, whom
}

var scKinds = []string{"write", "read", "spin", "mutex", "both", "rcu", "sync", "sleep", "nap", "signal", "kill",
	"stray", "choose", "resched", "wait", "post"}

func scDraw(t *rapid.T) scPlan {
	op := rapid.Custom(func(t *rapid.T) scOp {
		return scOp{rapid.SampledFrom(scKinds).Draw(t, "op"), rapid.IntRange(0, 3).Draw(t, "n")}
	})
	return rapid.SliceOfN(rapid.SliceOfN(op, 1, 8), 1, 4).Draw(t, "program")
}

// scRun is one run of a plan, with all that it showed.
type scRun struct {
	s     *sched.Sched
	locks map[string][]sched.ID
	queue sched.ID
	log   []string         // what the tasks observed
	in    map[sched.ID]int // who is inside a lock: writers count 100
	bad   string
}

func scStart(plan scPlan, chooser sched.Chooser, free bool) *scRun {
	r := &scRun{in: map[sched.ID]int{}, locks: map[string][]sched.ID{}}
	r.s = sched.NewSched(&profile.Profile{}, sched.Clock{HZ: 100, Rounding: true}, chooser)
	r.s.FreeTime = free
	w := r.s.World()
	for range 2 {
		r.locks["rw"] = append(r.locks["rw"], w.Add(&sched.RWSem{}))
		r.locks["spin"] = append(r.locks["spin"], w.Add(&sched.SpinLock{}))
		r.locks["mutex"] = append(r.locks["mutex"], w.Add(&sched.Mutex{}))
	}
	r.queue = w.Add(&sched.WaitQueue{})
	for i, ops := range plan {
		r.s.Spawn(sched.TaskLetters(i+1), func(t *sched.Task) {
			for _, op := range ops {
				r.do(t, op)
			}
		})
	}
	// At the end somebody wakes all who still wait.
	r.s.Spawn("last", func(t *sched.Task) {
		for range 40 {
			t.SleepTimeout(50, sched.Uninterruptible)
			t.WakeUp(r.queue)
		}
	})
	return r
}

// inside notes that a task is in a section that weight of it share, for a few steps.
func (r *scRun) inside(t *sched.Task, id sched.ID, weight int, sleeps bool) {
	r.in[id] += weight
	for range 2 {
		if n := r.in[id]; n > 100 || weight == 100 && n != 100 {
			r.bad = fmt.Sprintf("lock %d: %d inside", id, n)
		}
		t.FatalSignalPending()
	}
	if sleeps {
		t.SleepTimeout(1, sched.Killable)
	}
	r.in[id] -= weight
}

func (r *scRun) do(t *sched.Task, op scOp) {
	rw, spin, mutex := r.locks["rw"][op.n%2], r.locks["spin"][op.n%2], r.locks["mutex"][op.n%2]
	other := r.s.Tasks()[op.n%(len(r.s.Tasks())-1)]
	var saw any
	switch op.kind {
	case "write":
		t.DownWrite(rw)
		r.inside(t, rw, 100, op.n > 1)
		t.UpWrite(rw)
	case "read":
		t.DownRead(rw)
		r.inside(t, rw, 1, op.n > 1)
		t.UpRead(rw)
	case "spin":
		t.Lock(spin)
		r.inside(t, spin, 100, false)
		t.Unlock(spin)
	case "mutex":
		t.MutexLock(mutex)
		r.inside(t, mutex, 100, true)
		t.MutexUnlock(mutex)
	case "both": // always in this order
		t.DownWrite(r.locks["rw"][0])
		t.MutexLock(r.locks["mutex"][1])
		r.inside(t, r.locks["mutex"][1], 100, false)
		t.MutexUnlock(r.locks["mutex"][1])
		t.UpWrite(r.locks["rw"][0])
	case "rcu":
		t.RCUReadLock()
		r.inside(t, sched.RCUID, 1, false)
		t.RCUReadUnlock()
	case "sync":
		t.SynchronizeRCU()
	case "sleep", "nap":
		how := map[string]sched.Interrupt{"sleep": sched.Killable, "nap": sched.Interruptible}[op.kind]
		start := r.s.Now()
		left := t.SleepTimeout(int64(op.n), how)
		saw = left
		if gone := (r.s.Now() - start) / 10_000_000; left == 0 && gone < int64(op.n)-1 || left > int64(op.n) {
			r.bad = fmt.Sprintf("slept %d of %d jiffies, and %d were left", gone, op.n, left)
		}
	case "signal":
		t.SendSignal(other.Sleep, 10, false)
	case "kill":
		t.SendSignal(other.Sleep, 9, true)
	case "stray":
		t.WakeUpProcess(other.Sleep)
	case "choose":
		saw = t.Choose(op.n+1, "whatever")
	case "resched":
		saw = t.NeedResched()
		t.CondResched()
	case "wait":
		looks := 0
		saw = t.WaitEvent(r.queue, sched.Interrupt(op.n%3), func() bool { looks++; return looks > 2 })
		saw = fmt.Sprint(saw, t.TakeSignals())
	case "post":
		t.WakeUp(r.queue)
	}
	r.log = append(r.log, fmt.Sprintf("%s %s %v", t.Name, op.kind, saw))
}

// finish checks what must hold when all is over.
func (r *scRun) finish(t *rapid.T) {
	require.Empty(t, r.bad)
	for _, task := range r.s.Tasks() {
		id, op := task.WaitsFor()
		require.Equal(t, sched.Done, task.State(), "%s waits for %d: %v", task.Name, id, op)
	}
	w := r.s.World()
	for _, free := range []struct {
		ids  []sched.ID
		want sched.Object
	}{
		{r.locks["rw"], &sched.RWSem{}}, {r.locks["spin"], &sched.SpinLock{}}, {r.locks["mutex"], &sched.Mutex{}},
		{[]sched.ID{r.queue}, &sched.WaitQueue{}}, {[]sched.ID{sched.RCUID}, &sched.RCU{}},
	} {
		for _, id := range free.ids {
			require.Equal(t, free.want.Encode(nil), w.Object(id).Encode(nil), "%T is as new", free.want)
		}
	}
	_, armed := r.s.NextTimer()
	require.False(t, armed)
}

func TestRandomProgramsUnderRandomSchedules(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		plan, free := scDraw(t), rapid.Bool().Draw(t, "free time")
		seed := rapid.Uint64().Draw(t, "seed")
		rec := &sched.Recorder{Chooser: sched.NewRandom(seed)}
		first := scStart(plan, rec, free)
		first.s.SetLimit(100_000)
		require.NoError(t, first.s.RunAll())
		first.finish(t)
		defer first.s.Stop()

		same := func(name string, r *scRun, err error) {
			require.NoError(t, err, name)
			require.Equal(t, first.log, r.log, name)
			require.Equal(t, []uint64{first.s.Hash(), first.s.Steps()}, []uint64{r.s.Hash(), r.s.Steps()}, name)
			require.Equal(t, first.s.World().Encode(nil), r.s.World().Encode(nil), name)
			require.Equal(t, first.s.Now(), r.s.Now(), name)
			r.s.Stop()
		}
		again := scStart(plan, sched.NewRandom(seed), free)
		same("the same seed", again, again.s.RunAll())

		read, err := sched.ParseSchedule(rec.Schedule.String())
		require.NoError(t, err)
		replay := &sched.Replay{Schedule: read}
		played := scStart(plan, replay, free)
		err = played.s.RunAll()
		same("replayed", played, err)
		require.NoError(t, replay.Err())

		parts := scStart(plan, &sched.Replay{Schedule: read}, free)
		same("in parts", parts, scInParts(t, parts))
	})
}

// scInParts runs a few steps at a time, and looks at the objects in between.
func scInParts(t *rapid.T, r *scRun) error {
	size := rapid.IntRange(1, 20).Draw(t, "steps a part")
	for n := 0; ; n++ {
		before := r.s.Steps()
		if err := r.s.RunFor(uint64(size)); err != nil {
			return err
		}
		require.LessOrEqual(t, r.s.Steps(), before+uint64(size))
		if r.s.Steps() == before+uint64(size) {
			if n%16 == 0 {
				scCopies(t, r.s.World())
			}
			continue // it may have stopped in the middle
		}
		if !r.s.Tick() {
			return nil
		}
	}
}

// scCopies checks that what stands still can be copied and compared.
func scCopies(t *rapid.T, w *sched.World) {
	c := w.Clone()
	code := w.Encode(nil)
	require.Equal(t, code, c.Encode(nil))
	c.Each(func(id sched.ID, o sched.Object) {
		require.Equal(t, w.Object(id).Encode(nil), o.Encode(nil))
		switch o := o.(type) {
		case *sched.RWSem:
			require.False(t, o.Writer != 0 && o.Readers != 0)
			o.Readers += 7
		case *sched.WaitQueue:
			require.Equal(t, len(o.Waiters), len(slices.Compact(slices.Sorted(slices.Values(o.Waiters)))))
			o.Waiters = append(o.Waiters[:0], 99)
		case *sched.Sleeper:
			o.Pending ^= 1
		}
	})
	require.Equal(t, code, w.Encode(nil), "the copy is independent")
	require.NotEqual(t, code, c.Encode(nil))
}
