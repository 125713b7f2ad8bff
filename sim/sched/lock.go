package sched

import "fmt"

// RWSem is a reader-writer semaphore: many readers, or one writer.
//
// Kernel: kernel/locking/rwsem.c rw_semaphore, all versions.
// Differs: who waits is served first come first served; a waiting writer does
// not hold up new readers.
type RWSem struct {
	Label   string // what the kernel calls it, such as "i_rwsem"
	Readers int32
	Writer  int32 // the task number of the writer, 0 for none
}

// Clone returns an independent copy.
func (l *RWSem) Clone() Object { c := *l; return &c }

// Encode appends the canonical encoding.
func (l *RWSem) Encode(dst []byte) []byte {
	return append(dst, byte(l.Readers), byte(l.Readers>>8), byte(l.Writer), byte(l.Writer>>8))
}

func (l *RWSem) String() string {
	switch {
	case l.Writer != 0:
		return fmt.Sprintf("%s written by task %d", l.Label, l.Writer)
	case l.Readers > 0:
		return fmt.Sprintf("%s read by %d", l.Label, l.Readers)
	}
	return l.Label + " free"
}

var (
	downWrite = NewWait("down_write", Write, func(l *RWSem, who int32) (None, bool) {
		if l.Writer != 0 || l.Readers != 0 {
			return None{}, false
		}
		l.Writer = who
		return None{}, true
	})
	upWrite = NewOp("up_write", Write, func(l *RWSem, who int32) None {
		if l.Writer != who {
			panic(fmt.Sprintf("%s: task %d unlocks what task %d holds", l.Label, who, l.Writer))
		}
		l.Writer = 0
		return None{}
	})
	downRead = NewWait("down_read", Write, func(l *RWSem, _ None) (None, bool) {
		if l.Writer != 0 {
			return None{}, false
		}
		l.Readers++
		return None{}, true
	})
	upRead = NewOp("up_read", Write, func(l *RWSem, _ None) None {
		if l.Readers == 0 {
			panic(l.Label + ": up_read without a reader")
		}
		l.Readers--
		return None{}
	})
)

// DownWrite takes the semaphore for writing, waiting for all others to leave. No
// signal ends the wait.
//
// Kernel: kernel/locking/rwsem.c down_write, all versions.
func (t *Task) DownWrite(l ID) { downWrite.On(t, l, int32(t.Num)) }

// UpWrite lets it go.
//
// Kernel: kernel/locking/rwsem.c up_write, all versions.
func (t *Task) UpWrite(l ID) { upWrite.On(t, l, int32(t.Num)) }

// DownRead takes the semaphore for reading.
//
// Kernel: kernel/locking/rwsem.c down_read, all versions.
func (t *Task) DownRead(l ID) { downRead.On(t, l, None{}) }

// UpRead lets it go.
//
// Kernel: kernel/locking/rwsem.c up_read, all versions.
func (t *Task) UpRead(l ID) { upRead.On(t, l, None{}) }

// SpinLock is a lock with one owner whose holder never sleeps. A Mutex differs
// only in that its holder may.
//
// Kernel: include/linux/spinlock.h spinlock_t, all versions.
type SpinLock struct {
	Label string
	Owner int32 // task number, 0 for none
}

// Clone returns an independent copy.
func (l *SpinLock) Clone() Object { c := *l; return &c }

// Encode appends the canonical encoding.
func (l *SpinLock) Encode(dst []byte) []byte { return append(dst, byte(l.Owner), byte(l.Owner>>8)) }

var (
	spinLock = NewWait("spin_lock", Write, func(l *SpinLock, who int32) (None, bool) {
		if l.Owner == who {
			panic(fmt.Sprintf("%s: task %d takes it twice", l.Label, who))
		}
		if l.Owner != 0 {
			return None{}, false
		}
		l.Owner = who
		return None{}, true
	})
	spinUnlock = NewOp("spin_unlock", Write, func(l *SpinLock, who int32) None {
		if l.Owner != who {
			panic(fmt.Sprintf("%s: task %d unlocks what task %d holds", l.Label, who, l.Owner))
		}
		l.Owner = 0
		return None{}
	})
)

