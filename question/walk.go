package question

import (
	"slices"

	"sealab/run"
	"sealab/sim/trace"
)

// walk looks at the events of one call, and at those before its end.
type walk struct {
	t *trace.Trace
	a *run.Answered
}

// mostSentences is how many sentences a reason has at most: more are not read.
const mostSentences = 4

// end returns the number of the event with which the call returned, from 0; that of
// the last event if it did not.
func (w *walk) end() int {
	for i := range w.t.Events {
		if e := &w.t.Events[i]; e.Kind == trace.End && e.Line == w.a.Line && e.Who == w.a.Task {
			return i
		}
	}
	return len(w.t.Events) - 1
}

// own returns the events of the call.
func (w *walk) own() (all []*trace.Event) {
	for i := range w.t.Events {
		if e := &w.t.Events[i]; e.Line == w.a.Line && e.Who == w.a.Task {
			all = append(all, e)
		}
	}
	return all
}

func (w *walk) count(kind trace.Kind) (n int) {
	for _, e := range w.own() {
		if e.Kind == kind {
			n++
		}
	}
	return n
}

// why says why the call was refused, or what it did.
func (w *walk) why() []string {
	if w.a.Why != nil {
		return []string{w.a.Why.Sentence}
	}
	if said := w.say(trace.Count, trace.Look, trace.Seal, trace.Size, trace.Map, trace.Data); said != nil {
		return said
	}
	return w.say(trace.End)
}

// say returns the sentences of the call's events of some kinds; of each kind the last.
func (w *walk) say(kinds ...trace.Kind) (all []string) {
	last := map[trace.Kind]*trace.Event{}
	own := w.own()
	for _, e := range own {
		if !e.Detail || e.Kind == trace.Data {
			last[e.Kind] = e
		}
	}
	for _, e := range own {
		if last[e.Kind] == e && slices.Contains(kinds, e.Kind) {
			all = append(all, sentence(e))
		}
	}
	return all
}

func anything(*trace.Event) bool { return true }

// before returns the sentences of the last events of some kinds until the call returns,
// of those that are about the right thing.
func (w *walk) before(about func(*trace.Event) bool, kinds ...trace.Kind) (all []string) {
	for i := w.end(); i >= 0 && len(all) < mostSentences; i-- {
		if e := &w.t.Events[i]; slices.Contains(kinds, e.Kind) && !e.Detail && about(e) {
			all = append(all, sentence(e))
		}
	}
	slices.Reverse(all)
	return all
}

func sentence(e *trace.Event) string { return e.Describe() + "." }

// ofFile reads a value of something that the first file has, as it is when the call
// has returned.
func (w *walk) ofFile(thing, field string) (string, bool) {
	s := w.t.StateAt(w.end() + 1)
	files := s.Files()
	if files == nil {
		return "", false
	}
	v, ok := s[trace.ObjectID(s[files[0]][thing])][field]
	return v, ok
}

// firstPage reads how many references the first page of the first file has, and which
// object that page is.
func (w *walk) firstPage() (page uint32, refs string, ok bool) {
	s := w.t.StateAt(w.end() + 1)
	files := s.Files()
	if files == nil {
		return 0, "", false
	}
	page = s.PageOf(files[0], 0)
	refs, ok = s[page]["refs"]
	return page, refs, ok
}
