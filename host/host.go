package host

import (
	"errors"
	"fmt"
	"io"
	"time"

	"sealab/scenario"
)

// ErrUnsupported is returned where there is no Linux on x86-64 underneath.
var ErrUnsupported = errors.New("running a scenario on the host needs Linux on x86-64; " +
	"the model runs everywhere: see `sealab run` and `sealab replay`")

// Options say how scenarios are run.
type Options struct {
	// Timeout is how long a run may take; 0 means 5 s.
	Timeout time.Duration
	// Runs is how often a scenario with concurrent tasks is run; 0 means 1000.
	Runs int
	// Seed chooses the delays with which concurrent tasks begin.
	Seed uint64
	// Spread is the largest such delay, in turns of an empty loop; 0 means 2000, which is about a
	// microsecond.
	Spread int
	// Pages is how many pages of the first memfd are looked at after each call: see Outcome.Maps.
	// It needs root, and a program without named tasks that share memory.
	Pages int
}

// Program is a scenario, or one of several in a file.
type Program struct {
	Name string // as in `# program NAME`
	// Events are the calls, headers and conditions, in order. Kept from one Read.
	Events []*scenario.Event
}

// Read reads the programs of a file. The error joins all that is wrong with it, each with its
// place.
func Read(in io.Reader, name string) ([]*Program, error) {
	r := scenario.NewReader(in, name, scenario.Options{})
	defer r.Close()
	programs := []*Program{{}}
	var bad []error
	for {
		e, err := r.Next()
		var syntax *scenario.SyntaxError
		switch {
		case err == io.EOF:
			return nonempty(programs), errors.Join(bad...)
		case errors.As(err, &syntax):
			if len(bad) < maxErrors {
				bad = append(bad, err)
			}
			continue
		case err != nil:
			return nil, err
		}
		if e.Warn != nil && len(bad) < maxErrors {
			bad = append(bad, e.Warn)
		}
		if e.Kind == scenario.Program {
			programs = append(programs, &Program{Name: e.Name})
			continue
		}
		last := programs[len(programs)-1]
		if len(last.Events) >= maxEvents {
			return nil, fmt.Errorf("%s:%d: more than %d lines in one program", name, e.Line, maxEvents)
		}
		last.Events = append(last.Events, clone(e))
	}
}

// maxErrors bounds how many mistakes are told, maxEvents how long a program may be.
const (
	maxErrors = 20
	maxEvents = 1500
)

func nonempty(programs []*Program) (out []*Program) {
	for _, p := range programs {
		if len(p.Events) > 0 {
			out = append(out, p)
		}
	}
	return out
}

// clone copies an event out of the reader's buffers.
func clone(e *scenario.Event) *scenario.Event {
	c := *e
	c.Args, c.Nodes = cloneArgs(e.Args), cloneArgs(e.Nodes)
	c.Raw, c.Tail = keep(e.Raw), keep(e.Tail)
	c.Style.Comm, c.Style.Brackets = keep(e.Style.Comm), keep(e.Style.Brackets)
	c.Ret.Text, c.Ret.ErrName = keep(e.Ret.Text), keep(e.Ret.ErrName)
	c.Ret.Path, c.Ret.Paren = keep(e.Ret.Path), keep(e.Ret.Paren)
	return &c
}

func cloneArgs(args []scenario.Arg) []scenario.Arg {
	out := make([]scenario.Arg, len(args))
	for i, a := range args {
		a.Text, a.Name, a.Path, a.Note = keep(a.Text), keep(a.Name), keep(a.Path), keep(a.Note)
		out[i] = a
	}
	return out
}

func keep(b []byte) []byte {
	if b == nil {
		return nil
	}
	return append([]byte{}, b...)
}

// Outcome is one of the ways in which a program went.
type Outcome struct {
	Count int    `json:"count"`
	Key   string `json:"key"` // the results of the concurrent calls and of those after them, as in `s0 = 0; m0 = EPERM`
	Log   []byte `json:"-"`   // the first run that went so
	// Maps are the map counts of pages, as /proc/kpagecount tells them, after each call from the
	// first memfd_create on, in the order of time. With Options.Pages.
	Maps []Maps `json:"-"`
}

// Maps are the map counts of the first pages of a file, after a call.
type Maps struct {
	Line  int64   // of the call
	Count []int64 // -1 for a page that is not there
}

// Result is what the host answered.
type Result struct {
	Name     string    `json:"name,omitempty"`
	Runs     int       `json:"runs"`
	Outcomes []Outcome `json:"outcomes"` // the most frequent first
	// Claims are the scenario's conditions.
	Claims []Claim `json:"claims,omitempty"`
	// Skipped are the lines that were not run, with the reason.
	Skipped []string `json:"skipped,omitempty"`
	// Missing is what this host does not have, or does not allow.
	Missing []string `json:"missing,omitempty"`
	// Stuck says which task was in which call when the time was up.
	Stuck []string `json:"stuck,omitempty"`
}
