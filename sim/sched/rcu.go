package sched

import "encoding/binary"

// RCU counts the tasks inside a read section.
//
// Kernel: include/linux/rcupdate.h rcu_read_lock, all versions.
type RCU struct{ Readers int32 }

// RCUID names the machine's one RCU object: the first of every world.
const RCUID ID = 1

// Clone returns an independent copy.
func (r *RCU) Clone() Object { c := *r; return &c }

// Encode appends the canonical encoding.
func (r *RCU) Encode(dst []byte) []byte {
	return binary.LittleEndian.AppendUint32(dst, uint32(r.Readers))
}

var (
	rcuEnter = NewOp("rcu_read_lock", Add, func(r *RCU, n int32) None { r.Readers += n; return None{} })
	rcuSync  = NewWait("synchronize_rcu", Read, func(r *RCU, _ None) (None, bool) {
		return None{}, r.Readers == 0
	})
)

// RCUReadLock opens a read section: what is read inside stays in memory until
// RCUReadUnlock, however stale it may be. Sections nest, and a task does not sleep
// inside.
//
// Kernel: include/linux/rcupdate.h rcu_read_lock, all versions.
func (t *Task) RCUReadLock() {
	t.atomic++
	rcuEnter.On(t, RCUID, 1)
}

// RCUReadUnlock closes it.
//
// Kernel: include/linux/rcupdate.h rcu_read_unlock, all versions.
func (t *Task) RCUReadUnlock() {
	t.atomic--
	rcuEnter.On(t, RCUID, -1)
}

// SynchronizeRCU waits until nobody is in a read section.
//
// Kernel: kernel/rcu/tree.c synchronize_rcu, all versions.
// Differs: waits for all readers to leave, not only for those already inside.
func (t *Task) SynchronizeRCU() {
	t.mightSleep("synchronize_rcu")
	rcuSync.On(t, RCUID, None{})
}
