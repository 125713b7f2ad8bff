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
	now  layer // states to look at; a worker has those after them

	roots []root               // what it begins with: ask begins
	early map[result]*Schedule // laws that are broken before that

	// mu is held for reading while workers look things up, and for writing while
	// one of them learns something or the set grows.
	mu    sync.RWMutex
	found map[result]*big.Int // nil until it is counted
	next  atomic.Int64        // the state of now to look at next
	over  atomic.Bool
	// lawful is held while a state is shown to the law.
	lawful sync.Mutex

	steps int64

	// tally is held while a worker looks whether the search must end. It is not mu: for that
	// every worker would have to wait for all the others.
	tally  sync.Mutex
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
	slack := o.workers() * batch * 4 * (len(p.Tasks) + 1)
	return &search{m: newMachine(p, o), opts: o, seen: newSet(!o.NoCounts, slack), found: map[result]*big.Int{},
		early: map[result]*Schedule{}}
}

// begin makes the workers, and gives the first the states to begin with.
func (s *search) begin() ([]*worker, error) {
	workers := make([]*worker, s.opts.workers())
	for i := range workers {
		workers[i] = &worker{search: s}
		workers[i].later.reset(s.m.width + 4)
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
		if s.now.len() < 4*batch {
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
	s.mu.RUnlock()
	s.mu.Lock()
	defer func() {
		s.mu.Unlock()
		s.mu.RLock()
	}()
	f()
}

// bounded says whether the search must end here, and notes why.
func (s *search) bounded(ctx context.Context, layers int64) bool {
	now, growing := s.seen.bytes()
	learned := int64(len(s.m.locals))*600 + s.m.objectBytes
	if s.seen.crowded() {
		now = growing
	}
	n := int64(s.seen.len())
	s.tally.Lock()
	defer s.tally.Unlock()
	s.memory = max(s.memory, now+layers+learned)
	switch max := s.opts.budget(); {
	case s.why != "":
	case ctx.Err() != nil:
		s.why = "interrupted"
	case s.opts.MaxStates > 0 && n >= s.opts.MaxStates:
		s.why = fmt.Sprintf("the bound of %d states", s.opts.MaxStates)
	case now+layers+learned > max:
		s.why = s.opts.outOfMemory()
	}
	over := s.why != ""
	if s.opts.Progress != nil {
		s.lawful.Lock() // who holds it notes what was found
		found := int64(len(s.found))
		s.lawful.Unlock()
		s.opts.Progress(Progress{n, int64(s.now.len()), found, now + layers + learned})
	}
	s.over.Store(over)
	return over
}

// worker looks at states, at the same time as others.
type worker struct {
	*search
	later layer   // the states it has found
	left  []int64 // batches that it took and did not look at, because the search is over
	cand  []candidate
	steps int64
	sum   uint64 // keeps the look ahead from being optimised away
}

// candidate is a state that one step leads to.
type candidate struct {
	fp      uint64
	from    int32 // which state of now
	task    int32
	local   int32 // where the task lands
	col     int32 // the column that changes beside it, -1 for none
	version int32
}

// batch is how many states a worker looks at together. Looking their successors up
// together lets the memory fetch many at a time.
const batch = 64

func (w *worker) run(ctx context.Context) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	n := int64(w.now.len())
	for rounds := 0; ; rounds++ {
		lo := w.next.Add(batch) - batch
		if lo >= n {
			return
		}
		if w.over.Load() {
			w.left = append(w.left, lo)
			return
		}
		if w.seen.full() {
			w.alone(func() {
				if w.seen.full() {
					w.seen.grow()
				}
			})
		}
		if rounds&7 == 0 && w.bounded(ctx, w.now.bytes()+2*w.later.bytes()) {
			w.left = append(w.left, lo)
			return
		}
		w.cand = w.cand[:0]
		for i := lo; i < min(lo+batch, n); i++ {
			w.expand(int(i))
		}
		w.lookup()
	}
}

// expand gathers the states after one.
func (w *worker) expand(i int) {
	m := w.m
	st := w.now.state(i)
	any := false
	if !m.crashed(st.row) {
		for task := range m.roles {
			if !m.places[st.row[task]].ended {
				any = w.step(st, i, task) || any
			}
		}
		if !any || m.opts.freeTime() {
			any = w.tick(st) || any
		}
	}
	if !any {
		w.alone(func() {
			text, kind := m.label(st.row)
			w.found[result{text, kind}] = nil
		})
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
func (w *worker) tick(st state) (any bool) {
	if !w.m.armed(st.row) {
		return false
	}
	w.alone(func() {
		any = w.m.tick(st, func(_ move, next state) { w.meet(next) })
	})
	return any
}

// lookup looks the gathered states up and keeps those that are new.
func (w *worker) lookup() {
	for i := range w.cand {
		w.sum += w.seen.peek(w.cand[i].fp)
	}
	w.steps += int64(len(w.cand))
	for i := range w.cand {
		c := &w.cand[i]
		if !w.seen.add(c.fp) {
			continue
		}
		row := w.later.push(w.now.state(int(c.from)).row, c.fp, w.m.width)
		row[c.task] = c.local
		if c.col >= 0 {
			row[c.col] = c.version
		}
		if w.m.prog.Law != nil {
			w.law(row)
		}
	}
}

// meet notes a state, and keeps it for later if it is new.
func (w *worker) meet(st state) {
	w.steps++
	if w.seen.add(st.fp) {
		row := w.later.push(st.row, st.fp, w.m.width)
		if w.m.prog.Law != nil {
			w.law(row)
		}
	}
}

// law asks whether a state is as it must be.
func (w *worker) law(row []int32) {
	w.lawful.Lock()
	defer w.lawful.Unlock()
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
	if !s.opts.NoSchedules {
		s.schedules(ctx, r)
	}
	return r
}
