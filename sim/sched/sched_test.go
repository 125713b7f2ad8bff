package sched_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"sealab/sim/profile"
	"sealab/sim/sched"
)

// program is a run with everything in it: locks, a queue, timers, signals, choices.
func program(s *sched.Sched) (log *[]string) {
	log = new([]string)
	w := s.World()
	rw, mu, q := w.Add(&sched.RWSem{}), w.Add(&sched.Mutex{}), w.Add(&sched.WaitQueue{})
	id := w.Add(&cell{})
	a := s.Spawn("a", func(t *sched.Task) {
		t.DownWrite(rw)
		left := t.SleepKillable(10)
		inc.On(t, id, 1)
		t.UpWrite(rw)
		t.WakeUp(q)
		*log = append(*log, fmt.Sprint("a ", left > 0, t.NeedResched()))
	})
	for _, name := range []string{"b", "c"} {
		s.Spawn(name, func(t *sched.Task) {
			t.WaitEvent(q, sched.Interruptible, func() bool { return get.On(t, id, sched.None{}) > 0 })
			t.DownRead(rw)
			t.RCUReadLock()
			n := get.On(t, id, sched.None{})
			t.RCUReadUnlock()
			t.UpRead(rw)
			t.MutexLock(mu)
			t.CondResched()
			inc.On(t, id, int64(t.Choose(3, "how much")))
			t.MutexUnlock(mu)
			*log = append(*log, fmt.Sprint(name, n))
		})
	}
	s.Spawn("d", func(t *sched.Task) {
		t.SleepTimeout(3, sched.Interruptible)
		t.SendSignal(a.Sleep, 9, true)
		t.SynchronizeRCU()
	})
	return log
}

var get = sched.NewOp("get", sched.Read, func(c *cell, _ sched.None) int64 { return c.n })

// TestGoldenHash: the same run has the same hash in every program and on every
// platform. If a change to the scheduler was meant to change runs, write the new
// numbers here. They must be the same with
//
//	GOARCH=386 go test ./sim/sched
//	GOOS=js GOARCH=wasm go test -exec "$(go env GOROOT)/lib/wasm/go_js_wasm_exec" ./sim/sched
func TestGoldenHash(t *testing.T) {
	for _, c := range []struct {
		name    string
		chooser sched.Chooser
		free    bool
		hash    uint64
		steps   uint64
	}{
		{"nobody chooses", nil, false, 0xfee8f694b56441aa, 50},
		{"first", sched.First{}, false, 0x8e9b0455d92006a5, 50},
		{"random 1", sched.NewRandom(1), false, 0x6a7bd3387af8f677, 50},
		{"random 2, free time", sched.NewRandom(2), true, 0x2cbe3712163791e5, 50},
	} {
		s := machine(c.chooser)
		s.FreeTime = c.free
		program(s)
		require.NoError(t, s.RunAll())
		require.Equal(t, fmt.Sprintf("%#x %d", c.hash, c.steps), fmt.Sprintf("%#x %d", s.Hash(), s.Steps()), c.name)
		for _, task := range s.Tasks() {
			require.Equal(t, sched.Done, task.State(), "%s: task %s", c.name, task.Name)
		}
		s.Stop()
	}
}

func TestRandomIsTheSameEverywhere(t *testing.T) {
	r := sched.NewRandom(42)
	require.Equal(t, []uint64{0xbdd732262feb6e95, 0x28efe333b266f103, 0x47526757130f9f52},
		[]uint64{r.Uint64(), r.Uint64(), r.Uint64()}, "splitmix64 from 42")
}

func TestSleepingInAtomicContext(t *testing.T) {
	for name, body := range map[string]func(t *sched.Task, lock, other sched.ID){
		"schedule_timeout": func(t *sched.Task, lock, _ sched.ID) { t.Lock(lock); t.SleepKillable(1) },
		"cond_resched":     func(t *sched.Task, lock, _ sched.ID) { t.Lock(lock); t.CondResched() },
		"mutex_lock":       func(t *sched.Task, lock, other sched.ID) { t.Lock(lock); t.MutexLock(other) },
		"synchronize_rcu":  func(t *sched.Task, _, _ sched.ID) { t.RCUReadLock(); t.SynchronizeRCU() },
	} {
		s := machine(nil)
		lock, other := s.World().Add(&sched.SpinLock{Label: "l"}), s.World().Add(&sched.Mutex{Label: "m"})
		s.Spawn("x", func(t *sched.Task) { body(t, lock, other) })
		require.PanicsWithError(t, "task x: "+name+
			": sleeping function called from atomic context, with 1 locks held", func() { _ = s.Run() })
	}
	s := machine(nil) // and it may sleep again when it has let go
	lock := s.World().Add(&sched.SpinLock{})
	s.Spawn("x", func(t *sched.Task) {
		t.Lock(lock)
		t.RCUReadLock()
		t.RCUReadUnlock()
		t.Unlock(lock)
		t.SleepKillable(1)
	})
	require.NoError(t, s.RunAll())
}

