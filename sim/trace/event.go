package trace

import (
	"fmt"
	"strings"
)

// Trace is one run.
type Trace struct {
	Header
	// Sites are the places in the source; an Event's Site counts from 1.
	Sites  []Site
	Events []Event
}

// Header is what a run was of.
type Header struct {
	Kernel   string `json:"kernel"` // the release that was modelled
	HZ       int    `json:"hz"`     // jiffies a second
	CPUs     int    `json:"cpus"`
	Scenario string `json:"scenario,omitempty"` // the text that was played
	Schedule string `json:"schedule,omitempty"` // the answers that repeat it
	Hash     string `json:"hash,omitempty"`     // over every step and decision, in hex
	Steps    uint64 `json:"steps,omitempty"`
	// More is how many steps or more came after the last event that was kept.
	More int64 `json:"more,omitempty"`
}

// Site is a place in the model where something happened: the call stack, from the
// system call inwards.
type Site struct {
	Stack []Frame `json:"stack"`
}

// Frame is one function of a stack.
type Frame struct {
	Func   string `json:"func"` // such as "memfd.waitForPins"
	File   string `json:"file"` // from the root of the source
	Line   int    `json:"line"`
	Kernel string `json:"kernel,omitempty"` // the function that it models, "memfd_wait_for_pins"
}

// Kind is what sort of thing happened.
type Kind uint8

// The kinds of event.
const (
	Boot   Kind = iota + 1 // the machine as it stands when recording begins
	Begin                  // a system call begins; Text is the call
	End                    // it ends; Text is the answer
	Refuse                 // a check refuses; Text is the errno, Op the check
	Lock                   // a lock is taken; Fact "writer" is 1 or 0
	Unlock                 // and let go
	Wait                   // a task waits for Object, which Other holds
	Sleep                  // a task sleeps; Fact "until" is virtual ns
	Wake                   // it wakes up; Fact "early" is 1 if something woke it
	Count                  // i_mmap_writable changes
	Scan                   // the wait for pins asks whether a page is tagged
	Look                   // the wait for pins looks at a page
	Tag                    // a page is tagged
	Untag                  // a page's tag is taken off
	Ref                    // references to a page are taken
	Unref                  // and given back
	Rmap                   // page table entries that show a page come or go
	Hold                   // Other holds a reference to a page from now on
	Drop                   // and no longer
	Cache                  // a page enters or leaves the page cache
	Data                   // the bytes of a page change
	Seal                   // seals are added
	Size                   // a file's size changes
	Map                    // memory is mapped, changed, or unmapped
	FD                     // a descriptor is opened or closed
	Signal                 // a signal is sent to Other
	Exit                   // a task ends
	Make                   // an object comes into being
	Free                   // an object goes
	Set                    // anything else that changes a value
	Note                   // Text, for the reader
	kinds
)

var kindNames = [...]string{"", "boot", "begin", "end", "refuse", "lock", "unlock", "wait", "sleep", "wake",
	"count", "scan", "look", "tag", "untag", "ref", "unref", "rmap", "hold", "drop", "cache", "data", "seal",
	"size", "map", "fd", "signal", "exit", "make", "free", "set", "note"}

func (k Kind) String() string {
	if k < kinds {
		return kindNames[k]
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

// MarshalText writes the kind's name.
func (k Kind) MarshalText() ([]byte, error) {
	if k == 0 || k >= kinds {
		return nil, fmt.Errorf("trace: there is no kind %d", uint8(k))
	}
	return []byte(kindNames[k]), nil
}

// UnmarshalText reads what MarshalText writes.
func (k *Kind) UnmarshalText(text []byte) error {
	for i := Boot; i < kinds; i++ {
		if kindNames[i] == string(text) {
			*k = i
			return nil
		}
	}
	return fmt.Errorf("there is no kind of event %q", text)
}

// Object names something of the machine.
type Object struct {
	ID   uint32 `json:"id,omitempty"`
	Kind string `json:"kind,omitempty"` // "page", "file", "lock", "counter", "task", "pipe" …
	Name string `json:"name,omitempty"` // as a sentence calls it: page 3 of "a"
}

// Fact is a number that belongs to an event.
type Fact struct {
	Name  string `json:"name"`
	Value int64  `json:"value"`
}

// Change is one value that an event changed. Old is "" when there was none, and New
// when there is none any more.
type Change struct {
	Object uint32 `json:"id"`
	Field  string `json:"field"`
	Old    string `json:"old,omitempty"`
	New    string `json:"new,omitempty"`
}

// Event is one thing that happened.
type Event struct {
	Step    uint64   `json:"step"`           // steps of the run so far: where to run it again up to
	At      int64    `json:"at"`             // virtual ns
	Task    int      `json:"task,omitempty"` // whose doing it is, 0 for nobody's
	Who     string   `json:"who,omitempty"`  // what that task is called
	Line    int64    `json:"line,omitempty"` // of the scenario: the task's present call
	Kind    Kind     `json:"kind"`
	Op      string   `json:"op,omitempty"`   // the operation or check, as the kernel calls it
	Site    int      `json:"site,omitempty"` // where, counted from 1 in Trace.Sites
	Object  Object   `json:"object,omitzero"`
	Other   Object   `json:"other,omitzero"` // a second object: who holds, who is sent to
	Text    string   `json:"text,omitempty"`
	Facts   []Fact   `json:"facts,omitempty"`
	Cause   int      `json:"cause,omitempty"`  // the event that made it so, counted from 1; 0 for none
	Detail  bool     `json:"detail,omitempty"` // only for a close reader
	Changes []Change `json:"changes,omitempty"`
}

// Fact returns a number of the event, 0 if it has none of that name.
func (e *Event) Fact(name string) int64 {
	for _, f := range e.Facts {
		if f.Name == name {
			return f.Value
		}
	}
	return 0
}

// Changed returns what the event did to one value of its Object.
func (e *Event) Changed(field string) (old, now string) {
	for _, c := range e.Changes {
		if c.Object == e.Object.ID && c.Field == field {
			return c.Old, c.New
		}
	}
	return "", ""
}

// Where returns the kernel function in which the event happened, as the innermost
// function of the stack that models one; "" if none does.
func (t *Trace) Where(e *Event) string {
	if e.Site < 1 || e.Site > len(t.Sites) {
		return ""
	}
	stack := t.Sites[e.Site-1].Stack
	for i := len(stack) - 1; i >= 0; i-- {
		if stack[i].Kernel != "" {
			return stack[i].Kernel
		}
	}
	return ""
}

// LastChange returns the latest event before event i (from 0) that changed a value,
// or -1.
func (t *Trace) LastChange(i int, object uint32, field string) int {
	for i--; i >= 0; i-- {
		for _, c := range t.Events[i].Changes {
			if c.Object == object && c.Field == field {
				return i
			}
		}
	}
	return -1
}

// Time prints virtual ns as a person reads it: "0 ms", "12.5 ms", "3 µs".
func Time(ns int64) string {
	if ns != 0 && ns > -1000000 && ns < 1000000 {
		return trim(fmt.Sprintf("%.3f", float64(ns)/1e3)) + " µs"
	}
	return trim(fmt.Sprintf("%.3f", float64(ns)/1e6)) + " ms"
}

func trim(s string) string { return strings.TrimRight(strings.TrimRight(s, "0"), ".") }
