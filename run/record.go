package run

import (
	"fmt"
	"slices"

	"sealab/scenario"
	"sealab/sim/folio"
	"sealab/sim/inode"
	"sealab/sim/kernel"
	"sealab/sim/mapping"
	"sealab/sim/sched"
	"sealab/sim/trace"
)

// recorder writes a run down. It is told of every step, keeps what it last saw of
// each object, and so knows what each step changed. It never changes anything.
type recorder struct {
	k     *kernel.Kernel
	w     *sched.World
	board sched.ID // the script's own object, which is not of the machine
	t     *trace.Trace
	max   int

	order map[sched.ID]uint8  // of a page tree: the largest order of an entry that it has had
	seen  map[sched.ID]values // of each object, as of the last event about it
	last  map[value]int       // the event that last changed a value, counted from 1
	touch map[sched.ID]int    // the last event about an object
	sites map[string]int
	names names
	tasks map[*sched.Task]*doing
	holds map[sched.ID][]grip // by folio: who holds it
	carry []trace.Change      // changes that belong to no event of their own
}

// values are what is told of one object, by field.
type values map[string]string

// value names one value of one object.
type value struct {
	id    sched.ID
	field string
}

// grip is a holder of a folio, and the event since which it holds it.
type grip struct {
	holder sched.ID
	since  int
}

// letGo forgets one grip of a holder, and returns since when it was.
func (r *recorder) letGo(folio, holder sched.ID) (since int) {
	all := r.holds[folio]
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].holder == holder {
			since = all[i].since
			r.holds[folio] = slices.Delete(all, i, i+1)
			break
		}
	}
	return since
}

// doing is what a task is in the middle of.
type doing struct {
	line  int64
	call  string // the name of the call
	began int    // its first event
	refs  int32  // what folio_ref_count last told it
	scans int64  // how often it has asked for tagged pages
	look  int    // its last look at a page
	why   int    // its last refusal
	held  []sched.Held
	told  map[trace.Kind]int // how often its call has done something to a page
	more  int                // how much of that is told only to close readers
}

// newRecorder begins to record a machine.
func newRecorder(k *kernel.Kernel, board sched.ID, most int) *recorder {
	if most <= 0 {
		most = 100_000
	}
	r := &recorder{
		k: k, w: k.S.World(), board: board, t: &trace.Trace{}, max: most,
		order: map[sched.ID]uint8{}, seen: map[sched.ID]values{}, last: map[value]int{},
		touch: map[sched.ID]int{}, sites: map[string]int{}, tasks: map[*sched.Task]*doing{},
		holds: map[sched.ID][]grip{},
	}
	r.names.init(r)
	e := trace.Event{Kind: trace.Boot}
	r.w.Each(func(id sched.ID, o sched.Object) {
		if ino, ok := o.(*inode.Inode); ok {
			r.names.inode(id, ino)
		}
		e.Changes = append(e.Changes, r.diff(id)...)
	})
	r.add(nil, &e)
	k.S.SetObserver(r)
	return r
}

// finish ends the recording.
func (r *recorder) finish() *trace.Trace {
	r.k.S.SetObserver(nil)
	for _, p := range r.k.Procs() {
		r.held(p.Task)
	}
	if len(r.carry) > 0 {
		r.add(nil, &trace.Event{Kind: trace.Note, Text: "nothing more can happen", Detail: true})
	}
	return r.t
}

// full says, once there are as many events as may be, that nothing more is written
// down, and counts what is not.
func (r *recorder) full() bool {
	if len(r.t.Events) < r.max {
		return false
	}
	r.t.More++
	return true
}

// of returns what a task is doing.
func (r *recorder) of(t *sched.Task) *doing {
	d := r.tasks[t]
	if d == nil {
		d = &doing{}
		r.tasks[t] = d
	}
	return d
}

// add writes an event down, with who, when and where.
func (r *recorder) add(t *sched.Task, e *trace.Event) int {
	e.Changes = append(e.Changes, r.carry...)
	r.carry = r.carry[:0]
	if r.full() {
		return 0
	}
	e.Step, e.At = r.k.S.Steps(), r.k.S.Now()
	if t != nil && t.Name != driver {
		d := r.of(t)
		e.Task, e.Who, e.Line = t.Num, t.Name, d.line
		d.tire(e)
	}
	r.t.Events = append(r.t.Events, *e)
	n := len(r.t.Events)
	for _, c := range e.Changes {
		r.last[value{sched.ID(c.Object), c.Field}] = n
		r.touch[sched.ID(c.Object)] = n
	}
	return n
}

