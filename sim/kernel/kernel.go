package kernel

import (
	"errors"

	"sealab/sim/abi"
	"sealab/sim/folio"
	"sealab/sim/inode"
	"sealab/sim/mm"
	"sealab/sim/profile"
	"sealab/sim/sched"
)

// Config is how a machine is booted.
type Config struct {
	Profile  profile.Profile
	CPUs     int   // 1 to 64; 0 means 2
	HZ       int   // jiffies a second; 0 means 250
	Phase    int64 // ns since the last jiffy boundary at time 0
	Swap     bool  // there is swap, without bounds
	Rounding bool  // timers fire where a real timer wheel fires them
	Chooser  sched.Chooser
}

// Kernel is a booted machine.
type Kernel struct {
	S      *sched.Sched
	config Config
	procs  []*Proc // those that have not been reaped

	firstNS sched.ID // the first pid namespace, 0 where none are kept
}

// Boot returns a machine without processes, at time 0.
func Boot(c Config) *Kernel {
	if c.CPUs == 0 {
		c.CPUs = 2
	}
	if c.HZ == 0 {
		c.HZ = 250
	}
	k := newKernel(c)
	folio.Boot(k.S.World(), c.CPUs)
	if c.Swap {
		folio.SwapOn(k.S.World())
	}
	return k
}

func newKernel(c Config) *Kernel {
	k := &Kernel{config: c}
	clock := sched.Clock{HZ: c.HZ, Phase: c.Phase, Rounding: c.Rounding}
	k.S = sched.NewSched(&k.config.Profile, clock, c.Chooser)
	return k
}

// Proc is a task's own view of its process: the names of its memory and its
// descriptors. Only its task uses it; what it names may be shared.
type Proc struct {
	Task *sched.Task
	MM   sched.ID
	FDs  sched.ID

	NS     sched.ID // its pid namespace, 0 where none are kept
	KidsNS sched.ID // that of the children it makes

	call     *Call // the work in hand, nil when the task is idle
	result   Result
	err      error
	program  Program
	exiting  bool
	borrowed []sched.ID // references on open files for the length of a call
	kernel   *Kernel

	rehearsed bool // it lives a Life, so that it can make no tasks
}

// Spawn makes a process with an empty address space, and with descriptors 0, 1
// and 2 open on a device. The name is for people.
func (k *Kernel) Spawn(name string, cpu int) *Proc {
	p := &Proc{kernel: k}
	k.init(p)
	k.spawn(name, cpu, p)
	return p
}

// init gives a process memory and descriptors of its own.
func (k *Kernel) init(p *Proc) {
	p.NS, p.KidsNS = k.firstNS, k.firstNS
	p.FDs = k.S.World().Add(&FDTable{Users: 1})
	k.Do(func(t *sched.Task) {
		p.MM = mm.New(t)
		for fd := range int64(3) {
			p.openOther(t, fd, Other{Kind: inode.Device, Name: "a terminal", Mode: inode.Readable | inode.Writable})
		}
	})
}

// Program is what a process does when no driver feeds it: it makes calls, one
// after another, on the process's own task. What it has when it returns stays as
// it is, unless it has called Exit or made a call that ends the task.
type Program func(t *sched.Task, p *Proc)

// Exec makes a process that runs a program. It shares its memory and its
// descriptors with like, or has its own if like is nil, as Spawn makes them.
func (k *Kernel) Exec(name string, cpu int, like *Proc, program Program) *Proc {
	p := &Proc{kernel: k, program: program}
	if like == nil {
		k.init(p)
	} else {
		p.MM, p.FDs, p.NS, p.KidsNS = like.MM, like.FDs, like.NS, like.KidsNS
		k.Do(func(t *sched.Task) {
			mm.Get(t, p.MM)
			fdUsers.On(t, p.FDs, 1)
		})
	}
	k.spawn(name, cpu, p)
	return p
}

// Syscall makes a call on the process's own task and returns what it answered;
// the error is ErrNotModelled or nil. It is for programs.
func (p *Proc) Syscall(t *sched.Task, c *Call) (Result, error) {
	p.call = c
	p.once(t)
	return p.result, p.err
}

// Exit gives back what the task has: its program returns next, and makes no more
// calls. It is for programs.
func (p *Proc) Exit(t *sched.Task) {
	if p.exiting = true; p.MM != 0 {
		p.exit(t)
	}
}

// Exiting says whether the task has called Exit, or made a call that ends it.
func (p *Proc) Exiting() bool { return p.exiting }

// spawn makes the task of a process.
func (k *Kernel) spawn(name string, cpu int, p *Proc) {
	p.Task = k.S.Spawn(name, p.run)
	p.Task.CPU = cpu % k.config.CPUs
	k.procs = append(k.procs, p)
}

