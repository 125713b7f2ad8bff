package explore

import (
	"fmt"

	"sealab/sim/sched"
)

// slot is the place of one object in the state: all versions of the object that
// were seen, each with a number. Version 0 is the one at the start, or none if
// the object is made later.
type slot struct {
	id       sched.ID
	col      int32 // its column in a row, -1 while it has only version 0
	versions []sched.Object
	index    map[string]int32 // encoding → version; "" is an object that is gone
	rest     []int64          // of a Sleeper, per version: ns to its timer, -1 for none
	memo     map[doing]done
	ticks    map[passing]int32
	doubles  map[int32][]sched.Object // with Check: others with the same encoding
}

// doing is an operation on a version of an object, with a look at a version of
// another one (0 where there is none); done is what comes of it.
type doing struct{ inst, version, at int32 }

type done struct {
	version, saw int32
	ok           bool
	crash        string // what the operation panicked with
}

// passing is time that goes by for a version of a Sleeper.
type passing struct {
	version int32
	ns      int64
	fire    bool
}

// slotOf returns the number of the slot of an object.
func (m *machine) slotOf(id sched.ID) int32 {
	if s, ok := m.slotAt[id]; ok {
		return s
	}
	s := &slot{id: id, col: -1, index: map[string]int32{}, memo: map[doing]done{}, ticks: map[passing]int32{}}
	o := m.prog.World.Object(id)
	if o == nil {
		s.index[""] = 0
	} else {
		s.index[m.encode(o)] = 0
	}
	s.add(o)
	n := int32(len(m.slots))
	m.slots = append(m.slots, s)
	m.slotAt[id] = n
	return n
}

func (m *machine) encode(o sched.Object) string {
	m.buf = o.Encode(append(m.buf[:0], 1))
	return string(m.buf)
}

func (s *slot) add(o sched.Object) {
	s.versions = append(s.versions, o)
	rest := int64(-1)
	if sl, ok := o.(*sched.Sleeper); ok {
		if ns, armed := sl.Rest(); armed {
			rest = ns
		}
	}
	s.rest = append(s.rest, rest)
}

// version returns the number of an object as it is now, nil for one that is gone.
// The object must not change any more.
func (m *machine) version(n int32, o sched.Object) int32 {
	s := m.slots[n]
	key := ""
	if o != nil {
		key = m.encode(o)
	}
	if v, ok := s.index[key]; ok {
		if m.opts.Check && o != nil {
			s.double(v, o)
		}
		return v
	}
	v := int32(len(s.versions))
	s.index[key] = v
	s.add(o)
	m.objects++
	m.objectBytes += int64(2*len(key) + 160)
	if s.col < 0 {
		m.activate(n)
	}
	return v
}

// activate gives a slot a column in the rows, because it has a second version.
func (m *machine) activate(n int32) {
	s := m.slots[n]
	s.col = int32(m.width)
	m.columns = append(m.columns, n)
	m.width++
	for i := range m.locals {
		if m.locals[i].slot == n {
			m.places[i].col = s.col
		}
		if m.locals[i].at == n {
			m.places[i].at = s.col
		}
	}
}

// do does the operation that a local wants to do, on versions of its objects.
func (m *machine) do(l *local, version, at int32) done {
	s := m.slots[l.slot]
	key := doing{l.inst, version, at}
	if d, ok := s.memo[key]; ok {
		return d
	}
	var with sched.Object
	if l.at >= 0 {
		with = m.slots[l.at].versions[at]
	}
	d := m.doNew(l.slot, version, with, l.req)
	s.memo[key] = d
	return d
}

func (m *machine) doNew(n, version int32, with sched.Object, r *sched.Request) (d done) {
	o := m.slots[n].versions[version]
	if o == nil || r.At != 0 && with == nil {
		return done{crash: fmt.Sprintf("%s on object %d, which is gone", r.Op.Name, r.ID)}
	}
	defer func() {
		if e := recover(); e != nil {
			if _, ours := e.(violation); ours {
				panic(e)
			}
			d = done{crash: fmt.Sprint(e)}
		}
	}()
	if r.Op.Access != sched.Read {
		o = o.Clone()
	}
	saw, ok := r.Do(o, with)
	if !ok {
		if m.opts.Check {
			m.checkDoubles(n, version, with, r, done{})
		}
		return done{}
	}
	d = done{version: version, saw: m.value(saw), ok: true}
	if r.Op.Access != sched.Read {
		d.version = m.version(n, o)
	} else if m.opts.Check {
		m.checkRead(n, version, r)
	}
	if m.opts.Check {
		m.checkDoubles(n, version, with, r, d)
	}
	return d
}

// passTime returns the version of a Sleeper after ns have gone by, and its timer
// has fired or not.
func (m *machine) passTime(n int32, p passing) int32 {
	s := m.slots[n]
	if v, ok := s.ticks[p]; ok {
		return v
	}
	m.asked = append(m.asked, asking{From: n, Version: p.version, NS: p.ns, Timer: true, Fire: p.fire})
	o := s.versions[p.version].Clone().(*sched.Sleeper)
	o.Pass(p.ns)
	if p.fire {
		o.Fire()
	}
	v := m.version(n, o)
	s.ticks[p] = v
	return v
}
