package picture

import (
	"sealab/sim/trace"
	"sealab/web"
)

// lanes are what the timeline shows, in steps: the events of the story, without details.
type lanes struct {
	steps []int // events, from 0
	calls []span
	locks []span
	naps  []span
	holds []span
	looks []mark
}

// span is something that lasts, from a step to a step.
type span struct {
	lane     int // of a task: its place in doc.Tasks
	from, to int
	text     string
	bad      bool // a call that was refused
}

// mark is something that happens at a step.
type mark struct {
	lane, at int
	text     string
	bad      bool
}

// tell finds out what the timeline shows.
func tell(doc *web.Document) *lanes {
	l := &lanes{}
	for i := range doc.Events {
		if e := &doc.Events[i]; e.Kind != trace.Boot && !e.Detail {
			l.steps = append(l.steps, i)
		}
	}
	if l.steps == nil {
		l.steps = []int{0}
	}
	lane := map[int]int{}
	for i, t := range doc.Tasks {
		lane[t.Num] = i
	}
	for i := range doc.Calls {
		l.call(doc, &doc.Calls[i], lane)
	}
	l.between(doc, trace.Lock, trace.Unlock, func(e *web.Event) (key, bool) {
		return key{e.Task, e.Object}, !e.Detail // spin locks are details
	}, func(k key, s span) {
		s.lane = lane[k.task]
		l.locks = append(l.locks, s)
	})
	l.between(doc, trace.Sleep, trace.Wake, func(e *web.Event) (key, bool) { return key{e.Task, 0}, true },
		func(k key, s span) {
			s.lane = lane[k.task]
			l.naps = append(l.naps, s)
		})
	l.between(doc, trace.Hold, trace.Drop, func(e *web.Event) (key, bool) { return key{int(e.Other), e.Object}, true },
		func(k key, s span) {
			at := l.steps[s.from]
			s.text = doc.NameOf(k.object, at) + ": " + doc.NameOf(uint32(k.task), at)
			l.holds = append(l.holds, s)
		})
	for i := range doc.Events {
		e := &doc.Events[i]
		if e.Task == 0 || e.Detail {
			continue
		}
		switch e.Kind {
		case trace.Look:
			extra := fact(e, "refs") - fact(e, "maps") - fact(e, "cache")
			l.looks = append(l.looks, mark{lane[e.Task], l.stepOf(i), "look", extra > 0})
		case trace.Refuse:
			l.looks = append(l.looks, mark{lane[e.Task], l.stepOf(i), e.Op, true})
		}
	}
	return l
}

func (l *lanes) call(doc *web.Document, c *web.Call, lane map[int]int) {
	if c.Begin < 0 {
		return
	}
	end := c.End
	if end < 0 {
		end = len(doc.Events) - 1
	}
	l.calls = append(l.calls, span{lane: lane[doc.Events[c.Begin].Task], from: l.stepOf(c.Begin), to: l.stepOf(end),
		text: c.Text, bad: c.Errno != ""})
}

// key says whose span it is: a task's, or for a hold the holder's.
type key struct {
	task   int
	object uint32
}

// between makes a span of each pair of events; what does not end lasts to the end. The
// first span of a key ends first.
func (l *lanes) between(doc *web.Document, open, end trace.Kind, of func(*web.Event) (key, bool), add func(key, span)) {
	begun := map[key][]int{}
	var order []key
	for i := range doc.Events {
		e := &doc.Events[i]
		if e.Kind != open && e.Kind != end {
			continue
		}
		k, ok := of(e)
		if !ok {
			continue
		}
		if e.Kind == open {
			begun[k] = append(begun[k], l.stepOf(i))
			order = append(order, k)
		} else if from := begun[k]; len(from) > 0 {
			add(k, span{from: from[0], to: l.stepOf(i)})
			begun[k] = from[1:]
		}
	}
	for _, k := range order {
		for _, from := range begun[k] {
			add(k, span{from: from, to: len(l.steps) - 1})
		}
		begun[k] = nil
	}
}

// stepOf returns the step that shows an event: its own, or the next.
func (l *lanes) stepOf(event int) int {
	low, high := 0, len(l.steps)-1
	for low < high {
		if mid := (low + high) / 2; l.steps[mid] < event {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low
}

func fact(e *web.Event, name string) int64 {
	for _, f := range e.Facts {
		if f.Name == name {
			return f.Value
		}
	}
	return 0
}