func TestLockErrors(t *testing.T) {
	for want, body := range map[string]func(t *sched.Task, rw, mu sched.ID){
		"task x: rw: task 1 unlocks what task 0 holds": func(t *sched.Task, rw, _ sched.ID) { t.UpWrite(rw) },
		"task x: rw: up_read without a reader":         func(t *sched.Task, rw, _ sched.ID) { t.UpRead(rw) },
		"task x: mu: task 1 takes it twice":            func(t *sched.Task, _, mu sched.ID) { t.MutexLock(mu); t.MutexLock(mu) },
		"task x: mu: task 1 unlocks what task 0 holds": func(t *sched.Task, _, mu sched.ID) { t.MutexUnlock(mu) },
	} {
		s := machine(nil)
		rw, mu := s.World().Add(&sched.RWSem{Label: "rw"}), s.World().Add(&sched.Mutex{Label: "mu"})
		s.Spawn("x", func(t *sched.Task) { body(t, rw, mu) })
		require.PanicsWithError(t, want, func() { _ = s.Run() })
	}
}

// TestPanicNamesItsTask, though another task's stack is beneath it.
func TestPanicNamesItsTask(t *testing.T) {
	s := machine(alternate{})
	id := s.World().Add(&cell{})
	s.Spawn("a", func(t *sched.Task) { inc.On(t, id, 1) })
	s.Spawn("b", func(t *sched.Task) { panic("boom") })
	require.PanicsWithError(t, "task b: boom", func() { _ = s.Run() })
}

// queued starts n tasks that wait in a queue until the cell is not 0; it notes who
// was let go, and how.
func queued(s *sched.Sched, n int, how sched.Interrupt) (q, id sched.ID, tasks []*sched.Task, log *[]string) {
	q, id, log = s.World().Add(&sched.WaitQueue{}), s.World().Add(&cell{}), new([]string)
	for i := range n {
		tasks = append(tasks, s.Spawn(fmt.Sprint(i), func(t *sched.Task) {
			ok := t.WaitEvent(q, how, func() bool { return get.On(t, id, sched.None{}) != 0 })
			*log = append(*log, fmt.Sprint(t.Name, " ", ok))
		}))
	}
	if err := s.Run(); err != nil {
		panic(err)
	}
	return q, id, tasks, log
}

func TestWaitQueue(t *testing.T) {
	s := machine(nil)
	const n = 20 // more than one wake-up takes at once
	q, id, tasks, log := queued(s, n, sched.Uninterruptible)
	require.Empty(t, *log)
	s.Wake(tasks[3]) // looks, and sleeps again
	s.Signal(tasks[4], 9, true)
	require.NoError(t, s.Run())
	require.Empty(t, *log)
	s.Kill(tasks[5]) // leaves the queue without a step
	s.Spawn("w", func(t *sched.Task) {
		t.WakeUp(q) // for nothing
		inc.On(t, id, 1)
		t.WakeUp(q)
	})
	require.NoError(t, s.Run())
	require.Len(t, *log, n-1)
	require.Empty(t, sched.Peek[sched.WaitQueue](s.World(), q).Waiters)
}

func TestWaitQueueSignals(t *testing.T) {
	for how, want := range map[sched.Interrupt][2][]string{
		sched.Killable:      {nil, {"0 false"}},
		sched.Interruptible: {{"0 false"}, {"0 false"}},
	} {
		for i, fatal := range []bool{false, true} {
			s := machine(nil)
			_, _, tasks, log := queued(s, 1, how)
			s.Signal(tasks[0], 9, fatal)
			require.NoError(t, s.Run())
			require.ElementsMatch(t, want[i], *log, "%v, fatal %v", how, fatal)
		}
	}
}

