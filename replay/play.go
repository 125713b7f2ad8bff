package replay

import (
	"fmt"

	"sealab/run"
	"sealab/sim/abi"
	"sealab/sim/kernel"
)

// play is one try at playing lines on a machine: the machine, and the answers to
// what the log leaves open.
type play struct {
	*machine
	d    *deviations
	opts *Options
	solo *flight // to be used for a call on one line; nil where flights are kept
	// ended is told of each call that has ended, in the order of the log. It
	// returns false to give this try up.
	ended func(t *task, f *flight, it *item) bool
}

// line plays one line. It returns false when the try was given up.
func (p *play) line(it *item) bool {
	if it.kind == gone && p.task(it.pid) == nil {
		return true
	}
	t := p.known(it)
	p.moveClock(it)
	p.letGo()
	switch it.kind {
	case whole:
		f := p.solo
		if f == nil {
			f = new(flight)
		}
		*f = flight{it: *it}
		t.flight = f
		p.start(t, f)
		return p.finish(t, f, it)
	case begin:
		f := &flight{it: *it}
		t.flight = f
		if f.held = p.d.hold(it); f.held == 0 {
			p.start(t, f)
			break
		}
		if p.held++; f.held > 0 {
			f.held++ // letGo counts before a line, not after it
		}
	case end:
		f := t.flight
		if f == nil {
			break // its task was made anew: two of them have the same pid
		}
		f.it.take(it)
		return p.finish(t, f, it)
	case lost:
		p.giveUp(t)
	case gone:
		p.exit(t, it)
	}
	return true
}

// take adds what the end of a call told to what its beginning had told.
func (it *item) take(e *item) {
	it.ans, it.child, it.text = e.ans, e.child, e.text
	it.call.Place, it.call.Device = e.call.Place, e.call.Device
	if it.partial() {
		line := it.call.Line
		it.call, it.class, it.linked = e.call, e.class, true
		it.call.Line = line
	}
	if e.class != modelled {
		it.class, it.carriedWhy = e.class, e.carriedWhy
	}
}

// moveClock lets the timers fire that fire before a line, and moves the clock to
// it. Where another order is allowed, it may be taken: a look that comes late, or
// up to a tick early.
func (p *play) moveClock(it *item) {
	if !it.hasTime {
		return
	}
	s := p.k.S
	tick := int64(1_000_000_000 / s.Clock.HZ)
	for {
		at, ok := s.NextTimer()
		if !ok || at > it.at+tick {
			break
		}
		if p.d.race(it, at <= it.at) {
			break
		}
		s.Tick()
		p.run()
	}
	p.now = max(p.now, it.at)
	s.SetNow(p.now)
}

// letGo gives calls that were held back long enough to the model.
func (p *play) letGo() {
	if p.held == 0 {
		return
	}
	for _, t := range p.tasks {
		if f := t.flight; f != nil && f.held > 0 {
			if f.held--; f.held == 0 {
				p.held--
				p.start(t, f)
			}
		}
	}
}

// start gives a call to the model and lets it run until it has answered or must
// wait.
func (p *play) start(t *task, f *flight) {
	f.held = 0
	f.began = p.k.S.Now()
	p.prepare(t, f)
	p.hide(t, f)
	f.running = true
	if f.it.class != modelled {
		f.done, f.ended = true, f.began
		p.learn(t, f)
		return
	}
	p.k.Submit(t.proc, &f.it.call)
	p.run()
}

// run lets the model run at the present time, and collects the answers.
func (p *play) run() {
	if err := p.d.run(p.k.S); err != nil {
		p.d.exhausted = true
	}
	p.collect()
}

// collect takes the answers of calls that are done.
func (p *play) collect() {
	for _, t := range p.tasks {
		f := t.flight
		if f == nil || !f.running || f.done || t.proc.Busy() {
			continue
		}
		f.done, f.ended = true, p.k.S.Now()
		f.res, f.err = t.proc.Result()
		f.refusal = t.proc.Task.Refusal
		switch {
		case f.err != nil:
			f.it.class = carried
		case f.refusal.Check == kernel.ModelLimit:
			f.it.class, f.it.carriedWhy = carried, "larger than the model"
		case f.res.Errno == abi.EFAULT && f.it.ans.OK() && transfers[f.it.name]:
			// strace prints the address of what it cannot read any more when the call is over
			f.it.class, f.it.carriedWhy = carried, "its buffer is not in memory that the log shows"
		}
		p.learn(t, f)
	}
}

