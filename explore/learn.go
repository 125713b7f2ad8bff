package explore

import (
	"encoding/binary"
	"fmt"

	"sealab/sim/sched"
)

// local is where a task can stand: before its next operation, or at its end. It is
// learned by rehearsing the task, alone, with what it observed on the way.
type local struct {
	task  int32 // which automaton it belongs to
	from  int32 // the local before, -1 at the start
	saw   int32 // what was observed in between
	depth int32

	slot int32 // the object of its next operation, -1 for none
	at   int32 // and the one that it looks at
	inst int32 // the operation with its object and argument
	req  *sched.Request

	choices int // > 0: it asks for one of so many answers instead
	what    string
	ended   bool
	report  string
	crash   string // what its body panicked with
	held    []sched.Held

	next map[int32][]landing // by what it observes
}

// place is what the search must know of a local at every step.
type place struct {
	col   int32     // the column of its object, -1 while it has none
	at    int32     // the column of the object that it looks at
	ended bool      // it does nothing any more
	table [][]entry // by the versions of the object looked at, and of its object
}

// landing is where a task stands after an operation, and what it did on the way
// there that is no step: objects made and freed, and choices answered.
type landing struct {
	local   int32
	effects []effect
	answers []int
}

// effect puts a version in a slot.
type effect struct{ slot, version int32 }

// nodeKey identifies a history: another one and what was observed after it, or
// what was not forgotten.
type nodeKey struct {
	task, from, value int32
	forget            bool
}

// forgotten is what of a task's life still matters after Forget, beside what was
// observed before the mark.
type forgotten struct {
	live        any
	held, names string
}

// instance is an operation with its object and argument. A waiting operation that is
// only tried gives another answer, so it is another one.
type instance struct {
	op    *sched.Info
	id    sched.ID
	at    sched.ID
	arg   any
	waits bool
}

// answer is the answer to a choice.
type answer int

// value returns the number of something comparable.
func (m *machine) value(x any) int32 {
	if n, ok := m.valueAt[x]; ok {
		return n
	}
	n := int32(len(m.values))
	m.values = append(m.values, x)
	m.valueAt[x] = n
	return n
}

func (m *machine) node(k nodeKey) int32 {
	if n, ok := m.nodeAt[k]; ok {
		return n
	}
	n := int32(len(m.nodeAt)) + 1
	m.nodeAt[k] = n
	return n
}

// rehearsal plays the world to one task: it repeats what was observed, and ends the
// task at the first question that is new.
type rehearsal struct {
	m       *machine
	task    int32
	feed    []int32
	at      int
	node    int32
	life    int32  // the node at its end, before all that end alike are made one
	used    []bool // which of the task's own names are taken
	effects []effect

	cut     bool
	req     *sched.Request
	choices int
	what    string
	held    []sched.Held
}

// stop ends the rehearsed task. Kernel code may have deferred operations, which
// come here again.
func (r *rehearsal) stop(t *sched.Task) {
	if !r.cut {
		r.cut = true
		r.held = append([]sched.Held(nil), t.Held...)
	}
	t.Cut()
}

func (r *rehearsal) observe() any {
	v := r.feed[r.at]
	r.at++
	r.node = r.m.node(nodeKey{task: r.task, from: r.node, value: v})
	r.effects = r.effects[:0]
	return r.m.values[v]
}

func (r *rehearsal) Do(t *sched.Task, q sched.Request) any {
	if r.cut || r.at == len(r.feed) {
		if !r.cut {
			r.req = &q
		}
		r.stop(t)
	}
	return r.observe()
}

func (r *rehearsal) Choose(t *sched.Task, n int, what string) int {
	if r.cut || r.at == len(r.feed) {
		if !r.cut {
			r.choices, r.what = n, what
		}
		r.stop(t)
	}
	return int(r.observe().(answer))
}

// New gives names from the task's own share, the lowest first, so that they depend
// on nothing but the task's life.
func (r *rehearsal) New(t *sched.Task, o sched.Object) sched.ID {
	if r.cut {
		r.stop(t)
	}
	n := 0
	for n < len(r.used) && r.used[n] {
		n++
	}
	if n == len(r.used) {
		r.used = append(r.used, false)
	}
	r.used[n] = true
	id := ownName(r.m.prog, int(r.task), n)
	s := r.m.slotOf(id)
	r.effects = append(r.effects, effect{s, r.m.version(s, o)})
	return id
}

func (r *rehearsal) Free(t *sched.Task, id sched.ID) {
	if r.cut {
		r.stop(t)
	}
	if n, own := ownNumber(r.m.prog, int(r.task), id); own && n < len(r.used) {
		r.used[n] = false
	}
	s := r.m.slotOf(id)
	r.effects = append(r.effects, effect{s, r.m.version(s, nil)})
}

func (r *rehearsal) Mark(*sched.Task) sched.Mark { return sched.Mark{N: r.node} }

