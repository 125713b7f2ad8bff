package question

import (
	"fmt"
	"strconv"

	"sealab/run"
	"sealab/sim/abi"
	"sealab/sim/trace"
)

// Fact is what a probe reads.
type Fact uint8

// The facts.
const (
	Answer  Fact = iota // what the call answers, and after how long
	Counter             // i_mmap_writable of the first file, when the call has returned
	Tagged              // how many pages the call tagged
	Refs                // references to the first page of the first file, when the call has returned
	Looks               // how often the call asked whether the first page is held
	Check               // which check of the kernel refused
)

// Probe says what to read off a run: one fact about the call of a line.
type Probe struct {
	Line int64 // from 1
	Of   Fact
}

// Found is what a probe has read.
type Found struct {
	Text    string
	Because []string // why it is so, a sentence each
}

// Read reads it. The error is that there is no such call, or nothing to read of it.
func (p Probe) Read(r *run.Result) (*Found, error) {
	for i := range r.Calls {
		if a := &r.Calls[i]; a.Line == p.Line {
			return p.read(r, a)
		}
	}
	return nil, fmt.Errorf("there is no call on line %d", p.Line)
}

func (p Probe) read(r *run.Result, a *run.Answered) (*Found, error) {
	w := &walk{t: r.Trace, a: a}
	switch p.Of {
	case Answer:
		return &Found{Outcome(a), w.why()}, nil
	case Check:
		if a.Why == nil {
			return &Found{"None: it succeeds", w.why()}, nil
		}
		return &Found{a.Why.Check, w.why()}, nil
	case Tagged:
		return &Found{strconv.Itoa(w.count(trace.Tag)), w.say(trace.Tag)}, nil
	case Looks:
		return &Found{strconv.Itoa(w.count(trace.Look)), w.say(trace.Look)}, nil
	case Counter:
		n, ok := w.ofFile("counter", "n")
		if !ok {
			return nil, fmt.Errorf("there is no file whose counter could be told after line %d", p.Line)
		}
		because := w.before(anything, trace.Count)
		if because == nil {
			because = []string{"No mapping was counted, and nobody has denied any."}
		}
		return &Found{n, because}, nil
	case Refs:
		page, n, ok := w.firstPage()
		if !ok {
			return nil, fmt.Errorf("there is no page whose references could be told after line %d", p.Line)
		}
		of := func(e *trace.Event) bool { return e.Object.ID == page || e.Other.ID == page }
		return &Found{n, w.before(of, trace.Cache, trace.Hold, trace.Drop, trace.Rmap)}, nil
	}
	return nil, fmt.Errorf("no fact %d", p.Of)
}

// Outcome says in a few words what a call came to: "It succeeds", "It returns 4096",
// "EBUSY, after 164 ms".
func Outcome(a *run.Answered) string {
	switch {
	case a.State == run.Waiting:
		return "It waits for ever"
	case a.State != run.Returned:
		return "It is not made"
	}
	late := ""
	if d := a.Ended - a.Began; d > 0 {
		late = ", after " + trace.Time(d)
	} else if a.Errno == abi.EBUSY.Name() {
		late = ", at once" // the other EBUSY is the one that waited
	}
	e := a.Of().Event
	switch cmd := e.Arg(1); {
	case a.Errno != "":
		return a.Errno + late
	case e.Name == "fcntl" && cmd != nil && cmd.Num == abi.FGetSeals:
		return Seals(abi.Seals(a.Value))
	case a.Value == 0 || opens[e.Name]:
		return "It succeeds" + late
	}
	return fmt.Sprintf("It returns %d%s", a.Value, late)
}

// opens are the calls whose value is only a name for what they made.
var opens = run.WordSet("memfd_create open openat dup dup2 dup3 mmap mremap fork clone clone3")

// Seals names seals as a choice does.
func Seals(s abi.Seals) string {
	if s == 0 {
		return "No seals"
	}
	return s.String()
}
