package explore

import (
	"context"
	"fmt"
	"math"
	"math/big"
	"strings"

	"sealab/run"
	"sealab/scenario"
	"sealab/sim/sched"
)

// Search is one of the ways to search a scenario.
type Search string

// The ways.
const (
	Complete Search = "complete" // every order, by states
	ByOrders Search = "orders"   // every order, by runs: source sets and sleep sets
	Few      Search = "bounded"  // orders with few preemptions
	Random   Search = "walk"     // runs drawn at random
	Priority Search = "pct"      // runs drawn by random priorities
	Evenly   Search = "uniform"  // runs drawn so that each order is about as likely
	ByBits   Search = "bitstate" // as many orders as possible in bounded memory, by states
)

// Searches lists the ways.
func Searches() []string {
	return []string{string(Complete), string(ByOrders), string(Few), string(ByBits), string(Random),
		string(Evenly), string(Priority)}
}

// Plan says how a scenario is searched.
type Plan struct {
	Options
	Search Search
	Kernel string // the release; "" for the scenario's
	HZ     int
	CPUs   int
	Runs   int64 // of walk, uniform and pct
	Seed   uint64
	Laws   bool // ask the laws of the model in every state
	Keep   bool // keep how far a search came that ends early: Report.Checkpoint
}

// Report is what a search of a scenario found, as it is printed.
type Report struct {
	Name       string      `json:"name,omitempty"` // of the program
	Kernel     string      `json:"kernel"`
	Notes      []string    `json:"notes,omitempty"`
	Search     Search      `json:"search"`
	Time       string      `json:"time"` // "free" or "zero"
	Complete   bool        `json:"complete"`
	Why        string      `json:"why,omitempty"`    // it is not complete
	Orders     string      `json:"orders,omitempty"` // how many, exactly
	Outcomes   []Row       `json:"outcomes"`
	Conditions []Condition `json:"conditions,omitempty"`
	Loops      bool        `json:"loops,omitempty"` // some orders go on for as long as nobody else may
	Stuck      bool        `json:"stuck,omitempty"` // some orders never end
	States     int64       `json:"states"`
	Steps      int64       `json:"steps"`
	Runs       int64       `json:"runs,omitempty"`
	Parts      int         `json:"parts,omitempty"` // that were put together; states may be in several
	Estimate   *Estimate   `json:"estimate,omitempty"`
	Memory     int64       `json:"memory_bytes,omitempty"`
	// Risk is about how likely it is that two states were taken for one, so that
	// something was missed.
	Risk float64 `json:"risk,omitempty"`
	// Coverage is, of bitstate, about how likely it is at least that a state that was met
	// was looked at.
	Coverage float64 `json:"coverage,omitempty"`

	// Checkpoint is how far an incomplete search came.
	Checkpoint *Checkpoint `json:"-"`

	stage   *run.Stage
	program *Program
	plan    *Plan
}

// Row is an outcome.
type Row struct {
	Text        string  `json:"text"`
	Kind        string  `json:"kind"`
	Orders      string  `json:"orders,omitempty"` // how many lead to it; or how many runs
	Share       float64 `json:"share,omitempty"`  // of all orders
	Preemptions int     `json:"preemptions"`      // of a shortest schedule
	Length      int     `json:"steps"`
	Schedule    string  `json:"schedule,omitempty"` // of `sealab run --schedule`
	Holds       []bool  `json:"holds,omitempty"`    // per condition
	Other       []int64 `json:"other,omitempty"`    // lines with another answer than expected

	kind  Kind
	count *big.Int
	way   *Schedule
}

// Condition is a condition of the scenario, judged by all that was seen.
type Condition struct {
	Line        int64  `json:"line"`
	Text        string `json:"text"`
	Observation string `json:"observation"` // "Never", "Sometimes" or "Always"
	Positive    string `json:"positive,omitempty"`
	Negative    string `json:"negative,omitempty"`
	Verdict     string `json:"verdict"` // "holds", "violated" or "not decided"
}

// Holds says whether nothing speaks against the scenario: no condition is violated,
// no answer is another than expected, every order comes to an end, and no law is
// broken.
func (r *Report) Holds() bool {
	for _, c := range r.Conditions {
		if c.Verdict == violated {
			return false
		}
	}
	for _, o := range r.Outcomes {
		if o.kind != End || len(o.Other) > 0 {
			return false
		}
	}
	return !r.Stuck
}

const violated = "violated"

