package sched

import (
	"fmt"
	"iter"

	"sealab/sim/abi"
	"sealab/sim/mutant"
	"sealab/sim/profile"
)

// State is what a task is doing.
type State uint8

const (
	Runnable State = iota // could take its next step
	Waiting               // its operation cannot be done yet
	Idle                  // waits for its driver to give it work
	Done                  // its body has returned
)

func (s State) String() string { return [...]string{"runnable", "waiting", "idle", "done"}[s] }

// Task is a simulated task: a coroutine with a name, a CPU and a sleeper. Only
// its own body and the driver touch it.
type Task struct {
	Num    int    // 1 for the first task of a Sched, then counting up
	Name   string // what a person calls it: a pid or a letter
	CPU    int    // the CPU it begins on, from 0; see ThisCPU
	Origin int64  // what its present call is called in reports: a log line, from 1
	Sleep  ID     // its Sleeper

	s      *Sched
	player Player // answers in the place of the world; nil in a run
	state  State
	on     ID    // what a waiting task waits for
	op     *Info // the operation it waits to do, or is about to do
	body   func(*Task)

	next  func() (struct{}, bool)
	yield func(struct{}) bool
	stop  func()
	dying bool
	// resting is set in Pause.
	resting bool
	// onStack is set while the task runs or has called another one.
	onStack bool
	atomic  int // spin locks held and RCU read sections open: it must not sleep
	queue   ID  // the WaitQueue that the task is in

	// Held are the references that the task itself has on folios, for the length
	// of a call: a page it copies, one it is about to map. Only bookkeeping: the
	// count is in the folio.
	Held []Held

	// Later are open files that the task lets go of one after another, where each may be full
	// of others; Settling says that it is at it.
	Later    []ID
	Settling bool

	// Refusal is why the latest refused operation was refused.
	Refusal Refusal
}

// Refusal is the cause of an errno: the check that refused, named as the kernel
// names it, the numbers it saw, and the objects that made it refuse.
type Refusal struct {
	Errno   abi.Errno
	Check   string  // the kernel function or test, such as "mapping_deny_writable"
	Facts   [3]Fact // what the check saw; a Fact without a name is absent
	Objects [4]ID   // zero where there are fewer
	At      int64   // virtual ns
}

// Fact is one number that a check saw.
type Fact struct {
	Name  string // such as "i_mmap_writable"
	Value int64
}

// taskPanic is what a run panics with when a task's body does.
type taskPanic string

// Error makes the panic print its text.
func (p taskPanic) Error() string { return string(p) }

// errAbort unwinds a task whose run was cut short.
type errAbort struct{}

// ThisCPU returns the CPU (from 0) that the task is on at this moment: its own, unless tasks may
// roam. It may be on another one when it asks again.
//
// Kernel: include/linux/smp.h smp_processor_id, all versions.
func (t *Task) ThisCPU() int {
	if n := t.s.Roam; n > 1 {
		return (t.CPU + t.Choose(n, "CPU")) % n
	}
	return t.CPU
}

// State returns what the task is doing.
func (t *Task) State() State { return t.state }

// WaitsFor returns the object and the operation that a waiting task waits for.
func (t *Task) WaitsFor() (ID, *Info) {
	if t.state != Waiting {
		return 0, nil
	}
	return t.on, t.op
}

// Profile returns the kernel that is being modelled.
func (t *Task) Profile() *profile.Profile { return t.s.Profile }

// Wrong says whether the kernel is wrong in one place, see package mutant.
func (t *Task) Wrong(m mutant.Mutant) bool { return t.s.Profile.Mutants.Has(m) }

// Sched returns the scheduler that runs the task.
func (t *Task) Sched() *Sched { return t.s }

// Refuse records why an operation is refused and returns the errno. Every
// simulated failure goes through it, so that no errno is without a cause.
func (t *Task) Refuse(errno abi.Errno, check string, facts ...Fact) error {
	t.Refusal = Refusal{Errno: errno, Check: check, At: t.s.now}
	copy(t.Refusal.Facts[:], facts)
	t.tellRefused()
	return errno
}

// RefuseBecause is Refuse with the objects that are responsible.
func (t *Task) RefuseBecause(errno abi.Errno, check string, fact Fact, objs ...ID) error {
	t.Refusal = Refusal{Errno: errno, Check: check, At: t.s.now}
	t.Refusal.Facts[0] = fact
	copy(t.Refusal.Objects[:], objs)
	t.tellRefused()
	return errno
}

func (t *Task) tellRefused() {
	if t.s.watcher != nil {
		t.s.watcher.Refused(t)
	}
}

// point is the place before a step where another task may be chosen.
func (t *Task) point(op *Info, id ID) {
	s := t.s
	if s.careful {
		t.pointSlow(op, id)
	}
	s.steps++
	s.mix(op.key ^ uint64(id)<<32 ^ uint64(t.Num))
}

