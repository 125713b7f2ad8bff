package explore

import (
	"context"
	"fmt"
	"slices"

	"sealab/run"
	"sealab/sim/sched"
)

// Near is the order nearest to another one that ends otherwise.
//
// How far two orders are apart is how often a task has to be let go first, out of its
// turn: for some steps, after which the rest follows in the turn that it had. Of those with
// equally many, the one with the fewest such steps is nearest.
type Near struct {
	From  Row `json:"from"`  // what the given order comes to
	To    Row `json:"to"`    // and the near one
	Turns int `json:"turns"` // how often a task goes out of its turn
	Moved int `json:"moved"` // the steps that are taken out of turn
	// Same is how many steps both orders begin with, and First the task that goes then
	// in the near one; "" is a timer.
	Same  int    `json:"same"`
	First string `json:"first"`
}

// maxNear bounds how many states are looked at for a near order.
const maxNear = 400_000

// Nearest finds the order nearest to the one of a run, whose schedule (as `sealab run
// --schedule` takes it) is given, that ends otherwise. The result is nil if every order ends
// alike; the error says that the schedule is none, or that none was found in time.
func Nearest(ctx context.Context, s *run.Script, plan Plan, schedule string) (*Report, *Near, error) {
	parsed, err := sched.ParseSchedule(schedule)
	if err != nil {
		return nil, nil, fmt.Errorf("explore: %w", err)
	}
	plan.Search, plan.Time = Complete, FreeTime
	r, problem, err := newReport(s, &plan)
	if err != nil {
		return nil, nil, err
	}
	way, err := r.retrace(parsed)
	if err != nil {
		return nil, nil, err
	}
	if err := problem(); err != nil {
		return nil, nil, err
	}
	n := newNearness(r.program, &plan.Options, way)
	found, turns, moved, err := n.search(ctx)
	if err != nil || found == nil {
		return r, nil, err
	}
	near := n.tell(r, found)
	near.Turns, near.Moved = turns, moved
	return r, near, nil
}

// retrace returns the steps of a search that a run with a schedule takes.
func (r *Report) retrace(s sched.Schedule) ([]move, error) {
	given := &sched.Replay{Schedule: s}
	o := &witness{Chooser: given}
	_, err := run.Play(r.stage.Script, run.Options{Kernel: r.plan.Kernel, HZ: r.plan.HZ, CPUs: r.plan.CPUs, Chooser: o,
		FreeTime: true})
	if err != nil {
		return nil, err
	}
	if given.Misfits > 0 {
		return nil, fmt.Errorf("explore: the schedule is of another scenario: it does not fit in %d places",
			given.Misfits)
	}
	l := newLive(r.program, &Options{Time: FreeTime}, newStage(r.program))
	defer l.close()
	return o.follow(l), nil
}

// witness notes what a run does: its operations, and the answers to choices after each.
type witness struct {
	sched.Chooser
	seen []witnessed
}

type witnessed struct {
	num     int // of the task
	op      string
	answers []int
}

// Choose implements sched.Chooser.
func (w *witness) Choose(n int, what string) int {
	a := w.Chooser.Choose(n, what)
	if k := len(w.seen); k > 0 {
		w.seen[k-1].answers = append(w.seen[k-1].answers, a)
	}
	return a
}

// Step implements sched.Observer.
func (w *witness) Step(t *sched.Task, op *sched.Info, _ sched.ID, _, _ any) {
	w.seen = append(w.seen, witnessed{num: t.Num, op: op.Name})
}

// follow takes the steps on a program that runs, and leaves out operations of the run that
// are no steps of a search. Where a task waits for a timer, it fires.
func (w *witness) follow(l *live) (way []move) {
	l.start(func(int) int { return 0 })
	var buf []option
	take := func(o option, task int, answers []int) {
		given := answers
		l.take(o, func(n int) int {
			if len(given) == 0 || given[0] >= n {
				return 0
			}
			a := given[0]
			given = given[1:]
			return a
		})
		way = append(way, move{task, slices.Clone(answers[:len(answers)-len(given)])})
	}
	for i := range w.seen {
		x := &w.seen[i]
		task := slices.IndexFunc(l.prog.Tasks, func(t Task) bool { return t.Num == x.num })
		if task < 0 || l.actors[task].req == nil || l.actors[task].req.Op.Name != x.op {
			continue
		}
		for buf = l.options(buf); len(buf) > 0 && !slices.Contains(buf, option{task: task}); buf = l.options(buf) {
			at := slices.IndexFunc(buf, func(o option) bool { return o.tick })
			if at < 0 {
				break
			}
			take(buf[at], -1, nil)
		}
		if slices.Contains(buf, option{task: task}) {
			take(option{task: task}, task, x.answers)
		}
	}
	return way
}

// nearness is a search for the nearest order.
type nearness struct {
	s     *search
	m     *machine
	turns [][]int // for each task, and at the end the clock: where in the order its steps are
	way   []move
	seen  *set
	queue []map[int][]leaning // by turns, then by steps moved
	end   result              // what the order comes to
}

// leaning is a state on the way of a near order.
type leaning struct {
	state
	taken []int32 // steps, by task; the last is the clock
	goes  int     // the task that goes out of its turn, -2 for none
	way   *walk
}

