package explore

import (
	"context"
	"fmt"
	"math"
	"math/big"
	"slices"

	"sealab/sim/sched"
)

// Method is a way to draw runs at random.
type Method uint8

const (
	// Walk takes each step that is possible with the same probability.
	Walk Method = iota
	// PCT gives the tasks priorities, lets the first that can go on always go on, and
	// at a few random moments makes it the last (Burckhardt, Kothari, Musuvathi,
	// Nagarakatte 2010). The number of moments goes up from run to run, from none to
	// MaxDepth, and begins anew: nobody need know how deep a bug lies.
	PCT
)

func (m Method) String() string { return [...]string{"walk", "pct"}[m] }

// SampleOptions say how Sample draws.
type SampleOptions struct {
	Options
	Method   Method
	Seed     uint64
	Runs     int64 // 0 means 10000
	MaxDepth int   // of PCT: the most changes of priority; 0 means 6
}

// Sample draws runs of a program that is too large to be searched. It is never
// complete. An outcome's Count is how many runs had it, and its schedule that of
// the run with the fewest preemptions, then steps, made shorter where that can be.
func Sample(ctx context.Context, p *Program, opts SampleOptions) (*Result, error) {
	if len(p.Tasks) == 0 {
		return nil, fmt.Errorf("explore: a program without tasks")
	}
	if opts.Runs == 0 {
		opts.Runs = 10000
	}
	if opts.MaxDepth == 0 {
		opts.MaxDepth = 6
	}
	d := &draws{p: p, opts: &opts, rnd: sched.NewRandom(opts.Seed)}
	d.found, d.ways = map[result]*Outcome{}, map[result][]move{}
	r := &Result{Why: fmt.Sprintf("only %d runs were drawn", opts.Runs), Total: new(big.Int)}
	stage := newStage(p)
	for ; d.runs < opts.Runs; d.runs++ {
		if ctx.Err() != nil {
			r.Why = fmt.Sprintf("interrupted after %d runs", d.runs)
			break
		}
		l := newLive(p, &opts.Options, stage)
		d.run(l)
		l.close()
	}
	r.Steps = d.steps
	r.Total.SetInt64(d.runs)
	r.Estimate = d.estimate()
	for f, o := range d.found {
		if ctx.Err() == nil {
			s := shrinker{p: p, opts: &opts.Options, stage: stage, want: f, left: shrinkRuns}
			if short := s.shrink(d.ways[f]); short != nil && short.before(o.Schedule) {
				o.Schedule = short
			}
		}
		r.Outcomes = append(r.Outcomes, *o)
	}
	sortOutcomes(r.Outcomes)
	return r, nil
}

// Estimate is what can be said of what was not drawn.
type Estimate struct {
	// Unseen is about how likely it is that the next run, drawn the same way, has an
	// outcome that none had yet: the share of the outcomes seen once among the runs
	// (Good and Turing).
	Unseen float64
	// Orders is about how many orders there are, as a power of ten: the mean, over the
	// runs, of the product of how many steps were possible at each (Knuth). Only for
	// Walk.
	Orders float64
}

// draws is a sampling in progress.
type draws struct {
	p      *Program
	opts   *SampleOptions
	rnd    *sched.Random
	found  map[result]*Outcome
	ways   map[result][]move // to each
	runs   int64
	steps  int64
	length int       // of the longest run so far
	sizes  []float64 // for each run: log10 of the product of its possibilities
	buf    []option

	prio   []uint64 // of PCT: the highest goes on; the clock's is the last
	change []int    // steps before which the first task becomes the last
}

// run makes one run.
func (d *draws) run(l *live) {
	size := 0.0
	choose := func(n int) int {
		size += math.Log10(float64(n))
		return d.rnd.Intn(n)
	}
	d.begin()
	l.start(choose)
	var way []move
	last, preemptions := -2, 0
	for d.buf = l.options(d.buf); len(d.buf) > 0; d.buf = l.options(d.buf) {
		size += math.Log10(float64(len(d.buf)))
		o := d.buf[d.pick(len(way))]
		who := o.task
		if o.tick {
			who = -1
		}
		if who != last && slices.Contains(d.buf, option{task: last}) {
			preemptions++
		}
		var answers []int
		l.take(o, func(n int) int {
			answers = append(answers, choose(n))
			return answers[len(answers)-1]
		})
		way = append(way, move{who, answers})
		last = who
	}
	d.steps += int64(len(way))
	d.length = max(d.length, len(way))
	d.sizes = append(d.sizes, size)
	text, kind := l.label()
	o := d.found[result{text, kind}]
	if o == nil {
		o = &Outcome{Text: text, Kind: kind, Count: new(big.Int)}
		d.found[result{text, kind}] = o
	}
	o.Count.Add(o.Count, one)
	if s := (&Schedule{d.p.tell(way), preemptions, len(way)}); o.Schedule == nil || s.before(o.Schedule) {
		o.Schedule, d.ways[result{text, kind}] = s, way
	}
}

// begin draws what a run of PCT needs.
func (d *draws) begin() {
	if d.opts.Method != PCT {
		return
	}
	d.prio = d.prio[:0]
	for range len(d.p.Tasks) + 1 {
		d.prio = append(d.prio, d.rnd.Uint64()|1<<63)
	}
	d.change = d.change[:0]
	for range int(d.runs) % (d.opts.MaxDepth + 1) {
		d.change = append(d.change, d.rnd.Intn(max(1, d.length)))
	}
}

// pick returns which of the options is taken at a step.
func (d *draws) pick(step int) int {
	if d.opts.Method == Walk {
		return d.rnd.Intn(len(d.buf))
	}
	first := func() int {
		best := 0
		for i := range d.buf {
			if d.prio[d.who(i)] > d.prio[d.who(best)] {
				best = i
			}
		}
		return best
	}
	for i, at := range d.change {
		if at == step {
			d.prio[d.who(first())] = uint64(len(d.change) - i)
		}
	}
	return first()
}

func (d *draws) who(i int) int {
	if d.buf[i].tick {
		return len(d.p.Tasks)
	}
	return d.buf[i].task
}

func (d *draws) estimate() *Estimate {
	e := &Estimate{}
	once := 0
	for _, o := range d.found {
		if o.Count.Cmp(one) == 0 {
			once++
		}
	}
	if d.runs > 0 {
		e.Unseen = float64(once) / float64(d.runs)
	}
	if d.opts.Method == Walk && d.runs > 0 {
		most := slices.Max(d.sizes)
		sum := 0.0
		for _, s := range d.sizes {
			sum += math.Pow(10, s-most)
		}
		e.Orders = most + math.Log10(sum/float64(d.runs))
	}
	return e
}
