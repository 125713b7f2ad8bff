package replay

import (
	"fmt"
	"time"

	"sealab/explain"
)

// Report is what came of playing a log.
type Report struct {
	Files   []string `json:"files"`
	Kernel  string   `json:"kernel"`
	HZ      int      `json:"hz"`
	Notes   []string `json:"notes,omitempty"` // what is not certain about the profile
	Lines   int64    `json:"lines"`
	Calls   int64    `json:"calls"`    // all calls in the log
	Agree   int64    `json:"agree"`    // the model gave the recorded answer
	Differ  int64    `json:"differ"`   // it gave another one
	Asked   int64    `json:"asked"`    // no recorded answer to compare with
	Carried int64    `json:"carried"`  // not modelled, or about something unknown
	Passive int64    `json:"passive"`  // nothing to compare: without effect on what is modelled, or the task's end
	Refused int64    `json:"refused"`  // calls that failed, and the log does not say otherwise
	Tasks   int      `json:"tasks"`    // the most tasks that there were at once
	Overlap int64    `json:"overlaps"` // stretches of the log in which calls overlap
	Orders  int64    `json:"orders"`   // orders tried in them beyond the plain one
	Broken  int64    `json:"broken"`   // lines that could not be read
	Odd     int64    `json:"odd"`      // lines that are cut short, impossible, or contradict others

	Disagreements []Disagreement `json:"disagreements,omitempty"`
	Refusals      []Refusal      `json:"refusals,omitempty"`
	Remarks       []Remark       `json:"remarks,omitempty"`
	Seals         []Sealing      `json:"seals,omitempty"`
	Errors        []string       `json:"errors,omitempty"` // about lines that are broken or odd
	CarriedCalls  []Count        `json:"carried_calls,omitempty"`
	Reordered     []Order        `json:"reordered,omitempty"`

	Watched []Watched `json:"watched,omitempty"` // the call that Options.Watch asks for

	Interrupted bool `json:"interrupted,omitempty"`
}

// Place is a line of a log.
type Place struct {
	File string `json:"file"`
	Line int64  `json:"line"` // where the call begins
	Task int    `json:"task"` // its pid, 0 if the log has none
}

// Disagreement is a call to which the model gave another answer than the log.
type Disagreement struct {
	Place
	Text     string          `json:"text"`
	Recorded string          `json:"recorded"`
	Model    string          `json:"model"`
	Why      *explain.Reason `json:"why,omitempty"` // why the model refused, if it did
	Tried    int             `json:"tried,omitempty"`
	Hint     string          `json:"hint,omitempty"` // where else to look
}

// String is the disagreement in one line.
func (d *Disagreement) String() string {
	return fmt.Sprintf("%s:%d: %s; the model: %s", d.File, d.Line, d.Text, d.Model)
}

// Refusal is a call that failed for a reason the model can name.
type Refusal struct {
	Place
	Text   string          `json:"text"`
	Errno  string          `json:"errno"`
	Reason *explain.Reason `json:"reason"`
	More   int64           `json:"more,omitempty"` // how many calls failed in the same way later
}

// Outcome is how a call was judged.
type Outcome string

// How a call can be judged.
const (
	Agrees     Outcome = "agrees"     // the model gives the recorded answer
	Differs    Outcome = "differs"    // it gives another one
	Unanswered Outcome = "unanswered" // the log has no answer
	NotJudged  Outcome = "not judged" // not modelled, or about something unknown
	NoEffect   Outcome = "no effect"  // it touches nothing that is modelled
)

// Watched is the call of one line, with all that is known of it.
type Watched struct {
	Place
	Text     string          `json:"text"`
	Outcome  Outcome         `json:"outcome"`
	Recorded string          `json:"recorded,omitempty"`
	Model    string          `json:"model,omitempty"` // the model's answer, where it has one
	Reason   *explain.Reason `json:"reason,omitempty"`
	WhyNot   string          `json:"why_not,omitempty"` // why it is not judged
	Hint     string          `json:"hint,omitempty"`    // where else to look
}

// Remark is something worth knowing that is not a disagreement.
type Remark struct {
	Place
	Text string `json:"text"`
}

// Sealing is a call of F_ADD_SEALS that waited, with how long.
type Sealing struct {
	Place
	Predicted time.Duration `json:"predicted_ns"`
	Recorded  time.Duration `json:"recorded_ns"`
	HasTime   bool          `json:"has_time"`
	Answer    string        `json:"answer"`
}

// Count counts one kind of call that was carried along.
type Count struct {
	Name  string `json:"name"`
	Why   string `json:"why"`
	Times int64  `json:"times"`
}

// Order is a stretch of overlapping calls for which another order than the plain
// one was needed.
type Order struct {
	Place
	Last       int64    `json:"last"`
	Deviations []string `json:"deviations"`
	Tried      int      `json:"tried"`
}

// Holds says whether the model agrees with everything that was compared.
func (r *Report) Holds() bool { return r.Differ == 0 }