func (t *Task) pointSlow(op *Info, id ID) {
	t.op, t.on = op, id
	s := t.s
	if t.dying {
		panic(errAbort{})
	}
	t.stopHere()
	if s.solo {
		return
	}
	if n := s.choose(t); n != t {
		s.picked = n
		t.switchOut()
		t.stopHere() // others may have taken the last step that was allowed
	}
}

// stopHere ends the run before this step, if it may take no more. The next run
// goes on here.
func (t *Task) stopHere() {
	for s := t.s; s.mustStop(); {
		s.stopped, s.picked = t, nil
		t.yieldOut()
	}
}

// waitFor parks the task until the object changes.
func (t *Task) waitFor(op *Info, id ID) {
	t.state, t.op, t.on = Waiting, op, id
	sl := &t.s.world.slots[id]
	sl.waiters = append(sl.waiters, t)
	t.s.noteRunnable(t, false)
	if t.s.watcher != nil {
		t.s.watcher.Waits(t, op, id)
	}
	t.switchOut()
}

// Park makes the task idle until the driver resumes it with Sched.Start.
func (t *Task) Park() {
	t.state = Idle
	t.s.noteRunnable(t, false)
	t.switchOut()
}

// switchOut gives control to the task that was picked, or back to the
// scheduler's loop, and returns when this task is picked again.
//
// A coroutine can only be called, and return to its caller. So a task calls the
// picked one from its own stack, which costs one switch and not two, unless that
// one is itself waiting in such a call; then control goes back down to it.
func (t *Task) switchOut() {
	s := t.s
	for {
		if t.dying {
			panic(errAbort{})
		}
		if s.picked == nil && s.looping && s.stopped == nil && len(s.runnable) > 0 {
			s.picked = s.choose(nil)
		}
		n := s.picked
		switch {
		case n == t:
			s.picked = nil
			return
		case n != nil && !n.onStack:
			s.enter(n)
		default:
			t.yieldOut()
			return
		}
	}
}

// yieldOut gives control back to the caller, and returns when the task is called
// again.
func (t *Task) yieldOut() {
	if !t.yield(struct{}{}) {
		t.dying = true
		panic(errAbort{})
	}
}

// CondResched is a place where the kernel offers the CPU to others.
//
// Kernel: include/linux/sched.h cond_resched, all versions.
func (t *Task) CondResched() {
	t.mightSleep("cond_resched")
	if t.player == nil {
		t.point(&condResched, 0)
	}
}

var condResched = newInfo("cond_resched", Read)

// NeedResched asks whether another task wants this CPU: a choice, no by default.
//
// Kernel: include/linux/sched.h need_resched, all versions.
func (t *Task) NeedResched() bool { return t.Choose(2, "need_resched") == 1 }

// Choose takes one of n alternatives, 0 by default; what names the choice.
func (t *Task) Choose(n int, what string) int {
	if t.player != nil {
		return t.player.Choose(t, n, what)
	}
	return t.s.Choose(n, what)
}

// Held is a number of references to one folio.
type Held struct {
	ID ID
	N  int32
}

// Hold notes a reference that the task has taken for itself.
func (t *Task) Hold(id ID) { t.HoldN(id, 1) }

// HoldN notes n references.
func (t *Task) HoldN(id ID, n int32) { t.Held = append(t.Held, Held{id, n}) }

// Drop forgets a noted reference: it was given back, or given to somebody else.
func (t *Task) Drop(id ID) { t.DropN(id, 1) }

// DropN forgets n references.
func (t *Task) DropN(id ID, n int32) {
	for i := len(t.Held) - 1; i >= 0 && n > 0; i-- {
		h := &t.Held[i]
		if h.ID != id {
			continue
		}
		k := min(n, h.N)
		n -= k
		if h.N -= k; h.N == 0 {
			t.Held = append(t.Held[:i], t.Held[i+1:]...)
		}
	}
	if n > 0 {
		panic(fmt.Sprintf("task %s drops %d references to folio %d that it does not have", t.Name, n, id))
	}
}

// start makes the task's coroutine.
func (t *Task) start() {
	seq := func(yield func(struct{}) bool) {
		t.yield = yield
		defer func() {
			switch r := recover().(type) {
			case nil, errAbort:
			case taskPanic: // of a task that this one had called
				panic(r)
			default:
				panic(taskPanic(fmt.Sprintf("task %s: %v", t.Name, r)))
			}
		}()
		for {
			body := t.body
			t.body = nil
			body(t)
			t.state = Done
			t.s.noteRunnable(t, false)
			if !yield(struct{}{}) {
				return
			}
		}
	}
	t.next, t.stop = iter.Pull(iter.Seq[struct{}](seq))
}