// run is the life of a task: its program, or one call of its driver after
// another.
func (p *Proc) run(t *sched.Task) {
	if p.program != nil {
		p.program(t, p)
		if p.exiting {
			p.Exit(t)
		}
		return
	}
	for !p.exiting {
		if p.call == nil {
			t.Park()
			continue
		}
		p.once(t)
	}
	p.exit(t)
}

// once runs the call in hand.
func (p *Proc) once(t *sched.Task) {
	c := p.call
	t.Origin = c.Line
	t.Refusal = sched.Refusal{}
	p.result, p.err = Result{}, ErrNotModelled
	if c.Sys > 0 && int(c.Sys) < len(table) {
		p.result.Val, p.err = table[c.Sys].run(t, p, c, &p.result)
		p.done(t)
	}
	if e, ok := p.err.(abi.Errno); ok { //nolint:errorlint // an errno is never wrapped
		p.result.Val, p.result.Errno, p.err = 0, e, nil
	}
	p.call = nil
}

// Submit gives an idle process a call to make. The call must not change until
// the process is idle again. The process runs when the scheduler lets it.
func (k *Kernel) Submit(p *Proc, c *Call) {
	if p.Busy() {
		panic("kernel: " + p.Task.Name + " is still in a call")
	}
	p.call = c
	k.S.Start(p.Task)
}

// Busy says whether a process is in a call, or on its way out after its last one.
func (p *Proc) Busy() bool { return p.call != nil || p.exiting && !p.Gone() }

// Gone says whether a process has exited.
func (p *Proc) Gone() bool { return p.Task.State() == sched.Done }

// Result returns what the last call answered; the error is ErrNotModelled or nil.
func (p *Proc) Result() (Result, error) { return p.result, p.err }

// Call makes a call and lets the machine run until it has answered. It is for
// drivers that do one thing at a time.
func (k *Kernel) Call(p *Proc, c Call) (Result, error) {
	k.Submit(p, &c)
	for p.Busy() {
		if err := k.S.Run(); err != nil {
			return Result{}, err
		}
		if p.Busy() && !k.S.Tick() {
			return Result{}, errors.New("kernel: " + c.Sys.Name() + " waits for ever")
		}
	}
	return p.result, p.err
}

// Do runs work of the driver as a task outside all processes. It must not wait.
func (k *Kernel) Do(body func(*sched.Task)) {
	t := k.S.Spawn("driver", body)
	if err := k.S.RunTask(t); err != nil || t.State() != sched.Done {
		panic("kernel: the driver's own work had to wait")
	}
	k.S.Reap(t)
}

// Reap forgets a process that is gone, or one that is idle and will make no
// more calls. What it had stays as it is.
func (k *Kernel) Reap(p *Proc) {
	k.procs = without(k.procs, p)
	k.S.Reap(p.Task)
}

// Snapshot is a copy of a machine at a moment when no task is in a call.
type Snapshot struct {
	config  Config
	firstNS sched.ID
	world   *sched.World
	now     int64
	procs   []procState
}

type procState struct {
	name     string
	num      int
	cpu      int
	sleeper  sched.ID
	mm, fds  sched.ID
	ns, kids sched.ID
}

// Snapshot copies the machine.
func (k *Kernel) Snapshot() *Snapshot {
	s := &Snapshot{config: k.config, firstNS: k.firstNS, world: k.S.World().Clone(), now: k.S.Now()}
	for _, p := range k.procs {
		if p.Gone() {
			continue
		}
		if p.Busy() {
			panic("kernel: a snapshot while " + p.Task.Name + " is in a call")
		}
		t := p.Task
		s.procs = append(s.procs, procState{t.Name, t.Num, t.CPU, t.Sleep, p.MM, p.FDs, p.NS, p.KidsNS})
	}
	return s
}

// Restore makes a machine from a snapshot, which may be used again. The
// processes are in the order of those that Snapshot saw.
func (s *Snapshot) Restore() (*Kernel, []*Proc) {
	k := newKernel(s.config)
	k.firstNS = s.firstNS
	k.S.SetWorld(s.world.Clone())
	k.S.SetNow(s.now)
	for _, ps := range s.procs {
		p := &Proc{kernel: k, MM: ps.mm, FDs: ps.fds, NS: ps.ns, KidsNS: ps.kids}
		p.Task = k.S.Adopt(ps.name, ps.num, ps.sleeper, p.run)
		p.Task.CPU = ps.cpu
		k.procs = append(k.procs, p)
	}
	return k, k.procs
}

// Config returns how the machine was booted.
func (k *Kernel) Config() *Config { return &k.config }

// Procs returns the processes that have not been reaped, in order of creation.
func (k *Kernel) Procs() []*Proc { return k.procs }
