package run

import (
	"fmt"
	"slices"
	"strings"

	"sealab/scenario"
	"sealab/sim/abi"
	"sealab/sim/inode"
	"sealab/sim/kernel"
	"sealab/sim/profile"
	"sealab/sim/sched"
)

// Stage is a script made ready to be searched instead of run: a machine that stands
// still, and tasks that have not begun and can be rehearsed any number of times.
// What a rehearsed task does is what it does in a run ([Play]), but for times: see
// Timers.
type Stage struct {
	Script *Script
	Kernel *kernel.Kernel
	Notes  []profile.Note // what is not certain about the kernel
	HZ     int
	CPUs   int
	Actors []Actor
	// Timers are Sleepers whose timers run from the start, one for each time that a
	// line names.
	Timers []sched.ID

	p     *player
	marks map[int64]sched.ID
	// devices are the Sleepers of timers that stand for what a line says that its call took.
	devices map[*Call]sched.ID
	births  map[*Task]sched.ID
}

// Actor is a task of a stage.
type Actor struct {
	Name  string
	Num   int // the task number that a run would give it
	CPU   int
	Sleep sched.ID

	task *Task
}

// Stage makes a script ready to be searched. The error is about the kernel.
func (s *Script) Stage(o Options) (*Stage, error) {
	p := &player{s: s, procs: map[*Task]*kernel.Proc{}}
	config, err := p.config(&o)
	if err != nil {
		return nil, err
	}
	config.Rounding = false
	p.k = kernel.Boot(config)
	s.allow(p.k)
	p.board = p.k.S.World().Add(&board{ended: make([]bool, s.ends), vals: make([]posted, len(s.Calls))})
	p.spawn()
	if s.namespaces() {
		p.k.KeepNamespaces()
	}
	st := &Stage{
		Script: s, Kernel: p.k, Notes: p.res.Notes, HZ: p.res.HZ, CPUs: p.res.CPUs, p: p,
		marks: map[int64]sched.ID{}, births: map[*Task]sched.ID{}, devices: map[*Call]sched.ID{},
	}
	for _, q := range p.k.Procs() {
		t := q.Task
		st.Actors = append(st.Actors, Actor{t.Name, t.Num, t.CPU, t.Sleep, p.taskOf(q)})
	}
	for _, c := range s.Calls {
		if isClone(c.Event.Name) {
			st.addChild(c)
		}
		if c.At > 0 && st.marks[c.At] == 0 {
			st.marks[c.At] = p.k.S.World().Add(&sched.Sleeper{Armed: true, Asleep: true, Expiry: c.At})
			st.Timers = append(st.Timers, st.marks[c.At])
		}
		if e := c.Event; e.HasDur && transfers[e.Name] {
			st.devices[c] = p.k.S.World().Add(&sched.Sleeper{Armed: true, Asleep: true, Expiry: c.At + e.Dur})
			st.Timers = append(st.Timers, st.devices[c])
		}
	}
	return st, nil
}

func (p *player) taskOf(q *kernel.Proc) *Task {
	for _, t := range p.s.Tasks {
		if p.procs[t] == q {
			return t
		}
	}
	return nil
}

// addChild adds the task that a clone will make.
func (st *Stage) addChild(c *Call) {
	child := st.Script.taken(c)
	if child == nil {
		child = &Task{Name: "child of " + c.Task.Name, Clone: c}
	}
	w := st.Kernel.S.World()
	last := st.Actors[len(st.Actors)-1].Num
	st.births[child] = w.Add(&kernel.Birth{})
	st.Actors = append(st.Actors, Actor{child.Name, last + 1, (last + 1) % st.CPUs, w.Add(&sched.Sleeper{}), child})
}

// born returns where the task waits that a clone makes, and its number.
func (st *Stage) born(c *Call) (birth sched.ID, num int64) {
	for i := range st.Actors {
		if t := st.Actors[i].task; t.Clone == c {
			return st.births[t], int64(st.Actors[i].Num)
		}
	}
	return 0, 0
}

// aim finds the task that a signal goes to, by what clone returned for it.
func (st *Stage) aim(self int, kc *kernel.Call, pid, sig int64) Class {
	for i := range st.Actors {
		if a := &st.Actors[i]; int64(a.Num) == pid && a.Num != self {
			kc.Args[1], kc.Target, kc.Fatal = sig, a.Sleep, abi.Signal(sig).FatalByDefault()
			return Modelled
		}
	}
	return Carried
}

// Body returns what an actor does, once. problem returns what was found out on the
// way that makes the script impossible to search, or nil.
func (st *Stage) Body(i int) (body func(*sched.Task), problem func() error) {
	a := &st.Actors[i]
	p := &player{s: st.Script, k: st.Kernel, board: st.p.board, procs: st.p.procs, stage: st}
	p.res = &Result{Calls: make([]Answered, len(st.Script.Calls))}
	for i, c := range st.Script.Calls {
		p.res.Calls[i].call = c
	}
	program := p.program(a.task)
	body = func(t *sched.Task) {
		if birth := st.births[a.task]; birth != 0 {
			st.Kernel.RehearseChild(t, birth, program)
			return
		}
		q := st.p.procs[a.task]
		st.Kernel.Rehearse(t, kernel.Birth{MM: q.MM, FDs: q.FDs, NS: q.NS}, program)
	}
	return body, func() error { return p.unread }
}

