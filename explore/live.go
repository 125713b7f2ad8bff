package explore

import (
	"fmt"
	"iter"

	"sealab/sim/sched"
)

// live is a program that runs: its tasks as coroutines over a world that they
// change. It goes forward only, one step at a time, and learns nothing: the searches
// that use it share no more with the graph than the operations themselves.
type live struct {
	prog   *Program
	opts   *Options
	stage  *sched.Sched
	world  *sched.World
	actors []*actor
	sleeps []sched.ID // all whose timers may run
	crash  string
}

// actor is one task of a running program.
type actor struct {
	l       *live
	index   int
	req     *sched.Request // what it wants to do, nil while it chooses or has ended
	choices int            // > 0: it asks for one of so many answers
	answer  any            // what it is told next
	used    []bool         // which of its own names are taken
	task    *sched.Task
	ended   bool
	report  func() string
	resume  func() (struct{}, bool)
	yield   func(struct{}) bool
	stop    func()
}

func newLive(p *Program, o *Options, stage *sched.Sched) *live {
	l := &live{prog: p, opts: o, stage: stage, world: p.World.Clone(), sleeps: p.sleepers()}
	for i := range p.Tasks {
		a := &actor{l: l, index: i}
		l.actors = append(l.actors, a)
		spec := &p.Tasks[i]
		body, report := spec.Make()
		a.report = report
		role := sched.Role{Name: spec.Name, Num: spec.Num, CPU: spec.CPU, Sleep: spec.Sleep, Body: body}
		a.resume, a.stop = iter.Pull(func(yield func(struct{}) bool) {
			a.yield = yield
			defer func() {
				if e := recover(); e != nil {
					l.crash = fmt.Sprintf("%s: %v", spec.Name, e)
				}
			}()
			a.task = stage.Rehearse(role, a)
			a.ended = true
			a.req, a.choices = nil, 0
		})
	}
	return l
}

// close ends all coroutines.
func (l *live) close() {
	for _, a := range l.actors {
		a.stop()
	}
}

// ask hands control to the driver until it has an answer.
func (a *actor) ask(t *sched.Task) any {
	a.task = t
	if !a.yield(struct{}{}) {
		t.Cut()
	}
	return a.answer
}

func (a *actor) Do(t *sched.Task, r sched.Request) any {
	a.req, a.choices = &r, 0
	return a.ask(t)
}

func (a *actor) Choose(t *sched.Task, n int, _ string) int {
	a.req, a.choices = nil, n
	return a.ask(t).(int)
}

func (a *actor) New(_ *sched.Task, o sched.Object) sched.ID {
	n := 0
	for n < len(a.used) && a.used[n] {
		n++
	}
	if n == len(a.used) {
		a.used = append(a.used, false)
	}
	a.used[n] = true
	id := ownName(a.l.prog, a.index, n)
	a.l.world.Put(id, o)
	return id
}

func (a *actor) Free(_ *sched.Task, id sched.ID) {
	if n, own := ownNumber(a.l.prog, a.index, id); own && n < len(a.used) {
		a.used[n] = false
	}
	a.l.world.Put(id, nil)
}

func (a *actor) Mark(*sched.Task) sched.Mark         { return sched.Mark{} }
func (a *actor) Forget(*sched.Task, sched.Mark, any) {}

// option is something that can happen next: a step of a task, or the firing of its
// timer.
type option struct {
	task int // which task, or which sleeper
	tick bool
}

// options returns what can happen next, tasks in their order and then timers.
func (l *live) options(buf []option) []option {
	buf = buf[:0]
	if l.crash != "" {
		return buf
	}
	for i, a := range l.actors {
		if l.can(a) {
			buf = append(buf, option{task: i})
		}
	}
	if len(buf) > 0 && !l.opts.freeTime() {
		return buf
	}
	first := l.nextTimer()
	for i := range l.sleeps {
		if ns, armed := l.sleeper(i).Rest(); armed && ns == first {
			buf = append(buf, option{i, true})
		}
	}
	return buf
}

// can says whether a task could take its step now.
func (l *live) can(a *actor) bool {
	if a.req == nil {
		return false
	}
	if !a.req.Waits {
		return true
	}
	_, ok := a.req.Do(l.world.Object(a.req.ID).Clone(), nil)
	return ok
}

func (l *live) sleeper(i int) *sched.Sleeper { return sched.Peek[sched.Sleeper](l.world, l.sleeps[i]) }

// nextTimer returns how many ns the earliest timer has to go, -1 for none.
func (l *live) nextTimer() int64 {
	first := int64(-1)
	for i := range l.sleeps {
		if ns, armed := l.sleeper(i).Rest(); armed && (first < 0 || ns < first) {
			first = ns
		}
	}
	return first
}

// start brings all tasks to their first operation.
func (l *live) start(choose func(n int) int) {
	for _, a := range l.actors {
		l.goOn(a, choose)
	}
}

// goOn resumes a task until its next operation, answering what it asks on the way.
func (l *live) goOn(a *actor, choose func(n int) int) {
	a.resume()
	for a.choices > 0 && !a.ended && l.crash == "" {
		a.answer = choose(a.choices)
		a.resume()
	}
}

// take takes an option.
func (l *live) take(o option, choose func(n int) int) {
	if o.tick {
		ns := l.nextTimer()
		for i := range l.sleeps {
			if s := l.sleeper(i); s.Armed {
				s.Pass(ns)
			}
		}
		l.sleeper(o.task).Fire()
		return
	}
	a := l.actors[o.task]
	if !l.do(a) {
		return
	}
	l.goOn(a, choose)
}

// do does the operation that a task wants to do.
func (l *live) do(a *actor) (ok bool) {
	defer func() {
		if e := recover(); e != nil {
			l.crash = fmt.Sprintf("%s: %v", l.prog.Tasks[a.index].Name, e)
		}
	}()
	o := l.world.Object(a.req.ID)
	if o == nil || a.req.At != 0 && l.world.Object(a.req.At) == nil {
		panic(fmt.Sprintf("%s on object %d, which is gone", a.req.Op.Name, a.req.ID))
	}
	a.answer, ok = a.req.Do(o, l.world.Object(a.req.At))
	return ok
}

// label names what has come out.
func (l *live) label() (string, Kind) {
	if l.crash != "" {
		return l.crash, Crash
	}
	stuck := ""
	var reports []string
	for i, a := range l.actors {
		if !a.ended && !a.req.Op.Rest {
			if stuck != "" {
				stuck += ", "
			}
			stuck += fmt.Sprintf("%s waits for %s", l.prog.Tasks[i].Name, a.req.Op.Name)
		} else if a.report != nil {
			reports = append(reports, a.report())
		} else {
			reports = append(reports, "")
		}
	}
	if stuck != "" {
		return stuck, Deadlock
	}
	return l.prog.outcome(l.world, reports), End
}
