package run

import (
	"errors"
	"fmt"

	"sealab/explain"
	"sealab/sim/abi"
	"sealab/sim/inode"
	"sealab/sim/kernel"
	"sealab/sim/profile"
	"sealab/sim/sched"
	"sealab/sim/trace"
)

// Options say how a script is run.
type Options struct {
	Kernel string // the release, or "" for the script's, and else the newest
	// Set are features of the kernel that are to be otherwise, as profile.Set takes them.
	Set  []string
	HZ   int // jiffies a second; 0 for the script's, and else the kernel's
	CPUs int // 1 to 64; 0 for the script's, and else 2
	// Chooser decides what the script leaves open; nil lets each task go on for as
	// long as it can. One that is a sched.Observer too is told of every step, unless
	// the run is recorded.
	Chooser sched.Chooser
	// FreeTime lets timers fire while tasks can still run, if the chooser says so.
	FreeTime bool
	// Laws asks the laws of package law before every step, and at the end; the first that is
	// broken ends the run.
	Laws bool
	// AsLogged gives new descriptors and mappings the numbers that a log has for them:
	// it may show only a part of what its program did.
	AsLogged bool
	// MaxSteps bounds the run; 0 means 50 million.
	MaxSteps uint64
	// Record writes the trace down, with MaxEvents events at most (0 means 100,000).
	Record    bool
	MaxEvents int
}

// Result is what came of a run.
type Result struct {
	Name     string         `json:"name,omitempty"` // of the program
	Kernel   string         `json:"kernel"`
	HZ       int            `json:"hz"`
	CPUs     int            `json:"cpus"`
	Notes    []profile.Note `json:"notes,omitempty"` // what is not certain about the kernel
	Calls    []Answered     `json:"calls"`           // in the order of their lines
	Conds    []Judged       `json:"conditions,omitempty"`
	Schedule string         `json:"schedule"` // repeats the run
	Misfits  int            `json:"misfits,omitempty"`
	Hash     string         `json:"hash"` // over every step and decision, in hex
	Steps    uint64         `json:"steps"`
	Time     int64          `json:"time_ns"`           // virtual time at the end
	Stopped  string         `json:"stopped,omitempty"` // why the run did not come to its end
	Broken   []string       `json:"broken,omitempty"`  // with Options.Laws: the laws that are broken, a sentence each
	Trace    *trace.Trace   `json:"-"`
}

// Answered is a call with what the model answered.
type Answered struct {
	Line     int64           `json:"line"`
	Task     string          `json:"task"`
	Text     string          `json:"text"` // the line with its answer; it can be read again
	Value    int64           `json:"value"`
	Errno    string          `json:"errno,omitempty"`
	Began    int64           `json:"began_ns"`
	Ended    int64           `json:"ended_ns"`
	State    State           `json:"state"`
	Expected string          `json:"expected,omitempty"` // what the line says, if it says something else
	Why      *explain.Reason `json:"why,omitempty"`      // why it was refused

	call   *Call
	text   string // what readlink stored
	val    posted
	answer Answer
}

// State is how far a call came.
type State string

// The states of a call at the end of a run.
const (
	Returned State = "returned"
	Waiting  State = "waiting"     // it waits for ever
	Killed   State = "killed"      // its task ended in it
	NotMade  State = "not made"    // its task was gone, or never came to it
	Unknown  State = "not modeled" // sealab does not have it; the line's answer is taken
)

// Differs says whether the model's answer is another than the line's.
func (a *Answered) Differs() bool { return a.Expected != "" }

// Holds says whether every answer is the expected one, and no condition is
// violated.
func (r *Result) Holds() bool {
	for i := range r.Calls {
		if r.Calls[i].Differs() {
			return false
		}
	}
	for i := range r.Conds {
		if r.Conds[i].Verdict == Violated {
			return false
		}
	}
	return r.Stopped == "" && len(r.Broken) == 0
}

// player is a run in progress.
type player struct {
	s     *Script
	k     *kernel.Kernel
	board sched.ID
	// asLogged is Options.AsLogged.
	asLogged bool
	res      *Result
	procs    map[*Task]*kernel.Proc
	rec      *recorder
	// chosen is the chooser, with what it has chosen so far.
	chosen *sched.Recorder
	laws   *lawful // nil if nobody asks
	stage  *Stage  // whose tasks are rehearsed, nil in a run
	// unread is the first line that cannot be played.
	unread error
}

