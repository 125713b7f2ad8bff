package explore

import (
	"slices"

	"sealab/sim/sched"
)

// shrinker makes the schedule of a run that was drawn at random short: it leaves out
// parts of it and lets every task go on for as long as it can instead, and keeps what
// still comes to the same outcome with fewer preemptions, or fewer steps.
type shrinker struct {
	p     *Program
	opts  *Options
	stage *sched.Sched
	want  result
	left  int    // how many more runs may be made
	work  *int64 // how much all shrinkers may do together, in steps times tasks
}

// shrinkRuns is how many runs are made for one outcome at most.
const shrinkRuns = 3000

// shrinkWork is how much is done for all outcomes together: a few seconds.
const shrinkWork = 5_000_000

// over says whether no more runs may be made.
func (s *shrinker) over() bool { return s.left <= 0 || *s.work <= 0 }

func (s *shrinker) shrink(way []move) *Schedule {
	parts := stretches(way)
	best, ok := s.try(parts)
	if !ok {
		return nil
	}
	for again := true; again && !s.over(); {
		again = false
		for size := (len(parts) + 1) / 2; size > 0 && !s.over(); size /= 2 {
			for at := 0; at+size <= len(parts) && !s.over(); {
				fewer := slices.Delete(slices.Clone(parts), at, at+size)
				if got, ok := s.try(fewer); ok && got.before(best) {
					best, parts, again = got, fewer, true
				} else {
					at += size
				}
			}
		}
	}
	return best
}

// stretches cuts a way where another one goes on.
func stretches(way []move) (all [][]move) {
	for i, mv := range way {
		if i == 0 || way[i-1].task != mv.task {
			all = append(all, nil)
		}
		all[len(all)-1] = append(all[len(all)-1], mv)
	}
	return all
}

// try makes a run that follows the stretches where it can, and in which each task goes
// on otherwise.
func (s *shrinker) try(parts [][]move) (*Schedule, bool) {
	s.left--
	l := newLive(s.p, s.opts, s.stage)
	defer l.close()
	r := following{l: l, last: -2}
	l.start(r.first)
	r.follow(parts)
	for {
		who, any := r.onward()
		if !any {
			break
		}
		r.step(who, nil)
	}
	*s.work -= int64(len(r.way) * len(s.p.Tasks))
	text, kind := l.label()
	sch := &Schedule{s.p.tell(r.way), r.preemptions, len(r.way)}
	return sch, s.want == result{text, kind}
}

// measure returns a way as a schedule, as it is.
func (s *shrinker) measure(way []move) *Schedule {
	l := newLive(s.p, s.opts, s.stage)
	defer l.close()
	r := following{l: l, last: -2}
	l.start(r.first)
	r.follow(stretches(way))
	return &Schedule{s.p.tell(r.way), r.preemptions, len(r.way)}
}

// following is a run that follows a wish.
type following struct {
	l           *live
	way         []move
	last        int
	preemptions int
	buf         []option
}

func (r *following) first(int) int { return 0 }

// follow takes the steps of the stretches where it can.
func (r *following) follow(parts [][]move) {
	for _, part := range parts {
		for _, mv := range part {
			if !r.step(mv.task, mv.answers) {
				break
			}
		}
	}
}

// step lets somebody take a step, and says whether that was possible.
func (r *following) step(who int, answers []int) bool {
	r.buf = r.l.options(r.buf)
	i := slices.IndexFunc(r.buf, func(o option) bool { return o.tick == (who < 0) && (who < 0 || o.task == who) })
	if i < 0 {
		return false
	}
	if who != r.last && slices.Contains(r.buf, option{task: r.last}) {
		r.preemptions++
	}
	var given []int
	answer := func(n int) int {
		a := 0
		if len(answers) > len(given) && answers[len(given)] < n {
			a = answers[len(given)]
		}
		given = append(given, a)
		return a
	}
	if due := len(r.buf) - i; who < 0 && len(answers) > 0 && due > 1 {
		i += answer(due)
	}
	r.l.take(r.buf[i], answer)
	r.way, r.last = append(r.way, move{who, given}), who
	return true
}

// onward returns who goes on when nobody else is wished for: who was going on, else
// the first that can.
func (r *following) onward() (who int, any bool) {
	r.buf = r.l.options(r.buf)
	if len(r.buf) == 0 {
		return 0, false
	}
	if slices.Contains(r.buf, option{task: r.last}) {
		return r.last, true
	}
	if r.buf[0].tick {
		return -1, true
	}
	return r.buf[0].task, true
}