// Explore searches a scenario. The error is about the kernel, or about a line that
// cannot be searched.
func Explore(ctx context.Context, s *run.Script, plan Plan) (*Report, error) {
	r, problem, err := newReport(s, &plan)
	if err != nil {
		return nil, err
	}
	p := r.program
	res, err := plan.search(ctx, p)
	if err == nil {
		err = problem()
	}
	if err != nil {
		return nil, err
	}
	if !plan.Keep {
		res.Checkpoint = nil // nor what it holds
	}
	if !res.Complete && (plan.Search == Complete || plan.Search == Few || plan.Search == ByBits) {
		plan.drawSome(ctx, p, res)
	}
	r.Checkpoint = res.Checkpoint
	r.fill(res)
	r.judge()
	return r, nil
}

// newReport makes a scenario ready to be searched. problem tells afterwards whether a line
// of it could not be played.
func newReport(s *run.Script, plan *Plan) (r *Report, problem func() error, err error) {
	st, err := s.Stage(run.Options{Kernel: plan.Kernel, HZ: plan.HZ, CPUs: plan.CPUs})
	if err != nil {
		return nil, nil, err
	}
	p, problem := FromScript(st, plan.Laws)
	r = &Report{
		Name: s.Name, Kernel: p.Profile.Release, Search: plan.Search, Time: plan.Time.String(),
		stage: st, program: p, plan: plan,
	}
	for _, n := range st.Notes {
		r.Notes = append(r.Notes, string(n))
	}
	return r, problem, nil
}

func (plan *Plan) search(ctx context.Context, p *Program) (*Result, error) {
	switch plan.Search {
	case ByOrders:
		return Orders(ctx, p, OrderOptions{Options: plan.Options})
	case ByBits:
		return Bits(ctx, p, plan.Options)
	case Random, Priority, Evenly:
		o := SampleOptions{Options: plan.Options, Seed: plan.Seed, Runs: plan.Runs}
		o.Method = map[Search]Method{Random: Walk, Priority: PCT, Evenly: Uniform}[plan.Search]
		return Sample(ctx, p, o)
	}
	return Run(ctx, p, plan.Options)
}

// drawSome adds what a few random orders come to: a search that ends early may not
// have come to any end at all.
func (plan *Plan) drawSome(ctx context.Context, p *Program, res *Result) {
	const few, work = 500, 3_000_000 // runs; less if there are many tasks
	drawn, err := Sample(ctx, p, SampleOptions{Options: plan.Options, Seed: plan.Seed, Runs: few, MaxWork: work})
	if err != nil || ctx.Err() != nil {
		return
	}
	for _, o := range drawn.Outcomes {
		if res.Find(o.Text) == nil {
			o.Count = nil
			res.Outcomes = append(res.Outcomes, o)
		}
	}
	sortOutcomes(res.Outcomes)
	res.Why += fmt.Sprintf(", and %d orders drawn at random", drawn.Total)
}

func (r *Report) fill(res *Result) {
	r.Complete, r.Why, r.Loops, r.Stuck = res.Complete, res.Why, res.Loops, res.Stuck
	r.States, r.Steps, r.Memory, r.Estimate = res.States, res.Steps, res.Memory, res.Estimate
	switch r.Search {
	case ByOrders:
		r.Runs, r.States = res.States, 0
	case Random, Priority, Evenly:
		r.Runs = res.Total.Int64()
	case ByBits:
		r.Coverage = res.Coverage
	default:
		r.Risk = float64(r.States) * float64(r.States) * math.Pow(2, -65)
		if res.Total != nil {
			r.Orders = res.Total.String()
		}
	}
	for i := range res.Outcomes {
		o := &res.Outcomes[i]
		row := r.row(o)
		if o.Count != nil {
			row.Orders = o.Count.String()
			row.Share = share(o.Count, res.Total)
		}
		r.Outcomes = append(r.Outcomes, row)
	}
}

// row is an outcome as it is printed.
func (r *Report) row(o *Outcome) Row {
	f := o.Facts()
	row := Row{Text: f.Text, Kind: o.Kind.String(), Holds: f.Holds, Other: f.Other, kind: o.Kind, count: o.Count}
	if row.way = o.Schedule; row.way != nil {
		row.Preemptions, row.Length = row.way.Preemptions, row.way.Length
		row.Schedule = r.replayable(o)
	}
	return row
}

// share returns what part of all n are.
func share(n, all *big.Int) float64 {
	if all == nil || all.Sign() == 0 {
		return 0
	}
	f, _ := new(big.Rat).SetFrac(n, all).Float64()
	return f
}

// replayable returns the schedule with which `sealab run` comes to the same outcome;
// nothing if it does not.
func (r *Report) replayable(o *Outcome) string {
	if o.Kind == Crash || o.Kind == Broken {
		return ""
	}
	res, err := r.play(o.Schedule)
	if err != nil {
		return ""
	}
	return res.Schedule
}

