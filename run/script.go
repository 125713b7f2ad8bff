package run

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"sealab/scenario"
	"sealab/sim/kernel"
)

// MaxCalls is how many calls a scenario that is run may have.
const MaxCalls = 20000

// Script is a scenario as it is run: its tasks and their calls.
type Script struct {
	Name   string // of the program, "" if the scenario does not say
	Kernel string // as its header says, "" if it does not
	HZ     int    // 0 if its header does not say
	CPUs   int
	Swap   bool    // the machine has swap
	Roam   bool    // a task may be on another CPU whenever it matters: see sched.Sched
	Stray  bool    // a sleep may be cut short for no reason: see sched.Sched
	Tasks  []*Task // main is the first
	Calls  []*Call // in the order of their lines
	Conds  []*scenario.Event

	ends int // how many ends of calls there have been, in the order of the lines
}

// Task is a task of a script.
type Task struct {
	Name  string // "main", the name before the colon, or a pid
	Calls []*Call
	// Clone is the call that makes the task; nil for main, and for the others that
	// share its memory and descriptors from the start.
	Clone *Call
	pid   int
}

// Call is a call of a script.
type Call struct {
	Task  *Task
	Event *scenario.Event // its line; the second, if it has two
	Line  int64           // where it begins
	At    int64           // virtual ns before which it does not begin

	index int
	need  int       // it begins when so many ends of calls have been, in order
	end   int       // which end is its own, from 0
	uses  []binding // results of other tasks' calls that its arguments name
}

// binding is a name that a call binds to what it returns, or to one of the
// descriptors that it stores.
type binding struct {
	name   string
	call   int
	stored int  // from 1, for a stored descriptor
	msg    bool // that has come with a message
}

// of returns the value that the name stands for.
func (b binding) of(r posted) int64 {
	switch {
	case b.msg && b.stored > r.msg.n:
		return -1
	case b.msg:
		return r.msg.fds[b.stored-1]
	case b.stored > 0:
		return r.pair[b.stored-1]
	}
	return r.val
}

// bindings lists the names that a line binds.
func bindings(e *scenario.Event) (out []binding) {
	if e.Target != "" {
		out = append(out, binding{name: e.Target})
	}
	a := e.Stored()
	if a == nil {
		return out
	}
	msg, most := e.Name == "recvmsg", 2
	if msg {
		most = maxArrived
	}
	i := 0
	for c := range e.Children(a) {
		if i++; !c.Known() && c.Kind != scenario.Unknown && i <= most {
			out = append(out, binding{name: string(c.Text), stored: i, msg: msg})
		}
	}
	return out
}

// Errors are all that is wrong with a scenario.
type Errors []error

func (e Errors) Error() string { return errors.Join(e...).Error() }

// Unwrap gives them one by one.
func (e Errors) Unwrap() []error { return e }

// maxErrors is how many errors are told before reading is given up.
const maxErrors = 20

// Read reads the scripts of a scenario: one, or one for each program in it. The
// error is of reading, or Errors; then there are no scripts.
func Read(in io.Reader, name string) ([]*Script, error) {
	p := &parser{}
	p.begin("")
	r := scenario.NewReader(in, name, scenario.Options{})
	defer r.Close()
	for len(p.errs) < maxErrors {
		e, err := r.Next()
		if err == io.EOF {
			break
		}
		var bad *scenario.SyntaxError
		switch {
		case errors.As(err, &bad):
			p.errs = append(p.errs, bad)
			continue
		case err != nil:
			return nil, err
		}
		p.event(e.Clone())
	}
	p.finish()
	if p.errs != nil {
		return nil, p.errs
	}
	if p.scripts == nil {
		return nil, Errors{fmt.Errorf("%s: no call in it", name)}
	}
	return p.scripts, nil
}

// parser makes scripts of events.
type parser struct {
	scripts []*Script
	errs    Errors
	crowded bool // too many tasks: said once

	s     *Script
	bound map[string]binding // which call binds a name
	open  map[int]*Call      // by pid: a call whose end has not been read
	group int                // ends before the first line of the present group of tasks
	named bool               // a task has been named: the last line was of one
	base  int64              // the log's first time
	timed bool
}

func (p *parser) begin(name string) {
	main := &Task{Name: "main"}
	p.s = &Script{Name: name, Tasks: []*Task{main}}
	p.bound, p.open = map[string]binding{}, map[int]*Call{}
	p.named, p.timed = false, false
}

