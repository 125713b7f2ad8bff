package judge

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"sealab/explore"
	"sealab/gen"
	"sealab/host"
	"sealab/run"
)

// Concurrent says which programs of several tasks are compared, and how.
type Concurrent struct {
	Kernel   string // the release of the model: the host's
	HZ       int
	Tasks    int // that make calls at the same time, 2 or 3
	Seed     uint64
	First    uint64 // number of the first program
	Programs uint64
	Runs     int   // of each on the host; 0 means 300
	States   int64 // at which the search of one is given up; 0 means 200,000
	Workers  int   // how many at once; 0 means 2
	Keep     int   // how many faults are shrunk and kept; 0 means 20
	Done     *atomic.Int64
}

// Outside is a program of which the host showed what no order of the model leads to.
type Outside struct {
	Number  uint64 `json:"number"`
	Program string `json:"program"` // shrunk
	Shown   Shown  `json:"shown"`
}

// Concurrently is what came of it.
type Concurrently struct {
	Seed     uint64    `json:"seed"`
	First    uint64    `json:"first"`
	Tasks    int       `json:"tasks"`
	Programs int64     `json:"programs"`
	Runs     int64     `json:"runs"`       // on the host, of all programs
	Large    int64     `json:"large"`      // programs whose search was given up: not judged
	Shown    int64     `json:"shown"`      // combinations of results that the host showed
	Allowed  int64     `json:"allowed"`    // combinations that the model allows
	Differ   int64     `json:"differ"`     // programs with a combination that it does not
	Skipped  int64     `json:"not_judged"` // programs with a line that the host does not run
	Found    []Outside `json:"found,omitempty"`
}

// slow is how often a program is run whose F_ADD_SEALS may wait 160 ms each time.
const slow = 6

// SearchConcurrent compares programs until all are done or the context is: every combination
// of results that the host shows must be one that some order of the model leads to.
func SearchConcurrent(ctx context.Context, c Concurrent) (*Concurrently, error) {
	c = c.filled()
	s := &concurrent{Concurrent: c, pool: pool{programs: c.Programs, done: c.Done}}
	s.rep = Concurrently{Seed: c.Seed, First: c.First, Tasks: c.Tasks}
	var all sync.WaitGroup
	for range c.Workers {
		all.Go(func() { s.work(ctx) })
	}
	all.Wait()
	slices.SortFunc(s.rep.Found, func(a, b Outside) int { return int(int64(a.Number) - int64(b.Number)) })
	return &s.rep, s.failed
}

func (c Concurrent) filled() Concurrent {
	if c.Runs <= 0 {
		c.Runs = 300
	}
	if c.States <= 0 {
		c.States = 200_000
	}
	if c.Workers <= 0 {
		c.Workers = 2
	}
	if c.Keep <= 0 {
		c.Keep = 20
	}
	return c
}

type concurrent struct {
	Concurrent
	pool
	rep  Concurrently
	kept int
}

// pair of runners: many runs of what is quick, few of what waits.
type pair struct{ quick, slow *host.Runner }

func (p pair) of(program string) *host.Runner {
	if strings.Contains(program, "splice(") {
		return p.slow
	}
	return p.quick
}

func (s *concurrent) work(ctx context.Context) {
	runner := func(runs int) *host.Runner { return host.NewRunner(host.Options{Runs: runs, Seed: s.Seed}) }
	p := pair{runner(s.Runs), runner(slow)}
	defer func() { _ = errors.Join(p.quick.Close(), p.slow.Close()) }() // they have answered all that was asked
	for i := range s.numbers(ctx) {
		n := s.First + i
		program := gen.Together(s.Seed, n, s.Tasks)
		v, err := s.try(ctx, p, program)
		if err != nil {
			s.fail(ctx, fmt.Errorf("program %d of seed %d: %w\n%s", n, s.Seed, err, program))
			return
		}
		if s.count(v) {
			s.shrink(ctx, p, n, program)
		}
	}
}

// tried is what came of a program.
type tried struct {
	together *Together // nil if it could not be judged
	large    bool
	runs     int
}

func (s *concurrent) try(ctx context.Context, p pair, program gen.Program) (v tried, err error) {
	text := program.String()
	scripts, err := run.Read(strings.NewReader(text), "program")
	if err != nil {
		return v, err
	}
	o := explore.Options{NoCounts: true, NoSchedules: true, MaxStates: s.States, Workers: 1}
	plan := explore.Plan{Options: o, Search: explore.Complete, Kernel: s.Kernel, HZ: s.HZ}
	r, err := explore.Explore(ctx, scripts[0], plan)
	if err != nil {
		return v, err
	}
	if !r.Complete {
		return tried{large: true}, ctx.Err()
	}
	programs, err := host.Read(strings.NewReader(text), "program")
	if err != nil {
		return v, err
	}
	res, err := p.of(text).Run(ctx, programs[0])
	if err != nil || len(res.Skipped)+len(res.Stuck) > 0 {
		return v, err
	}
	v.runs = res.Runs
	v.together, err = Compare(r, res)
	return v, err
}

// count adds a program to the report, and says whether it is to be looked into.
func (s *concurrent) count(v tried) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rep.Programs++
	s.rep.Runs += int64(v.runs)
	switch {
	case v.large:
		s.rep.Large++
		return false
	case v.together == nil:
		s.rep.Skipped++
		return false
	}
	for _, row := range v.together.Rows {
		if row.Times > 0 {
			s.rep.Shown++
		}
		if row.Allowed {
			s.rep.Allowed++
		}
	}
	if len(v.together.Forbidden()) == 0 {
		return false
	}
	s.rep.Differ++
	s.kept++
	return s.kept <= s.Keep
}

// shrink makes a program shorter for as long as the host still shows what is forbidden.
func (s *concurrent) shrink(ctx context.Context, p pair, n uint64, program gen.Program) {
	found := Outside{Number: n, Program: program.String()}
	bad := func(q gen.Program) bool {
		v, err := s.try(ctx, p, q)
		if err != nil || v.together == nil || len(v.together.Forbidden()) == 0 {
			return false
		}
		found.Program, found.Shown = q.String(), v.together.Forbidden()[0]
		return true
	}
	bad(program)
	gen.Shrink(program, 60, bad)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rep.Found = append(s.rep.Found, found)
}