func (r *Report) play(s *Schedule) (*run.Result, error) {
	return PlayAs(r.stage, r.program, s, run.Options{Kernel: r.plan.Kernel, HZ: r.plan.HZ, CPUs: r.plan.CPUs})
}

// judge judges the conditions.
func (r *Report) judge() {
	for i, e := range r.stage.Conditions() {
		c := Condition{Line: e.Line, Text: string(scenario.Append(nil, e))}
		yes, no := new(big.Int), new(big.Int)
		counted := r.Orders != "" || r.Runs > 0 && r.Search != ByOrders
		some, all := false, true
		for _, o := range r.Outcomes {
			if o.kind != End {
				continue
			}
			some, all = some || o.Holds[i], all && o.Holds[i]
			if counted && o.count != nil && o.Holds[i] {
				yes.Add(yes, o.count)
			} else if counted && o.count != nil {
				no.Add(no, o.count)
			}
		}
		c.Observation = map[bool]string{true: "Sometimes", false: "Never"}[some]
		if some && all {
			c.Observation = "Always"
		}
		if counted {
			c.Positive, c.Negative = yes.String(), no.String()
		}
		c.Verdict = judged(e.Name, some, all, r.Complete)
		r.Conditions = append(r.Conditions, c)
	}
}

// judged judges a condition: some and all say of how many of the orders seen it is
// true. What was not seen may be otherwise, unless the search was complete.
func judged(word string, some, all, complete bool) string {
	const holds = "holds"
	switch {
	case word == "exists" && some:
		return holds
	case word == "never" && some, word == "always" && !all:
		return violated
	case !complete:
		return "not decided"
	case word == "exists":
		return violated
	}
	return holds
}

// Find returns the first outcome whose text has all the words, nil if there is none.
func (r *Report) Find(words string) *Row {
	for i := range r.Outcomes {
		o := &r.Outcomes[i]
		found := true
		for _, w := range strings.Fields(words) {
			found = found && strings.Contains(o.Text, w)
		}
		if found {
			return o
		}
	}
	return nil
}

// Against returns an outcome that speaks against the scenario, nil if none does.
func (r *Report) Against() *Row {
	for i := range r.Outcomes {
		o := &r.Outcomes[i]
		if o.kind != End || len(o.Other) > 0 {
			return o
		}
		for k, c := range r.Conditions {
			word := r.stage.Conditions()[k].Name
			if c.Verdict == violated && word != "exists" && o.Holds[k] == (word == "never") {
				return o
			}
		}
	}
	return nil
}

// Stretch is a number of steps that one task took without a break.
type Stretch struct {
	Task  string // "" for a timer that fires
	Index int    // of the task, -1 for a timer
	Steps []Taken
}

// Lanes returns how an outcome came about, by the shortest schedule.
func (r *Report) Lanes(o *Row) ([]Stretch, error) {
	if o.way == nil {
		return nil, fmt.Errorf("no schedule is known that leads there")
	}
	steps, err := Follow(r.program, o.way, Options{})
	var all []Stretch
	for _, t := range steps {
		if n := len(all); n == 0 || all[n-1].Index != t.Task || t.Task < 0 {
			name := ""
			if t.Task >= 0 {
				name = r.program.Tasks[t.Task].Name
			}
			all = append(all, Stretch{Task: name, Index: t.Task})
		}
		last := &all[len(all)-1]
		last.Steps = append(last.Steps, t)
	}
	return all, err
}

// Together returns what outcomes call the calls that run at the same time.
func (r *Report) Together() (labels []string) { return r.stage.Together() }

// Tasks returns the names of the tasks.
func (r *Report) Tasks() (names []string) {
	for _, t := range r.program.Tasks {
		names = append(names, t.Name)
	}
	return names
}

// Calls returns the scenario with the answers that an outcome has, as lines that can
// be read again; nothing if the outcome cannot be replayed.
func (r *Report) Calls(o *Row) (lines []string) {
	if o.Schedule == "" {
		return nil
	}
	parsed, err := sched.ParseSchedule(o.Schedule)
	if err != nil {
		return nil
	}
	res, err := run.Play(r.stage.Script, run.Options{Kernel: r.plan.Kernel, HZ: r.plan.HZ, CPUs: r.plan.CPUs,
		Chooser: &sched.Replay{Schedule: parsed}, FreeTime: true})
	if err != nil {
		return nil
	}
	for _, c := range res.Calls {
		lines = append(lines, c.Text)
	}
	return lines
}