// tedious is how many events of a kind, about pages, a call may have before only
// close readers are told more.
const tedious = 8

// tire makes the many events of a call that does the same to many pages a detail.
func (d *doing) tire(e *trace.Event) {
	switch e.Kind {
	case trace.Cache, trace.Hold, trace.Drop, trace.Look, trace.Tag, trace.Untag, trace.Rmap:
	case trace.Scan, trace.Wake:
		d.told = nil
		return
	default:
		return
	}
	if d.told == nil {
		d.told = map[trace.Kind]int{}
	}
	if d.told[e.Kind]++; d.told[e.Kind] > tedious && !e.Detail {
		e.Detail = true
		d.more++
	}
}

// driver is the name of tasks that do a driver's own work.
const driver = "driver"

// born, begin, end and exit are told by the tasks of the script. A nil recorder
// records nothing.
func (r *recorder) born(t *sched.Task, p *kernel.Proc) {
	if r == nil {
		return
	}
	e := trace.Event{Op: "task", Object: r.names.task(t), Changes: r.process(p)}
	r.detail(t, &e)
}

// process takes up what belongs to a process: some of it comes into being unseen.
func (r *recorder) process(p *kernel.Proc) []trace.Change {
	r.names.process(p)
	return append(append(r.diff(p.Task.Sleep), r.diff(p.MM)...), r.diff(p.FDs)...)
}

func (r *recorder) begin(t *sched.Task, c *Call, class Class) {
	if r == nil {
		return
	}
	d := r.of(t)
	*d = doing{line: c.Line, call: c.Event.Name, held: d.held}
	if class != Modelled {
		text := c.Event.Name + " is not modelled; its answer is taken as it stands"
		r.add(t, &trace.Event{Kind: trace.Note, Text: text})
	}
	e := trace.Event{Kind: trace.Begin, Op: c.Event.Name, Object: r.names.task(t), Text: callText(c.Event)}
	e.Changes = r.change(t.Sleep, "call", e.Text)
	d.began = r.add(t, &e)
}

func (r *recorder) end(t *sched.Task, p *kernel.Proc, a *Answered) {
	if r == nil {
		return
	}
	d := r.of(t)
	r.held(t)
	if d.more > 0 {
		r.add(t, &trace.Event{Kind: trace.Note, Text: fmt.Sprintf("%s did such things %d times more", t.Name, d.more)})
	}
	e := trace.Event{Kind: trace.End, Op: d.call, Object: r.names.task(t), Text: a.AnswerText(), Cause: d.began}
	if took := a.Ended - a.Began; took > 0 {
		e.Facts = []trace.Fact{{Name: "took", Value: took}}
	}
	if a.Errno != "" && d.why > 0 {
		e.Cause = d.why
	}
	e.Changes = append(r.change(t.Sleep, "call", ""), r.process(p)...)
	r.add(t, &e)
}

func (r *recorder) exit(t *sched.Task) {
	if r == nil {
		return
	}
	e := trace.Event{Kind: trace.Exit, Object: r.names.task(t)}
	e.Cause = r.last[value{t.Sleep, "fatal"}]
	r.add(t, &e)
}

// Step implements sched.Observer.
func (r *recorder) Step(t *sched.Task, op *sched.Info, id sched.ID, arg, result any) {
	if id == r.board || r.full() {
		return
	}
	r.held(t)
	e := trace.Event{Op: op.Name, Object: r.names.object(id)}
	if op.Access != sched.Read {
		e.Changes = r.diffAfter(id, arg)
	} else if !worthTelling(op.Name) {
		return
	}
	switch o := r.w.Object(id).(type) {
	case *sched.RWSem:
		r.locked(t, &e, id, o.Label == "i_rwsem")
	case *sched.SpinLock:
		r.locked(t, &e, id, false)
	case *sched.Sleeper:
		r.slept(t, &e, id, o)
	case *mapping.Counter:
		r.counted(t, &e, id)
	case *mapping.Pages:
		r.paged(t, &e, id, arg, result)
	case *folio.Folio:
		r.page(t, &e, id, o, arg, result)
	case *inode.Inode:
		r.file(t, &e)
	default:
		r.other(t, &e, id, o)
	}
}

