package explore

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"sealab/sim/sched"
)

// walk is a way through the graph, told backwards: how it came to a state.
type walk struct {
	before *walk
	move   move
}

// cost is what a way costs: preemptions first, then steps.
type cost struct{ preemptions, steps int }

// before says whether it costs less.
func (c cost) before(d cost) bool {
	return c.preemptions < d.preemptions || c.preemptions == d.preemptions && c.steps < d.steps
}

// waiting is a state on the way, not yet looked at.
type waiting struct {
	state
	last int // the task that took the last step: -1 for the clock, -2 for none
	way  *walk
}

// schedules finds a shortest way to each outcome. It goes through the graph by the
// number of preemptions, so few of them are tried before many, and stops when every
// outcome has a way.
func (s *search) schedules(ctx context.Context, r *Result) {
	missing := map[result]*Outcome{}
	for i := range r.Outcomes {
		o := &r.Outcomes[i]
		if o.Schedule = s.early[result{o.Text, o.Kind}]; o.Schedule == nil {
			missing[result{o.Text, o.Kind}] = o
		}
	}
	b := s.byPreemptions()
	for b.level() {
		if len(missing) == 0 || ctx.Err() != nil || b.tooLarge() {
			return
		}
		for w := range b.states() {
			b.follow(w, func(f result) {
				if o := missing[f]; o != nil {
					o.Schedule = b.schedule(w)
					delete(missing, f)
				}
			})
			if len(missing) == 0 {
				return
			}
		}
	}
}

// fewPreemptions searches all orders with few preemptions: first those without, then those
// with one, and so on up to the bound.
func (s *search) fewPreemptions(ctx context.Context) *Result {
	found := map[result]*Outcome{}
	b := s.byPreemptions()
	r := &Result{}
	for r.Why == "" && b.level() {
		if b.at.preemptions > s.opts.MaxPreemptions-1 {
			r.Why = fmt.Sprintf("the bound of %d preemptions", s.opts.MaxPreemptions-1)
			break
		}
		for w := range b.states() {
			b.follow(w, func(f result) {
				if found[f] == nil {
					found[f] = &Outcome{Text: f.text, Kind: f.kind, Schedule: b.schedule(w)}
				}
			})
		}
		switch {
		case ctx.Err() != nil:
			r.Why = "interrupted"
		case b.tooLarge():
			r.Why = s.opts.outOfMemory()
		}
		if r.Why != "" {
			r.Why += fmt.Sprintf("; complete up to %d preemptions", b.at.preemptions-1)
		}
	}
	r.Complete = r.Why == ""
	for _, o := range found {
		r.Outcomes = append(r.Outcomes, *o)
	}
	sortOutcomes(r.Outcomes)
	r.States, r.Steps = int64(b.settled.len()), b.steps
	r.Locals, r.Objects, r.Rehearsals = int64(len(s.m.locals)), s.m.objects, s.m.rehearsals
	return r
}

// byPreemptions is a search by cost: all states that few preemptions lead to before
// those that need more, and among them by steps.
type byPreemptions struct {
	s       *search
	settled *set // a state and who took the last step
	queue   []map[int][]waiting
	at      cost
	room    int64 // how many states may be kept
	kept    int64
	steps   int64
}

func (s *search) byPreemptions() *byPreemptions {
	b := &byPreemptions{s: s, settled: newSet(false, 1), queue: []map[int][]waiting{{}}, room: s.room()}
	b.at.steps = -1
	for _, r := range s.begins() {
		for i, w := range r.ways {
			b.put(w, r.costs[i])
		}
	}
	return b
}

// room is how many states may be kept beside what the search before keeps.
func (s *search) room() int64 {
	return max(1000, (s.meter.budget-s.kept())/int64(4*s.m.width+280))
}

// level goes on to the next cost, and says whether there is one.
func (b *byPreemptions) level() bool {
	b.at.steps++
	for b.at.preemptions < len(b.queue) && len(b.queue[b.at.preemptions]) == 0 {
		b.at = cost{b.at.preemptions + 1, 0}
	}
	return b.at.preemptions < len(b.queue)
}

func (b *byPreemptions) tooLarge() bool { return b.kept > b.room }

// states goes through the states of the present cost that no lower one leads to, until it
// becomes too large.
func (b *byPreemptions) states() iter.Seq[waiting] {
	all := b.queue[b.at.preemptions][b.at.steps]
	delete(b.queue[b.at.preemptions], b.at.steps)
	return func(yield func(waiting) bool) {
		for _, w := range all {
			if b.tooLarge() || b.settled.addAlone(w.fp+key(1<<30, int32(w.last))) && !yield(w) {
				return
			}
		}
	}
}

// put queues a state that a way of that cost leads to.
func (b *byPreemptions) put(w waiting, c cost) {
	for len(b.queue) <= c.preemptions {
		b.queue = append(b.queue, map[int][]waiting{})
	}
	b.queue[c.preemptions][c.steps] = append(b.queue[c.preemptions][c.steps], w)
}

func (b *byPreemptions) schedule(w waiting) *Schedule { return b.s.m.prog.told(w.way, b.at) }

// told writes a way down that is told backwards.
func (p *Program) told(last *walk, c cost) *Schedule {
	var way []move
	for x := last; x != nil; x = x.before {
		way = append(way, x.move)
	}
	slices.Reverse(way)
	return &Schedule{p.tell(way), c.preemptions, c.steps}
}

// follow tells what a state shows, and queues those after it.
func (b *byPreemptions) follow(w waiting, shows func(result)) {
	m := b.s.m
	if text := m.broken(w.row); text != "" {
		shows(result{text, Broken})
	}
	canGoOn := false
	var all []waiting
	any := m.after(w.state, func(mv move, st state) {
		canGoOn = canGoOn || mv.task == w.last && w.last >= 0
		all = append(all, waiting{st, mv.task, &walk{w.way, mv}})
	})
	if !any {
		text, kind := m.label(w.row)
		shows(result{text, kind})
	}
	for _, next := range all {
		b.steps++
		b.kept++
		p := b.at.preemptions
		if canGoOn && next.last != w.last {
			p++
		}
		b.put(next, cost{p, b.at.steps + 1})
	}
}

// tell writes a way down as a schedule.
func (p *Program) tell(way []move) (s sched.Schedule) {
	for _, mv := range way {
		num := 0
		if mv.task >= 0 {
			num = p.Tasks[mv.task].Num
		}
		if n := len(s); n > 0 && s[n-1].Task == num {
			s[n-1].Count++
		} else {
			s = append(s, sched.Decision{Task: num, Count: 1})
		}
		for _, a := range mv.answers {
			s = append(s, sched.Decision{Task: -1, Count: 1, Answer: a})
		}
	}
	return s
}
