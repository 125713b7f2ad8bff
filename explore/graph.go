package explore

import (
	"context"
	"fmt"
	"math/big"
	"sync"
	"sync/atomic"
)

// search goes through the graph of a machine, one layer of steps after another.
type search struct {
	m    *machine
	opts *Options
	seen *set
	pool pool  // of the blocks of all layers
	now  layer // states to look at; a worker has those after them

	roots []root               // what it begins with: ask begins
	early map[result]*Schedule // laws that are broken before that

	// mu is held for reading while workers look things up, and for writing while
	// one of them learns something. Those who look things up let go when one wants to.
	mu     sync.RWMutex
	wanted atomic.Int32
	next   atomic.Int64 // the block of now to look at next
	over   atomic.Bool
	// shown is held while a state is shown to the law, or named as an end.
	shown sync.Mutex
	found map[result]*big.Int // nil until it is counted

	steps int64

	// tally is held while a worker looks whether the search must end. It is not mu: for that
	// every worker would have to wait for all the others.
	tally  sync.Mutex
	meter  meter
	memory int64
	why    string
}

// result is what a state shows: an end, or a broken law.
type result struct {
	text string
	kind Kind
}

// Run searches a program, until it is done, or a bound is reached, or the context
// ends.
func Run(ctx context.Context, p *Program, opts Options) (*Result, error) {
	if len(p.Tasks) == 0 {
		return nil, fmt.Errorf("explore: a program without tasks")
	}
	s := newSearch(p, &opts)
	if opts.MaxPreemptions > 0 {
		return s.fewPreemptions(ctx), nil
	}
	workers, err := s.begin()
	if err != nil {
		return nil, err
	}
	s.run(ctx, workers)
	r := s.result(ctx)
	if !r.Complete {
		r.Checkpoint = s.checkpoint(workers)
	}
	return r, nil
}

func newSearch(p *Program, o *Options) *search {
	slack := o.workers() * blockRows * 4 * (len(p.Tasks) + 1)
	s := &search{meter: newMeter(o), m: newMachine(p, o), opts: o, seen: newSet(!o.NoCounts, slack),
		found: map[result]*big.Int{}, early: map[result]*Schedule{}}
	s.now.pool = &s.pool
	return s
}

// begin makes the workers, and gives the first the states to begin with.
func (s *search) begin() ([]*worker, error) {
	workers := make([]*worker, s.opts.workers())
	for i := range workers {
		workers[i] = &worker{search: s, later: layer{pool: &s.pool}}
	}
	if s.opts.Resume != nil {
		return workers, s.resume(s.opts.Resume, workers[0])
	}
	for _, r := range s.begins() {
		workers[0].meet(r.state)
	}
	workers[0].steps = 0 // these were none
	return workers, nil
}

// run looks at all states, a layer at a time.
func (s *search) run(ctx context.Context, workers []*worker) {
	for !s.over.Load() {
		s.now.take(workers)
		if s.now.len() == 0 {
			break
		}
		s.next.Store(0)
		if len(s.now.blocks) <= 4 {
			workers[0].run(ctx)
			continue
		}
		var all sync.WaitGroup
		for _, w := range workers {
			all.Go(func() { w.run(ctx) })
		}
		all.Wait()
	}
	for _, w := range workers {
		s.steps += w.steps
	}
}

// alone runs f while no other worker looks at anything. The caller holds mu for
// reading, and has it again afterwards; what it knew of the machine may have moved.
func (s *search) alone(f func()) {
	s.wanted.Add(1)
	s.mu.RUnlock()
	s.mu.Lock()
	defer func() {
		s.wanted.Add(-1)
		s.mu.Unlock()
		s.mu.RLock()
	}()
	f()
}

// bounded says whether the search must end here, and notes why.
func (s *search) bounded(ctx context.Context) bool {
	n := int64(s.seen.len())
	used := s.meter.uses(s.kept())
	s.tally.Lock()
	defer s.tally.Unlock()
	s.memory = max(s.memory, used)
	switch {
	case s.why != "":
	case ctx.Err() != nil:
		s.why = "interrupted"
	case s.opts.MaxStates > 0 && n >= s.opts.MaxStates:
		s.why = fmt.Sprintf("the bound of %d states", s.opts.MaxStates)
	case used > s.meter.budget:
		s.why = s.opts.outOfMemory()
	}
	over := s.why != ""
	if s.opts.Progress != nil {
		s.shown.Lock() // who holds it notes what was found
		found := int64(len(s.found))
		s.shown.Unlock()
		s.opts.Progress(Progress{n, int64(s.now.len()), found, used})
	}
	s.over.Store(over)
	return over
}

// grow makes the set grow. If there is no memory for that, the search is over.
func (w *worker) grow() bool {
	w.alone(func() {
		if !w.seen.full() {
			return // another worker was faster
		}
		// While it grows both are there, the old and the new.
		room := (w.meter.budget - w.meter.uses(w.kept())) / w.seen.each()
		places := min(2*int64(len(w.seen.fps)), room)
		if 5*places < 6*int64(len(w.seen.fps)) {
			w.why = w.opts.outOfMemory()
			w.over.Store(true)
			return
		}
		w.seen.grow(int(places), w.opts.workers())
	})
	return !w.over.Load()
}

