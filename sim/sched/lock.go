package sched

import (
	"encoding/binary"
	"fmt"
)

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
	dst = binary.LittleEndian.AppendUint32(dst, uint32(l.Readers))
	return binary.LittleEndian.AppendUint32(dst, uint32(l.Writer))
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
func (t *Task) DownWrite(l ID) {
	t.mightSleep("down_write")
	downWrite.On(t, l, int32(t.Num))
}

// UpWrite lets it go.
//
// Kernel: kernel/locking/rwsem.c up_write, all versions.
func (t *Task) UpWrite(l ID) { upWrite.On(t, l, int32(t.Num)) }

// DownRead takes the semaphore for reading.
//
// Kernel: kernel/locking/rwsem.c down_read, all versions.
func (t *Task) DownRead(l ID) {
	t.mightSleep("down_read")
	downRead.On(t, l, None{})
}

// UpRead lets it go.
//
// Kernel: kernel/locking/rwsem.c up_read, all versions.
func (t *Task) UpRead(l ID) { upRead.On(t, l, None{}) }

// SpinLock is a lock with one owner whose holder never sleeps: to try to is a
// panic, as it is a bug in a kernel.
//
// Kernel: include/linux/spinlock.h spinlock_t, all versions.
type SpinLock struct {
	Label string
	Owner int32 // task number, 0 for none
}

// Clone returns an independent copy.
func (l *SpinLock) Clone() Object { c := *l; return &c }

// Encode appends the canonical encoding.
func (l *SpinLock) Encode(dst []byte) []byte {
	return binary.LittleEndian.AppendUint32(dst, uint32(l.Owner))
}

func (l *SpinLock) String() string { return owned(l.Label, l.Owner) }

func owned(label string, owner int32) string {
	if owner == 0 {
		return label + " free"
	}
	return fmt.Sprintf("%s held by task %d", label, owner)
}

// take and leave are what locks with one owner do.
func take(label string, owner *int32, who int32) bool {
	if *owner == who {
		panic(fmt.Sprintf("%s: task %d takes it twice", label, who))
	}
	if *owner != 0 {
		return false
	}
	*owner = who
	return true
}

func leave(label string, owner *int32, who int32) {
	if *owner != who {
		panic(fmt.Sprintf("%s: task %d unlocks what task %d holds", label, who, *owner))
	}
	*owner = 0
}

var (
	spinLock = NewWait("spin_lock", Write, func(l *SpinLock, who int32) (None, bool) {
		return None{}, take(l.Label, &l.Owner, who)
	})
	spinUnlock = NewOp("spin_unlock", Write, func(l *SpinLock, who int32) None {
		leave(l.Label, &l.Owner, who)
		return None{}
	})
)

// Lock takes a SpinLock.
//
// Kernel: include/linux/spinlock.h spin_lock, all versions.
func (t *Task) Lock(l ID) {
	spinLock.On(t, l, int32(t.Num))
	t.atomic++
}

// Unlock lets it go.
//
// Kernel: include/linux/spinlock.h spin_unlock, all versions.
func (t *Task) Unlock(l ID) {
	t.atomic--
	spinUnlock.On(t, l, int32(t.Num))
}

// Mutex is a lock with one owner whose holder may sleep.
//
// Kernel: include/linux/mutex.h mutex, all versions.
type Mutex struct {
	Label string
	Owner int32 // task number, 0 for none
}

// Clone returns an independent copy.
func (l *Mutex) Clone() Object { c := *l; return &c }

// Encode appends the canonical encoding.
func (l *Mutex) Encode(dst []byte) []byte {
	return binary.LittleEndian.AppendUint32(dst, uint32(l.Owner))
}

func (l *Mutex) String() string { return owned(l.Label, l.Owner) }

var (
	mutexLock = NewWait("mutex_lock", Write, func(l *Mutex, who int32) (None, bool) {
		return None{}, take(l.Label, &l.Owner, who)
	})
	mutexUnlock = NewOp("mutex_unlock", Write, func(l *Mutex, who int32) None {
		leave(l.Label, &l.Owner, who)
		return None{}
	})
)

// MutexLock takes a Mutex. No signal ends the wait.
//
// Kernel: kernel/locking/mutex.c mutex_lock, all versions.
func (t *Task) MutexLock(l ID) {
	t.mightSleep("mutex_lock")
	mutexLock.On(t, l, int32(t.Num))
}

// MutexUnlock lets it go.
//
// Kernel: kernel/locking/mutex.c mutex_unlock, all versions.
func (t *Task) MutexUnlock(l ID) { mutexUnlock.On(t, l, int32(t.Num)) }

// mightSleep finds a task that would sleep where it must not.
//
// Kernel: kernel/sched/core.c __might_sleep, all versions.
func (t *Task) mightSleep(where string) {
	if t.atomic > 0 {
		panic(fmt.Sprintf("%s: sleeping function called from atomic context, with %d locks held", where, t.atomic))
	}
}
