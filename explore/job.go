package explore

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"slices"
	"strings"

	"sealab/run"
	"sealab/sim/profile"
	"sealab/sim/sched"
)

// Job is a search that is done in parts, by whoever has time: it says all that the parts
// depend on. A part of it is known by its number alone.
type Job struct {
	Name     string `json:"name,omitempty"` // of the file
	Scenario string `json:"scenario"`       // its text
	Search   Search `json:"search"`         // Complete, Random or Priority
	Time     string `json:"time"`           // "free" or "zero"
	Kernel   string `json:"kernel"`         // a release or the name of a kernel
	HZ       int    `json:"hz,omitempty"`   // 0 for the scenario's
	CPUs     int    `json:"cpus,omitempty"`
	Runs     int64  `json:"runs,omitempty"` // of walk and pct, in all
	Seed     uint64 `json:"seed,omitempty"`
	Laws     bool   `json:"laws,omitempty"`
	Roam     bool   `json:"roam,omitempty"` // beside what the scenario says
	Stray    bool   `json:"stray,omitempty"`
	Alike    bool   `json:"no_symmetry,omitempty"`
	Parts    int    `json:"parts"`
}

// maxParts bounds how many parts a job has: more are of no use to anybody.
const maxParts = 1 << 16

// ID is a short name that two jobs share only if they are the same.
func (j *Job) ID() string {
	text, err := json.Marshal(j)
	if err != nil {
		panic(err) // it has nothing that cannot be written
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// check returns the scenario, or what is wrong with the job.
func (j *Job) check() (*run.Script, error) {
	switch {
	case j.Search != Complete && j.Search != Random && j.Search != Priority:
		return nil, fmt.Errorf("explore: a search by %q cannot be done in parts", j.Search)
	case j.Time != FreeTime.String() && j.Time != ZeroTime.String():
		return nil, fmt.Errorf("explore: time is free or zero, not %q", j.Time)
	case j.Parts < 1 || j.Parts > maxParts:
		return nil, fmt.Errorf("explore: %d parts: there are 1 to %d", j.Parts, maxParts)
	case j.Search != Complete && j.Runs < int64(j.Parts):
		return nil, fmt.Errorf("explore: %d runs are too few for %d parts", j.Runs, j.Parts)
	}
	scripts, err := run.Read(strings.NewReader(j.Scenario), j.Name)
	if err != nil {
		return nil, err
	}
	if len(scripts) != 1 {
		return nil, fmt.Errorf("explore: a job is of one program, and %s has %d", j.Name, len(scripts))
	}
	scripts[0].Roam = scripts[0].Roam || j.Roam
	scripts[0].Stray = scripts[0].Stray || j.Stray
	return scripts[0], nil
}

// plan is how part i of the job is searched.
func (j *Job) plan(i int, o Options) Plan {
	o.Shard, o.Shards, o.NoSymmetry = i, j.Parts, j.Alike
	if j.Time == ZeroTime.String() {
		o.Time = ZeroTime
	}
	p := Plan{Options: o, Search: j.Search, Kernel: j.Kernel, HZ: j.HZ, CPUs: j.CPUs, Laws: j.Laws, Seed: j.Seed}
	if j.Search != Complete {
		n := int64(j.Parts)
		p.Runs = j.Runs*int64(i+1)/n - j.Runs*int64(i)/n
		p.Seed = sched.NewRandom(j.Seed + uint64(i)<<32).Uint64()
	}
	return p
}

// Part is what one part of a job came to. It is plain data: the same part of the same job
// is the same wherever it was done, but for how long it took and how much memory.
type Part struct {
	Format string `json:"format"`
	Job    Job    `json:"job"`
	Number int    `json:"number"` // from 0

	Complete bool      `json:"complete"`
	Why      string    `json:"why,omitempty"`
	Loops    bool      `json:"loops,omitempty"`
	Stuck    bool      `json:"stuck,omitempty"`
	States   int64     `json:"states"`
	Steps    int64     `json:"steps"`
	Memory   int64     `json:"memory_bytes,omitempty"`
	Runs     int64     `json:"runs,omitempty"`
	Orders   float64   `json:"orders_log10,omitempty"` // of walk: about how many there are
	Basis    float64   `json:"basis,omitempty"`        // and how many runs that rests on: see Estimate
	Outcomes []portion `json:"outcomes"`
}

// portion is an outcome in a part.
type portion struct {
	Text        string `json:"text"`
	Kind        Kind   `json:"kind"`
	Count       string `json:"count,omitempty"`
	Schedule    string `json:"schedule,omitempty"`
	Preemptions int    `json:"preemptions,omitempty"`
	Length      int    `json:"length,omitempty"`
}

// PartFormat is the format of a part; its number changes if a field changes its meaning.
const PartFormat = "sealab-part-1"

// Do does part i (from 0) of a job. Of the options it takes those that change nothing
// about the answer: workers, memory, progress.
func (j *Job) Do(ctx context.Context, i int, o Options) (*Part, error) {
	s, err := j.check()
	if err != nil {
		return nil, err
	}
	if i < 0 || i >= j.Parts {
		return nil, fmt.Errorf("explore: there is no part %d of %d", i, j.Parts)
	}
	plan := j.plan(i, o)
	r, problem, err := newReport(s, &plan)
	if err != nil {
		return nil, err
	}
	res, err := plan.search(ctx, r.program)
	if err == nil {
		err = problem()
	}
	if err != nil {
		return nil, err
	}
	return newPart(j, i, res), nil
}

func newPart(j *Job, i int, res *Result) *Part {
	p := &Part{
		Format: PartFormat, Job: *j, Number: i, Complete: res.Complete, Why: res.Why, Loops: res.Loops,
		Stuck: res.Stuck, States: res.States, Steps: res.Steps, Memory: res.Memory,
	}
	if j.Search != Complete {
		p.Runs = res.Total.Int64()
	}
	if res.Estimate != nil {
		p.Orders, p.Basis = res.Estimate.Orders, res.Estimate.Basis
	}
	for _, o := range res.Outcomes {
		x := portion{Text: o.Text, Kind: o.Kind}
		if o.Count != nil {
			x.Count = o.Count.String()
		}
		if o.Schedule != nil {
			x.Schedule, x.Preemptions, x.Length = o.Schedule.Steps.String(), o.Schedule.Preemptions, o.Schedule.Length
		}
		p.Outcomes = append(p.Outcomes, x)
	}
	return p
}

// Write writes a part as JSON.
func (p *Part) Write(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	return e.Encode(p)
}

// ReadPart reads what Write has written, and tests that it is whole.
func ReadPart(r io.Reader) (*Part, error) {
	p := &Part{}
	d := json.NewDecoder(io.LimitReader(r, maxPart))
	if err := d.Decode(p); err != nil {
		return nil, fmt.Errorf("no part of a search, or one that is torn: %w", err)
	}
	if p.Format != PartFormat {
		return nil, fmt.Errorf("its format is %q, and this sealab reads %q", p.Format, PartFormat)
	}
	if p.Number < 0 || p.Number >= p.Job.Parts {
		return nil, fmt.Errorf("it says that it is part %d of %d", p.Number+1, p.Job.Parts)
	}
	for _, o := range p.Outcomes {
		n, ok := new(big.Int).SetString(o.Count, 10)
		if o.Kind > Broken || o.Count != "" && (!ok || n.Sign() < 0) {
			return nil, fmt.Errorf("its outcome %q cannot be", o.Text)
		}
	}
	return p, nil
}

// maxPart is how many bytes of a part are read.
const maxPart = 64 << 20

// Merge puts the parts of a job together, in whatever order and however often they come.
// The report says what a search in one go would have said, but for the number of states:
// parts may have looked at the same ones. Where parts are missing, or did not come to their
// end, it is not complete.
func Merge(parts []*Part) (*Report, error) {
	if len(parts) == 0 {
		return nil, errors.New("explore: no parts")
	}
	job := parts[0].Job
	byNumber := map[int]*Part{}
	for _, p := range parts {
		if p.Job != job {
			return nil, fmt.Errorf("explore: the parts are of different searches (%s and %s)", job.ID(), p.Job.ID())
		}
		if q := byNumber[p.Number]; q == nil || !q.Complete {
			byNumber[p.Number] = p
		}
	}
	s, err := job.check()
	if err != nil {
		return nil, err
	}
	plan := job.plan(0, Options{})
	r, _, err := newReport(s, &plan)
	if err != nil {
		return nil, err
	}
	m := merging{found: map[result]*Outcome{}, total: new(big.Int), counted: true, orders: math.Inf(-1),
		squares: math.Inf(-1)}
	var missing []string
	for i := range job.Parts {
		if byNumber[i] == nil {
			missing = append(missing, fmt.Sprint(i+1))
			continue
		}
		if err := m.add(byNumber[i]); err != nil {
			return nil, err
		}
	}
	r.Parts = len(byNumber)
	r.fill(m.result(&job, missing))
	r.judge()
	return r, nil
}

// merging is parts being put together.
type merging struct {
	res     Result
	found   map[result]*Outcome
	total   *big.Int
	runs    int64
	counted bool
	why     []string
	// The sum of how many orders each run promised, and of the squares, as powers of ten.
	orders, squares float64
}

func (m *merging) add(p *Part) error {
	m.res.Loops, m.res.Stuck = m.res.Loops || p.Loops, m.res.Stuck || p.Stuck
	m.res.States, m.res.Steps = m.res.States+p.States, m.res.Steps+p.Steps
	m.res.Memory = max(m.res.Memory, p.Memory)
	m.runs += p.Runs
	if p.Basis > 0 {
		sum := p.Orders + math.Log10(float64(p.Runs))
		m.orders, m.squares = addLog10(m.orders, sum), addLog10(m.squares, 2*sum-math.Log10(p.Basis))
	}
	if !p.Complete && p.Job.Search == Complete {
		m.why = append(m.why, fmt.Sprintf("part %d: %s", p.Number+1, p.Why))
	}
	for _, x := range p.Outcomes {
		o := m.found[result{x.Text, x.Kind}]
		if o == nil {
			o = &Outcome{Text: x.Text, Kind: x.Kind, Count: new(big.Int)}
			m.found[result{x.Text, x.Kind}] = o
		}
		if n, ok := new(big.Int).SetString(x.Count, 10); ok {
			o.Count.Add(o.Count, n)
			m.total.Add(m.total, n)
		} else if x.Kind != Broken {
			m.counted = false
		}
		if x.Schedule == "" && x.Length == 0 {
			continue
		}
		steps, err := sched.ParseSchedule(x.Schedule)
		if err != nil {
			return fmt.Errorf("explore: part %d: %w", p.Number+1, err)
		}
		way := &Schedule{steps, x.Preemptions, x.Length}
		if o.Schedule == nil || way.before(o.Schedule) {
			o.Schedule = way
		}
	}
	return nil
}

func (m *merging) result(j *Job, missing []string) *Result {
	r := &m.res
	if len(missing) > 0 {
		m.why = append([]string{"missing parts: " + strings.Join(missing, ", ")}, m.why...)
	}
	r.Complete = len(m.why) == 0 && j.Search == Complete
	counted := m.counted && r.Complete && !r.Loops
	once := 0
	for _, o := range m.found {
		if o.Count.Cmp(one) == 0 {
			once++
		}
		if j.Search == Complete && !counted || o.Kind == Broken {
			o.Count = nil
		}
		r.Outcomes = append(r.Outcomes, *o)
	}
	sortOutcomes(r.Outcomes)
	if counted {
		r.Total = m.total
	}
	if j.Search != Complete {
		m.why = slices.Insert(m.why, 0, fmt.Sprintf("only %d runs were drawn", m.runs))
		r.Total = big.NewInt(m.runs)
		r.Estimate = &Estimate{}
		if m.runs > 0 {
			r.Estimate.Unseen = float64(once) / float64(m.runs)
		}
		if !math.IsInf(m.orders, 0) { // PCT does not tell
			r.Estimate.Orders = m.orders - math.Log10(float64(m.runs))
			r.Estimate.Basis = math.Pow(10, 2*m.orders-m.squares)
		}
	}
	r.Why = strings.Join(m.why, "; ")
	return r
}

// addLog10 adds numbers that are given, and returned, as powers of ten; b is not zero.
func addLog10(a, b float64) float64 {
	most := max(a, b)
	return most + math.Log10(math.Pow(10, a-most)+math.Pow(10, b-most))
}

// Resolve gives a job that leaves the kernel open the scenario's, and else the newest: a
// job means the same to all who work on it.
func (j *Job) Resolve() error {
	s, err := j.check()
	if err != nil {
		return err
	}
	if j.Kernel == "" {
		j.Kernel = s.Kernel
	}
	if j.Kernel == "" {
		j.Kernel = profile.Newest().Release
	}
	_, _, err = profile.Find(j.Kernel)
	return err
}
