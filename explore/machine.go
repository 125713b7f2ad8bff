package explore

import (
	"fmt"

	"sealab/sim/sched"
)

// machine turns a program into a graph of small integers. A state is a row: the
// local of each task, then the version of each object that has more than one. What
// a step makes of a local and a version is learned when it is first met.
type machine struct {
	prog  *Program
	opts  *Options
	stage *sched.Sched // where tasks are rehearsed

	roles   []int32 // per task: the task whose automaton it shares
	slots   []*slot
	slotAt  map[sched.ID]int32
	columns []int32 // column (from len(tasks)) → slot
	width   int     // columns in use
	locals  []local
	places  []place // of the locals
	nodeAt  map[nodeKey]int32
	localAt map[int32]int32 // node → local
	values  []any
	valueAt map[any]int32
	sleeper []int32 // the slots of those whose timers may run
	many    [][]branch
	wishes  map[int32]string // with Check: what a task wants, by node
	asked   []asking         // all that was learned, in order
	view    *sched.World     // scratch, for world
	stands  []Stand
	buf     []byte

	rehearsals, objects, objectBytes int64
	crashes                          bool // some task has crashed in some state
}

// entry is what a task's operation does to a version of its object.
type entry struct {
	delta   uint64 // of the fingerprint
	local   int32
	version int32
	many    int32 // of verdict branches: the number of the alternatives
	verdict verdict
}

type verdict uint8

const (
	unknown  verdict = iota
	blocked          // it cannot be done now
	plain            // one thing comes of it
	branches         // several, or one with effects
)

// branch is one thing that may come of an operation: the version of its object,
// and where the task lands.
type branch struct {
	version int32
	landing
}

// move is one step in the graph.
type move struct {
	task    int   // the index of the task, -1 for the clock
	answers []int // to the choices on the way; of the clock, which of several timers was first
}

func newMachine(p *Program, o *Options) *machine {
	m := &machine{
		prog: p, opts: o, stage: newStage(p),
		slotAt: map[sched.ID]int32{}, nodeAt: map[nodeKey]int32{}, localAt: map[int32]int32{},
		valueAt: map[any]int32{}, width: len(p.Tasks), view: sched.NewWorld(),
	}
	twins := map[int]int32{}
	for i, t := range p.Tasks {
		role := int32(i)
		if first, ok := twins[t.Twin]; ok && t.Twin != 0 && !o.NoSymmetry {
			role = first
		} else {
			twins[t.Twin] = role
		}
		m.roles = append(m.roles, role)
	}
	for _, id := range p.sleepers() {
		m.sleeper = append(m.sleeper, m.slotOf(id))
	}
	return m
}

// key is the part of one column of a row in the fingerprint: strong mixing, so that
// the sum of the parts is as good as random. Version 0 of an object counts nothing,
// so a column that is not there yet need not be looked at.
func key(column uint64, value int32) uint64 {
	z := column<<32 + uint64(uint32(value)) + 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	z ^= z >> 31
	z = (z + 0xd1b54a32d192ed03) * 0xff51afd7ed558ccd
	return z ^ z>>32
}

func localKey(local int32) uint64 { return key(1<<31, local) }

func (m *machine) versionKey(slot, version int32) uint64 {
	if version == 0 {
		return 0
	}
	return key(uint64(m.slots[slot].id), version)
}

// starts returns the rows that the program may begin with: more than one where a
// task chooses before its first operation.
func (m *machine) starts() (all []state) {
	all = []state{{row: make([]int32, m.width)}}
	for i := range m.prog.Tasks {
		var more []state
		for _, l := range m.start(int32(i)) {
			for _, s := range all {
				s = s.copy()
				s.fp += localKey(l.local)
				s.row[i] = l.local
				s.row, s.fp = m.effects(s.row, s.fp, l.effects)
				more = append(more, s)
			}
		}
		all = more
	}
	return all
}

func (m *machine) start(task int32) []landing {
	return m.land(m.roles[task], -1, 0)
}

// state is a row and its fingerprint.
type state struct {
	row []int32
	fp  uint64
}

func (s state) copy() state { return state{append([]int32(nil), s.row...), s.fp} }

// effects puts versions in a row, which may have to grow.
func (m *machine) effects(row []int32, fp uint64, all []effect) ([]int32, uint64) {
	for len(row) < m.width {
		row = append(row, 0)
	}
	for _, e := range all {
		if c := m.slots[e.slot].col; c >= 0 {
			fp += m.versionKey(e.slot, e.version) - m.versionKey(e.slot, row[c])
			row[c] = e.version
		}
	}
	return row, fp
}

