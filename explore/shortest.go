package explore

import (
	"context"
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
		missing[result{o.Text, o.Kind}] = o
	}
	settled := newSet(false, 1)
	queue := []map[int][]waiting{{}}
	for _, st := range s.m.starts() {
		queue[0][0] = append(queue[0][0], waiting{state: st, last: -2})
	}
	room := s.opts.maxMemory() / 256 // states that may be kept
	for p := 0; p < len(queue); p++ {
		for steps := 0; len(queue[p]) > 0; steps++ {
			all := queue[p][steps]
			delete(queue[p], steps)
			for _, w := range all {
				if len(missing) == 0 || ctx.Err() != nil || int64(settled.len()) > room {
					return
				}
				if settled.full() {
					settled.grow()
				}
				if settled.add(w.fp + key(1<<30, int32(w.last))) {
					queue = s.follow(queue, w, cost{p, steps}, missing)
				}
			}
		}
	}
}

// follow looks at a state on the way, and queues those after it.
func (s *search) follow(queue []map[int][]waiting, w waiting, c cost, missing map[result]*Outcome) []map[int][]waiting {
	arrived := func(text string, kind Kind) {
		if o := missing[result{text, kind}]; o != nil {
			o.Schedule = &Schedule{s.m.tell(w.way), c.preemptions}
			delete(missing, result{text, kind})
		}
	}
	if text := s.m.broken(w.row); text != "" {
		arrived(text, Broken)
	}
	canGoOn := false
	var all []waiting
	any := s.m.after(w.state, func(mv move, st state) {
		canGoOn = canGoOn || mv.task == w.last && w.last >= 0
		all = append(all, waiting{st, mv.task, &walk{w.way, mv}})
	})
	if !any {
		arrived(s.m.label(w.row))
	}
	for _, next := range all {
		p := c.preemptions
		if canGoOn && next.last != w.last {
			p++
		}
		for len(queue) <= p {
			queue = append(queue, map[int][]waiting{})
		}
		queue[p][c.steps+1] = append(queue[p][c.steps+1], next)
	}
	return queue
}

// tell writes a way down as a schedule.
func (m *machine) tell(w *walk) (s sched.Schedule) {
	var all []move
	for ; w != nil; w = w.before {
		all = append(all, w.move)
	}
	slices.Reverse(all)
	for _, mv := range all {
		num := 0
		if mv.task >= 0 {
			num = m.prog.Tasks[mv.task].Num
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