func TestRCU(t *testing.T) {
	s := machine(alternate{})
	id := s.World().Add(&cell{})
	var order []string
	s.Spawn("reader", func(t *sched.Task) {
		t.RCUReadLock()
		t.RCUReadLock()
		for range 5 {
			inc.On(t, id, 1)
		}
		t.RCUReadUnlock()
		inc.On(t, id, 1)
		order = append(order, "reader")
		t.RCUReadUnlock()
	})
	s.Spawn("writer", func(t *sched.Task) {
		inc.On(t, id, 1) // the reader is inside by now
		t.SynchronizeRCU()
		order = append(order, "writer")
	})
	require.NoError(t, s.Run())
	require.Equal(t, []string{"reader", "writer"}, order)
}

func TestKillTakesNoStep(t *testing.T) {
	s := machine(nil)
	rw := s.World().Add(&sched.RWSem{})
	a := s.Spawn("a", func(t *sched.Task) {
		t.DownWrite(rw)
		defer t.UpWrite(rw)
		t.SleepKillable(10)
	})
	require.NoError(t, s.Run())
	hash, steps := s.Hash(), s.Steps()
	s.Kill(a)
	require.Equal(t, []uint64{hash, steps}, []uint64{s.Hash(), s.Steps()})
	require.EqualValues(t, a.Num, sched.Peek[sched.RWSem](s.World(), rw).Writer, "what it had locked stays so")
	require.Empty(t, s.Tasks())
	_, armed := s.NextTimer()
	require.False(t, armed)
	b := s.Spawn("b", func(t *sched.Task) { t.DownWrite(rw) })
	require.NoError(t, s.Run())
	s.Kill(b) // no longer waits for the lock
	s.World().Remove(rw)
}

func TestParkAndReap(t *testing.T) {
	s := machine(nil)
	id := s.World().Add(&cell{})
	a := s.Spawn("a", func(t *sched.Task) {
		t.Park()
		inc.On(t, id, 1)
	})
	require.NoError(t, s.RunAll())
	require.Equal(t, sched.Idle, a.State())
	s.Start(a)
	require.NoError(t, s.RunAll())
	require.Equal(t, sched.Done, a.State())
	s.Reap(a)
	for i := range 3 { // coroutines are used again
		x := s.Spawn("x", func(t *sched.Task) { inc.On(t, id, 1) })
		require.Equal(t, i+1, x.Num)
		require.NoError(t, s.Run())
		if i < 2 {
			continue
		}
		require.EqualValues(t, 4, sched.Peek[cell](s.World(), id).n)
		require.Panics(t, func() { s.Reap(s.Spawn("alive", func(*sched.Task) {})) })
	}
}

func TestLimit(t *testing.T) {
	for _, c := range []sched.Chooser{nil, sched.First{}, alternate{}} {
		s := machine(c)
		id := s.World().Add(&cell{})
		for range 2 {
			s.Spawn("a", func(t *sched.Task) {
				for range 10 {
					inc.On(t, id, 1)
				}
			})
		}
		s.SetLimit(7)
		require.ErrorIs(t, s.Run(), sched.ErrSteps)
		require.ErrorIs(t, s.Run(), sched.ErrSteps, "until it is raised")
		require.EqualValues(t, 7, sched.Peek[cell](s.World(), id).n)
		s.SetLimit(20)
		require.NoError(t, s.Run(), "just enough")
		require.EqualValues(t, 20, sched.Peek[cell](s.World(), id).n)
		require.EqualValues(t, 20, s.Steps())
	}
}

func TestRunTaskRunsNobodyElse(t *testing.T) {
	s := machine(alternate{})
	id := s.World().Add(&cell{})
	body := func(t *sched.Task) { inc.On(t, id, 1); inc.On(t, id, 1) }
	a, b := s.Spawn("a", body), s.Spawn("b", body)
	require.NoError(t, s.RunTask(b))
	require.Equal(t, []sched.State{sched.Runnable, sched.Done}, []sched.State{a.State(), b.State()})
	require.EqualValues(t, 2, s.Steps())
	require.NoError(t, s.Run())
	require.Equal(t, sched.Done, a.State())
}

// bad is a chooser with an answer that is none.
type bad struct{ next, answer int }

func (b bad) Next(*sched.View) int       { return b.next }
func (b bad) Choose(_ int, _ string) int { return b.answer }

