package perfetto

import (
	"encoding/json"
	"fmt"
	"io"

	"sealab/sim/trace"
	"sealab/web"
)

// document is a trace, in Chrome's trace event format.
type document struct {
	Unit   string            `json:"displayTimeUnit"`
	Other  map[string]string `json:"otherData"`
	Events []record          `json:"traceEvents"`
}

// record is an entry of it.
type record struct {
	Name  string         `json:"name"`
	Phase string         `json:"ph"`
	Time  float64        `json:"ts"` // µs
	PID   int            `json:"pid"`
	TID   int            `json:"tid"`
	Cat   string         `json:"cat,omitempty"`
	ID    string         `json:"id,omitempty"`
	Scope string         `json:"s,omitempty"`
	Args  map[string]any `json:"args,omitempty"`
}

// groups of tracks, which the format calls processes.
const (
	tasks = iota + 1
	locks
	pages
	files
)

// Write writes a run.
func Write(w io.Writer, doc *web.Document) error {
	t := &writer{doc: doc, inCall: map[int]bool{}, asleep: map[int]bool{}, open: map[string]slice{}}
	for i, name := range []string{"tasks", "inode locks", "holds on pages", "files"} {
		t.add(record{Name: "process_name", Phase: "M", PID: tasks + i, Args: map[string]any{"name": name}})
	}
	for _, task := range doc.Tasks {
		t.add(record{Name: "thread_name", Phase: "M", PID: tasks, TID: task.Num,
			Args: map[string]any{"name": task.Name}})
	}
	for i := range doc.Events {
		t.now = float64(doc.Events[i].At)/1e3 + float64(i)
		t.event(i)
	}
	t.now++
	t.finish()
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(document{"ms", map[string]string{"kernel": doc.Kernel, "scenario": doc.Text}, t.out})
}

// writer turns events into records.
type writer struct {
	doc    *web.Document
	now    float64
	out    []record
	inCall map[int]bool
	asleep map[int]bool
	open   map[string]slice // what has begun on a track of its own, by its ID
	order  []string         // the IDs of all that has begun
}

// slice is something that lasts, beside what tasks do.
type slice struct {
	group int
	name  string
	count int // how often it has begun and not ended
}

func (t *writer) add(r record) { t.out = append(t.out, r) }

func (t *writer) event(i int) {
	e := &t.doc.Events[i]
	t.counter(i)
	if e.Kind == trace.Boot || e.Detail {
		return
	}
	args := map[string]any{"says": e.Say, "event": i, "virtual ns": e.At}
	switch e.Kind {
	case trace.Begin:
		t.inCall[e.Task] = true
		t.add(record{Name: t.callAt(i), Phase: "B", Time: t.now, PID: tasks, TID: e.Task, Args: args})
	case trace.End:
		t.wake(e.Task)
		if t.inCall[e.Task] {
			t.add(record{Phase: "E", Time: t.now, PID: tasks, TID: e.Task, Args: args})
			t.inCall[e.Task] = false
		}
	case trace.Sleep, trace.Wait:
		t.wake(e.Task)
		t.asleep[e.Task] = true
		t.add(record{Name: e.Kind.String(), Phase: "B", Time: t.now, PID: tasks, TID: e.Task, Args: args})
	case trace.Lock:
		t.wake(e.Task) // it may have waited for it
		t.begin(locks, fmt.Sprintf("lock %d of %d", e.Object, e.Task),
			t.doc.NameOf(e.Object, i)+", "+t.doc.TaskName(e.Task), args)
	case trace.Unlock:
		t.end(fmt.Sprintf("lock %d of %d", e.Object, e.Task))
	case trace.Hold:
		name := t.doc.NameOf(e.Object, i) + ": " + t.doc.NameOf(e.Other, i)
		t.begin(pages, fmt.Sprintf("page %d of %d", e.Object, e.Other), name, args)
	case trace.Drop:
		t.end(fmt.Sprintf("page %d of %d", e.Object, e.Other))
	case trace.Wake:
		t.wake(e.Task)
	default:
		t.add(record{Name: e.Kind.String() + after(e.Op), Phase: "i", Scope: "t", Time: t.now, PID: tasks, TID: e.Task,
			Args: args})
	}
}

func after(op string) string {
	if op == "" {
		return ""
	}
	return " " + op
}

// wake ends a sleep or a wait.
func (t *writer) wake(task int) {
	if t.asleep[task] {
		t.asleep[task] = false
		t.add(record{Phase: "E", Time: t.now, PID: tasks, TID: task})
	}
}

// counter follows i_mmap_writable.
func (t *writer) counter(i int) {
	e := &t.doc.Events[i]
	for _, c := range e.Changes {
		if e.Kind == trace.Count && c[1] == "n" {
			t.add(record{Name: t.doc.NameOf(e.Object, i), Phase: "C", Time: t.now, PID: files,
				Args: map[string]any{"n": json.Number(fmt.Sprint(c[3]))}})
		}
	}
}

func (t *writer) begin(group int, id, name string, args map[string]any) {
	s, begun := t.open[id]
	if !begun {
		t.order = append(t.order, id)
	}
	s.group, s.count = group, s.count+1
	if s.count == 1 {
		s.name = name
		t.add(record{Name: name, Phase: "b", Cat: "held", ID: id, Time: t.now, PID: group, Args: args})
	}
	t.open[id] = s
}

func (t *writer) end(id string) {
	s, begun := t.open[id]
	if !begun || s.count == 0 {
		return
	}
	s.count--
	t.open[id] = s
	if s.count == 0 {
		t.add(record{Name: s.name, Phase: "e", Cat: "held", ID: id, Time: t.now, PID: s.group})
	}
}

// finish ends what never ended.
func (t *writer) finish() {
	for _, task := range t.doc.Tasks {
		t.wake(task.Num)
		if t.inCall[task.Num] {
			t.add(record{Phase: "E", Time: t.now, PID: tasks, TID: task.Num})
		}
	}
	for _, id := range t.order {
		for t.open[id].count > 0 {
			t.end(id)
		}
	}
}

// callAt is the call that begins with an event.
func (t *writer) callAt(event int) string {
	for i := range t.doc.Calls {
		if c := &t.doc.Calls[i]; c.Begin == event {
			return c.Text
		}
	}
	return t.doc.Events[event].Say
}
