package web

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"sealab/replay"
	"sealab/run"
	"sealab/scenario"
	"sealab/sim/abi"
	"sealab/sim/profile"
	"sealab/sim/trace"
)

// Limits bound what a document costs. A run that takes too many steps is shown as
// far as it came.
type Limits struct {
	Text   int    // bytes of the scenario; 0 means 16 MiB
	Steps  uint64 // steps of the run; 0 means 5 million
	Events int    // events that are kept; 0 means 20,000
}

func (l Limits) orDefault() Limits {
	if l.Text == 0 {
		l.Text = 16 << 20
	}
	if l.Steps == 0 {
		l.Steps = 5_000_000
	}
	if l.Events == 0 {
		l.Events = 20_000
	}
	return l
}

// Build plays what is asked for. The error is a *Problems where the text, the
// kernel or the schedule is wrong.
func Build(r *Request, l Limits) (*Document, error) {
	l = l.orDefault()
	switch {
	case r.Format != Format:
		return nil, problem("this is a request of format %q, and this sealab knows %q: "+
			"open the page anew", r.Format, Format)
	case len(r.Text) > l.Text:
		return nil, problem("the scenario has %d bytes, and at most %d are read", len(r.Text), l.Text)
	case r.HZ < 0 || r.HZ > 10000:
		return nil, problem("%d jiffies a second: a kernel has 1 to 10000", r.HZ)
	case r.CPUs < 0 || r.CPUs > 64:
		return nil, problem("%d CPUs: a machine has 1 to 64", r.CPUs)
	}
	b := &builder{req: r, limits: l, doc: &Document{Format: Format, Name: r.Name, Text: r.Text, Log: r.Log,
		Asked: Asked{r.Kernel, r.HZ, r.CPUs}}}
	if err := b.play(); err != nil {
		return nil, problems(err)
	}
	if r.Near {
		if err := b.playNear(); err != nil {
			return nil, problems(err)
		}
	}
	b.fill()
	return b.doc, nil
}

// builder makes a document.
type builder struct {
	req    *Request
	limits Limits
	doc    *Document
	res    *run.Result
	forks  forks
	begin  map[int64]int // by line: the event with which its call began
	end    map[int64]int

	programs []*run.Script
	how      map[int64]replay.Outcome // by line of a log: how a replay judges the call
	left     int                      // calls of a log that are not drawn
}

// play reads the scenario and runs it.
func (b *builder) play() error {
	if !b.req.Log {
		return b.playText(b.req.Text)
	}
	return b.playLog()
}

// playText runs a text, which may be a part of the one that was asked for.
func (b *builder) playText(text string) error {
	replayed, err := b.req.chooser()
	if err != nil {
		return err
	}
	scripts, err := run.Read(strings.NewReader(text), b.name())
	if err != nil {
		return err
	}
	if b.req.Program < 0 || b.req.Program >= len(scripts) {
		return problem("there is no program %d: the scenario has %d", b.req.Program+1, len(scripts))
	}
	b.programs, b.forks = scripts, forks{Chooser: replayed}
	b.res, err = run.Play(scripts[b.req.Program], run.Options{Kernel: b.req.Kernel, HZ: b.req.HZ, CPUs: b.req.CPUs,
		Chooser: &b.forks, FreeTime: true, MaxSteps: b.limits.Steps, Record: true,
		MaxEvents: b.limits.Events, AsLogged: b.req.Log})
	if err == nil {
		b.res.Misfits = replayed.Misfits
	}
	return err
}

func (b *builder) name() string {
	if b.req.Name == "" {
		return "scenario"
	}
	return b.req.Name
}

func (b *builder) note(format string, args ...any) {
	b.doc.Notes = append(b.doc.Notes, fmt.Sprintf(format, args...))
}

// fill fills in the document.
func (b *builder) fill() {
	d, r := b.doc, b.res
	d.Kernel, d.HZ, d.CPUs, d.Holds = r.Kernel, r.HZ, r.CPUs, r.Holds()
	d.Conds, d.Schedule, d.Hash, d.Steps, d.Time = r.Conds, r.Schedule, r.Hash, r.Steps, r.Time
	d.More = r.Trace.More
	b.remarks()
	b.kernels()
	b.events()
	b.sites()
	b.calls()
	b.verdicts()
}

// remarks notes what a reader should know of the run.
func (b *builder) remarks() {
	r := b.res
	if b.left > 0 {
		b.note("%s not drawn: not modelled, without effect on what is, or about something that the log does "+
			"not show.", plural(b.left, "call is", "calls are"))
	}
	if len(b.programs) > 1 {
		for _, s := range b.programs {
			b.doc.Programs = append(b.doc.Programs, s.Name)
		}
		b.doc.Program = b.req.Program
	}
	if r.Misfits > 0 {
		b.note("%s of the schedule did not fit this run.", plural(r.Misfits, "decision", "decisions"))
	}
	for _, n := range r.Notes {
		b.note("%s", n)
	}
	if r.Stopped != "" {
		b.note("The run was stopped %s.", r.Stopped)
	}
	if r.Trace.More > 0 {
		b.note("%s after the last one shown here.", plural(int(r.Trace.More), "event came", "events came"))
	}
}