func TestBadChoosers(t *testing.T) {
	for want, c := range map[string]bad{
		"sched: the chooser picked task 1 of 1":                     {next: 1},
		"sched: the chooser let the clock tick when it may not":     {next: -1},
		"task a: sched: the chooser answered 2 of 2 to what to eat": {answer: 2},
	} {
		s := machine(c)
		s.Spawn("a", func(t *sched.Task) { t.Choose(2, "what to eat") })
		func() {
			defer func() { require.Equal(t, want, fmt.Sprint(recover())) }()
			_ = s.Run()
		}()
	}
}

func TestWorld(t *testing.T) {
	w := sched.NewWorld()
	a, b := w.Add(&cell{1}), w.Add(&cell{2})
	c := w.Clone()
	require.Equal(t, w.Encode(nil), c.Encode(nil))
	sched.Peek[cell](c, a).n = 7
	require.EqualValues(t, 1, sched.Peek[cell](w, a).n)
	require.NotEqual(t, w.Encode(nil), c.Encode(nil))
	w.Remove(a)
	require.Nil(t, w.Object(a))
	require.Nil(t, sched.Peek[cell](w, a))
	require.Nil(t, sched.Peek[sched.Mutex](w, b), "it is not one")
	require.Nil(t, w.Object(99))
	require.Panics(t, func() { w.Remove(a) })
	require.Equal(t, a, w.Add(&cell{3}), "names are used again")
	var all []sched.ID
	w.Each(func(id sched.ID, _ sched.Object) { all = append(all, id) })
	require.Equal(t, []sched.ID{a, b}, all)
}

// TestEncodeTellsStatesApart: one changed field, other bytes.
func TestEncodeTellsStatesApart(t *testing.T) {
	objects := []sched.Object{
		&sched.RWSem{}, &sched.RWSem{Readers: 1}, &sched.RWSem{Writer: 1}, &sched.RWSem{Writer: 1 << 16},
		&sched.RWSem{Readers: 1 << 16},
		&sched.SpinLock{}, &sched.SpinLock{Owner: 1}, &sched.SpinLock{Owner: 1 << 16},
		&sched.Mutex{}, &sched.Mutex{Owner: 1}, &sched.Mutex{Owner: 1 << 16},
		&sched.RCU{}, &sched.RCU{Readers: 1}, &sched.RCU{Readers: 1 << 16},
		&sched.WaitQueue{}, &sched.WaitQueue{Waiters: []sched.ID{1}}, &sched.WaitQueue{Waiters: []sched.ID{1, 2}},
		&sched.WaitQueue{Waiters: []sched.ID{2, 1}},
		&sched.Sleeper{}, &sched.Sleeper{Asleep: true}, &sched.Sleeper{Armed: true}, &sched.Sleeper{Fired: true},
		&sched.Sleeper{Pending: 2}, &sched.Sleeper{Fatal: true}, &sched.Sleeper{Armed: true, Expiry: 1},
	}
	seen := map[string]int{}
	for i, o := range objects {
		code := fmt.Sprintf("%T %x", o, o.Encode(nil))
		require.NotContains(t, seen, code, "%+v and %+v", o, objects[seen[code]])
		seen[code] = i
		require.Equal(t, o, o.Clone())
		require.Equal(t, append([]byte("x"), o.Encode(nil)...), o.Clone().Encode([]byte("x")))
	}
	require.Equal(t, (&sched.Sleeper{}).Encode(nil), (&sched.Sleeper{Expiry: 5}).Encode(nil), "an old timer is history")
	require.Equal(t, (&sched.RWSem{Label: "a"}).Encode(nil), (&sched.RWSem{Label: "b"}).Encode(nil))
}

// TestCopiedWorld runs on with a copy of the objects, and tasks made for it.
func TestCopiedWorld(t *testing.T) {
	s := machine(nil)
	id := s.World().Add(&cell{})
	a := s.Spawn("a", func(t *sched.Task) { inc.On(t, id, 1) })
	require.NoError(t, s.Run())
	c := sched.NewSched(&profile.Profile{}, s.Clock, nil)
	c.SetWorld(s.World().Clone())
	c.Adopt("a", a.Num, a.Sleep, func(t *sched.Task) { inc.On(t, id, 1) })
	require.Panics(t, func() { c.Adopt("b", a.Num, a.Sleep, nil) }, "numbers count up")
	require.NoError(t, c.Run())
	require.EqualValues(t, 2, sched.Peek[cell](c.World(), id).n)
	require.EqualValues(t, 1, sched.Peek[cell](s.World(), id).n)
}