// finish brings a call to its end, since the log says that it ended: timers that
// it waits for fire early, and calls that it waits for go on.
func (p *play) finish(t *task, f *flight, it *item) bool {
	if !f.running {
		p.held--
		p.start(t, f)
	}
	for !f.done && !p.d.exhausted {
		p.run()
		if f.done || p.k.S.CanRun() {
			continue
		}
		if !p.k.S.Tick() && !p.release() {
			break
		}
	}
	p.k.S.SetNow(p.now)
	t.flight = nil
	if why := p.heardOfUnseen(t, f); why != "" {
		f.it.class, f.it.carriedWhy = carried, why
		p.carry(t, &f.it)
	} else if f.err != nil {
		p.carry(t, &f.it)
	}
	ok := p.ended(t, f, it)
	if f.io != 0 {
		p.k.LetGo(f.io)
	}
	if !f.done {
		p.abandon(t)
	}
	return ok
}

// release starts one call that was held back, for the sake of one that waits.
func (p *play) release() bool {
	for _, t := range p.tasks {
		if f := t.flight; f != nil && f.held != 0 && !f.running && !f.it.partial() {
			p.held--
			p.start(t, f)
			return true
		}
	}
	return false
}

// abandon gives up a call that would wait for ever in the model, and puts a fresh
// process in its place.
func (p *play) abandon(t *task) {
	t.proc = p.k.Replace(t.proc)
}

// giveUp forgets the call that a task is in.
func (p *play) giveUp(t *task) {
	f := t.flight
	t.flight = nil
	switch {
	case f == nil:
	case !f.running:
		p.held--
	case !f.done:
		p.abandon(t)
	}
	if f != nil && f.io != 0 {
		p.k.LetGo(f.io)
	}
}

// exit plays the end of a task. A call that it was in is cut short by the signal
// that ended it.
func (p *play) exit(t *task, it *item) {
	if f := t.flight; f != nil {
		if !f.running {
			p.held--
			p.start(t, f)
		}
		if !f.done {
			sig := max(it.signal, int(abi.SIGKILL))
			p.k.S.Signal(t.proc.Task, sig, true)
			p.run()
		}
		for !f.done && !p.d.exhausted && (p.k.S.Tick() || p.release()) {
			p.run()
		}
		t.flight = nil
		if !f.done {
			p.abandon(t)
		}
	}
	if !t.proc.Gone() {
		p.k.Submit(t.proc, &kernel.Call{Sys: sysExit, Line: it.line})
		p.run()
	}
	if t.proc.Gone() {
		p.drop(t)
	}
}

// transfers are the calls whose buffer is touched if the log has its address.
var transfers = run.WordSet(`read write pread64 pwrite64`)

var sysExit = kernel.SysByName("exit_group")

// known returns the task of a line, made if the log has not shown it before.
func (p *play) known(it *item) *task {
	if t := p.task(it.pid); t != nil {
		if !t.proc.Gone() || it.kind != whole && it.kind != begin {
			t.seen = true
			return t
		}
		p.drop(t) // it has exited, and makes a call: another one has its pid
	}
	if t := p.born(it.pid); t != nil {
		t.seen = true
		return t
	}
	proc := p.k.Spawn(fmt.Sprint(it.pid), len(p.tasks))
	p.run()
	t := &task{pid: it.pid, proc: proc, mem: &memory{mm: proc.MM}, seen: true, complete: p.complete}
	p.tasks = append(p.tasks, t)
	return t
}

// born finds the clone that must have made a task that is seen for the first
// time, when the log has not said yet what that clone returned, and lets it
// happen.
func (p *play) born(pid int) *task {
	for i := len(p.tasks) - 1; i >= 0; i-- {
		f := p.tasks[i].flight
		if f == nil || f.running && f.done || !isClone(f.it.name) {
			continue
		}
		if f.it.child == pid || f.it.child == 0 {
			f.it.child = pid
			if !f.running {
				p.held = max(0, p.held-1)
				p.start(p.tasks[i], f)
			}
			return p.task(pid)
		}
	}
	return nil
}

func isClone(name string) bool {
	return name == "clone" || name == "clone3" || name == "fork" || name == "vfork"
}
