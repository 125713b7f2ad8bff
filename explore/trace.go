package explore

import (
	"fmt"

	"sealab/run"
	"sealab/sim/sched"
)

// Taken is a step of a schedule that was followed.
type Taken struct {
	Task    int    // its index, -1 for the clock
	Num     int    // its number, 0 for the clock
	Op      string // what it did, the kernel's word; "" for the clock
	On      sched.ID
	Type    string // of the object, such as "*inode.Inode"
	Answers []int  // to the choices that came with it
}

// Follow takes the steps of a schedule, and returns them with what they did.
func Follow(p *Program, s *Schedule, o Options) ([]Taken, error) {
	o.Time = FreeTime // in which everything may happen that the schedule says
	l := newLive(p, &o, newStage(p))
	defer l.close()
	var all []Taken
	left := s.Steps
	answer := func(n int) int {
		if len(left) == 0 || left[0].Task >= 0 || left[0].Answer >= n {
			return 0
		}
		a := left[0].Answer
		left = left[1:]
		if k := len(all); k > 0 {
			all[k-1].Answers = append(all[k-1].Answers, a)
		}
		return a
	}
	l.start(answer)
	var buf []option
	for len(left) > 0 {
		d := left[0]
		left = left[1:]
		for range d.Count {
			buf = l.options(buf)
			i := p.find(buf, d.Task)
			if i < 0 {
				return all, fmt.Errorf("explore: after %d steps, %s cannot go on", len(all), sched.Schedule{d})
			}
			all = append(all, l.taken(buf[i]))
			if buf[i].tick {
				i += answer(len(buf) - i)
			}
			l.take(buf[i], answer)
		}
	}
	return all, nil
}

// find returns the first option of a task number, or of the clock.
func (p *Program) find(all []option, num int) int {
	for i, o := range all {
		if o.tick && num == 0 || !o.tick && p.Tasks[o.task].Num == num {
			return i
		}
	}
	return -1
}

func (l *live) taken(o option) Taken {
	if o.tick {
		return Taken{Task: -1}
	}
	r := l.actors[o.task].req
	return Taken{
		Task: o.task, Num: l.prog.Tasks[o.task].Num, Op: r.Op.Name, On: r.ID,
		Type: fmt.Sprintf("%T", l.world.Object(r.ID)),
	}
}

// guide is a chooser that makes a run do the steps of a schedule. A run asks at more
// places than a search has steps: before a task's first operation, where the kernel
// offers the CPU to others, and before an operation that must wait.
type guide struct {
	steps   []Taken
	answers []int
	rest    sched.First
}

// Next implements sched.Chooser.
func (g *guide) Next(v *sched.View) int {
	if len(g.steps) == 0 {
		return g.rest.Next(v)
	}
	want := &g.steps[0]
	if want.Task < 0 && v.Clock {
		g.steps = g.steps[1:]
		return -1
	}
	for i, t := range v.Runnable {
		if t.Num == want.Num {
			return i
		}
	}
	if want.Op == timerWait && v.Clock {
		return -1
	}
	return g.rest.Next(v)
}

// timerWait is the operation of a search that waits for a time that a line names; a
// run sleeps instead.
const timerWait = "hrtimer_nanosleep"

// Choose implements sched.Chooser.
func (g *guide) Choose(n int, _ string) int {
	if len(g.answers) == 0 || g.answers[0] >= n {
		return 0
	}
	a := g.answers[0]
	g.answers = g.answers[1:]
	return a
}

// Step implements sched.Observer.
func (g *guide) Step(t *sched.Task, op *sched.Info, _ sched.ID, _, _ any) {
	for len(g.steps) > 0 && g.steps[0].Num == t.Num {
		want := g.steps[0]
		if want.Op == op.Name {
			g.steps, g.answers = g.steps[1:], want.Answers
			return
		}
		if want.Op != timerWait || op.Name == "__set_current_state" {
			return
		}
		g.steps = g.steps[1:]
		if op.Name == "schedule_timeout" {
			return
		}
	}
}

// PlayAs plays a script once, as a schedule of a search of it says. The result has
// the schedule that repeats the run.
func PlayAs(st *run.Stage, p *Program, s *Schedule, o run.Options) (*run.Result, error) {
	steps, err := Follow(p, s, Options{})
	if err != nil {
		return nil, err
	}
	o.Chooser, o.FreeTime = &guide{steps: steps}, true
	return run.Play(st.Script, o)
}
