package trace

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

// StateAt returns the state after the first n events.
func (t *Trace) StateAt(n int) State {
	s := State{}
	for i := range t.Events[:n] {
		s.Apply(&t.Events[i])
	}
	return s
}