// at returns the version of an object in a row.
func (m *machine) at(row []int32, slot int32) int32 {
	if c := m.column(slot); c >= 0 && int(c) < len(row) {
		return row[c]
	}
	return 0
}

// find returns what the next operation of the task does in a row, nil if that is
// not known yet.
func (m *machine) find(row []int32, task int) *entry {
	p := &m.places[row[task]]
	var version, at int32
	if p.col >= 0 && int(p.col) < len(row) {
		version = row[p.col]
	}
	if p.at >= 0 && int(p.at) < len(row) {
		at = row[p.at]
	}
	if int(at) < len(p.table) {
		if t := p.table[at]; int(version) < len(t) && t[version].verdict != unknown {
			return &t[version]
		}
	}
	return nil
}

// entry returns what the next operation of the task does in a row.
func (m *machine) entry(row []int32, task int) *entry {
	if e := m.find(row, task); e != nil {
		return e
	}
	from := row[task]
	return m.know(from, m.at(row, m.locals[from].slot), m.at(row, m.locals[from].at))
}

// know learns what the next operation of a local does to versions of its objects.
func (m *machine) know(from, version, at int32) *entry {
	m.asked = append(m.asked, asking{From: from, Version: version, At: at})
	e := m.learn(from, version, at)
	p := &m.places[from]
	for int(at) >= len(p.table) {
		p.table = append(p.table, nil)
	}
	for int(version) >= len(p.table[at]) {
		p.table[at] = append(p.table[at], entry{})
	}
	p.table[at][version] = e
	return &p.table[at][version]
}

func (m *machine) learn(from, version, at int32) entry {
	l := m.locals[from]
	d := m.do(&l, version, at)
	if d.crash != "" {
		return m.comes(from, version, version, []landing{{local: m.crash(l.task, from, d.crash)}})
	}
	if !d.ok {
		return entry{verdict: blocked}
	}
	return m.comes(from, version, d.version, m.next(from, d.saw))
}

// crashed says whether a task has done what cannot be, so that nothing after it
// means anything.
func (m *machine) crashed(row []int32) bool {
	if !m.crashes {
		return false
	}
	for i := range m.prog.Tasks {
		if m.locals[row[i]].crash != "" {
			return true
		}
	}
	return false
}

// crash returns the local of a task that did what cannot be.
func (m *machine) crash(task, from int32, text string) int32 {
	node := m.node(nodeKey{task, 0, m.value(ending{crash: text}), true})
	if at, ok := m.localAt[node]; ok {
		return at
	}
	m.crashes = true
	return m.addLocal(node, local{task: task, from: from, depth: m.locals[from].depth + 1,
		slot: -1, at: -1, ended: true, crash: text})
}

// comes makes the entry for what may come of an operation.
func (m *machine) comes(at, old, version int32, all []landing) entry {
	slot := m.locals[at].slot
	if len(all) == 1 && len(all[0].effects) == 0 && len(all[0].answers) == 0 {
		to := all[0].local
		delta := localKey(to) - localKey(at) + m.versionKey(slot, version) - m.versionKey(slot, old)
		return entry{delta: delta, local: to, version: version, verdict: plain}
	}
	var bs []branch
	for _, l := range all {
		bs = append(bs, branch{version, l})
	}
	m.many = append(m.many, bs)
	return entry{many: int32(len(m.many)) - 1, verdict: branches}
}

// branch returns the state after one of several things that come of a step.
func (m *machine) branch(s state, task int, b *branch) state {
	next := state{append(make([]int32, 0, m.width), s.row...), s.fp}
	l := s.row[task]
	slot := m.locals[l].slot
	next.fp += localKey(b.local) - localKey(l)
	next.row[task] = b.local
	next.row, next.fp = m.effects(next.row, next.fp, []effect{{slot, b.version}})
	next.row, next.fp = m.effects(next.row, next.fp, b.effects)
	return next
}

// after visits the states one step after a state, with the step. It says whether
// there was any. The visited state is the visitor's.
func (m *machine) after(s state, visit func(move, state)) (any bool) {
	if m.crashed(s.row) {
		return false
	}
	for i := range m.prog.Tasks {
		if m.places[s.row[i]].ended {
			continue
		}
		e := m.entry(s.row, i)
		switch e.verdict {
		case plain:
			any = true
			next := m.plain(s, i, e)
			visit(move{task: i}, next)
		case branches:
			any = true
			bs := m.many[e.many]
			for j := range bs {
				visit(move{i, bs[j].answers}, m.branch(s, i, &bs[j]))
			}
		}
	}
	if any && !m.opts.freeTime() {
		return any
	}
	return m.tick(s, func(mv move, next state) { visit(mv, next) }) || any
}

