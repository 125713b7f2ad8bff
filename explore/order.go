package explore

import (
	"context"
	"fmt"
	"math/big"
	"math/bits"
	"slices"

	"sealab/sim/sched"
)

// touch is one object that a step accesses.
type touch struct {
	id     sched.ID
	access sched.Access
}

// foot is the footprint of a step: all that it accesses. Two steps of different
// tasks that do not conflict may be swapped, and nobody can tell.
type foot []touch

// clockID stands for the clock in footprints: arming a timer, waking who sleeps and
// the firing of a timer depend on each other.
const clockID sched.ID = 0

// conflicts says whether the order of two steps may matter. Two that add to a number
// without looking at it commute.
func (f foot) conflicts(g foot, commute bool) bool {
	for _, a := range f {
		for _, b := range g {
			if a.id != b.id || a.access == sched.Read && b.access == sched.Read {
				continue
			}
			if commute && a.access == sched.Add && b.access == sched.Add {
				continue
			}
			return true
		}
	}
	return false
}

// mask is a set of tasks, and the clock behind the last.
type mask uint64

func (m mask) has(i int) bool { return m&(1<<i) != 0 }

// event is a step that was taken.
type event struct {
	who   int     // a task, or the clock
	seq   int32   // its how many-th step, from 1
	foot  foot    // nil for a timer that fires when nothing else can: it conflicts with all
	clock []int32 // of each task, how many steps happened before this one, or are it
}

// before says whether e happens before the step with that clock.
func (e *event) before(clock []int32) bool { return clock[e.who] >= e.seq }

// point is a place in the present run where another step could have been taken.
type point struct {
	enabled mask
	todo    mask // whose steps are to be tried here
	done    mask // whose steps have been
	sleep   mask // whose steps would only repeat what was seen elsewhere
	who     int  // whose step is being tried
	picks   gen  // the choices inside that step
	event   event
}

// orders goes through the orders of a program by running it, once for each class of
// runs that differ only in the order of steps that do not conflict.
//
// It is source-set DPOR (Abdulla, Aronis, Jonsson, Sagonas 2014) with sleep sets.
type orders struct {
	p      *Program
	opts   *OrderOptions
	l      *live
	start  gen // the choices before the first step
	points []*point
	ends   map[result]*big.Int
	buf    []option
	runs   int64
	cut    int64
}

// OrderOptions say how Orders searches.
type OrderOptions struct {
	Options
	MaxRuns   int64 // 0 for no bound
	NoSources bool  // try all steps at every point, not only those that race
	NoSleep   bool  // repeat what was seen elsewhere
	NoCommute bool  // let two blind additions conflict
}

// Orders searches a program without remembering states: it runs it, finds the steps
// that race, and runs it again with their order changed. It needs next to no
// memory, and is slow where many orders lead to few states. The outcomes are all
// there; they are not counted, since each run stands for many. States are the runs
// that came to an end, and Steps all that were taken.
func Orders(ctx context.Context, p *Program, opts OrderOptions) (*Result, error) {
	if len(p.Tasks) == 0 || len(p.Tasks) > 63 {
		return nil, fmt.Errorf("explore: Orders takes 1 to 63 tasks, and there are %d", len(p.Tasks))
	}
	o := &orders{p: p, opts: &opts, ends: map[result]*big.Int{}}
	r := &Result{Complete: true}
	stage := newStage(p)
	for more := o.start.next(); more; more = o.backtrack() {
		if ctx.Err() != nil || opts.MaxRuns > 0 && o.runs >= opts.MaxRuns {
			r.Complete, r.Why = false, "interrupted"
			if ctx.Err() == nil {
				r.Why = fmt.Sprintf("the bound of %d runs", opts.MaxRuns)
			}
			break
		}
		o.l = newLive(p, &opts.Options, stage)
		r.Steps += o.run()
		o.l.close()
	}
	r.States, r.Cut = o.runs, o.cut
	r.Outcomes = outcomes(o.ends)
	return r, nil
}

// clock is the number of the clock among those who take steps.
func (o *orders) clock() int { return len(o.p.Tasks) }

// run repeats the steps of the points that are there, and goes on to the end.
func (o *orders) run() (steps int64) {
	o.start.at = 0
	o.l.start(o.start.choose)
	for depth := 0; ; depth++ {
		if depth == len(o.points) {
			p := o.point(depth)
			if p == nil {
				return steps
			}
			o.points = append(o.points, p)
		}
		steps++
		o.step(depth)
	}
}

// point looks at a place where the run has not been yet; nil if it ends here.
func (o *orders) point(depth int) *point {
	p := &point{}
	o.buf = o.l.options(o.buf)
	for _, c := range o.buf {
		p.enabled |= 1 << o.who(c)
	}
	o.blocked(p)
	if p.enabled == 0 {
		text, kind := o.l.label()
		o.ends[result{text, kind}] = nil
		o.runs++
		return nil
	}
	if depth > 0 {
		p.sleep = o.inherit(o.points[depth-1])
	}
	awake := p.enabled &^ p.sleep
	if awake == 0 {
		o.cut++
		return nil
	}
	p.who = bits.TrailingZeros64(uint64(awake))
	p.todo = 1 << p.who
	if o.opts.NoSources {
		p.todo = awake
	}
	p.picks.next()
	return p
}

func (o *orders) who(c option) int {
	if c.tick {
		return o.clock()
	}
	return c.task
}

// inherit returns who still sleeps after the step of a point: those whose own step
// does not conflict with it.
func (o *orders) inherit(p *point) (sleep mask) {
	if o.opts.NoSleep {
		return 0
	}
	for i := range o.clock() + 1 {
		if (p.sleep | p.done).has(i) && i != p.who && p.event.foot != nil {
			if f := o.wants(i); f != nil && !f.conflicts(p.event.foot, !o.opts.NoCommute) {
				sleep |= 1 << i
			}
		}
	}
	return sleep
}

