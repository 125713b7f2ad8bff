package replay

import (
	"sealab/explain"
	"sealab/sim/sched"
)

// longest is the number of lines after which a stretch of overlapping calls is no
// longer kept for a search.
const longest = 4096

// overlapped plays a line in a stretch in which calls overlap. It is kept until all
// of them have ended, and then the stretch is played.
func (r *Replayer) overlapped(it *item) {
	switch it.kind {
	case begin:
		if it.class != passive {
			r.open++
		}
	case end:
		if it.class != passive {
			r.open--
		}
	case gone:
		if t := r.m.task(it.pid); t != nil && t.flight != nil {
			r.open--
		}
	}
	r.stretch = append(r.stretch, *it)
	if r.open == 0 || len(r.stretch) > longest {
		r.settle()
	}
}

// outcome is a call that ended in a try.
type outcome struct {
	f   *flight
	v   judgement
	why *explain.Reason
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
	r.rep.Overlap++
	best, tried := r.search()
	r.rep.Orders += int64(tried)
	if ds := best.d.deviating(); len(ds) > 0 {
		r.reordered(ds, tried)
	}
	for _, o := range best.outcomes {
		r.report(o.f, o.v, o.why, tried)
	}
	r.m.k.S.Stop()
	r.m = best.m
	r.saved, r.stretch, r.open = nil, r.stretch[:0], 0
}

// try is one order of a stretch: what it decided and what came of it.
type try struct {
	m        *machine
	d        *deviations
	outcomes []outcome
	differ   int // calls whose answer is not the recorded one
	late     int // waits that are more than two ticks off
}

// fits says whether a try leaves nothing to wish for.
func (y *try) fits() bool { return y.differ == 0 && y.late == 0 }

// discard ends a try's machine.
func (y *try) discard() { y.m.k.S.Stop() }

// attempt plays the stretch once. With giveUp it stops at the first call whose
// answer differs.
func (r *Replayer) attempt(d *deviations, giveUp bool) *try {
	y := &try{m: r.saved.restore(), d: d}
	d.on, d.until = true, -1
	p := play{machine: y.m, d: d, opts: &r.opts}
	p.ended = func(t *task, f *flight, _ *item) bool {
		o := outcome{f: f, v: verdict(p.machine, t, f, &r.opts)}
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
		}
		return !giveUp || !o.v.differs
	}
	for i := range r.stretch {
		it := r.stretch[i]
		if !p.line(&it) {
			break
		}
	}
	if d.until < 0 {
		d.until = len(d.asked)
	}
	return y
}

// search looks for an order that fits: the plain one, then those with one
// deviation from it, with two, and so on, those near the misfit first; at last
// orders in which calls interleave at random, always the same ones.
func (r *Replayer) search() (best *try, tried int) {
	best = r.attempt(&deviations{}, false)
	budget := r.opts.orders()
	if best.differ == 0 {
		budget = min(budget, 64) // only to explain how long something took
	}
	consider := func(d *deviations) bool {
		y := r.attempt(d, true)
		tried++
		if y.differ > 0 || best.differ == 0 && y.late >= best.late {
			y.discard()
			return false
		}
		best.discard()
		best = y
		return best.fits()
	}
	queue := []*deviations{best.d}
	for len(queue) > 0 && !best.fits() && tried < budget*3/4 {
		d := queue[0]
		queue = queue[1:]
		for i := d.until - 1; i >= len(d.fixed) && tried < budget*3/4; i-- {
			for v := uint8(1); v < d.asked[i].n; v++ {
				near := &deviations{fixed: d.with(i, v)}
				if consider(near) {
					return best, tried
				}
				queue = append(queue, near)
			}
		}
	}
	for seed := uint64(1); best.differ > 0 && tried < budget; seed++ {
		if consider(&deviations{random: sched.NewRandom(seed)}) {
			break
		}
	}
	return best, tried
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