// between is what matters of a task between two calls.
type between struct {
	next    int
	exiting bool
	mm, fds sched.ID
	ns      sched.ID // of the children
	names   string
}

// forget tells a search that the details of the calls so far are over.
func (p *player) forget(t *sched.Task, birth sched.Mark, next int, proc *kernel.Proc, syms Symbols) {
	if p.stage == nil {
		return
	}
	var names []string
	for name, value := range syms {
		names = append(names, fmt.Sprint(name, "=", value))
	}
	slices.Sort(names)
	t.Forget(birth, between{next, proc.Exiting(), proc.MM, proc.FDs, proc.KidsNS, strings.Join(names, " ")})
}

// unsearchable notes a call whose answer a search cannot take from its line.
func (p *player) unsearchable(c *Call) {
	if p.unread == nil {
		p.unread = c.Event.ErrorAt(nil, c.Event.Name+" is not modelled, so that what other orders do is not known")
	}
}

// Ending is what came of a script in one order.
type Ending struct {
	// Text is what a user sees: the results of the calls that ran at the same time as
	// others, and the seals of the files.
	Text string
	// Holds says for each condition whether what is in its parentheses is so.
	Holds []bool
	// Other are the lines whose expected answer is another.
	Other []int64
}

// Ending reads the end of a run off a world in which every task is at rest.
func (st *Stage) Ending(w *sched.World) *Ending {
	p := *st.p
	p.k.S.SetWorld(w)
	b := sched.Peek[board](w, p.board)
	p.res = &Result{Calls: make([]Answered, len(st.Script.Calls))}
	var parts []string
	e := &Ending{}
	together := st.together()
	for i, c := range st.Script.Calls {
		a := &p.res.Calls[i]
		a.call, a.val, a.State = c, b.vals[i], NotMade
		var kc kernel.Call
		a.answer = ReadAnswer(c.Event, &kc)
		if b.ended[c.end] && a.val != unmade {
			a.State = Returned
		}
		if a.answer.Known && (a.State != Returned || !a.same()) {
			e.Other = append(e.Other, c.Line)
		}
		if c.Task.Name != "main" || together >= 0 && i > together {
			parts = append(parts, a.label()+"="+a.short())
		}
	}
	w.Each(func(_ sched.ID, o sched.Object) {
		if i, ok := o.(*inode.Inode); ok && i.Kind.Sealable() && i.Name != "dev/zero" {
			parts = append(parts, fmt.Sprintf("seals(%s)=%v", i.Name, i.Seals))
		}
	})
	e.Text = strings.Join(parts, "  ")
	for _, c := range st.Script.Conds {
		e.Holds = append(e.Holds, p.holds(c.Cond))
	}
	return e
}

// together returns the index of the first call that is not the main task's, -1 if
// there is none.
func (st *Stage) together() int {
	return slices.IndexFunc(st.Script.Calls, func(c *Call) bool { return c.Task.Name != "main" })
}

// Together returns what an Ending calls the calls whose answers it tells, in the order of
// their lines: from the first on that is not the main task's.
func (st *Stage) Together() (labels []string) {
	for i, c := range st.Script.Calls {
		if n := st.together(); n >= 0 && i >= n {
			labels = append(labels, (&Answered{call: c}).label())
		}
	}
	return labels
}

// unmade is posted for a call that was not made, because its task is gone.
var unmade = posted{val: -1}

// label names a call: by the name of its result, else by task and call.
func (a *Answered) label() string {
	if t := a.call.Event.Target; t != "" {
		return t
	}
	same, at := 0, 0
	for _, c := range a.call.Task.Calls {
		if c.Event.Name == a.call.Event.Name {
			if same++; c == a.call {
				at = same
			}
		}
	}
	if same > 1 {
		return fmt.Sprintf("%s.%s#%d", a.call.Task.Name, a.call.Event.Name, at)
	}
	return a.call.Task.Name + "." + a.call.Event.Name
}

// short is the answer as an outcome tells it. Where a mapping was put is nobody's
// concern.
func (a *Answered) short() string {
	switch {
	case a.State == NotMade:
		return "none"
	case a.val.errno != 0:
		return a.val.errno.Name()
	case a.call.Event.Name == "mmap" || a.call.Event.Name == "mremap":
		return "mapped"
	}
	return fmt.Sprint(a.val.val)
}

// Conditions returns the conditions of the script as text.
func (st *Stage) Conditions() (all []*scenario.Event) { return st.Script.Conds }

// transfers are the calls that may wait for a device.
var transfers = WordSet(`read write pread64 pwrite64`)