// finish ends a script.
func (p *parser) finish() {
	if len(p.s.Calls) > 0 {
		p.scripts = append(p.scripts, p.s)
	}
}

func (p *parser) fail(e *scenario.Event, a *scenario.Arg, hint, format string, args ...any) {
	err := e.ErrorAt(a, fmt.Sprintf(format, args...))
	err.Hint = hint
	p.errs = append(p.errs, err)
}

func (p *parser) event(e *scenario.Event) {
	if e.Warn != nil {
		p.errs = append(p.errs, e.Warn)
		return
	}
	switch e.Kind {
	case scenario.Program:
		p.finish()
		p.begin(e.Name)
	case scenario.Header:
		p.header(e)
	case scenario.Call:
		if c := p.call(e); c != nil {
			p.ended(c)
		}
	case scenario.CallStart:
		if c := p.call(e); c != nil {
			p.open[e.Pid] = c
		}
	case scenario.CallEnd:
		if c := p.open[e.Pid]; c != nil {
			delete(p.open, e.Pid)
			c.Event = e
			p.ended(c)
		}
	case scenario.CallLost:
		if c := p.open[e.Pid]; c != nil {
			delete(p.open, e.Pid)
			p.ended(c)
		}
	case scenario.Condition:
		p.s.Conds = append(p.s.Conds, e)
		p.condition(e, e.Cond)
	}
}

func (p *parser) header(e *scenario.Event) {
	switch e.Name {
	case "kernel":
		p.s.Kernel = string(e.Raw)
	case "hz":
		p.s.HZ = int(e.Ret.Value)
		if p.s.HZ > 10000 {
			p.fail(e, nil, "usual values are 100, 250, 300 and 1000", "hz %d is too many", p.s.HZ)
		}
	case "cpus":
		p.s.CPUs = int(e.Ret.Value)
		if p.s.CPUs > 64 {
			p.fail(e, nil, "", "a machine has at most 64 CPUs here")
		}
	case "swap":
		if p.s.Swap = e.Ret.Value == 1; !p.s.Swap {
			p.fail(e, nil, "without the line there is none", "there is swap (swap 1) or not")
		}
	case "roam":
		if p.s.Roam = e.Ret.Value == 1; !p.s.Roam {
			p.fail(e, nil, "without the line they do not", "tasks roam (roam 1) or not")
		}
	case "stray":
		if p.s.Stray = e.Ret.Value == 1; !p.s.Stray {
			p.fail(e, nil, "without the line there are none", "stray wake-ups are there (stray 1) or not")
		}
	}
}

// call adds a call; nil if its line is wrong.
func (p *parser) call(e *scenario.Event) *Call {
	s := p.s
	if len(s.Calls) == MaxCalls {
		p.fail(e, nil, "replay reads logs of any length", "more than %d calls", MaxCalls)
		return nil
	}
	byHand := e.Style.Pid == scenario.PidNone || e.Style.Pid == scenario.PidName
	if byHand && !scenario.IsCall(e.Name) {
		hint := ""
		if s := scenario.SuggestCall(e.Name); s != "" {
			hint = "did you mean " + s + "?"
		}
		p.fail(e, nil, hint, "%s is no system call that sealab knows", e.Name)
		return nil
	}
	if e.Truncated {
		p.fail(e, nil, "", "the line ends inside the call")
		return nil
	}
	t := p.task(e)
	if t == nil {
		return nil
	}
	c := &Call{Task: t, Event: e, Line: e.Line, index: len(s.Calls)}
	p.order(c)
	p.names(c)
	s.Calls = append(s.Calls, c)
	t.Calls = append(t.Calls, c)
	if e.HasTime {
		if !p.timed && e.Style.Time != scenario.TimeMark {
			p.base = e.Time
		}
		p.timed = true
		c.At = max(0, e.Time-p.base)
	}
	return c
}

// ended notes the end of a call in the order of the lines.
func (p *parser) ended(c *Call) {
	c.end = p.s.ends
	p.s.ends++
	for _, b := range bindings(c.Event) {
		b.call = c.index
		p.bound[b.name] = b
	}
}

// order says what must have ended before a call begins. In a log that is all that
// has ended on an earlier line. Written by hand, tasks with names run at the same
// time, from one line of the main task to the next.
func (p *parser) order(c *Call) {
	named := c.Event.Style.Pid == scenario.PidName
	switch {
	case !named:
		c.need = p.s.ends
	case !p.named:
		p.group = p.s.ends
		fallthrough
	default:
		c.need = p.group
	}
	p.named = named
}