// plain returns the state after a step that has no effects but its own.
func (m *machine) plain(s state, task int, e *entry) state {
	next := state{append(make([]int32, 0, m.width), s.row...), s.fp + e.delta}
	for len(next.row) < m.width {
		next.row = append(next.row, 0)
	}
	if c := m.places[s.row[task]].col; c >= 0 {
		next.row[c] = e.version
	}
	next.row[task] = e.local
	return next
}

// armed says whether the timer of any task runs.
func (m *machine) armed(row []int32) bool {
	for _, n := range m.sleeper {
		if m.slots[n].rest[m.at(row, n)] >= 0 {
			return true
		}
	}
	return false
}

// tick visits what may be once the earliest timer has fired: of several that are
// due at the same time, each may be first.
func (m *machine) tick(s state, visit func(move, state)) (any bool) {
	first := m.earliest(s.row)
	if first < 0 {
		return false
	}
	due := 0
	for i, n := range m.sleeper {
		if m.slots[n].rest[m.at(s.row, n)] == first {
			mv := move{task: -1}
			if due > 0 {
				mv.answers = []int{due}
			}
			due++
			visit(mv, m.fire(s, i, first))
		}
	}
	return true
}

// timed says whether tick knows already what comes of a state, so that it learns nothing.
func (m *machine) timed(row []int32) bool {
	first := m.earliest(row)
	for _, n := range m.sleeper {
		v := m.at(row, n)
		rest := m.slots[n].rest[v]
		if rest < 0 {
			continue
		}
		if _, ok := m.slots[n].ticks[passing{v, first, false}]; !ok {
			return false
		}
		if _, ok := m.slots[n].ticks[passing{v, first, true}]; rest == first && !ok {
			return false
		}
	}
	return true
}

// earliest is how many ns the first timer has to go, -1 if none runs.
func (m *machine) earliest(row []int32) int64 {
	first := int64(-1)
	for _, n := range m.sleeper {
		if r := m.slots[n].rest[m.at(row, n)]; r >= 0 && (first < 0 || r < first) {
			first = r
		}
	}
	return first
}

// fire lets the timer of one of the sleepers fire.
func (m *machine) fire(s state, who int, ns int64) state {
	next := s.copy()
	for i, n := range m.sleeper {
		v := m.at(s.row, n)
		if m.slots[n].rest[v] >= 0 {
			to := m.passTime(n, passing{v, ns, i == who})
			next.row, next.fp = m.effects(next.row, next.fp, []effect{{n, to}})
		}
	}
	return next
}

// world shows a state as a world. It is good until the next call.
func (m *machine) world(row []int32) *sched.World {
	for i := range m.prog.World.Len() {
		m.view.Put(sched.ID(i), m.prog.World.Object(sched.ID(i)))
	}
	for n, s := range m.slots {
		m.view.Put(s.id, s.versions[m.at(row, int32(n))])
	}
	return m.view
}

// stand shows where the tasks stand in a state. It is good until the next call.
func (m *machine) stand(row []int32) []Stand {
	m.stands = m.stands[:0]
	for i, t := range m.prog.Tasks {
		l := &m.locals[row[i]]
		st := Stand{Name: t.Name, Done: l.ended, Held: l.held}
		if l.req != nil {
			st.Next, st.On = l.req.Op.Name, l.req.ID
		}
		m.stands = append(m.stands, st)
	}
	return m.stands
}

// label names what has come of a state in which nothing can happen any more, and
// says whether all tasks have ended well.
func (m *machine) label(row []int32) (text string, kind Kind) {
	var stuck string
	var reports []string
	for i, t := range m.prog.Tasks {
		l := &m.locals[row[i]]
		switch {
		case l.crash != "":
			return fmt.Sprintf("%s: %s", t.Name, l.crash), Crash
		case !l.ended && !l.req.Op.Rest:
			if stuck != "" {
				stuck += ", "
			}
			stuck += fmt.Sprintf("%s waits for %s", t.Name, l.req.Op.Name)
		default:
			reports = append(reports, l.report)
		}
	}
	if stuck != "" {
		return stuck, Deadlock
	}
	return m.prog.outcome(m.world(row), reports), End
}