// worthTelling says whether an operation that changes nothing is worth telling.
func worthTelling(op string) bool {
	return op == "folio_ref_count" || op == "folio_mapcount" || op == "mapping_tagged"
}

// detail writes an event for close readers: a value that changed, and no more.
func (r *recorder) detail(t *sched.Task, e *trace.Event) {
	if len(e.Changes) == 0 {
		return
	}
	e.Kind, e.Detail, e.Site = trace.Set, true, r.site()
	r.add(t, e)
}

// Waits implements sched.Watcher.
func (r *recorder) Waits(t *sched.Task, op *sched.Info, id sched.ID) {
	if id == r.board || id == t.Sleep || r.full() {
		return
	}
	e := trace.Event{Kind: trace.Wait, Op: op.Name, Object: r.names.object(id), Site: r.site(), Detail: true}
	switch o := r.w.Object(id).(type) {
	case *sched.RWSem:
		e.Detail = false
		e.Other, e.Cause = r.owner(int(o.Writer)), r.last[value{id, "writer"}]
		if o.Writer == 0 {
			e.Cause = r.last[value{id, "readers"}]
		}
	case *sched.SpinLock:
		e.Other, e.Cause = r.owner(int(o.Owner)), r.last[value{id, "owner"}]
	default:
		e.Detail = false
	}
	r.add(t, &e)
}

// owner names the task of a number.
func (r *recorder) owner(num int) trace.Object {
	for _, t := range r.k.S.Tasks() {
		if t.Num == num {
			return r.names.task(t)
		}
	}
	return trace.Object{}
}

// Refused implements sched.Watcher.
func (r *recorder) Refused(t *sched.Task) {
	if r.full() {
		return
	}
	ref := &t.Refusal
	e := trace.Event{Kind: trace.Refuse, Op: ref.Check, Text: ref.Errno.Name(), Site: r.site()}
	for _, f := range ref.Facts {
		if f.Name != "" {
			e.Facts = append(e.Facts, trace.Fact{Name: f.Name, Value: f.Value})
		}
	}
	d := r.of(t)
	for _, id := range ref.Objects {
		if id == 0 || r.w.Object(id) == nil {
			continue
		}
		switch o := r.names.object(id); {
		case e.Object.ID == 0:
			e.Object = o
		default:
			e.Other = o
		}
		e.Cause = max(e.Cause, r.because(d, id))
	}
	d.why = r.add(t, &e)
}

// because returns the event that made an object such that a check refuses.
func (r *recorder) because(d *doing, id sched.ID) int {
	switch r.w.Object(id).(type) {
	case *mapping.Counter:
		return r.last[value{id, "n"}]
	case *folio.Folio:
		return d.look
	case *inode.Inode:
		return max(r.last[value{id, "seals"}], r.last[value{id, "name"}])
	case *mapping.Pages:
		return 0
	}
	return r.touch[id]
}

// Made implements sched.Watcher.
func (r *recorder) Made(t *sched.Task, id sched.ID) {
	if r.full() {
		return
	}
	if ino, ok := r.w.Object(id).(*inode.Inode); ok {
		r.names.inode(id, ino)
	}
	r.held(t)
	e := trace.Event{Kind: trace.Make, Detail: true, Changes: r.diff(id)}
	if len(e.Changes) == 0 {
		return
	}
	e.Object, e.Site = r.names.object(id), r.site()
	r.add(t, &e)
}

// Freed implements sched.Watcher.
func (r *recorder) Freed(t *sched.Task, id sched.ID) {
	if r.full() {
		return
	}
	_, isFile := r.w.Object(id).(*inode.Inode)
	e := trace.Event{Kind: trace.Free, Detail: !isFile, Object: r.names.object(id)}
	e.Changes = r.forget(id)
	delete(r.order, id)
	if len(e.Changes) == 0 {
		return
	}
	e.Site = r.site()
	r.add(t, &e)
	r.names.forget(id)
}

// callText prints a call without its answer.
func callText(e *scenario.Event) string {
	c := *e
	c.Kind, c.Raw, c.Tail, c.Target, c.Ret = scenario.Call, nil, nil, "", scenario.Ret{}
	c.Style, c.HasDur, c.Died = scenario.Style{}, false, false
	return string(scenario.Append(nil, &c))
}