// Play runs a script once. The error is about the kernel that was asked for, or
// about a line: one that cannot be played, though it can be read.
func Play(s *Script, o Options) (*Result, error) {
	p, err := start(s, o)
	if err != nil {
		return nil, err
	}
	defer p.k.S.Stop()
	return p.play()
}

// start boots a machine with the script's tasks on it.
func start(s *Script, o Options) (*player, error) {
	p := &player{s: s, asLogged: o.AsLogged, procs: map[*Task]*kernel.Proc{}}
	config, err := p.config(&o)
	if err != nil {
		return nil, err
	}
	p.chosen = &sched.Recorder{Chooser: o.Chooser}
	if o.Chooser == nil {
		p.chosen.Chooser = sched.First{}
	}
	if o.Laws {
		p.laws = &lawful{Chooser: p.chosen.Chooser}
		p.chosen.Chooser = p.laws
	}
	config.Chooser = p.chosen
	p.k = kernel.Boot(config)
	if p.laws != nil {
		p.laws.s = p.k.S
	}
	p.k.S.FreeTime = o.FreeTime
	s.allow(p.k)
	p.res.Calls = make([]Answered, len(s.Calls))
	for i, c := range s.Calls {
		p.res.Calls[i] = Answered{Line: c.Line, Task: c.Task.Name, State: NotMade, call: c}
	}
	p.board = p.k.S.World().Add(&board{ended: make([]bool, s.ends), vals: make([]posted, len(s.Calls))})
	p.spawn()
	if s.namespaces() {
		p.k.KeepNamespaces()
	}
	if o.Record {
		p.rec = newRecorder(p.k, p.board, o.MaxEvents)
	}
	if told, ok := o.Chooser.(sched.Observer); ok && !o.Record {
		p.k.S.SetObserver(told)
	}
	if o.MaxSteps == 0 {
		o.MaxSteps = 50_000_000
	}
	p.k.S.SetLimit(o.MaxSteps)
	return p, nil
}

// play runs the machine until nothing can happen any more.
func (p *player) play() (*Result, error) {
	err := p.k.S.RunAll()
	if p.laws != nil && p.laws.broken != nil {
		err = errLaw
	}
	if err != nil {
		p.res.Stopped = fmt.Sprintf("after %d steps: %v", p.k.S.Steps(), err)
	}
	if p.unread != nil {
		return nil, p.unread
	}
	p.finish(p.chosen.Schedule)
	if p.laws != nil {
		p.laws.end(p)
		p.res.Broken = p.laws.broken
	}
	return p.res, nil
}

// config is the machine to boot.
func (p *player) config(o *Options) (c kernel.Config, err error) {
	release := o.Kernel
	if release == "" {
		release = p.s.Kernel
	}
	if release == "" {
		release = "newest"
	}
	prof, notes, err := profile.Find(release)
	if err != nil {
		return c, err
	}
	for _, feature := range o.Set {
		if err := prof.Set(feature); err != nil {
			return c, err
		}
	}
	c = kernel.Config{Profile: prof, Swap: p.s.Swap, Rounding: true}
	c.HZ = first(o.HZ, p.s.HZ, prof.HZ, 250)
	c.CPUs = first(o.CPUs, p.s.CPUs, 2)
	p.res = &Result{Name: p.s.Name, Kernel: prof.Release, HZ: c.HZ, CPUs: c.CPUs, Notes: notes}
	return c, nil
}

// first returns the first number that is not 0.
func first(numbers ...int) int {
	for _, n := range numbers {
		if n != 0 {
			return n
		}
	}
	return 0
}

// spawn makes the tasks that are there from the start. They share memory and
// descriptors, as threads do. Those with names come first, so that a, b and c have
// these letters in a schedule too.
func (p *player) spawn() {
	var like *kernel.Proc
	for i := 1; i <= len(p.s.Tasks); i++ {
		n := i % len(p.s.Tasks)
		if t := p.s.Tasks[n]; t.Clone == nil {
			p.procs[t] = p.k.Exec(t.Name, n, like, p.program(t))
			like = p.procs[t]
		}
	}
}

