package explore

import (
	"fmt"

	"sealab/sim/sched"
)

// violation is what Check panics with: not the program is wrong but what a search
// relies on.
type violation string

// broken returns what is wrong with a state, or nothing.
func (m *machine) broken(row []int32) string {
	if m.prog.Law == nil || m.crashed(row) {
		return ""
	}
	if err := m.prog.Law(m.world(row), m.stand(row)); err != nil {
		return err.Error()
	}
	return ""
}

// double keeps a few of the objects that have the encoding of a version.
func (s *slot) double(version int32, o sched.Object) {
	if s.doubles == nil {
		s.doubles = map[int32][]sched.Object{}
	}
	if all := s.doubles[version]; len(all) < 4 {
		s.doubles[version] = append(all, o)
	}
}

// checkDoubles panics if an operation makes something else of an object with the
// encoding of a version than of the version: then the encoding leaves out what
// matters.
func (m *machine) checkDoubles(n, version int32, with sched.Object, r *sched.Request, d done) {
	for _, o := range m.slots[n].doubles[version] {
		c := o.Clone()
		saw, ok := r.Do(c, with)
		same := ok == d.ok
		if same && ok {
			after := m.slots[n].versions[d.version]
			same = m.value(saw) == d.saw && (after == nil) == (c == nil) && m.encode(after) == m.encode(c)
		}
		if !same {
			panic(violation(fmt.Sprintf("explore: the encoding of %T leaves out what %s depends on", o, r.Op.Name)))
		}
	}
}

// checkRead panics if an operation that says it reads has written.
func (m *machine) checkRead(n, version int32, r *sched.Request) {
	s := m.slots[n]
	if v := s.index[m.encode(s.versions[version])]; v != version {
		panic(violation(fmt.Sprintf("explore: %s says that it reads %T, and changed it",
			r.Op.Name, s.versions[version])))
	}
}

// checkSame panics if two lives of a task that count as one want different things.
func (m *machine) checkSame(life int32, l *local) {
	if m.wishes == nil {
		m.wishes = map[int32]string{}
	}
	wants := m.wants(l)
	if before, ok := m.wishes[life]; ok && before != wants {
		panic(violation(fmt.Sprintf("explore: %s forgets what matters: it wants %s or %s",
			m.prog.Tasks[l.task].Name, before, wants)))
	}
	m.wishes[life] = wants
}

func (m *machine) wants(l *local) string {
	switch {
	case l.ended:
		return "to end with " + l.report
	case l.choices > 0:
		return "to choose " + l.what
	}
	return fmt.Sprintf("%s(%v) on %d", l.req.Op.Name, l.req.Arg, l.req.ID)
}
