package replay

import (
	"slices"
	"strconv"

	"sealab/sim/abi"
)

// learn notes what a call that the model has answered showed about its task: a
// child that it made, memory that is known from now on, a signal that it catches.
func (p *play) learn(t *task, f *flight) {
	it := &f.it
	switch {
	case it.sig != 0:
		t.handle(it.sig, it.caught)
	case it.waited != 0:
		p.reaped(it)
	case it.class != modelled || f.err != nil || f.res.Errno != 0:
	case isClone(it.name):
		p.child(t, f)
	case it.name == "mmap" || it.name == "mremap":
		n := it.call.Args[1]
		if it.name == "mremap" {
			n = it.call.Args[2]
		}
		t.mem.saw(uint64(f.res.Val), uint64(f.res.Val)+uint64(n))
	case it.name == "munmap":
		t.mem.saw(uint64(it.call.Args[0]), uint64(it.call.Args[0])+uint64(it.call.Args[1]))
	case it.name == "execve" || it.name == "execveat":
		t.handlers = 0
		t.mem = &memory{mm: t.proc.MM}
	}
}

// handle notes whether the task catches or ignores a signal.
func (t *task) handle(sig int, caught bool) {
	t.handlers &^= 1 << (sig - 1)
	if caught {
		t.handlers |= 1 << (sig - 1)
	}
}

// child gives the task that a clone made the pid that the log shows.
func (p *play) child(t *task, f *flight) {
	c := &task{pid: f.it.child, proc: f.res.Child, handlers: t.handlers, complete: t.complete, mem: t.mem}
	if f.it.call.Args[0]&abi.CloneVm == 0 {
		c.mem = &memory{mm: c.proc.MM, seen: slices.Clone(t.mem.seen)}
	}
	c.proc.Task.Name = strconv.Itoa(c.pid)
	if old := p.task(c.pid); old != nil && old.flight == nil {
		p.drop(old) // the log showed it before it showed the clone
	}
	p.tasks = append(p.tasks, c)
}
