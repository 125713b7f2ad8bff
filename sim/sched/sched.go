package sched

import (
	"errors"
	"math/bits"
	"slices"

	"sealab/sim/profile"
)

// Observer is told of every step. Telling costs memory, so runs that nobody
// looks at have none. It is called on the task's own stack, and must not change
// anything that it sees.
type Observer interface {
	// Step is called after an operation: who did what to which object, with
	// which argument and result.
	Step(t *Task, op *Info, id ID, arg, result any)
}

// Watcher is an Observer that is also told of what is not a step.
type Watcher interface {
	Observer
	// Waits is called when a waiting operation cannot be done yet.
	Waits(t *Task, op *Info, id ID)
	// Refused is called when t.Refusal has been filled in.
	Refused(t *Task)
	// Made is called when a task has put a new object in the world, and Freed
	// before it takes one out.
	Made(t *Task, id ID)
	Freed(t *Task, id ID)
}

// ErrSteps is returned when a run took more steps than it was allowed.
var ErrSteps = errors.New("too many steps")

// Sched is one simulated machine: its tasks, its clock and its world. It is not
// safe for concurrent use; independent machines may run side by side.
type Sched struct {
	Profile *profile.Profile
	Clock   Clock
	// FreeTime lets a timer fire while tasks can still run, as if any of them
	// might be delayed at will. Otherwise steps take no time.
	FreeTime bool
	// Roam is between how many CPUs the chooser may move a task at any moment; 0 leaves each
	// on its own.
	Roam int
	// Stray lets the chooser wake a task early that sleeps until its timer, for no reason
	// that it could know of: once in each sleep.
	Stray bool

	world    *World
	tasks    []*Task
	runnable []*Task // in the order in which they became runnable
	pool     []*Task // finished coroutines, to be used again
	chooser  Chooser
	observer Observer
	watcher  Watcher // the observer, if it is one

	now      int64
	timers   timers
	timerSeq uint64
	gen      uint32

	picked  *Task // whom a task chose to go next, from its own stack
	stopped *Task // whose next step the run stopped before
	looping bool  // inside Run
	careful bool  // pointSlow has something to do
	solo    bool  // the current task goes on until it waits
	limit   uint64
	pause   uint64 // RunFor stops when steps gets here
	steps   uint64
	hash    uint64
	view    View
}

// NewSched returns a machine with an empty world at time 0. A nil chooser lets each
// task go on until it must wait, and then the one that could run first.
func NewSched(p *profile.Profile, clock Clock, chooser Chooser) *Sched {
	s := &Sched{Profile: p, Clock: clock, world: NewWorld(), hash: 0x5ea1ab}
	if id := s.world.Add(&RCU{}); id != RCUID {
		panic("sched: the RCU object must be the first")
	}
	s.SetChooser(chooser)
	return s
}

// SetChooser changes who decides. Nil is the cheap default of NewSched.
func (s *Sched) SetChooser(c Chooser) {
	s.chooser = c
	s.solo = c == nil
	s.beCareful()
}

// beCareful notes whether a step needs more than to be done.
func (s *Sched) beCareful() { s.careful = !s.solo || s.limit > 0 || s.pause > 0 }

// SetObserver changes who is told of every step; nil for nobody.
func (s *Sched) SetObserver(o Observer) {
	s.observer = o
	s.watcher, _ = o.(Watcher)
}

// SetLimit bounds the steps of all runs together; 0 is no bound. A run that
// reaches it ends with ErrSteps.
func (s *Sched) SetLimit(steps uint64) {
	s.limit = steps
	s.beCareful()
}

// mustStop says whether the next step is one too many.
func (s *Sched) mustStop() bool {
	return s.limit > 0 && s.steps >= s.limit || s.pause > 0 && s.steps >= s.pause
}

// World returns the machine's objects.
func (s *Sched) World() *World { return s.world }

// SetWorld puts other objects in place of the machine's, for instance a copy
// made earlier. No task may be waiting, and no timer is kept.
func (s *Sched) SetWorld(w *World) { s.world, s.timers = w, s.timers[:0] }

// Now returns the virtual time in ns.
func (s *Sched) Now() int64 { return s.now }

// SetNow moves the clock to a time (ns) without firing what lies between.
func (s *Sched) SetNow(now int64) { s.now = now }

// Steps returns the number of steps taken so far.
func (s *Sched) Steps() uint64 { return s.steps }

// Hash returns a running hash over every step and every decision so far. Two
// runs that are the same have equal hashes, on every platform.
func (s *Sched) Hash() uint64 { return s.hash }

func (s *Sched) mix(x uint64) {
	s.hash = bits.RotateLeft64((s.hash^x)*0x9e3779b97f4a7c15, 29)
}

// Tasks returns all tasks ever spawned and not yet reaped, in order.
func (s *Sched) Tasks() []*Task { return s.tasks }

// Spawn makes a task that will run body. The name is for people.
func (s *Sched) Spawn(name string, body func(*Task)) *Task {
	t := s.Adopt(name, s.lastNum()+1, s.world.Add(&Sleeper{}), body)
	return t
}

// Adopt makes a task for a Sleeper that is in the world already: one of a world
// that was copied. Numbers must count up.
func (s *Sched) Adopt(name string, num int, sleeper ID, body func(*Task)) *Task {
	if num <= s.lastNum() {
		panic("sched: task numbers must count up")
	}
	var t *Task
	if n := len(s.pool); n > 0 {
		t = s.pool[n-1]
		s.pool = s.pool[:n-1]
		*t = Task{s: s, next: t.next, stop: t.stop, yield: t.yield, Held: t.Held[:0]}
	} else {
		t = &Task{s: s}
		t.start()
	}
	t.Num, t.Name, t.Sleep, t.body = num, name, sleeper, body
	s.tasks = append(s.tasks, t)
	s.noteRunnable(t, true)
	return t
}