// program is what a task does: its calls, one after another.
func (p *player) program(st *Task) kernel.Program {
	return func(t *sched.Task, proc *kernel.Proc) {
		p.rec.born(t, proc)
		syms := Symbols{}
		birth := t.Mark()
		for i, c := range st.Calls {
			p.forget(t, birth, i, proc, syms)
			p.wait(t, c, syms)
			if t.FatalSignalPending() {
				p.exit(t, proc)
				p.skip(t, st.Calls[i:])
				return
			}
			p.make(t, proc, c, syms)
			if proc.Exiting() {
				p.skip(t, st.Calls[i+1:])
				return
			}
		}
		p.forget(t, birth, len(st.Calls), proc, syms)
		t.Pause()
		p.exit(t, proc)
	}
}

// wait waits for the moment when a call may begin, and learns the names that it
// uses.
func (p *player) wait(t *sched.Task, c *Call, syms Symbols) {
	if len(p.s.Tasks) > 1 || p.stage != nil {
		await.On(t, p.board, c.need)
	}
	if p.stage == nil {
		t.SleepUntil(c.At)
	} else if c.At > 0 {
		t.AwaitTimer(p.stage.marks[c.At])
	}
	for _, u := range c.uses {
		if p.s.Calls[u.call].Task != c.Task {
			syms[u.name] = u.of(result.On(t, p.board, u.call))
		}
	}
}

// skip says that calls are not made any more.
func (p *player) skip(t *sched.Task, calls []*Call) {
	for _, c := range calls {
		p.ended(t, c, unmade)
		if child := p.s.taken(c); child != nil {
			p.skip(t, child.Calls)
		}
	}
}

// ended tells the other tasks that a call has ended.
func (p *player) ended(t *sched.Task, c *Call, r posted) {
	if len(p.s.Tasks) > 1 || p.stage != nil {
		post.On(t, p.board, postArg{c.index, c.end, r})
	}
}

// make makes a call and keeps its answer.
func (p *player) make(t *sched.Task, proc *kernel.Proc, c *Call, syms Symbols) {
	a := &p.res.Calls[c.index]
	a.Began = p.k.S.Now()
	kc := kernel.Call{}
	class, bad := ReadCall(c.Event, syms, &kc)
	kc.Line = c.Line
	a.answer = ReadAnswer(c.Event, &kc)
	if bad >= 0 && p.unread == nil {
		p.unread = c.Event.ErrorAt(c.Event.Arg(bad), c.Event.Name+" cannot be made with this argument")
	}
	if p.stage != nil {
		kc.Device.Timer = p.stage.devices[c]
	}
	if class == Modelled {
		class = p.aim(c, proc, &kc)
	}
	p.rec.begin(t, c, class)
	if p.asLogged && c.Event.Name == "mmap" && kc.Args[0] == 0 && a.answer.OK() {
		kc.Args[0] = a.answer.Val // a hint is taken where there is room
	}
	if class != Modelled {
		p.unjudged(proc, a, class)
	} else {
		a.State = Waiting
		r, err := proc.Syscall(t, &kc)
		p.judge(t, proc, &kc, a, r, err)
	}
	a.Ended = p.k.S.Now()
	if a.State == Returned && (proc.Exiting() || t.FatalSignalPending()) {
		a.State = Killed
		if p.stage != nil {
			a.val = unmade // nobody is there any more to see what it returned
		}
	}
	if p.asLogged && a.State == Returned {
		p.renumber(proc, a)
	}
	p.rec.end(t, proc, a)
	if a.State == Killed {
		p.exit(t, proc)
	}
	for _, b := range bindings(c.Event) {
		syms[b.name] = b.of(a.val)
	}
	p.ended(t, c, a.val)
	if child := p.s.taken(c); child != nil && (a.State == Unknown || a.val.errno != 0) {
		p.skip(t, child.Calls)
	}
}

// exit ends a task: it gives back what it has.
func (p *player) exit(t *sched.Task, proc *kernel.Proc) {
	p.rec.exit(t)
	proc.Exit(t)
}

