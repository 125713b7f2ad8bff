package kernel

import (
	"sealab/sim/abi"
	"sealab/sim/mm"
	"sealab/sim/sched"
)

// sysClone makes a task that shares what the flags say and has a copy of the
// rest. Args[0] are the flags; Call.Child names the new task.
//
// Kernel: kernel/fork.c kernel_clone, all versions.
func sysClone(t *sched.Task, p *Proc, c *Call, r *Result) (int64, error) {
	if p.rehearsed && c.Birth == 0 {
		return 0, ErrNotModelled
	}
	q := &Proc{kernel: p.kernel, program: c.Run}
	flags := c.Args[0]
	ns, err := p.childNS(t, flags)
	if err != nil {
		return 0, err
	}
	q.NS, q.KidsNS = ns, ns
	if flags&abi.CloneFiles != 0 {
		fdUsers.On(t, p.FDs, 1)
		q.FDs = p.FDs
	} else {
		q.FDs = p.copyFDs(t)
	}
	if flags&abi.CloneVm != 0 {
		mm.Get(t, p.MM)
		q.MM = p.MM
	} else {
		q.MM = mm.Fork(t, p.MM)
	}
	if p.rehearsed {
		wakeNew.On(t, c.Birth, Birth{q.MM, q.FDs, ns})
		return c.Num, nil
	}
	r.Child = q
	p.kernel.spawn(c.Child, t.CPU+1, q)
	return int64(q.Task.Num), nil
}

// sysVfork is a clone that shares the memory until the child executes or exits.
//
// Kernel: kernel/fork.c vfork, all versions.
// Differs: the parent does not wait for the child.
func sysVfork(t *sched.Task, p *Proc, c *Call, r *Result) (int64, error) {
	c.Args[0] = abi.CloneVm | abi.CloneVfork
	return sysClone(t, p, c, r)
}

// sysExecve gives the process a new, empty address space and closes what is to
// be closed.
//
// Kernel: fs/exec.c begin_new_exec, all versions.
func sysExecve(t *sched.Task, p *Proc, _ *Call, _ *Result) (int64, error) {
	if fdUsers.On(t, p.FDs, 0) > 1 {
		own := p.copyFDs(t)
		p.closeAll(t, false)
		p.FDs = own
	}
	old := p.MM
	p.MM = mm.New(t)
	mm.Put(t, old)
	p.closeAll(t, true)
	return 0, nil
}

// sysExit ends the task.
//
// Kernel: kernel/exit.c do_exit, all versions.
func sysExit(_ *sched.Task, p *Proc, _ *Call, _ *Result) (int64, error) {
	p.exiting = true
	return 0, nil
}

// exit gives back what a task that ends had: its memory first, then its
// descriptors, as the kernel does.
//
// Kernel: kernel/exit.c exit_mm and exit_files, all versions.
func (p *Proc) exit(t *sched.Task) {
	mm.Put(t, p.MM)
	p.closeAll(t, false)
	p.MM, p.FDs = 0, 0
}

// sysKill sends a signal (Args[1]) to the task whose Sleeper is Call.Target.
//
// Kernel: kernel/signal.c do_send_sig_info, all versions.
func sysKill(t *sched.Task, _ *Proc, c *Call, _ *Result) (int64, error) {
	sig := c.Args[1]
	if sig < 0 || sig > 64 {
		return 0, t.Refuse(abi.EINVAL, "valid_signal", sched.Fact{Name: "signal", Value: sig})
	}
	if c.Target == 0 {
		return 0, ErrNotModelled
	}
	if sig > 0 {
		t.SendSignal(c.Target, int(sig), c.Fatal)
	}
	return 0, nil
}
