package replay

import (
	"context"
	"io"
	"strings"

	"sealab/explain"
	"sealab/run"
	"sealab/scenario"
	"sealab/sim/abi"
	"sealab/sim/kernel"
)

// Replayer plays one log after another and gathers a report.
type Replayer struct {
	given   Options // as the caller gave them
	opts    Options // as the present log's header has changed them
	rep     *Report
	file    string
	ctx     context.Context // of the log; a search asks it too
	ev      *scenario.Event // the present line
	it      item            // the same, ready to be played
	solo    flight          // a call that nothing overlaps, used again and again
	m       *machine
	kernels []string // that calls were played on
	base    int64    // the log's first time, ns
	hasBase bool
	symbols run.Symbols

	first   *item          // a call that began while no other was in flight; not played yet
	stretch []item         // the lines since calls began to overlap
	saved   *saved         // the machine before them
	touched map[int64]bool // descriptors that they may have changed
	open    map[int]bool   // pids with a modelled call in flight; 0 stands for a guess
	long    bool           // a stretch was too long to be kept; its calls are played as they come
	pending map[int]*scenarioCall
	carried map[Count]int64
	reasons map[string]int // refusals already explained, by what they say
	p       play
	plain   deviations

	explained int // refusals that were explained: a long log repeats itself

	full     string // why the rest of the program is not judged, "" as long as it is
	watching int64  // the line whose call is reported in full
}

// scenarioCall is what is known of a call between its two lines.
type scenarioCall struct {
	it   item
	lone bool // it has no effect before its end, so nothing overlaps with it
}

// New returns a Replayer.
func New(opts Options) *Replayer {
	r := &Replayer{given: opts, opts: opts, rep: &Report{}}
	r.carried = map[Count]int64{}
	r.reasons = map[string]int{}
	r.program()
	return r
}

// program forgets everything: what follows in the log has nothing to do with what
// came before.
func (r *Replayer) program() {
	if r.m != nil {
		r.m.k.S.Stop()
	}
	r.m = &machine{k: kernel.Boot(kernel.Config{
		Profile:  r.opts.Profile,
		CPUs:     r.opts.CPUs,
		HZ:       r.opts.HZ,
		Rounding: true,
	})}
	r.full = ""
	r.hasBase, r.first, r.saved, r.stretch, r.long = false, nil, nil, r.stretch[:0], false
	r.open = map[int]bool{}
	r.pending = map[int]*scenarioCall{}
	r.symbols = run.Symbols{}
}

// Log plays a log to its end, or until the context is done. Lines that cannot be
// read are counted, and the rest is played all the same; the error is that of
// reading the input. Its header, if it has one, is for this log only.
func (r *Replayer) Log(ctx context.Context, in io.Reader, name string) error {
	r.file = name
	r.rep.Files = append(r.rep.Files, name)
	r.opts, r.watching, r.ctx = r.given, r.given.Watch, ctx
	r.program()
	rd := scenario.NewReader(in, name, scenario.Options{})
	defer func() { rd.Close(); r.settle(); r.program() }()
	for {
		if ctx.Err() != nil { // perhaps that is why the input ends
			r.rep.Interrupted = true
			return nil
		}
		e, err := rd.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			if err = r.unread(err); err != nil {
				return err
			}
			continue
		}
		if e.Warn != nil {
			r.odd(e.Warn)
		}
		r.rep.Lines++
		r.event(e)
	}
}

// event turns one line into what it means and plays it.
func (r *Replayer) event(e *scenario.Event) {
	r.it = item{pid: e.Pid, line: e.Line}
	it := &r.it
	r.ev = e
	if e.HasTime {
		if !r.hasBase {
			r.base, r.hasBase = e.Time, true
		}
		it.at, it.hasTime = e.Time-r.base, true
	}
	if e.Learnt {
		r.rename(e.Pid)
	}
	switch e.Kind {
	case scenario.Program:
		r.settle()
		r.program()
		r.m.complete = true
	case scenario.Header:
		r.header(e)
	case scenario.Call:
		it.kind = whole
		r.translate(e, it)
		r.answered(e, it)
		it.target = e.Target
		r.play(it)
	case scenario.CallStart:
		r.callStart(e, it)
	case scenario.CallEnd:
		r.callEnd(e, it)
	case scenario.CallLost:
		r.lost(e)
	case scenario.Exit, scenario.Killed, scenario.Superseded:
		it.kind = gone
		if e.Kind == scenario.Killed {
			it.signal = signalNumber(e.Name)
		}
		r.play(it)
	}
}

// rename gives the first task, whose lines had no pid so far, the pid that it turns
// out to have.
func (r *Replayer) rename(pid int) {
	if t := r.m.task(0); t != nil {
		t.pid = pid
	}
	if r.saved != nil {
		for i := range r.saved.tasks {
			if r.saved.tasks[i].pid == 0 {
				r.saved.tasks[i].pid = pid
			}
		}
	}
	for i := range r.stretch {
		if r.stretch[i].pid == 0 {
			r.stretch[i].pid = pid
		}
	}
	if r.first != nil && r.first.pid == 0 {
		r.first.pid = pid
	}
	if c := r.pending[0]; c != nil {
		c.it.pid = pid
		delete(r.pending, 0)
		r.pending[pid] = c
	}
	if r.open[0] {
		delete(r.open, 0)
		r.open[pid] = true
	}
}

