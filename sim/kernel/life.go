package kernel

import "sealab/sim/sched"

// Life is what a process does when it makes calls one after the other: for a task
// that is rehearsed, and so lives many times. The process must be idle, and stays
// as it is.
type Life struct {
	Proc *Proc
	// Next returns call i (from 0), which may depend on what the calls before it
	// answered; nil after the last.
	Next func(i int) *Call
	// Done takes the answer of call i. It returns all that matters of the answers up
	// to here: a comparable value, for sched.Task.Forget.
	Done func(i int, r Result, err error) any
	// Signals says that somebody may send this process a signal: after each call it
	// looks whether it is to die.
	Signals bool
}

// between is what matters of a life between two calls.
type between struct {
	next    int
	exiting bool
	mm, fds sched.ID
	live    any
}

// Body lives.
func (l *Life) Body(t *sched.Task) {
	p := &Proc{Task: t, kernel: l.Proc.kernel, MM: l.Proc.MM, FDs: l.Proc.FDs, rehearsed: true}
	birth := t.Mark()
	for i := 0; !p.exiting; i++ {
		c := l.Next(i)
		if c == nil {
			return
		}
		own := *c
		p.call = &own
		p.once(t)
		live := l.Done(i, p.result, p.err)
		if l.Signals && t.FatalSignalPending() {
			p.exiting = true
		}
		t.Forget(birth, between{i + 1, p.exiting, p.MM, p.FDs, live})
	}
	p.exit(t)
}
