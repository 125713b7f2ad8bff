package replay

import (
	"sealab/explain"
	"sealab/sim/sched"
)

// longest is the number of lines after which a stretch of overlapping calls is no
// longer kept for a search.
const longest = 4096

// stretchFrom begins a stretch with a line.
func (r *Replayer) stretchFrom(it *item) {
	r.saved = r.m.save()
	r.stretch = r.stretch[:0]
	r.touched = map[int64]bool{}
	r.overlapped(it)
}

// overlapped adds a line to the stretch in which calls overlap. It is kept until all
// of them have ended, and then the stretch is played.
func (r *Replayer) overlapped(it *item) {
	r.inFlight(it)
	r.stretch = append(r.stretch, *it)
	r.touch(it)
	if it.kind == whole && it.guesses() {
		r.open[guess] = true
	}
	if len(r.open) == 0 || len(r.stretch) > longest {
		r.settle()
	}
}

// touch notes the descriptors that a line of a stretch may change.
func (r *Replayer) touch(it *item) {
	if it.ans.OK() {
		r.touched[it.ans.Val] = true
	}
	if it.ans.HasPair {
		r.touched[it.ans.Pair[0]], r.touched[it.ans.Pair[1]] = true, true
	}
	for _, fd := range it.ans.FDs {
		r.touched[fd] = true
	}
	if it.name == "dup2" || it.name == "dup3" {
		r.touched[it.call.Args[1]] = true
	}
}

// guess stands in Replayer.open for a guess that later lines may prove wrong. It
// keeps the stretch open until the program ends.
const guess = -1

// inFlight notes which tasks are in a call.
func (r *Replayer) inFlight(it *item) {
	switch it.kind {
	case begin:
		r.open[it.pid] = true
	case end, gone, lost:
		delete(r.open, it.pid)
	}
}

// settle ends a stretch: it finds an order that fits, and reports what it gave.
func (r *Replayer) settle() {
	if r.first != nil { // the log ends inside a call that nothing overlapped
		c := *r.first
		r.first = nil
		r.tally(&c)
	}
	if r.saved == nil {
		return
	}
	r.link()
	r.rep.Overlap++
	best, tried := r.search()
	r.rep.Orders += int64(tried)
	if best.cut || best.differ > 0 && r.ctx.Err() != nil {
		best.outcomes = nil // the search was cut short: nothing can be said
		r.rep.Interrupted = true
	}
	if ds := best.d.deviating(); len(ds) > 0 {
		r.reordered(ds, tried)
	}
	for _, o := range best.outcomes {
		r.report(o.f, o.v, o.why, tried)
	}
	r.inferred(best.m)
	r.m.k.S.Stop()
	r.m = best.m
	r.saved, r.stretch = nil, r.stretch[:0]
	delete(r.open, guess)
	r.long = len(r.open) > 0
}

// link tells the beginning of each call of the stretch what its end told: only
// there are all its arguments, and its answer.
func (r *Replayer) link() {
	begun := map[int]int{}
	for i := range r.stretch {
		it := &r.stretch[i]
		switch it.kind {
		case begin:
			begun[it.pid] = i
		case end:
			if j, ok := begun[it.pid]; ok {
				b := &r.stretch[j]
				line := b.call.Line
				b.call, b.ans, b.class, b.child, b.linked = it.call, it.ans, it.class, it.child, true
				b.call.Line = line
				delete(begun, it.pid)
			}
		case gone, lost:
			delete(begun, it.pid)
		}
	}
}

// outcome is a call that ended in a try.
type outcome struct {
	f   *flight
	v   judgement
	why *explain.Reason
}

// try is one order of a stretch: what it decided and what came of it.
type try struct {
	m        *machine
	d        *deviations
	outcomes []outcome
	good     int // calls that ended before the first one whose answer differs
	differ   int // calls whose answer is not the recorded one
	late     int // waits that are more than two ticks off

	cut bool // the log was given up before the stretch was at its end

	// How far its neighbours have been tried: the question, and the last answer.
	question int
	answer   uint8
}

// fits says whether a try leaves nothing to wish for.
func (y *try) fits() bool { return y.differ == 0 && y.late == 0 }

// discard ends a try's machine.
func (y *try) discard() {
	if y.m != nil {
		y.m.k.S.Stop()
		y.m, y.outcomes = nil, nil
	}
}