// kernels says which kernel it was, and which others there are.
func (b *builder) kernels() {
	for _, n := range profile.NamedAll() {
		b.doc.Kernels = append(b.doc.Kernels, Kernel{n.ID, n.About})
	}
	p, _, err := profile.Find(b.doc.Kernel)
	if err != nil {
		return // it has just been found; without it there are no chips
	}
	b.doc.HugeOne = p.CacheRefs(abi.PMDOrder, true) == 1
	for s := abi.Seals(1); s <= abi.SealsAll; s <<= 1 {
		if p.Seals.Has(s) {
			b.doc.Seals = append(b.doc.Seals, s.String())
		}
	}
}

// events writes down what happened, and where somebody else could have gone.
func (b *builder) events() {
	b.begin, b.end = map[int64]int{}, map[int64]int{}
	names := map[uint32]string{}
	fork := 0
	for i := range b.res.Trace.Events {
		e := &b.res.Trace.Events[i]
		out := Event{At: e.At, Task: e.Task, Line: e.Line, Kind: e.Kind, Say: e.Describe(), Op: e.Op, Site: e.Site,
			Object: e.Object.ID, Other: e.Other.ID, Facts: e.Facts, Cause: e.Cause, Detail: e.Detail}
		for _, c := range e.Changes {
			out.Changes = append(out.Changes, Change{c.Object, c.Field, c.Old, c.New})
		}
		for _, o := range []trace.Object{e.Object, e.Other} {
			if o.ID != 0 && names[o.ID] != o.Kind+" "+o.Name {
				names[o.ID] = o.Kind + " " + o.Name
				b.doc.Names = append(b.doc.Names, Name{i, o.ID, o.Kind, o.Name})
			}
		}
		for fork < len(b.forks.at) && b.forks.at[fork].step < e.Step {
			fork++
		}
		if fork < len(b.forks.at) && !e.Detail && b.soon(fork, i) {
			b.doc.Forks = append(b.doc.Forks, b.forks.at[fork].Choice)
			out.Fork = len(b.doc.Forks)
		}
		b.where(i, e)
		b.doc.Events = append(b.doc.Events, out)
	}
}

// soon says whether a choice comes before anything else is shown to happen.
func (b *builder) soon(fork, event int) bool {
	for _, e := range b.res.Trace.Events[event+1:] {
		if !e.Detail {
			return b.forks.at[fork].step <= e.Step
		}
	}
	return true
}

// where notes where a call begins and ends, and the lane of a task.
func (b *builder) where(i int, e *trace.Event) {
	switch {
	case e.Kind == trace.Begin:
		b.begin[e.Line] = i
	case e.Kind == trace.End:
		b.end[e.Line] = i
	}
	known := slices.ContainsFunc(b.doc.Tasks, func(t Task) bool { return t.Num == e.Task })
	if e.Task > 0 && !known {
		b.doc.Tasks = append(b.doc.Tasks, Task{e.Task, e.Who})
	}
}

func (b *builder) calls() {
	for i := range b.res.Calls {
		a := &b.res.Calls[i]
		c := Call{Line: a.Line, Task: a.Task, Text: b.callText(a), Errno: a.Errno, State: string(a.State),
			Differ: a.Differs()}
		c.Begin, c.End = at(b.begin, a.Line), at(b.end, a.Line)
		b.doc.Calls = append(b.doc.Calls, c)
	}
}

// callText is a call with its answer, without what a log has before and after it.
func (b *builder) callText(a *run.Answered) string {
	if i := at(b.begin, a.Line); i >= 0 {
		return b.res.Trace.Events[i].Text + " = " + a.AnswerText()
	}
	return a.Text
}

func at(m map[int64]int, line int64) int {
	if i, ok := m[line]; ok {
		return i
	}
	return -1
}

// Problems are what is wrong with a request.
type Problems struct {
	All []Problem `json:"problems"`
}

// Problem is one thing that is wrong, where, and what to do.
type Problem struct {
	Line    int64  `json:"line,omitempty"` // from 1; 0 for no line
	Col     int    `json:"col,omitempty"`  // from 1, in bytes
	Message string `json:"message"`        // as the terminal has it: with the line, a caret and a hint
}

// Error is all of them, one a paragraph.
func (p *Problems) Error() string {
	var all []string
	for i := range p.All {
		all = append(all, p.All[i].Message)
	}
	return strings.Join(all, "\n")
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func problem(format string, args ...any) *Problems {
	return &Problems{[]Problem{{Message: fmt.Sprintf(format, args...)}}}
}

// problems turns an error of reading or playing into what is told of it.
func problems(err error) *Problems {
	p := &Problems{}
	if errors.As(err, &p) {
		return p
	}
	var several run.Errors
	if !errors.As(err, &several) {
		several = run.Errors{err}
	}
	for _, e := range several {
		one := Problem{Message: e.Error()}
		var syntax *scenario.SyntaxError
		if errors.As(e, &syntax) {
			one.Line, one.Col = syntax.Line, syntax.Col
		}
		p.All = append(p.All, one)
	}
	return p
}
