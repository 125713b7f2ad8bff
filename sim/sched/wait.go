package sched

import (
	"encoding/binary"
	"slices"
)

// WaitQueue is a list of tasks that wait for something to happen.
//
// Kernel: include/linux/wait.h wait_queue_head, all versions.
// Differs: a wake-up wakes all; nobody waits exclusively.
type WaitQueue struct {
	Label   string
	Waiters []ID // the Sleepers of the tasks, in the order in which they came
}

// Clone returns an independent copy.
func (q *WaitQueue) Clone() Object { return &WaitQueue{q.Label, slices.Clone(q.Waiters)} }

// Encode appends the canonical encoding.
func (q *WaitQueue) Encode(dst []byte) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(q.Waiters)))
	for _, id := range q.Waiters {
		dst = binary.LittleEndian.AppendUint32(dst, uint32(id))
	}
	return dst
}

func (q *WaitQueue) remove(sleeper ID) {
	q.Waiters = slices.DeleteFunc(q.Waiters, func(id ID) bool { return id == sleeper })
}

// woken are waiters that a wake-up has taken from a queue; 0 where there are fewer.
type woken [8]ID

var (
	addWaiter = NewOp("prepare_to_wait", Write, func(q *WaitQueue, sleeper ID) None {
		if !slices.Contains(q.Waiters, sleeper) {
			q.Waiters = append(q.Waiters, sleeper)
		}
		return None{}
	})
	dropWaiter  = NewOp("finish_wait", Write, func(q *WaitQueue, sleeper ID) None { q.remove(sleeper); return None{} })
	takeWaiters = NewOp("__wake_up", Write, func(q *WaitQueue, _ None) (w woken) {
		n := copy(w[:], q.Waiters)
		q.Waiters = slices.Delete(q.Waiters, 0, n)
		return w
	})
)

// PrepareToWait enters a queue before the condition is looked at, so that no
// wake-up from then on is missed. A task is in one queue at a time.
//
// Kernel: kernel/sched/wait.c prepare_to_wait, all versions.
func (t *Task) PrepareToWait(q ID) {
	if t.queue != 0 && t.queue != q {
		panic("sched: " + t.Name + " is in another wait queue")
	}
	setState.On(t, t.Sleep, true)
	t.queue = q
	addWaiter.On(t, q, t.Sleep)
}

// FinishWait leaves the queue.
//
// Kernel: kernel/sched/wait.c finish_wait, all versions.
func (t *Task) FinishWait(q ID) {
	setState.On(t, t.Sleep, false)
	dropWaiter.On(t, q, t.Sleep)
	t.queue = 0
}

// WaitEvent sleeps in a queue until cond holds, which it looks at first and after
// each wake-up. ok is false if a signal ended the wait, as far as how allows.
//
// Kernel: include/linux/wait.h wait_event, wait_event_killable and wait_event_interruptible, all versions.
func (t *Task) WaitEvent(q ID, how Interrupt, cond func() bool) (ok bool) {
	for {
		t.PrepareToWait(q)
		if ok = cond(); ok || t.mustWake(how) {
			break
		}
		t.Schedule(how)
	}
	t.FinishWait(q)
	return ok
}

// mustWake says whether a signal is pending that ends such a sleep.
//
// Kernel: include/linux/sched/signal.h signal_pending_state, all versions.
func (t *Task) mustWake(how Interrupt) bool {
	switch how {
	case Killable:
		return t.FatalSignalPending()
	case Interruptible:
		return t.SignalPending()
	}
	return false
}

// WakeUp wakes everybody who waits in the queue, one after the other.
//
// Kernel: kernel/sched/wait.c __wake_up, all versions.
func (t *Task) WakeUp(q ID) {
	for {
		w := takeWaiters.On(t, q, None{})
		for _, sleeper := range w {
			if sleeper != 0 {
				t.WakeUpProcess(sleeper)
			}
		}
		if w[len(w)-1] == 0 {
			return
		}
	}
}
