package kernel

import (
	"encoding/binary"

	"sealab/sim/sched"
)

// Birth is where a task that is rehearsed waits until a clone has made it: what it
// shares with the task that made it, or has a copy of. A search needs to know all
// tasks from the start.
type Birth struct{ MM, FDs, NS sched.ID }

// Clone returns an independent copy.
func (b *Birth) Clone() sched.Object { c := *b; return &c }

// Encode appends the canonical encoding.
func (b *Birth) Encode(dst []byte) []byte {
	for _, id := range [...]sched.ID{b.MM, b.FDs, b.NS} {
		dst = binary.LittleEndian.AppendUint32(dst, uint32(id))
	}
	return dst
}

var (
	wakeNew = sched.NewOp("wake_up_new_task", sched.Write, func(b *Birth, c Birth) sched.None {
		*b = c
		return sched.None{}
	})
	beBorn = sched.NewWait("ret_from_fork", sched.Read, func(b *Birth, _ sched.None) (Birth, bool) {
		return *b, b.MM != 0
	}).AtRest()
)

// Rehearse runs a program on a task that is rehearsed, as if it were that of a
// process with that memory, those descriptors and that pid namespace.
func (k *Kernel) Rehearse(t *sched.Task, b Birth, program Program) {
	p := &Proc{Task: t, kernel: k, MM: b.MM, FDs: b.FDs, NS: b.NS, KidsNS: b.NS, rehearsed: true}
	program(t, p)
	if p.exiting {
		p.Exit(t)
	}
}

// RehearseChild is Rehearse for a process that a clone makes (see Call.Birth).
func (k *Kernel) RehearseChild(t *sched.Task, birth sched.ID, program Program) {
	k.Rehearse(t, beBorn.On(t, birth, sched.None{}), program)
}