// wants returns the footprint of somebody's next step, nil if there is none.
func (o *orders) wants(who int) foot {
	if who == o.clock() {
		f := foot{{clockID, sched.Write}}
		for i, id := range o.l.sleeps {
			if o.l.sleeper(i).Armed {
				f = append(f, touch{id, sched.Write})
			}
		}
		return f
	}
	a := o.l.actors[who]
	if a.req == nil {
		return nil
	}
	f := foot{{a.req.ID, a.req.Op.Access}}
	if a.req.At != 0 {
		f = append(f, touch{a.req.At, sched.Read})
	}
	if _, ok := o.l.world.Object(a.req.ID).(*sched.Sleeper); ok {
		f = append(f, touch{clockID, a.req.Op.Access})
	}
	return f
}

// step takes the step of a point, and looks what it races with if that is new.
func (o *orders) step(depth int) {
	p := o.points[depth]
	p.picks.at = 0
	fresh := p.event.clock == nil
	if fresh {
		p.event = event{who: p.who, seq: 1, foot: o.wants(p.who)}
		if p.who == o.clock() && !o.opts.freeTime() {
			p.event.foot = nil
		}
		o.race(depth, &p.event)
		o.cancel(p)
	}
	if p.who < o.clock() {
		o.l.take(option{task: p.who}, p.picks.choose)
		if o.l.crash != "" { // which ends the others too, so the step conflicts with all of theirs
			for _, p := range o.points {
				p.todo |= p.enabled &^ p.sleep
			}
		}
		return
	}
	o.buf = o.l.options(o.buf)
	due := slices.DeleteFunc(slices.Clone(o.buf), func(c option) bool { return !c.tick })
	o.l.take(due[p.picks.choose(len(due))], p.picks.choose)
}

// cancel asks for a timer to fire before a step that may disarm it: of what is never
// taken, no race is found.
func (o *orders) cancel(p *point) {
	clock := o.clock()
	if p.who != clock && p.enabled.has(clock) && o.wants(clock).conflicts(p.event.foot, false) {
		p.todo |= 1 << clock &^ p.sleep
	}
}

// blocked looks what the steps race with that may never be taken: who waits for a
// lock races with who took it, and a timer that could fire with what came before.
func (o *orders) blocked(p *point) {
	if o.opts.NoSources {
		return
	}
	if clock := o.clock(); p.enabled.has(clock) && o.opts.freeTime() {
		o.race(len(o.points), &event{who: clock, seq: 1, foot: o.wants(clock)})
	}
	for i, a := range o.l.actors {
		if a.req != nil && !p.enabled.has(i) && o.l.crash == "" {
			o.race(len(o.points), &event{who: i, seq: 1, foot: o.wants(i)})
		}
	}
}

// depends says whether the order of two steps of different tasks may matter.
func (o *orders) depends(a, b *event) bool {
	return a.foot == nil || b.foot == nil || a.foot.conflicts(b.foot, !o.opts.NoCommute)
}

// race finds what a step at a depth races with, asks there for the other order, and
// sets the step's clock.
func (o *orders) race(depth int, e *event) {
	clock := make([]int32, o.clock()+1)
	for j := depth - 1; j >= 0; j-- {
		if b := &o.points[j].event; b.who == e.who {
			copy(clock, b.clock)
			e.seq = b.seq + 1
			break
		}
	}
	for j := depth - 1; j >= 0; j-- {
		b := &o.points[j].event
		if b.who == e.who || !o.depends(b, e) {
			continue
		}
		if !b.before(clock) && b.foot != nil && e.foot != nil && !o.opts.NoSources {
			o.reverse(j, depth, e, clock)
		}
		for i, n := range b.clock {
			clock[i] = max(clock[i], n)
		}
	}
	clock[e.who] = e.seq
	e.clock = clock
}

// reverse asks for a run in which a step e does not come after the one at point j:
// one of those who could begin such a run is to be tried there.
func (o *orders) reverse(j, depth int, e *event, before []int32) {
	first := &o.points[j].event
	var begin, seen mask // who may begin; whose steps were seen
	var between []*event
	for k := j + 1; k < depth; k++ {
		if x := &o.points[k].event; !first.before(x.clock) {
			between = append(between, x)
		}
	}
	late := func(clock []int32, upTo int) bool {
		for _, y := range between[:upTo] {
			if y.before(clock) {
				return true
			}
		}
		return false
	}
	for k, x := range between {
		if !seen.has(x.who) && !late(x.clock, k) {
			begin |= 1 << x.who
		}
		seen |= 1 << x.who
	}
	if !seen.has(e.who) && !late(before, len(between)) {
		begin |= 1 << e.who
	}
	p := o.points[j]
	if begin&(p.todo|p.sleep|p.done) != 0 {
		return
	}
	switch can := begin & p.enabled; {
	case can.has(e.who):
		p.todo |= 1 << e.who
	case can != 0:
		p.todo |= can & -can
	}
}

// backtrack goes back to the last point where something is left to be tried, and
// says whether there was one.
func (o *orders) backtrack() bool {
	for len(o.points) > 0 {
		p := o.points[len(o.points)-1]
		p.event = event{}
		if p.picks.next() {
			return true
		}
		p.done |= 1 << p.who
		if left := p.todo &^ (p.done | p.sleep); left != 0 {
			p.who = bits.TrailingZeros64(uint64(left))
			p.picks = gen{}
			return p.picks.next()
		}
		o.points = o.points[:len(o.points)-1]
	}
	return o.start.next()
}