func (r *rehearsal) Forget(t *sched.Task, since sched.Mark, live any) {
	if r.cut {
		r.stop(t)
	}
	if r.m.opts.NoForget {
		return
	}
	var held, names []byte
	for _, h := range t.Held {
		held = binary.LittleEndian.AppendUint32(held, uint32(h.ID))
		held = binary.LittleEndian.AppendUint32(held, uint32(h.N))
	}
	for i, u := range r.used {
		if u {
			names = binary.LittleEndian.AppendUint32(names, uint32(i))
		}
	}
	v := r.m.value(forgotten{live, string(held), string(names)})
	r.node = r.m.node(nodeKey{r.task, since.N, v, true})
}

// ownName returns the name of the n-th object that a task makes.
func ownName(p *Program, task, n int) sched.ID {
	return sched.ID(p.World.Len() + n*len(p.Tasks) + task)
}

// ownNumber is the reverse of ownName.
func ownNumber(p *Program, task int, id sched.ID) (n int, own bool) {
	k := int(id) - p.World.Len()
	return k / len(p.Tasks), k >= 0 && k%len(p.Tasks) == task
}

// rehearse runs a task with the given observations.
func (m *machine) rehearse(task int32, feed []int32) (r *rehearsal, l local) {
	m.rehearsals++
	r = &rehearsal{m: m, task: task, feed: feed, node: m.node(nodeKey{task: task, from: -1})}
	body, report := m.prog.Tasks[task].Make()
	l = local{task: task, slot: -1, at: -1, next: map[int32][]landing{}}
	t, crash := r.play(body)
	switch {
	case r.cut:
		r.life = r.node
		l.held, l.choices, l.what, l.req = r.held, r.choices, r.what, r.req
		if l.req != nil {
			l.slot = m.slotOf(l.req.ID)
			if l.req.At != 0 {
				l.at = m.slotOf(l.req.At)
			}
			if l.req.Op.Rest && report != nil {
				l.report = report()
			}
			l.inst = m.value(instance{l.req.Op, l.req.ID, l.req.At, l.req.Arg, l.req.Waits})
		}
	case crash != "":
		l.crash = crash
		m.end(r, &l)
	default:
		l.held = append([]sched.Held(nil), t.Held...)
		if report != nil {
			l.report = report()
		}
		m.end(r, &l)
	}
	return r, l
}

// play runs the body until it is cut, ends, or panics.
func (r *rehearsal) play(body func(*sched.Task)) (t *sched.Task, crash string) {
	defer func() {
		if e := recover(); e != nil {
			crash = fmt.Sprint(e)
		}
	}()
	spec := &r.m.prog.Tasks[r.task]
	role := sched.Role{Name: spec.Name, Num: spec.Num, CPU: spec.CPU, Sleep: spec.Sleep, Body: body}
	return r.m.stage.Rehearse(role, r), ""
}

// ending is what of a task's life matters once it has ended.
type ending struct{ report, crash, held string }

// end notes that a task has ended: all lives that end alike are one.
func (m *machine) end(r *rehearsal, l *local) {
	l.ended, r.life = true, r.node
	m.crashes = m.crashes || l.crash != ""
	v := m.value(ending{l.report, l.crash, fmt.Sprint(l.held)})
	r.node = m.node(nodeKey{r.task, 0, v, true})
}

// history returns what a task observed on the way to a local.
func (m *machine) history(at int32) []int32 {
	feed := make([]int32, m.locals[at].depth)
	for l := &m.locals[at]; l.from >= 0; l = &m.locals[l.from] {
		feed[l.depth-1] = l.saw
	}
	return feed
}

// land rehearses a task one observation further than from (or to its beginning, if
// that is -1), and returns where it may stand then.
func (m *machine) land(task, from, saw int32) []landing {
	var feed []int32
	if from >= 0 {
		feed = append(m.history(from), saw)
	}
	r, l := m.rehearse(task, feed)
	effects := append([]effect(nil), r.effects...)
	at, known := m.localAt[r.node]
	if !known {
		l.from, l.saw, l.depth = from, saw, int32(len(feed))
		at = m.addLocal(r.node, l)
	}
	if m.opts.Check {
		m.checkSame(r.life, &l)
	}
	if l.choices == 0 {
		return []landing{{at, effects, nil}}
	}
	var all []landing
	for a := range l.choices {
		for _, after := range m.next(at, m.value(answer(a))) {
			all = append(all, landing{
				local:   after.local,
				effects: append(effects[:len(effects):len(effects)], after.effects...),
				answers: append([]int{a}, after.answers...),
			})
		}
	}
	return all
}

// addLocal adds the local of a node.
func (m *machine) addLocal(node int32, l local) int32 {
	at := int32(len(m.locals))
	m.locals = append(m.locals, l)
	m.places = append(m.places, place{col: m.column(l.slot), at: m.column(l.at), ended: l.ended})
	m.localAt[node] = at
	return at
}

// column returns the column of a slot, -1 while it has none.
func (m *machine) column(slot int32) int32 {
	if slot < 0 {
		return -1
	}
	return m.slots[slot].col
}

// next returns where a task stands after it observed something.
func (m *machine) next(at, saw int32) []landing {
	l := &m.locals[at]
	if all, ok := l.next[saw]; ok {
		return all
	}
	all := m.land(l.task, at, saw)
	m.locals[at].next[saw] = all
	return all
}