// attempt plays the stretch once. With giveUp it stops at the first call whose
// answer differs.
func (r *Replayer) attempt(d *deviations, giveUp bool) *try {
	y := &try{m: r.saved.restore(), d: d}
	d.on, d.until = true, -1
	p := play{machine: y.m, d: d, opts: &r.opts}
	p.ended = func(t *task, f *flight, _ *item) bool {
		o := outcome{f: f, v: verdict(&p, t, f)}
		if !giveUp || !o.v.differs {
			o.why = r.explain(p.machine, t, f)
		}
		y.outcomes = append(y.outcomes, o)
		if o.v.late {
			y.late++
		}
		if o.v.differs {
			y.differ++
			if d.until < 0 {
				d.until = len(d.asked)
			}
		} else if y.differ == 0 {
			y.good++
		}
		return !giveUp || !o.v.differs
	}
	for i := range r.stretch {
		if y.cut = r.ctx.Err() != nil; y.cut {
			break
		}
		it := r.stretch[i]
		if !p.line(&it) {
			break
		}
	}
	if d.until < 0 {
		d.until = len(d.asked)
	}
	y.question = d.until - 1
	return y
}

// search looks for an order that fits. It begins with the plain one and goes from
// each try to its neighbours, which answer one more question differently, those
// near the misfit first; the try that got furthest is gone on from. Then come orders
// in which calls interleave at random, always the same ones. If none fits, what the
// log does not show may be taken from it.
func (r *Replayer) search() (best *try, tried int) {
	best = r.attempt(&deviations{}, false)
	if best.fits() {
		return best, 0
	}
	budget := r.budget()
	best, tried = r.nearest(best, budget*3/4)
	for seed := uint64(1); best.differ > 0 && tried < budget && r.ctx.Err() == nil; seed++ {
		tried++
		best = better(best, r.attempt(&deviations{random: sched.NewRandom(seed)}, true))
	}
	if best.differ > 0 {
		lax := r.attempt(&deviations{lax: true}, false)
		lax, more := r.nearest(lax, budget/4)
		tried += more + 1
		best = better(best, lax)
	}
	return best, tried
}

// effort bounds a search: lines played and folios copied.
const effort = 4 << 20

// budget is how many orders are tried.
func (r *Replayer) budget() int {
	once := int64(len(r.stretch)) + r.m.k.Folios()
	return int(min(int64(r.opts.orders()), effort/once))
}

// better returns the one of two tries that fits better, and discards the other. One
// that gave up at a misfit is no better than anything.
func better(best, y *try) *try {
	if y == best {
		return best
	}
	if y.differ < best.differ && y.differ == 0 || y.differ == 0 && y.late < best.late {
		best.discard()
		return y
	}
	y.discard()
	return best
}

// nearest searches the neighbourhood of a try, for so many tries at most.
func (r *Replayer) nearest(best *try, budget int) (_ *try, tried int) {
	if best.differ == 0 {
		budget = min(budget, 64) // only to explain how long something took
	}
	frontier := []*try{best}
	for tried < budget && !best.fits() && len(frontier) > 0 && r.ctx.Err() == nil {
		i := furthest(frontier)
		d := frontier[i].next()
		if d == nil {
			frontier[i] = frontier[len(frontier)-1]
			frontier = frontier[:len(frontier)-1]
			continue
		}
		y := r.attempt(d, true)
		tried++
		frontier = append(frontier, y)
		best = better(best, y)
	}
	return best, tried
}

// furthest returns the index of the try that got furthest, of those with the fewest
// deviations, the oldest.
func furthest(tries []*try) int {
	at := 0
	for i, y := range tries {
		b := tries[at]
		if y.good > b.good || y.good == b.good && len(y.d.fixed) < len(b.d.fixed) {
			at = i
		}
	}
	return at
}

// next returns the next neighbour of a try, nil when all have been tried.
func (y *try) next() *deviations {
	for y.question >= len(y.d.fixed) {
		if y.answer++; y.answer < y.d.asked[y.question].n {
			return &deviations{lax: y.d.lax, fixed: y.d.with(y.question, y.answer)}
		}
		y.question, y.answer = y.question-1, 0
	}
	return nil
}

// with returns the answers given so far, up to question i, with another answer to
// that one.
func (d *deviations) with(i int, v uint8) []uint8 {
	fixed := make([]uint8, i+1)
	for j, a := range d.asked[:i] {
		fixed[j] = a.got
	}
	fixed[i] = v
	return fixed
}

// deviating returns the questions that were not answered plainly.
func (d *deviations) deviating() (out []asked) {
	for _, a := range d.asked {
		if a.got != 0 {
			out = append(out, a)
		}
	}
	return out
}
