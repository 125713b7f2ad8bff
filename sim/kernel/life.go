package kernel

import (
	"encoding/binary"

	"sealab/sim/sched"
)

// Birth is where a task that is rehearsed waits until a clone has made it: what it
// shares with the task that made it, or has a copy of. A search needs to know all
// tasks from the start.
type Birth struct{ MM, FDs sched.ID }

// Clone returns an independent copy.
func (b *Birth) Clone() sched.Object { c := *b; return &c }

// Encode appends the canonical encoding.
func (b *Birth) Encode(dst []byte) []byte {
	return binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(dst, uint32(b.MM)), uint32(b.FDs))
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
// process with that memory and those descriptors.
func (k *Kernel) Rehearse(t *sched.Task, mm, fds sched.ID, program Program) {
	p := &Proc{Task: t, kernel: k, MM: mm, FDs: fds, rehearsed: true}
	program(t, p)
	if p.exiting {
		p.Exit(t)
	}
}

// RehearseChild is Rehearse for a process that a clone makes (see Call.Birth).
func (k *Kernel) RehearseChild(t *sched.Task, birth sched.ID, program Program) {
	b := beBorn.On(t, birth, sched.None{})
	k.Rehearse(t, b.MM, b.FDs, program)
}
