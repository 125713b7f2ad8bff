package judge

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"sealab/gen"
	"sealab/host"
	"sealab/replay"
)

// Options say what is compared.
type Options struct {
	Replay   replay.Options
	Host     host.Options
	Gen      gen.Options
	Seed     uint64
	First    uint64 // number of the first program
	Programs uint64
	Workers  int // 0 means 8: most of the time is spent in waiting for F_ADD_SEALS
	// Keep bounds how many disagreements are looked into; 0 means 20.
	Keep int
	// Progress is told how many programs have been compared, if it is not nil.
	Progress *atomic.Int64
}

// Found is a program to which model and host gave different answers.
type Found struct {
	Number  uint64                `json:"number"` // of the program
	Program string                `json:"program"`
	Log     string                `json:"log"`
	Differ  []replay.Disagreement `json:"differ"`
}

// Report is what came of it.
type Report struct {
	Seed      uint64         `json:"seed"`
	Programs  int64          `json:"programs"`
	Calls     int64          `json:"calls"`
	Agree     int64          `json:"agree"`
	Carried   int64          `json:"carried"`
	Differ    int64          `json:"differ"` // programs
	Found     []Found        `json:"found,omitempty"`
	NotJudged []replay.Count `json:"not_judged,omitempty"`
}

// Search runs programs on the host and on the model, and shrinks those on which they differ.
func Search(ctx context.Context, opts Options) (*Report, error) {
	if opts.Workers == 0 {
		opts.Workers = 8
	}
	if opts.Keep == 0 {
		opts.Keep = 20
	}
	rep := &Report{Seed: opts.Seed}
	var mu sync.Mutex
	var next atomic.Uint64
	var wg sync.WaitGroup
	var failed error
	counts := map[replay.Count]int64{}
	for range opts.Workers {
		wg.Go(func() {
			w := worker{opts: &opts, runner: host.NewRunner(opts.Host)}
			defer w.runner.Close()
			for ctx.Err() == nil {
				n := next.Add(1) - 1
				if n >= opts.Programs {
					return
				}
				n += opts.First
				p := gen.New(opts.Seed, n, opts.Gen)
				r, log, err := w.compare(ctx, p)
				mu.Lock()
				if err != nil {
					failed = errors.Join(failed, fmt.Errorf("program %d: %w\n%s", n, err, p))
					mu.Unlock()
					return
				}
				rep.Programs++
				rep.Calls += r.Calls
				rep.Agree += r.Agree
				rep.Carried += r.Carried
				for _, c := range r.CarriedCalls {
					counts[replay.Count{Name: c.Name, Why: c.Why}] += c.Times
				}
				look := false
				if r.Differ > 0 {
					rep.Differ++
					look = len(rep.Found) < opts.Keep
				}
				mu.Unlock()
				if opts.Progress != nil {
					opts.Progress.Add(1)
				}
				if look {
					f := Found{Number: n, Program: p.String(), Log: log, Differ: r.Disagreements}
					w.shrink(ctx, p, &f)
					mu.Lock()
					rep.Found = append(rep.Found, f)
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	for c, n := range counts {
		c.Times = n
		rep.NotJudged = append(rep.NotJudged, c)
	}
	return rep, failed
}

type worker struct {
	opts   *Options
	runner *host.Runner
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
	r := replay.New(w.opts.Replay)
	log := res.Outcomes[0].Log
	if err := r.Log(ctx, bytes.NewReader(log), "host"); err != nil {
		return nil, "", err
	}
	return r.Report(), string(log), nil
}

func (w *worker) shrink(ctx context.Context, p gen.Program, f *Found) {
	call := f.call()
	gen.Shrink(p, 400, func(q gen.Program) bool {
		r, log, err := w.compare(ctx, q)
		if err != nil || r.Differ == 0 {
			return false
		}
		g := Found{f.Number, q.String(), log, r.Disagreements}
		if g.call() != call {
			return false
		}
		*f = g
		return true
	})
}

// line is the line of the log that differs first.
func (f *Found) line() string {
	lines := strings.Split(f.Log, "\n")
	if n := f.Differ[0].Line; n >= 1 && n <= int64(len(lines)) {
		return lines[n-1]
	}
	return ""
}

// call is the name of the call that differs first.
func (f *Found) call() string {
	name, _, _ := strings.Cut(f.line(), "(")
	return name[strings.LastIndexByte(name, ' ')+1:]
}