func (s *Sched) lastNum() int {
	if n := len(s.tasks); n > 0 {
		return s.tasks[n-1].Num
	}
	return 0
}

// Reap forgets a task that is done or idle, and its sleeper. The Task must not be
// used any more: its coroutine may become another one's.
func (s *Sched) Reap(t *Task) {
	if t.state != Done && t.state != Idle {
		panic("sched: " + t.Name + " is reaped alive")
	}
	if t.state == Done {
		s.forget(t)
		s.pool = append(s.pool, t)
		return
	}
	s.Kill(t)
}

// Kill ends a task wherever it is, without another step. What it had locked or
// referred to stays so.
func (s *Sched) Kill(t *Task) {
	if t.state == Waiting {
		sl := &s.world.slots[t.on]
		sl.waiters = slices.DeleteFunc(sl.waiters, func(x *Task) bool { return x == t })
	}
	s.noteRunnable(t, false)
	s.unwind(t)
	t.state = Done
	s.forget(t)
}

// forget takes a task out of all lists, and its sleeper out of the world.
func (s *Sched) forget(t *Task) {
	if s.stopped == t {
		s.stopped = nil
	}
	if q := Peek[WaitQueue](s.world, t.queue); q != nil {
		q.remove(t.Sleep)
	}
	s.tasks = slices.DeleteFunc(s.tasks, func(x *Task) bool { return x == t })
	s.world.Remove(t.Sleep)
}

// unwind ends the coroutine of a task. Its deferred calls take no step.
func (s *Sched) unwind(t *Task) {
	t.dying, s.careful = true, true
	t.stop()
	s.beCareful()
}

// Start makes an idle task runnable again.
func (s *Sched) Start(t *Task) {
	if t.state == Idle {
		t.state = Runnable
		s.noteRunnable(t, true)
	}
}

// noteRunnable keeps the list of runnable tasks.
func (s *Sched) noteRunnable(t *Task, can bool) {
	if can {
		s.runnable = append(s.runnable, t)
		return
	}
	for i, x := range s.runnable {
		if x == t {
			s.runnable = append(s.runnable[:i], s.runnable[i+1:]...)
			return
		}
	}
}

// wake makes all tasks that wait for an object try again.
func (s *Sched) wake(sl *slot) {
	for _, t := range sl.waiters {
		t.state = Runnable
		s.noteRunnable(t, true)
	}
	sl.waiters = sl.waiters[:0]
}

// enter runs task n on top of the present stack, until it gives control back.
func (s *Sched) enter(n *Task) {
	s.picked = nil
	n.onStack = true
	n.next()
	n.onStack = false
}

// Run lets tasks run until none can, at the present time. A task that waits for
// a timer stays asleep.
func (s *Sched) Run() error {
	s.looping = true
	defer func() { s.looping = false }()
	s.picked, s.stopped = s.stopped, nil
	for {
		if s.picked == nil {
			if len(s.runnable) == 0 {
				return nil
			}
			s.picked = s.choose(nil)
		}
		s.enter(s.picked)
		if s.stopped != nil {
			return s.whyStopped()
		}
	}
}

func (s *Sched) whyStopped() error {
	if s.limit > 0 && s.steps >= s.limit {
		return ErrSteps
	}
	return nil
}

// RunFor is Run, but stops after so many steps at the latest. What was going on
// then goes on with the next run, and no decision is asked for twice: a run in
// parts is the same run.
func (s *Sched) RunFor(steps uint64) error {
	if steps == 0 {
		return nil
	}
	s.pause = s.steps + steps
	s.beCareful()
	err := s.Run()
	s.pause = 0
	s.beCareful()
	return err
}

// CanRun says whether any task could take a step now.
func (s *Sched) CanRun() bool { return len(s.runnable) > 0 }

// RunUntil lets tasks run and timers fire until time end (ns), and leaves the
// clock there.
func (s *Sched) RunUntil(end int64) error {
	for {
		if err := s.Run(); err != nil {
			return err
		}
		at, ok := s.NextTimer()
		if !ok || at > end {
			s.now = max(s.now, end)
			return nil
		}
		s.Tick()
	}
}

// RunAll lets tasks run and timers fire until nothing can happen any more. Tasks
// that still wait then wait for ever.
func (s *Sched) RunAll() error {
	for {
		if err := s.Run(); err != nil {
			return err
		}
		if !s.Tick() {
			return nil
		}
	}
}

// RunTask lets only task t run, until it waits, parks or ends.
func (s *Sched) RunTask(t *Task) error {
	solo := s.solo
	s.solo = true
	s.beCareful()
	defer func() {
		s.solo = solo
		s.beCareful()
	}()
	s.picked, s.stopped = nil, nil
	for t.state == Runnable && s.stopped == nil {
		s.enter(t)
	}
	if s.stopped != nil {
		return s.whyStopped()
	}
	return nil
}

// Stop unwinds all tasks. The machine cannot be used afterwards.
func (s *Sched) Stop() {
	for _, t := range s.tasks {
		s.unwind(t)
	}
	for _, t := range s.pool {
		t.stop()
	}
	s.tasks, s.pool, s.runnable, s.stopped = nil, nil, nil, nil
}