// task returns the task of a line, made if it is its first.
func (p *parser) task(e *scenario.Event) *Task {
	s := p.s
	if len(s.Calls) == 0 && e.Style.Pid != scenario.PidName {
		s.Tasks[0].pid = e.Pid // whoever begins a log is its main task
	}
	if e.Style.Pid == scenario.PidNone && e.Pid == 0 {
		return s.Tasks[0]
	}
	for _, t := range s.Tasks {
		if t.pid == e.Pid {
			return t
		}
	}
	t := &Task{Name: e.Task, pid: e.Pid}
	if e.Style.Pid != scenario.PidName {
		t.Name = fmt.Sprint(e.Pid)
	}
	t.Clone = p.maker(t)
	if t.Clone == nil && e.Style.Pid != scenario.PidName {
		p.fail(e, nil, "`sealab replay` plays logs that begin in the middle",
			"task %d has not been made by any call before", e.Pid)
		return nil
	}
	if len(s.Tasks) == 64 {
		if !p.crowded {
			p.fail(e, nil, "split the scenario: no more can be played at once", "more than 64 tasks")
		}
		p.crowded = true
		return nil
	}
	s.Tasks = append(s.Tasks, t)
	return t
}

// maker finds the call that makes a task: the one that returned its pid, that its
// name is bound to, or that has not returned yet.
func (p *parser) maker(t *Task) *Call {
	for i := len(p.s.Calls) - 1; i >= 0; i-- {
		c := p.s.Calls[i]
		e := c.Event
		if !isClone(e.Name) {
			continue
		}
		pending := p.open[c.Task.pid] == c && p.s.taken(c) == nil
		if e.Target == t.Name || t.pid > 0 && (e.Ret.Known && e.Ret.Value == int64(t.pid) || pending) {
			return c
		}
	}
	return nil
}

// taken returns the task that a clone makes, nil if the script has no line of it.
func (s *Script) taken(c *Call) *Task {
	for _, t := range s.Tasks {
		if t.Clone == c {
			return t
		}
	}
	return nil
}

func isClone(name string) bool {
	return name == "clone" || name == "clone3" || name == "fork" || name == "vfork"
}

// allow gives a machine the choices that the script allows beside the order of steps.
func (s *Script) allow(k *kernel.Kernel) {
	k.S.Stray = s.Stray
	if s.Roam {
		k.S.Roam = k.Config().CPUs
	}
}

// namespaces says whether pid namespaces can make a difference to a script.
func (s *Script) namespaces() bool {
	return slices.ContainsFunc(s.Calls, func(c *Call) bool {
		path := c.Event.Arg(1)
		return c.Event.Name == "unshare" || c.Event.Name == "openat" && path != nil &&
			string(path.Text) == kernel.NoexecPath
	})
}

// names finds the calls whose results the arguments name.
func (p *parser) names(c *Call) {
	e := c.Event
	for _, args := range [][]scenario.Arg{e.Args, e.Nodes} {
		for i := range args {
			a := &args[i]
			if a.Kind != scenario.Symbol {
				continue
			}
			name := string(a.Text)
			if slices.ContainsFunc(bindings(e), func(b binding) bool { return b.name == name }) {
				continue // the line binds it itself, again
			}
			by, ok := p.bound[name]
			if !ok {
				p.fail(e, a, "", "no call of this program is called %s", name)
				continue
			}
			if b := p.s.Calls[by.call]; b.Task != c.Task && b.end >= c.need {
				p.fail(e, a, "give the result a name before the tasks begin", "%s is the result of a call that "+
					"runs at the same time, on line %d", name, b.Line)
				continue
			}
			c.uses = append(c.uses, by)
		}
	}
}

// condition refuses what Holds cannot judge.
func (p *parser) condition(e *scenario.Event, c *scenario.Cond) {
	if c == nil {
		return
	}
	p.condition(e, c.A)
	p.condition(e, c.B)
	for _, v := range []*scenario.Value{c.L, c.R} {
		if v == nil || v.Func == "" {
			continue
		}
		at := &scenario.Arg{Col: int32(v.Col - 1)}
		switch {
		case asks[v.Func] == nil:
			hint := "there are seals(r), size(r) and writable(r)"
			if s := scenario.Suggest(v.Func, askNames); s != "" {
				hint = "did you mean " + s + "?"
			}
			p.fail(e, at, hint, "nothing is known of %s(…) at the end of a run", v.Func)
		case len(v.Args) != 1:
			p.fail(e, at, "", "%s is asked of one descriptor", v.Func)
		}
	}
}