// aim fills in what of a call only the driver knows: who is meant by a pid, and
// what a new task does.
func (p *player) aim(c *Call, proc *kernel.Proc, kc *kernel.Call) Class {
	name := c.Event.Name
	switch {
	case isClone(name) && p.stage != nil:
		kc.Birth, kc.Num = p.stage.born(c)
	case isClone(name):
		child := p.s.taken(c)
		if child == nil {
			child = &Task{Name: c.Event.Target}
			if child.Name == "" {
				child.Name = fmt.Sprintf("child of %s", proc.Task.Name)
			}
		}
		kc.Child, kc.Run = child.Name, p.program(child)
	case name == "kill" || name == "tkill" || name == "tgkill":
		i := 0
		if name == "tgkill" {
			i = 1
		}
		sig := kc.Args[i+1]
		if p.stage != nil {
			return p.stage.aim(proc.Task.Num, kc, kc.Args[i], sig)
		}
		q := p.byNumber(kc.Args[i])
		if q == nil || q.MM == proc.MM {
			return Carried // a signal to oneself, or to somebody unknown
		}
		kc.Args[1], kc.Target = sig, q.Task.Sleep
		kc.Fatal = abi.Signal(sig).FatalByDefault()
	case name == "sendmsg" && len(kc.FDs) > maxArrived:
		return Carried // who receives them could not tell them all
	case name == "process_vm_readv" || name == "process_vm_writev":
		q := p.byNumber(kc.Args[0])
		if q == nil {
			return Carried
		}
		kc.MM = q.MM
	}
	return Modelled
}

// byNumber finds a process by what clone returned for it.
func (p *player) byNumber(n int64) *kernel.Proc {
	for _, q := range p.k.Procs() {
		if int64(q.Task.Num) == n && !q.Gone() {
			return q
		}
	}
	return nil
}

// unjudged takes a call's answer from its line: the model does not have the call.
// A descriptor that it returned is open on something unknown.
func (p *player) unjudged(proc *kernel.Proc, a *Answered, class Class) {
	a.State = Unknown
	if p.stage != nil && class != Passive && (kernel.SysByName(a.call.Event.Name) != 0 || opens(a.call.Event.Name)) {
		p.unsearchable(a.call)
		return
	}
	a.val = posted{val: a.answer.Val, errno: a.answer.Errno, pair: a.answer.Pair, msg: a.answer.message()}
	for _, fd := range a.val.msg.fds[:a.val.msg.n] {
		p.k.OpenOther(proc, fd, kernel.Other{Kind: inode.Anonymous, Name: "received",
			Mode: inode.Readable | inode.Writable})
	}
	if a.answer.OK() && opens(a.call.Event.Name) {
		p.k.OpenOther(proc, a.answer.Val, kernel.Other{Kind: inode.Anonymous, Name: a.call.Event.Name,
			Mode: inode.Readable | inode.Writable})
	}
}

func opens(name string) bool {
	switch name {
	case "openat", "open", "creat", "socket", "eventfd2", "epoll_create1", "timerfd_create", "pidfd_open",
		"memfd_secret", "userfaultfd", "signalfd4", "inotify_init1":
		return true
	}
	return false
}

// judge keeps what the model answered, and compares.
func (p *player) judge(t *sched.Task, proc *kernel.Proc, kc *kernel.Call, a *Answered, r kernel.Result, err error) {
	if errors.Is(err, kernel.ErrNotModelled) {
		p.unjudged(proc, a, Carried)
		return
	}
	a.State = Returned
	a.val = posted{val: r.Val, errno: r.Errno, pair: r.Pair, msg: arrive(r.FDs, r.Flags)}
	a.Value, a.text = r.Val, r.Text
	if r.Errno != 0 {
		a.val.val, a.Value, a.Errno = -1, -1, r.Errno.Name()
		if t.Refusal.Errno == r.Errno && p.stage == nil {
			a.Why = explain.Refusal(p.k, proc, kc, &t.Refusal)
		}
	}
}

// finish writes down what stands at the end.
func (p *player) finish(schedule sched.Schedule) {
	r, s := p.res, p.k.S
	r.Schedule, r.Hash = schedule.String(), fmt.Sprintf("%016x", s.Hash())
	r.Steps, r.Time = s.Steps(), s.Now()
	for i := range r.Calls {
		r.Calls[i].conclude()
	}
	for _, e := range p.s.Conds {
		r.Conds = append(r.Conds, p.condition(e))
	}
	if p.rec != nil {
		r.Trace = p.rec.finish()
		r.Trace.Header.Kernel, r.Trace.HZ, r.Trace.CPUs = r.Kernel, r.HZ, r.CPUs
		r.Trace.Schedule, r.Trace.Hash, r.Trace.Steps = r.Schedule, r.Hash, r.Steps
	}
}
