package judge

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"sealab/gen"
	"sealab/host"
	"sealab/replay"
)

// Options say what is compared.
type Options struct {
	Replay   replay.Options // the model: its profile should be the host's
	Host     host.Options
	Gen      gen.Options
	Seed     uint64
	First    uint64 // number of the first program
	Programs uint64 // how many
	// Workers is how many run at once; 0 means 8. Most of their time goes into waiting for
	// F_ADD_SEALS, so more than there are CPUs are of use.
	Workers int
	// Keep bounds how many disagreements are shrunk and kept; 0 means 20. All are counted.
	Keep int
	// Done counts the programs that have been compared, if it is not nil.
	Done *atomic.Int64
}

// Found is a program to which model and host gave different answers, shrunk.
type Found struct {
	Number  uint64 `json:"number"` // with the seed, it makes the program again
	Program string `json:"program"`
	Log     string `json:"log"` // what the host answered
	// Line is the line of the log that differs first.
	Line     string `json:"line"`
	Recorded string `json:"recorded"`
	Model    string `json:"model"`
}

// call is the name of the call that differs.
func (f *Found) call() string {
	name, _, _ := strings.Cut(f.Line, "(")
	return name[strings.LastIndexByte(name, ' ')+1:]
}

// Report is what came of it.
type Report struct {
	Seed      uint64         `json:"seed"`
	First     uint64         `json:"first"`
	Programs  int64          `json:"programs"`
	Calls     int64          `json:"calls"`
	Agree     int64          `json:"agree"`   // calls that were answered alike
	Carried   int64          `json:"carried"` // calls that the model does not judge
	Differ    int64          `json:"differ"`  // programs with a call that was answered differently
	Found     []Found        `json:"found,omitempty"`
	NotJudged []replay.Count `json:"not_judged,omitempty"`
}

// Search compares programs until all are done or the context is. Its report is good even if there
// is an error.
func Search(ctx context.Context, opts Options) (*Report, error) {
	if opts.Workers <= 0 {
		opts.Workers = 8
	}
	if opts.Keep <= 0 {
		opts.Keep = 20
	}
	s := &search{pool: pool{programs: opts.Programs, done: opts.Done}, opts: opts, counts: map[replay.Count]int64{}}
	s.rep.Seed, s.rep.First = opts.Seed, opts.First
	var all sync.WaitGroup
	for range opts.Workers {
		all.Go(func() {
			w := worker{search: s, runner: host.NewRunner(opts.Host)}
			w.work(ctx)
		})
	}
	all.Wait()
	for c, n := range s.counts {
		c.Times = n
		s.rep.NotJudged = append(s.rep.NotJudged, c)
	}
	slices.SortFunc(s.rep.NotJudged, func(a, b replay.Count) int {
		return cmp.Or(cmp.Compare(b.Times, a.Times), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Why, b.Why))
	})
	slices.SortFunc(s.rep.Found, func(a, b Found) int { return cmp.Compare(a.Number, b.Number) })
	return &s.rep, s.failed
}

// search is what the workers share.
type search struct {
	pool
	opts   Options
	rep    Report
	counts map[replay.Count]int64
	kept   int
}

type worker struct {
	*search
	runner *host.Runner
}

// work compares one program after another.
func (w *worker) work(ctx context.Context) {
	defer w.runner.Close()
	for i := range w.numbers(ctx) {
		n := w.opts.First + i
		p := gen.New(w.opts.Seed, n, w.opts.Gen)
		rep, log, err := w.compare(ctx, p)
		if err != nil {
			w.fail(ctx, fmt.Errorf("program %d of seed %d: %w", n, w.opts.Seed, err))
			return
		}
		if w.count(rep) {
			f := found(n, p, rep, log)
			w.shrink(ctx, p, &f)
			w.mu.Lock()
			w.rep.Found = append(w.rep.Found, f)
			w.mu.Unlock()
		}
	}
}

// count adds a program to the report, and says whether it is to be looked into.
func (s *search) count(rep *replay.Report) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rep.Programs++
	s.rep.Calls += rep.Calls
	s.rep.Agree += rep.Agree
	s.rep.Carried += rep.Carried
	for _, c := range rep.CarriedCalls {
		s.counts[replay.Count{Name: c.Name, Why: c.Why}] += c.Times
	}
	if !differs(rep) {
		return false
	}
	s.rep.Differ++
	s.kept++
	return s.kept <= s.opts.Keep
}

// differs says whether a call was answered differently, and can be judged: after one that made
// memory of a kind that is not modelled, the rest cannot.
func differs(rep *replay.Report) bool {
	unknown := slices.ContainsFunc(rep.CarriedCalls, func(c replay.Count) bool { return c.Name == "mmap" })
	return rep.Differ > 0 && !unknown
}

// compare runs a program on the host, and plays what came of it on the model.
func (w *worker) compare(ctx context.Context, p gen.Program) (*replay.Report, string, error) {
	programs, err := host.Read(strings.NewReader(p.String()), "program")
	if err != nil {
		return nil, "", err
	}
	res, err := w.runner.Run(ctx, programs[0])
	if err != nil {
		return nil, "", err
	}
	// The line says that the log is whole: what it does not show is not there.
	log := append([]byte("# program random\n"), res.Outcomes[0].Log...)
	r := replay.New(w.opts.Replay)
	if err := r.Log(ctx, bytes.NewReader(log), "host"); err != nil {
		return nil, "", err
	}
	return r.Report(), string(log), nil
}

// found describes the first disagreement of a program.
func found(n uint64, p gen.Program, rep *replay.Report, log string) Found {
	f := Found{Number: n, Program: p.String(), Log: log}
	d := rep.Disagreements[0]
	f.Recorded, f.Model = d.Recorded, d.Model
	if lines := strings.Split(log, "\n"); d.Line >= 1 && d.Line <= int64(len(lines)) {
		f.Line = lines[d.Line-1]
	}
	return f
}

// maxTries bounds how many programs are run to shrink one.
const maxTries = 400

// shrink makes the program as short as it can be, so that the same call still differs first.
func (w *worker) shrink(ctx context.Context, p gen.Program, f *Found) {
	gen.Shrink(p, maxTries, func(q gen.Program) bool {
		if ctx.Err() != nil {
			return false
		}
		rep, log, err := w.compare(ctx, q)
		if err != nil || !differs(rep) {
			return false
		}
		g := found(f.Number, q, rep, log)
		if g.call() != f.call() {
			return false
		}
		*f = g
		return true
	})
}
