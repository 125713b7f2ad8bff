package web

import (
	"fmt"

	"sealab/run"
	"sealab/sim/trace"
)

// Format is the version of the contract. It changes when a field changes its
// meaning; a page shows a document of another format only by its words.
const Format = "sealab-page-1"

// Request asks for a document.
type Request struct {
	Format string `json:"format"`         // Format
	Name   string `json:"name,omitempty"` // of the scenario, for messages
	Text   string `json:"text"`           // the scenario
	Log    bool   `json:"log,omitempty"`  // it is a log: leave out what cannot be read or judged
	// Program is which of the scenario's programs, from 0.
	Program int    `json:"program,omitempty"`
	Kernel  string `json:"kernel,omitempty"` // a release; "" for the scenario's own
	HZ      int    `json:"hz,omitempty"`     // 0 for the scenario's own
	CPUs    int    `json:"cpus,omitempty"`   // 0 for the scenario's own
	// Schedule says who goes first, as `sealab run --schedule` takes it; where it ends,
	// each task goes on for as long as it can.
	Schedule string `json:"schedule,omitempty"`
	// Fork keeps of the schedule what came before, and lets somebody else go then.
	Fork *Fork `json:"fork,omitempty"`
	// Near plays the order that is nearest to the schedule and ends otherwise.
	Near bool `json:"near,omitempty"`
}

// Fork is another decision at one point of a run.
type Fork struct {
	After int `json:"after"` // how many decisions are kept
	Task  int `json:"task"`  // who goes then, from 1; 0 lets a timer fire
}

// Document is a run for a page.
type Document struct {
	Format   string   `json:"format"`
	Name     string   `json:"name,omitempty"`
	Text     string   `json:"text"` // the scenario, as it was asked for
	Log      bool     `json:"log,omitempty"`
	Programs []string `json:"programs,omitempty"` // the names of all, where there are several
	Program  int      `json:"program,omitempty"`  // which it is, from 0
	Asked    Asked    `json:"asked"`              // what of the machine was asked for
	Kernel   string   `json:"kernel"`             // the release that was modelled
	HZ       int      `json:"hz"`
	CPUs     int      `json:"cpus"`
	Seals    []string `json:"seals"` // that this kernel knows
	// HugeOne says that the page cache has one reference to a page of hugetlbfs, however
	// large; otherwise it is one for each small page, as elsewhere.
	HugeOne  bool         `json:"huge_one,omitempty"`
	Kernels  []Kernel     `json:"kernels"`         // to choose from
	Notes    []string     `json:"notes,omitempty"` // what is not certain, or was left out
	Holds    bool         `json:"holds"`
	Calls    []Call       `json:"calls"`
	Conds    []run.Judged `json:"conditions,omitempty"`
	Verdicts []Verdict    `json:"verdicts"` // never empty; the one that matters most is the first
	Tasks    []Task       `json:"tasks"`
	Events   []Event      `json:"events"`
	Names    []Name       `json:"names"`
	Sites    [][]int      `json:"sites"` // places: for each function on the way there its entry in Frames
	Frames   []Frame      `json:"frames"`
	Code     []Code       `json:"code"`
	Forks    []Choice     `json:"forks,omitempty"`
	Schedule string       `json:"schedule"`
	Hash     string       `json:"hash"`
	Steps    uint64       `json:"steps"`
	Time     int64        `json:"time_ns"`
	More     int64        `json:"more,omitempty"` // events that came after the last one here
	Near     *Near        `json:"near,omitempty"` // where the order was asked for as a near one
}

// NameOf is what an object is called at an event, from 0; before it has a name, its first.
func (d *Document) NameOf(id uint32, event int) string {
	name := ""
	for _, n := range d.Names {
		if n.ID == id && (name == "" || n.Event <= event) {
			name = n.Name
		}
	}
	if name == "" {
		return fmt.Sprintf("object %d", id)
	}
	return name
}