// Lock takes a SpinLock.
//
// Kernel: include/linux/spinlock.h spin_lock, all versions.
func (t *Task) Lock(l ID) { spinLock.On(t, l, int32(t.Num)) }

// Unlock lets it go.
//
// Kernel: include/linux/spinlock.h spin_unlock, all versions.
func (t *Task) Unlock(l ID) { spinUnlock.On(t, l, int32(t.Num)) }

// WaitQueue counts events that tasks wait for: each wake-up moves it on by one.
//
// Kernel: include/linux/wait.h wait_queue_head, all versions.
type WaitQueue struct {
	Label  string
	Events uint64
}

// Clone returns an independent copy.
func (q *WaitQueue) Clone() Object { c := *q; return &c }

// Encode appends the canonical encoding. The number of past events is history.
func (q *WaitQueue) Encode(dst []byte) []byte { return dst }

var (
	events    = NewOp("prepare_to_wait", Read, func(q *WaitQueue, _ None) uint64 { return q.Events })
	waitEvent = NewWait("wait_event", Read, func(q *WaitQueue, seen uint64) (None, bool) {
		return None{}, q.Events != seen
	})
	wakeUp = NewOp("wake_up", Write, func(q *WaitQueue, _ None) None { q.Events++; return None{} })
)

// PrepareToWait notes where the queue stands, before the condition is tested.
//
// Kernel: kernel/sched/wait.c prepare_to_wait, all versions.
func (t *Task) PrepareToWait(q ID) uint64 { return events.On(t, q, None{}) }

// WaitEvent waits until WakeUp was called since PrepareToWait returned seen.
//
// Kernel: include/linux/wait.h wait_event, all versions.
func (t *Task) WaitEvent(q ID, seen uint64) { waitEvent.On(t, q, seen) }

// WakeUp wakes everybody who waits in the queue.
//
// Kernel: kernel/sched/wait.c wake_up, all versions.
func (t *Task) WakeUp(q ID) { wakeUp.On(t, q, None{}) }

// RCU counts the tasks inside a read section.
//
// Kernel: include/linux/rcupdate.h rcu_read_lock, all versions.
type RCU struct{ Readers int32 }

// RCUID names the machine's one RCU object: the first of every world.
const RCUID ID = 1

// Clone returns an independent copy.
func (r *RCU) Clone() Object { c := *r; return &c }

// Encode appends the canonical encoding.
func (r *RCU) Encode(dst []byte) []byte { return append(dst, byte(r.Readers), byte(r.Readers>>8)) }

var (
	rcuEnter = NewOp("rcu_read_lock", Add, func(r *RCU, n int32) None { r.Readers += n; return None{} })
	rcuSync  = NewWait("synchronize_rcu", Read, func(r *RCU, _ None) (None, bool) {
		return None{}, r.Readers == 0
	})
)

// RCUReadLock opens a read section: what is read inside stays in memory until
// RCUReadUnlock, however stale it may be. Sections nest.
//
// Kernel: include/linux/rcupdate.h rcu_read_lock, all versions.
func (t *Task) RCUReadLock() { rcuEnter.On(t, RCUID, 1) }

// RCUReadUnlock closes it.
//
// Kernel: include/linux/rcupdate.h rcu_read_unlock, all versions.
func (t *Task) RCUReadUnlock() { rcuEnter.On(t, RCUID, -1) }

// SynchronizeRCU waits until nobody is in a read section.
//
// Kernel: kernel/rcu/tree.c synchronize_rcu, all versions.
// Differs: waits for all readers to leave, not only for those already inside.
func (t *Task) SynchronizeRCU() { rcuSync.On(t, RCUID, None{}) }
