package vectors

import (
	"strings"

	"sealab/run"
	"sealab/scenario"
)

// Step is a call.
type Step struct {
	Task  string `json:"task,omitempty"`  // whose; the main task's without
	At    int64  `json:"at_ms,omitempty"` // it does not begin before
	Text  string `json:"text"`            // as strace writes it
	Call  string `json:"call"`
	Args  []Arg  `json:"args"`
	Binds string `json:"binds,omitempty"` // what the result is called from then on
}

// Arg is an argument: one of these.
type Arg struct {
	Number *int64   `json:"number,omitempty"`
	Name   string   `json:"name,omitempty"`   // what an earlier call has returned
	String *string  `json:"string,omitempty"` // a name or a path
	Buffer bool     `json:"buffer,omitempty"` // some memory; what is in it does not matter
	Offset *int64   `json:"offset,omitempty"` // a pointer to a number
	Store  []string `json:"store,omitempty"`  // a pointer to where two descriptors are stored
	Vector []int64  `json:"vector,omitempty"` // a pointer to one struct iovec: address and length
	Text   string   `json:"text,omitempty"`   // anything else, as strace writes it
}

// step turns a line into data.
func step(c *run.Call) Step {
	e := c.Event
	s := Step{Call: e.Name, Binds: e.Target, At: c.At / 1e6, Text: question(e), Args: []Arg{}}
	if c.Task.Name != "main" {
		s.Task = c.Task.Name
	}
	for i := 0; e.Arg(i) != nil; i++ {
		s.Args = append(s.Args, argument(e, e.Arg(i), i))
	}
	return s
}

// question is the line without its answer, its task and its time.
func question(e *scenario.Event) string {
	q := e.Clone()
	q.Ret, q.Pid, q.Task, q.HasTime = scenario.Ret{}, 0, "", false
	return strings.TrimSpace(string(scenario.Append(nil, q)))
}

func argument(e *scenario.Event, a *scenario.Arg, i int) Arg {
	switch {
	case a.Known() && (a.Kind == scenario.Int || a.Kind == scenario.Ident || a.Kind == scenario.Flags):
		return Arg{Number: &a.Num}
	case a.Kind == scenario.Null:
		return Arg{Number: new(int64)}
	case a.Kind == scenario.Symbol:
		return Arg{Name: string(a.Text)}
	case a.Kind == scenario.String && (i == 0 || e.Name == "openat"):
		text := string(a.Text)
		return Arg{String: &text}
	case a.Kind == scenario.String:
		return Arg{Buffer: true}
	case a.Kind == scenario.Array && e.NumChildren(a) == 2:
		return Arg{Store: []string{string(e.Elem(a, 0).Text), string(e.Elem(a, 1).Text)}}
	case a.Kind == scenario.Array && e.NumChildren(a) == 1 && e.Elem(a, 0).Known():
		return Arg{Offset: &e.Elem(a, 0).Num}
	case a.Kind == scenario.Array && e.NumChildren(a) == 1:
		base, length := e.Field(e.Elem(a, 0), "iov_base"), e.Field(e.Elem(a, 0), "iov_len")
		if base != nil && base.Known() && length != nil && length.Known() {
			return Arg{Vector: []int64{base.Num, length.Num}}
		}
	}
	return Arg{Text: string(e.AppendArg(nil, a))}
}
