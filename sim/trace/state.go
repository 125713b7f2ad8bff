package trace

import (
	"maps"
	"slices"
	"strconv"
)

// State is what is known of every object at one moment.
type State map[uint32]map[string]string

// Apply brings the state from before an event to after it.
func (s State) Apply(e *Event) {
	for _, c := range e.Changes {
		s.set(c.Object, c.Field, c.New)
	}
}

// Undo brings the state from after an event to before it.
func (s State) Undo(e *Event) {
	for i := len(e.Changes) - 1; i >= 0; i-- {
		c := &e.Changes[i]
		s.set(c.Object, c.Field, c.Old)
	}
}

func (s State) set(object uint32, field, value string) {
	o := s[object]
	switch {
	case value != "" && o == nil:
		s[object] = map[string]string{field: value}
	case value != "":
		o[field] = value
	default:
		if delete(o, field); o != nil && len(o) == 0 {
			delete(s, object)
		}
	}
}

// ObjectID reads the number of an object, which a value begins with: "12, 4 bytes" leads to
// object 12. It is 0 if there is none.
func ObjectID(value string) (id uint32) {
	for i := 0; i < len(value) && '0' <= value[i] && value[i] <= '9'; i++ {
		id = id*10 + uint32(value[i]-'0')
	}
	return id
}

// Files returns the files that can be sealed, or could be, by number.
func (s State) Files() (all []uint32) {
	for _, id := range slices.Sorted(maps.Keys(s)) {
		if s[id]["counter"] != "" && s[id]["size"] != "" {
			all = append(all, id)
		}
	}
	return all
}

// PageOf returns the page at an index of a file; 0 if there is none.
func (s State) PageOf(file uint32, index int) uint32 {
	return ObjectID(s[ObjectID(s[file]["tree"])][strconv.Itoa(index)])
}

// StateAt returns the state after the first n events.
func (t *Trace) StateAt(n int) State {
	s := State{}
	for i := range t.Events[:n] {
		s.Apply(&t.Events[i])
	}
	return s
}
