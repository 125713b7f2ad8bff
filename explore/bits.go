package explore

import (
	"context"
	"fmt"
	"math"
	"math/bits"

	"sealab/sim/sched"
)

// hashes is how many bits stand for one state.
const hashes = 3

// filter is a set of fingerprints in a fixed number of bits. It never forgets one that was
// added, and may say of one that was not that it was.
type filter struct {
	words []uint64
	shift uint8 // place = hash >> shift
	ones  int64
}

// newFilter makes a filter that takes at most so many bytes.
func newFilter(bytes int64) *filter {
	log := max(10, bits.Len64(uint64(bytes*8))-1)
	return &filter{words: make([]uint64, 1<<(log-6)), shift: uint8(64 - log)}
}

// add adds a fingerprint, and says whether it was not there.
func (f *filter) add(fp uint64) (fresh bool) {
	step := bits.RotateLeft64(fp*0x9e3779b97f4a7c15, 32) | 1
	for range hashes {
		at := fp >> f.shift
		if w, bit := &f.words[at/64], uint64(1)<<(at%64); *w&bit == 0 {
			*w |= bit
			f.ones++
			fresh = true
		}
		fp += step
	}
	return fresh
}

// wrong is how likely it is that a fingerprint seems to be there that is not.
func (f *filter) wrong() float64 {
	return math.Pow(float64(f.ones)/float64(64*len(f.words)), hashes)
}

// hop is how the search by bits came to a state that it has still to look at.
type hop struct {
	move  move
	depth int // steps before
}

// deep is a search that goes down one order as far as it can before it tries another.
type deep struct {
	m     *machine
	opts  *Options
	seen  *filter
	pool  pool
	rows  layer // states to look at
	hops  []hop // of each
	path  []move
	found map[result][]move // a way to each
	meter meter
	r     Result
}

// Bits searches a program in a bounded amount of memory: of each state it keeps three bits
// in a table. Now and then a state is taken for one that was looked at before, so the search
// is never complete; how likely that was at most is told as Coverage. An outcome's schedule
// is that of the order in which it was found, made shorter.
func Bits(ctx context.Context, p *Program, opts Options) (*Result, error) {
	if len(p.Tasks) == 0 {
		return nil, fmt.Errorf("explore: a program without tasks")
	}
	d := &deep{meter: newMeter(&opts), m: newMachine(p, &opts), opts: &opts, seen: newFilter(opts.budget() / 2),
		found: map[result][]move{}}
	d.rows.pool = &d.pool
	for _, st := range d.m.starts() {
		d.meet(move{}, -1, st)
	}
	d.run(ctx)
	d.r.Coverage = 1 - d.seen.wrong()
	if d.r.Why == "" {
		d.r.Why = "three bits a state, which may stand for two"
	}
	d.r.Locals, d.r.Objects, d.r.Rehearsals = int64(len(d.m.locals)), d.m.objects, d.m.rehearsals
	stage, work := newStage(p), int64(shrinkWork)
	for f := range d.found {
		d.r.Outcomes = append(d.r.Outcomes, Outcome{Text: f.text, Kind: f.kind})
	}
	sortOutcomes(d.r.Outcomes)
	for i := range d.r.Outcomes {
		if o := &d.r.Outcomes[i]; !opts.NoSchedules {
			f := result{o.Text, o.Kind}
			o.Schedule = d.short(ctx, f, d.found[f], stage, &work)
		}
	}
	return &d.r, nil
}

// run looks at states, the last that was met first.
func (d *deep) run(ctx context.Context) {
	for d.rows.len() > 0 {
		if d.r.States&0xfff == 0 && d.over(ctx) {
			return
		}
		st := d.rows.pop()
		h := d.hops[len(d.hops)-1]
		d.hops = d.hops[:len(d.hops)-1]
		if h.depth >= 0 {
			d.path = append(d.path[:h.depth], h.move)
		}
		d.r.States++
		if text := d.m.broken(st.row); text != "" {
			d.note(result{text, Broken})
		}
		depth := h.depth + 1
		any := d.m.after(st, func(mv move, next state) {
			d.r.Steps++
			d.meet(mv, depth, next)
		})
		if !any {
			text, kind := d.m.label(st.row)
			d.note(result{text, kind})
		}
	}
}

// meet keeps a state for later if it seems new.
func (d *deep) meet(mv move, depth int, st state) {
	if d.seen.add(st.fp) {
		d.rows.push(st.row, st.fp, d.m.width)
		d.hops = append(d.hops, hop{mv, depth})
	}
}

// note keeps the way to a result that is new.
func (d *deep) note(f result) {
	if _, known := d.found[f]; !known {
		d.found[f] = append([]move{}, d.path...)
	}
}

// over says whether the search must end here, and notes why.
func (d *deep) over(ctx context.Context) bool {
	learned := int64(len(d.m.locals))*600 + d.m.objectBytes
	hops := 48 * int64(cap(d.hops)) * 9 / 4 // when they need more room, they are copied
	used := d.meter.uses(8*int64(len(d.seen.words)) + d.pool.bytes() + hops + learned)
	d.r.Memory = max(d.r.Memory, used)
	switch {
	case ctx.Err() != nil:
		d.r.Why = "interrupted"
	case d.opts.MaxStates > 0 && d.r.States >= d.opts.MaxStates:
		d.r.Why = fmt.Sprintf("the bound of %d states", d.opts.MaxStates)
	case used > d.meter.budget:
		d.r.Why = d.opts.outOfMemory()
	}
	if d.opts.Progress != nil {
		d.opts.Progress(Progress{d.r.States, int64(d.rows.len()), int64(len(d.found)), used})
	}
	return d.r.Why != ""
}

// short makes the schedule of a way short, unless the search was interrupted.
func (d *deep) short(ctx context.Context, f result, way []move, stage *sched.Sched, work *int64) *Schedule {
	s := shrinker{p: d.m.prog, opts: d.opts, stage: stage, want: f, left: shrinkRuns, work: work}
	if f.kind == Broken || ctx.Err() != nil || *work <= 0 {
		return s.measure(way)
	}
	return s.shrink(way)
}