// kept is how many bytes the search has counted that it keeps.
func (s *search) kept() int64 {
	return s.seen.bytes() + s.pool.bytes() + int64(len(s.m.locals))*600 + s.m.objectBytes
}

// worker looks at states, at the same time as others.
type worker struct {
	*search
	later layer    // the states it has found
	left  []*block // that it took and did not look at, because the search is over
	cand  []candidate
	steps int64
	sum   uint64 // keeps the look ahead from being optimised away
}

// candidate is a state that one step leads to.
type candidate struct {
	fp      uint64
	from    int32 // which state of the block
	task    int32
	local   int32 // where the task lands
	col     int32 // the column that changes beside it, -1 for none
	version int32
}

func (w *worker) run(ctx context.Context) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	for rounds := 0; ; rounds++ {
		at := w.next.Add(1) - 1
		if at >= int64(len(w.now.blocks)) {
			return
		}
		b := w.now.blocks[at]
		if w.over.Load() || rounds&7 == 0 && w.bounded(ctx) || w.seen.full() && !w.grow() {
			w.left = append(w.left, b)
			return
		}
		w.cand = w.cand[:0]
		for i := range b.len() {
			w.letGo()
			w.expand(b.state(i), i)
		}
		w.lookup(b)
		w.pool.put(b)
	}
}

// letGo lets a worker go first that wants to learn something.
func (s *search) letGo() {
	if s.wanted.Load() > 0 {
		s.mu.RUnlock()
		s.mu.RLock()
	}
}

// expand gathers the states after one.
func (w *worker) expand(st state, from int) {
	m := w.m
	any := false
	if !m.crashed(st.row) {
		for task := range m.roles {
			if !m.places[st.row[task]].ended {
				any = w.step(st, from, task) || any
			}
		}
		if !any || m.opts.freeTime() {
			any = w.tick(st) || any
		}
	}
	if !any {
		w.shown.Lock()
		text, kind := m.label(st.row)
		w.found[result{text, kind}] = nil
		w.shown.Unlock()
	}
}

// step gathers what one task can do in a state.
func (w *worker) step(st state, from, task int) bool {
	m := w.m
	e := m.find(st.row, task)
	if e == nil {
		w.alone(func() { m.entry(st.row, task) })
		e = m.find(st.row, task)
	}
	switch e.verdict {
	case plain:
		col := m.places[st.row[task]].col
		w.cand = append(w.cand, candidate{st.fp + e.delta, int32(from), int32(task), e.local, col, e.version})
		return true
	case branches:
		for i := range m.many[e.many] {
			w.meet(m.branch(st, task, &m.many[e.many][i]))
		}
		return true
	}
	return false
}

// tick gathers what time can do in a state.
func (w *worker) tick(st state) bool {
	if !w.m.armed(st.row) {
		return false
	}
	meet := func(_ move, next state) { w.meet(next) }
	if w.m.timed(st.row) {
		return w.m.tick(st, meet)
	}
	w.alone(func() { w.m.tick(st, meet) })
	return true
}

// lookup looks the gathered states up and keeps those that are new.
func (w *worker) lookup(b *block) {
	for i := range w.cand {
		w.sum += w.seen.peek(w.cand[i].fp) // the memory fetches many at a time
	}
	w.steps += int64(len(w.cand))
	fresh := int64(0)
	for i := range w.cand {
		c := &w.cand[i]
		if !w.seen.put(c.fp, 1) {
			continue
		}
		fresh++
		row := w.later.push(b.state(int(c.from)).row, c.fp, w.m.width)
		row[c.task] = c.local
		if c.col >= 0 {
			row[c.col] = c.version
		}
		w.law(row)
	}
	w.seen.n.Add(fresh)
}

// meet notes a state, and keeps it for later if it is new.
func (w *worker) meet(st state) {
	w.steps++
	if w.seen.add(st.fp) {
		w.law(w.later.push(st.row, st.fp, w.m.width))
	}
}

// law asks whether a state is as it must be.
func (w *worker) law(row []int32) {
	if w.m.prog.Law == nil {
		return
	}
	w.shown.Lock()
	defer w.shown.Unlock()
	if text := w.m.broken(row); text != "" {
		w.found[result{text, Broken}] = nil
	}
}

func (s *search) result(ctx context.Context) *Result {
	m := s.m
	r := &Result{
		Complete: s.why == "", Why: s.why,
		States: int64(s.seen.len()), Steps: s.steps, Locals: int64(len(m.locals)),
		Objects: m.objects, Rehearsals: m.rehearsals, Memory: s.memory,
	}
	r.Outcomes = outcomes(s.found)
	if r.Complete && !s.opts.NoCounts && s.countable() {
		s.count(ctx, r)
	}
	if r.Complete { // what was needed to search and to count gives way to what schedules need
		s.seen = newSet(false, 1)
		s.pool.empty()
	}
	if !s.opts.NoSchedules {
		s.schedules(ctx, r)
	}
	return r
}