// TaskName is what the task with a number is called.
func (d *Document) TaskName(num int) string {
	for _, t := range d.Tasks {
		if t.Num == num {
			return t.Name
		}
	}
	return fmt.Sprintf("task %d", num)
}

// Near says how far an order is from the one that it was asked for as nearest to.
type Near struct {
	Turns int    `json:"turns"`           // how often a task goes out of its turn
	Moved int    `json:"moved"`           // the steps that are taken out of turn
	First string `json:"first,omitempty"` // the task that goes first out of its turn; "" is a timer
}

// Asked is what of the machine a request said; the rest is the scenario's.
type Asked struct {
	Kernel string `json:"kernel,omitempty"`
	HZ     int    `json:"hz,omitempty"`
	CPUs   int    `json:"cpus,omitempty"`
}

// Kernel is one that can be asked for by name.
type Kernel struct {
	ID    string `json:"id"`
	About string `json:"about"`
}

// Call is a call with the model's answer.
type Call struct {
	Line   int64  `json:"line"`
	Task   string `json:"task"`
	Text   string `json:"text"` // with its answer
	Errno  string `json:"errno,omitempty"`
	State  string `json:"state"`
	Begin  int    `json:"begin"` // its first event, from 0; -1 if it was not made
	End    int    `json:"end"`   // its last; -1 if it did not return
	Differ bool   `json:"differ,omitempty"`
}

// Verdict is what came of one call, or of the run.
type Verdict struct {
	Title   string `json:"title"` // the call, with its answer
	Tone    Tone   `json:"tone"`
	Event   int    `json:"event"` // where it was decided, from 0
	Because string `json:"because"`
	Change  string `json:"change,omitempty"` // what would have let it pass
	Cards   []Card `json:"cards"`            // at most six, in the order of their events
}

// Tone says how a verdict is to be taken.
type Tone string

// The tones.
const (
	Refused Tone = "refused" // a check of the kernel refused
	Differs Tone = "differs" // the answer is not the expected one
	Stuck   Tone = "stuck"   // the call waits for ever
	Fine    Tone = "fine"    // nothing was refused
)

// Card is one link of the chain that led to a verdict.
type Card struct {
	Event int    `json:"event"` // from 0
	Text  string `json:"text"`
}

// Task is a lane.
type Task struct {
	Num  int    `json:"num"`
	Name string `json:"name"`
}

// Name says what an object is called from an event on: the number of an object
// that is gone is used again, and a page gets a place in a file.
type Name struct {
	Event int    `json:"event"` // from 0
	ID    uint32 `json:"id"`
	Kind  string `json:"kind"`
	Name  string `json:"name"`
}

// Event is a trace.Event with its sentence. Its objects are numbers; Names says
// what they are called.
type Event struct {
	At      int64        `json:"at"` // virtual ns
	Task    int          `json:"task,omitempty"`
	Line    int64        `json:"line,omitempty"`
	Kind    trace.Kind   `json:"kind"`
	Say     string       `json:"say"` // one sentence, without its full stop
	Op      string       `json:"op,omitempty"`
	Site    int          `json:"site,omitempty"`
	Object  uint32       `json:"object,omitempty"`
	Other   uint32       `json:"other,omitempty"`
	Facts   []trace.Fact `json:"facts,omitempty"`
	Cause   int          `json:"cause,omitempty"` // from 1; 0 for none
	Detail  bool         `json:"detail,omitempty"`
	Fork    int          `json:"fork,omitempty"` // what may be chosen next, from 1; 0 for nothing
	Changes []Change     `json:"changes,omitempty"`
}

// Change is one value that an event changed: the object's number, the field, the
// old and the new value.
type Change [4]any

// Choice is a point at which somebody else could have gone.
type Choice struct {
	After int   `json:"after"` // decisions before it
	Tasks []int `json:"tasks"` // who can go; 0 is a timer
	Went  int   `json:"went"`
}
