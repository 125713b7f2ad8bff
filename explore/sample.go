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
	// Uniform takes the step of a task with a probability in proportion to how many steps
	// it has left, as far as the runs before tell. Of tasks that do not wait for each other
	// each order is then as likely as any other, where Walk prefers those in which short
	// tasks end early.
	Uniform
)

func (m Method) String() string { return [...]string{"walk", "pct", "uniform"}[m] }

// SampleOptions say how Sample draws.
type SampleOptions struct {
	Options
	Method   Method
	Seed     uint64
	Runs     int64 // 0 means 10000
	MaxDepth int   // of PCT: the most changes of priority; 0 means 6
	MaxWork  int64 // no run is begun after so many steps times tasks; 0 for no bound
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
		if opts.MaxWork > 0 && d.steps*int64(len(p.Tasks)) > opts.MaxWork {
			r.Why = fmt.Sprintf("only %d runs were drawn", d.runs)
			break
		}
		l := newLive(p, &opts.Options, stage)
		d.run(l)
		l.close()
	}
	r.Steps = d.steps
	r.Total.SetInt64(d.runs)
	r.Estimate = d.estimate()
	for _, o := range d.found {
		r.Outcomes = append(r.Outcomes, *o)
	}
	sortOutcomes(r.Outcomes)
	work := int64(shrinkWork)
	for i := range r.Outcomes {
		o := &r.Outcomes[i]
		f := result{o.Text, o.Kind}
		s := shrinker{p: p, opts: &opts.Options, stage: stage, want: f, left: shrinkRuns, work: &work}
		if ctx.Err() == nil && !s.over() {
			if short := s.shrink(d.ways[f]); short != nil && short.before(o.Schedule) {
				o.Schedule = short
			}
		}
	}
	return r, nil
}

// Estimate is what can be said of what was not drawn.
type Estimate struct {
	// Unseen is about how likely it is that the next run, drawn the same way, has an
	// outcome that none had yet: the share of the outcomes seen once among the runs
	// (Good and Turing).
	Unseen float64
	// Orders is about how many orders there are, as a power of ten: the mean, over the
	// runs, of one divided by the probability of the run (Knuth). Not for PCT.
	Orders float64
	// Basis is how many runs of equal probability would tell as much about Orders: the
	// closer to the number of runs, the better.
	Basis float64
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
	sizes  []float64 // for each run: log10 of one divided by its probability
	buf    []option

	prio   []uint64 // of PCT: the highest goes on; the clock's is the last
	change []int    // steps before which the first task becomes the last

	taken []int64 // of Uniform: the steps of each task in this run; the clock's are the last
	total []int64 // and in all runs before
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
		i, odds := d.pick(len(way))
		size += math.Log10(odds)
		o := d.buf[i]
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
	for i, n := range d.taken {
		d.total[i] += n
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

// begin draws what a run needs.
func (d *draws) begin() {
	switch d.opts.Method {
	case Walk:
		return
	case Uniform:
		if d.total == nil {
			d.total = make([]int64, len(d.p.Tasks)+1)
		}
		d.taken = make([]int64, len(d.total))
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

// pick returns which of the options is taken at a step, and one divided by how likely that
// was.
func (d *draws) pick(step int) (i int, odds float64) {
	switch d.opts.Method {
	case Walk:
		return d.rnd.Intn(len(d.buf)), float64(len(d.buf))
	case Uniform:
		return d.inProportion()
	}
	return d.byPriority(step), 1
}

// inProportion takes an option with a probability in proportion to what is left of who
// takes it: the mean of the runs before less what it has done, and one step at least.
func (d *draws) inProportion() (i int, odds float64) {
	weight := func(i int) int64 {
		who := d.who(i)
		return max(16, 16*d.total[who]/max(1, d.runs)-16*d.taken[who]) // in sixteenths of a step
	}
	all := int64(0)
	for i := range d.buf {
		all += weight(i)
	}
	at := int64(d.rnd.Intn(int(all)))
	for ; at >= weight(i); i++ {
		at -= weight(i)
	}
	odds = float64(all) / float64(weight(i))
	d.taken[d.who(i)]++
	return i, odds
}

// byPriority returns the option of the first by priority.
func (d *draws) byPriority(step int) int {
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
	if d.opts.Method != PCT && d.runs > 0 {
		most := slices.Max(d.sizes)
		sum, squares := 0.0, 0.0
		for _, s := range d.sizes {
			w := math.Pow(10, s-most)
			sum, squares = sum+w, squares+w*w
		}
		e.Orders = most + math.Log10(sum/float64(d.runs))
		e.Basis = sum * sum / squares
	}
	return e
}
