package explore

import (
	"context"
	"fmt"
	"math/big"
)

// search goes through the graph of a machine, one layer of steps after another.
type search struct {
	m     *machine
	opts  *Options
	seen  *set
	now   layer               // states to look at
	later layer               // states after them
	found map[result]*big.Int // nil until it is counted

	steps, memory int64
	why           string
}

// result is what a state shows: an end, or a broken law.
type result struct {
	text string
	kind Kind
}

// layer is rows one behind the other, of the same length.
type layer struct {
	rows   []int32
	fps    []uint64
	stride int
}

func (l *layer) len() int { return len(l.fps) }

func (l *layer) state(i int) state {
	return state{l.rows[i*l.stride : (i+1)*l.stride : (i+1)*l.stride], l.fps[i]}
}

// reset empties the layer, for rows of a length.
func (l *layer) reset(stride int) {
	l.rows, l.fps, l.stride = l.rows[:0], l.fps[:0], stride
}

// push adds a row, which it copies, and returns the copy.
func (l *layer) push(row []int32, fp uint64) []int32 {
	if len(row) > l.stride {
		l.widen(len(row) + 4)
	}
	n := len(l.rows)
	l.rows = append(l.rows, row...)
	for len(l.rows) < n+l.stride {
		l.rows = append(l.rows, 0)
	}
	l.fps = append(l.fps, fp)
	return l.rows[n : n+l.stride]
}

// widen gives all rows room for columns that are new.
func (l *layer) widen(stride int) {
	rows := make([]int32, 0, l.len()*stride)
	for i := range l.len() {
		rows = append(rows, l.state(i).row...)
		rows = append(rows, make([]int32, stride-l.stride)...)
	}
	l.rows, l.stride = rows, stride
}

func (l *layer) bytes() int64 { return int64(4*cap(l.rows) + 8*cap(l.fps)) }

// Run searches a program, until it is done, or a bound is reached, or the context
// ends. Only a program that cannot be searched at all is an error.
func Run(ctx context.Context, p *Program, opts Options) (r *Result, err error) {
	defer func() {
		if e := recover(); e != nil {
			bad, ok := e.(unsearchable)
			if !ok {
				panic(e)
			}
			r, err = nil, bad
		}
	}()
	s := &search{m: newMachine(p, &opts), opts: &opts, seen: newSet(!opts.NoCounts), found: map[result]*big.Int{}}
	s.run(ctx)
	return s.result(ctx), nil
}

// unsearchable is what is wrong with a program.
type unsearchable string

func (u unsearchable) Error() string { return string(u) }

func (s *search) run(ctx context.Context) {
	s.now.reset(s.m.width + 4)
	s.later.reset(s.m.width + 4)
	for _, st := range s.m.starts() {
		s.meet(st.row, st.fp)
	}
	s.steps = 0
	for s.later.len() > 0 {
		s.now, s.later = s.later, s.now
		s.later.reset(max(s.now.stride, s.m.width))
		for i := range s.now.len() {
			if i&0xff == 0 && s.bounded(ctx) {
				return
			}
			s.expand(s.now.state(i))
		}
	}
}

// bounded says whether the search must end here, and notes why.
func (s *search) bounded(ctx context.Context) bool {
	now, growing := s.seen.bytes()
	layers := s.now.bytes() + s.later.bytes()
	learned := int64(len(s.m.locals))*600 + s.m.objectBytes
	s.memory = max(s.memory, now+layers+learned)
	if s.seen.n*8 >= len(s.seen.fps)*5 {
		now = growing
	}
	switch max := s.opts.maxMemory(); {
	case ctx.Err() != nil:
		s.why = "interrupted"
	case s.opts.MaxStates > 0 && int64(s.seen.n) >= s.opts.MaxStates:
		s.why = fmt.Sprintf("the bound of %d states", s.opts.MaxStates)
	case now+layers+learned > max:
		s.why = fmt.Sprintf("the bound of %d MiB of memory", max>>20)
	}
	return s.why != ""
}

// meet notes a state, and keeps it for later if it is new.
func (s *search) meet(row []int32, fp uint64) {
	s.steps++
	if s.seen.add(fp) {
		s.law(s.later.push(row, fp))
	}
}

// expand looks at the states after one.
func (s *search) expand(st state) {
	m := s.m
	any := false
	if !m.crashed(st.row) {
		for i := range m.prog.Tasks {
			any = s.step(st, i) || any
		}
		if !any || m.opts.freeTime() {
			any = m.tick(st, func(next state) { s.meet(next.row, next.fp) }) || any
		}
	}
	if !any {
		text, kind := m.label(st.row)
		s.found[result{text, kind}] = nil
	}
}

// step looks at what one task can do in a state.
func (s *search) step(st state, task int) bool {
	m := s.m
	l := &m.locals[st.row[task]]
	if l.ended {
		return false
	}
	version := int32(0)
	if l.col >= 0 && int(l.col) < len(st.row) {
		version = st.row[l.col]
	}
	e := m.entry(st.row[task], version)
	switch e.verdict {
	case plain:
		s.steps++
		fp := st.fp + e.delta
		if s.seen.add(fp) {
			next := m.plain(st, task, e)
			s.law(s.later.push(next.row, fp))
		}
		return true
	case branches:
		for i := range m.many[e.many] {
			next := m.branch(st, task, &m.many[e.many][i])
			s.meet(next.row, next.fp)
		}
		return true
	}
	return false
}

// law asks whether a state is as it must be.
func (s *search) law(row []int32) {
	if text := s.m.broken(row); text != "" {
		s.found[result{text, Broken}] = nil
	}
}

func (s *search) result(ctx context.Context) *Result {
	m := s.m
	r := &Result{
		Complete: s.why == "", Why: s.why,
		States: int64(s.seen.n), Steps: s.steps, Locals: int64(len(m.locals)),
		Objects: m.objects, Rehearsals: m.rehearsals, Memory: s.memory,
	}
	r.Outcomes = outcomes(s.found)
	if r.Complete && !s.opts.NoCounts {
		s.count(ctx, r)
	}
	if !s.opts.NoSchedules {
		s.schedules(ctx, r)
	}
	return r
}