// answered reads the recorded answer, and keeps the call's text where the line may
// be gone by the time that it has to be shown.
func (r *Replayer) answered(e *scenario.Event, it *item) {
	it.ans = run.ReadAnswer(e, &it.call)
	r.doubt(e, it)
	if isClone(it.name) && it.ans.OK() {
		it.child = int(it.ans.Val)
	}
	if it.name == "wait4" && it.ans.OK() {
		it.waited = run.Ended(e)
	}
	if len(r.open) > 0 || r.first != nil || it.unsure(r.m) {
		it.text = callText(e)
	}
}

// callStart is the first line of a call. One that can have no effect on the model
// before it ends is played then.
func (r *Replayer) callStart(e *scenario.Event, it *item) {
	it.kind = begin
	r.translate(e, it)
	c := &scenarioCall{it: *it, lone: it.class == passive || it.call.Sys == 0 || r.foreign(it)}
	r.pending[e.Pid] = c
	if !c.lone {
		r.play(it)
		return
	}
	if mayHold[it.name] {
		r.m.suspect(it)
		if r.saved != nil {
			r.saved.suspects = append(r.saved.suspects, suspect{it.name, it.line})
		}
	}
}

// callEnd is the second line of a call: only now all its arguments are known.
func (r *Replayer) callEnd(e *scenario.Event, it *item) {
	p := r.pending[e.Pid]
	if p == nil || e.Unpaired {
		r.count(e.Name, "its beginning is not in the log")
		return
	}
	delete(r.pending, e.Pid)
	if e.Line == r.watching {
		r.watching = p.it.line
	}
	var full item
	r.translate(e, &full)
	it.kind, it.name, it.class, it.bad = end, full.name, full.class, full.bad
	it.call, it.sig, it.caught = full.call, full.sig, full.caught
	r.answered(e, it)
	if p.lone {
		at := it.at
		it.whole(&p.it)
		it.at = at
	}
	r.play(it)
}

// lost is a call whose end is not in the log; whoever was in it is gone, or the
// log stops here.
func (r *Replayer) lost(e *scenario.Event) {
	if p := r.pending[e.Pid]; p != nil && p.lone {
		r.tally(&p.it)
	}
	delete(r.pending, e.Pid)
}

// header takes what a scenario says of its machine.
func (r *Replayer) header(e *scenario.Event) {
	if err := r.opts.header(e.Name, string(e.Raw)); err != nil {
		r.rep.Broken++
		r.complain(e.ErrorAt(nil, err.Error()))
		return
	}
	r.program()
}

// play plays a line at once, or gathers it while calls overlap.
func (r *Replayer) play(it *item) {
	if r.tooLarge(it) || !r.inOrder(it) {
		return
	}
	if r.first != nil { // a call has begun; is it over before anything else happens?
		first := *r.first
		r.first = nil
		if it.kind == end && it.pid == first.pid {
			it.whole(&first)
			r.play(it)
			return
		}
		r.stretchFrom(&first)
	}
	switch {
	case r.long:
		r.plays(it)
		r.long = len(r.open) > 0
	case len(r.open) > 0:
		r.overlapped(it)
	case it.kind == begin:
		c := *it
		r.first = &c
	case it.kind == end:
		r.tally(it)
	case it.unsure(r.m):
		r.stretchFrom(it)
		if len(r.open) == 0 {
			r.settle()
		}
	default:
		r.now(it)
	}
}

// whole makes the end of a call the whole call, played where it began.
func (it *item) whole(first *item) {
	it.kind, it.line, it.at = whole, first.line, first.at
	it.call.Line = first.line
}

// plays plays a line at once although calls overlap.
func (r *Replayer) plays(it *item) {
	r.inFlight(it)
	r.now(it)
}

// now plays a line that overlaps with no other.
func (r *Replayer) now(it *item) {
	if it.holds {
		r.m.suspect(it)
	}
	if it.kind == whole && it.class == passive && it.sig == 0 && it.waited == 0 {
		r.tally(it)
		return
	}
	r.plain = deviations{lax: true}
	r.p.machine, r.p.d, r.p.opts, r.p.solo = r.m, &r.plain, &r.opts, &r.solo
	if r.p.ended == nil {
		r.p.ended = r.endedNow
	}
	r.p.line(it)
	r.inferred(r.m)
}

// endedNow reports a call as soon as it has ended.
func (r *Replayer) endedNow(t *task, f *flight, _ *item) bool {
	r.report(f, verdict(&r.p, t, f), r.explain(r.m, t, f), 0)
	return true
}

// explain asks for the reason of a refusal while the machine still stands as it
// did then.
func (r *Replayer) explain(m *machine, t *task, f *flight) *explain.Reason {
	if f.it.class != modelled || f.res.Errno == 0 || r.explained >= 4*r.opts.keep() {
		return nil
	}
	r.explained++
	return explain.Refusal(m.k, t.proc, &f.it.call, &f.refusal)
}

// translate reads a call's arguments. A call that is not modelled, or whose
// arguments cannot be read, is carried along.
func (r *Replayer) translate(e *scenario.Event, it *item) {
	it.name = e.Name
	var bad int
	it.class, bad = run.ReadCall(e, r.symbols, &it.call)
	it.bad = bad + 1
	if it.name == "ioctl" && it.class == passive {
		it.holds = !terminal(e.Arg(1))
	}
	if it.name == "rt_sigaction" {
		it.sig, it.caught = run.ReadHandler(e)
	}
}

// terminal says whether an ioctl is one of terminals and plain files.
func terminal(cmd *scenario.Arg) bool {
	if cmd == nil {
		return false
	}
	for _, prefix := range []string{"TC", "TIOC", "FIO"} {
		if strings.HasPrefix(string(cmd.Text), prefix) {
			return true
		}
	}
	return false
}

func signalNumber(name string) int {
	s, _ := abi.SignalByName(name)
	return int(s)
}
