package explore

import (
	"cmp"
	"math/big"
	"slices"
	"strings"

	"sealab/sim/sched"
)

// Kind says in which way a run ended.
type Kind uint8

const (
	End      Kind = iota // every task came to its end
	Deadlock             // some task waits for ever
	Crash                // a task did what cannot be: a bug of the model
	Broken               // a law does not hold in some state
)

func (k Kind) String() string {
	return [...]string{"end", "deadlock", "crash", "broken law"}[k]
}

// Outcome is one thing that can come of a program.
type Outcome struct {
	Text  string
	Kind  Kind
	Count *big.Int // interleavings that lead to it; nil if they were not counted
	// Schedule is a shortest way to it: the fewest preemptions, then the fewest
	// steps. Nil if none was looked for.
	Schedule *Schedule
}

// Schedule is a way through the graph.
type Schedule struct {
	Steps       sched.Schedule // each of a task's letters is one step, ~ is a timer
	Preemptions int            // how often a task was left that could have gone on
	Length      int            // in steps
}

// before says whether a schedule is shorter than another.
func (s *Schedule) before(t *Schedule) bool {
	return cmp.Or(cmp.Compare(s.Preemptions, t.Preemptions), cmp.Compare(s.Length, t.Length)) < 0
}

// Result is what a search found.
type Result struct {
	Outcomes []Outcome // in order of kind and text
	// Complete says that every order was looked at. Otherwise Why says what it was
	// that ended the search, and there may be more outcomes.
	Complete bool
	Why      string
	// Loops says that some orders go round in circles for as long as the schedule is
	// unfair. Their number is infinite, so interleavings are not counted.
	Loops bool
	// Stuck says that some circle has no way out.
	Stuck bool

	States     int64    // different states
	Steps      int64    // transitions between them
	Locals     int64    // different places where a task can stand
	Objects    int64    // different versions of objects
	Rehearsals int64    // runs of a single task
	Cut        int64    // of Orders: runs that were ended because they would only repeat others
	Memory     int64    // bytes that the search used for states, at most
	Total      *big.Int // interleavings, or of Sample the runs drawn; nil if not counted
	// Checkpoint is how far an incomplete search by states came, for Options.Resume.
	Checkpoint *Checkpoint
	Estimate   *Estimate // of Sample
	// Coverage is, of Bits, about how likely it is at least that a state that was met for
	// the first time was looked at.
	Coverage float64
}

// outcomes puts what was found in order.
func outcomes(found map[result]*big.Int) (all []Outcome) {
	for f, n := range found {
		all = append(all, Outcome{Text: f.text, Kind: f.kind, Count: n})
	}
	sortOutcomes(all)
	return all
}

func sortOutcomes(all []Outcome) {
	slices.SortFunc(all, func(a, b Outcome) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), strings.Compare(a.Text, b.Text))
	})
}

// Find returns the outcome with that text, or nil.
func (r *Result) Find(text string) *Outcome {
	for i := range r.Outcomes {
		if r.Outcomes[i].Text == text {
			return &r.Outcomes[i]
		}
	}
	return nil
}