func newNearness(p *Program, o *Options, way []move) *nearness {
	o.NoCounts, o.NoSymmetry = true, true
	n := &nearness{s: newSearch(p, o), way: way, seen: newSet(false, 1)}
	n.m = n.s.m
	n.turns = make([][]int, len(p.Tasks)+1)
	for i, mv := range way {
		who := n.column(mv.task)
		n.turns[who] = append(n.turns[who], i)
	}
	return n
}

// column is where a task's steps are counted.
func (n *nearness) column(task int) int {
	if task < 0 {
		return len(n.turns) - 1
	}
	return task
}

// search goes from what needs few turns to what needs many, and among these from few steps
// to many.
func (n *nearness) search(ctx context.Context) (found *leaning, turns, moved int, err error) {
	starts := n.m.starts()
	first := leaning{state: starts[0], taken: make([]int32, len(n.turns)), goes: -2}
	n.end = n.straight(first)
	n.put(0, 0, first)
	looked := 0
	for ; turns < len(n.queue); turns++ {
		for moved = 0; len(n.queue[turns]) > 0; moved++ {
			for at := n.queue[turns]; len(at[moved]) > 0; {
				all := at[moved]
				x := all[len(all)-1]
				at[moved] = all[:len(all)-1]
				if !n.isNew(&x) {
					continue
				}
				if looked++; looked > maxNear || looked&0xff == 0 && ctx.Err() != nil {
					return nil, 0, 0, fmt.Errorf(
						"explore: no order that ends otherwise was found among %d states", looked)
				}
				if f, ended := n.expand(&x, turns, moved); ended && f != n.end {
					return &x, turns, moved, nil
				}
			}
			delete(n.queue[turns], moved)
		}
	}
	return nil, 0, 0, nil // every order ends alike
}

func (n *nearness) put(turns, moved int, x leaning) {
	for len(n.queue) <= turns {
		n.queue = append(n.queue, map[int][]leaning{})
	}
	n.queue[turns][moved] = append(n.queue[turns][moved], x)
}

// isNew says whether nothing as near has come to the same state, with the same steps taken.
func (n *nearness) isNew(x *leaning) bool {
	fp := x.fp + key(1<<30, int32(x.goes))
	for i, k := range x.taken {
		fp += key(uint64(i)|1<<29, k)
	}
	return n.seen.addAlone(fp)
}

// steps are what can happen in a state, the one whose turn it is first.
func (n *nearness) steps(x *leaning) (moves []move, states []state) {
	n.m.after(x.state, func(mv move, st state) { moves, states = append(moves, mv), append(states, st) })
	best := -1
	for i, mv := range moves {
		if best < 0 || n.turn(x, mv) < n.turn(x, moves[best]) {
			best = i
		}
	}
	if best > 0 {
		moves[0], moves[best], states[0], states[best] = moves[best], moves[0], states[best], states[0]
	}
	return moves, states
}

// turn is when a step would be taken in the given order. One that is not in it comes after
// all that are, and a timer after that; an answer to a choice that is not the given one too.
func (n *nearness) turn(x *leaning, mv move) int {
	col := n.column(mv.task)
	late := len(n.way) + col
	k := int(x.taken[col])
	if k >= len(n.turns[col]) {
		return late
	}
	at := n.turns[col][k]
	if !slices.Equal(n.way[at].answers, mv.answers) {
		return late + len(n.turns)
	}
	return at
}

// expand queues what comes after a state, or says what it is the end of.
func (n *nearness) expand(x *leaning, turns, moved int) (f result, ended bool) {
	moves, states := n.steps(x)
	if len(moves) == 0 {
		text, kind := n.m.label(x.row)
		return result{text, kind}, true
	}
	for i, mv := range moves {
		next := leaning{state: states[i], taken: slices.Clone(x.taken), goes: -2, way: &walk{x.way, mv}}
		next.taken[n.column(mv.task)]++
		switch {
		case i == 0:
			n.put(turns, moved, next)
			continue
		case mv.task == x.goes && mv.task >= 0:
			next.goes = mv.task
			n.put(turns, moved+1, next)
			continue
		case mv.task >= 0:
			next.goes = mv.task
		}
		n.put(turns+1, moved+1, next)
	}
	return f, false
}

// straight is what comes of a state if everybody goes in turn.
func (n *nearness) straight(x leaning) result {
	for {
		moves, states := n.steps(&x)
		if len(moves) == 0 {
			text, kind := n.m.label(x.row)
			return result{text, kind}
		}
		x.state, x.taken = states[0], slices.Clone(x.taken)
		x.taken[n.column(moves[0].task)]++
	}
}

// tell says where the near order leaves the given one.
func (n *nearness) tell(r *Report, x *leaning) *Near {
	var moves []move
	for w := x.way; w != nil; w = w.before {
		moves = append(moves, w.move)
	}
	slices.Reverse(moves)
	out := &Near{}
	for out.Same < len(moves) && out.Same < len(n.way) && moves[out.Same].task == n.way[out.Same].task {
		out.Same++
	}
	if out.Same < len(moves) && moves[out.Same].task >= 0 {
		out.First = r.program.Tasks[moves[out.Same].task].Name
	}
	text, kind := n.m.label(x.row)
	s := shrinker{p: r.program, opts: &Options{Time: FreeTime}, stage: newStage(r.program)}
	out.To = r.row(&Outcome{Text: text, Kind: kind, Schedule: s.measure(moves)})
	out.From = r.row(&Outcome{Text: n.end.text, Kind: n.end.kind, Schedule: s.measure(n.way)})
	return out
}
