package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"sealab/cmd/sealab/internal/cli"
	"sealab/explore"
	"sealab/judge"
	"sealab/run"
	"sealab/view"
)

const exploreLong = `Run a scenario in every order that could happen, and say what can come out.

Tasks with names run at the same time: any of them may take the next step, where a step is one
operation that another CPU can observe. For each outcome the number of orders that lead to it is
told, exactly, and a shortest schedule, which "sealab run --schedule" repeats. Conditions of the
scenario are judged over all orders:

  exists (s0 = EBUSY)          some order ends like that
  never  (s0 = 0 /\ m0 = 0)    none does
  always (seals(r0) = 8)       each does

A scenario is a file, or one of those that sealab comes with, which --list lists.

The readings of time: with "free" any task may be delayed at will, so that the next timer may fire
at any moment; with "zero" steps take no time, and a timer fires when nothing else can happen.

The searches: "complete" remembers states; "orders" remembers nothing, and runs the scenario once
for each class of orders (slow, but a check); "bounded" looks at orders with at most --preemptions
first; "bitstate" keeps three bits of a state, and goes as far as --memory lets it; "walk", "uniform"
and "pct" draw --runs orders at random. What is not complete says so, and how much of it was seen. A
search also ends at --max-states, at --memory, and when it is interrupted, and then prints what it has found.

Exit codes: 0 all conditions hold and every order ends well, 1 otherwise, 2 the scenario cannot be
read or searched, 130 interrupted.`

// explorer is one use of the command.
type explorer struct {
	playing
	search, time, find string
	near               string // a schedule
	file               string // of the checkpoint
	preemptions        int
	memory, states     int64
	plan               explore.Plan
	way, merged, list  bool
	shard, output      string
	queue, listen      string
	parts, tries       int
	host               bool
	patient            time.Duration
}

func newExplore(app *cli.App) *cobra.Command {
	x := &explorer{playing: playing{app: app}}
	c := &cobra.Command{
		Use:   "explore [SCENARIO]",
		Short: "Run a scenario in every order, and say what can come out",
		Long:  exploreLong,
		Example: `  sealab explore mmap-read
  sealab explore race.scenario
  sealab explore --time zero --kernel 4.19 race.scenario
  sealab explore --find EBUSY race.scenario
  sealab explore --near 'c27 a25 b24 a3 c3' race.scenario
  sealab explore --search pct --runs 100000 large.scenario
  sealab explore --json race.scenario | jq '.programs[].conditions'`,
		Args: func(c *cobra.Command, args []string) error {
			if x.merged {
				return cobra.MinimumNArgs(1)(c, args)
			}
			return cobra.MaximumNArgs(1)(c, args)
		},
		RunE: func(c *cobra.Command, args []string) error { return x.run(c, args) },
	}
	x.flags(c)
	x.choiceFlags(c)
	f := c.Flags()
	f.BoolVar(&x.list, "list", false, "list the scenarios that sealab comes with")
	f.StringVar(&x.search, "search", "complete", "which orders: "+strings.Join(explore.Searches(), ", "))
	f.StringVar(&x.time, "time", "free", "when timers fire: free or zero")
	f.StringVar(&x.find, "find", "", "show the shortest way to an outcome with these `WORDS`, as EBUSY or s0=EBUSY")
	f.StringVar(&x.near, "near", "", "show the order nearest to the one of a `SCHEDULE` that ends otherwise")
	f.BoolVarP(&x.way, "way", "w", false, "show a way to each outcome")
	f.IntVar(&x.preemptions, "preemptions", 2, "of bounded: the most preemptions in one order")
	f.Int64Var(&x.plan.Runs, "runs", 10000, "of walk, uniform and pct: how many orders are drawn")
	f.Uint64Var(&x.plan.Seed, "seed", 1, "of walk, uniform and pct: draw others for another `NUMBER`")
	f.Int64Var(&x.memory, "memory", 1024, "`MiB` of memory that the search may use")
	f.Int64Var(&x.states, "max-states", 0, "end the search at so many states (default no bound)")
	f.StringVar(&x.file, "checkpoint", "",
		"keep in a `FILE` how far a complete search came when it ends early, and go on from there")
	f.StringVar(&x.shard, "shard", "", "do only part `N/PARTS` of the search, from 1 on, and write what it came to")
	f.StringVarP(&x.output, "output", "o", "", "of --shard: the `FILE` to write (default standard output)")
	f.BoolVar(&x.merged, "merge", false, "put the files together that --shard has written")
	f.StringVar(&x.queue, "queue", "",
		"let `sealab worker` do the search: the `URL` of a NATS server, or \"here\" to start one")
	f.StringVar(&x.listen, "listen", "127.0.0.1:0", "of --queue here: the `ADDRESS` that workers connect to")
	f.IntVar(&x.parts, "parts", 64, "of --queue: in how many parts the search is done")
	patienceFlag(c, &x.patient)
	f.BoolVar(&x.host, "host", false, "run the scenario on the Linux kernel underneath too, and compare")
	f.IntVar(&x.tries, "host-runs", 2000, "of --host: how often it is run there")
	f.IntVar(&x.plan.Workers, "workers", 0, "CPUs to search with (default all)")
	f.BoolVar(&x.plan.NoSymmetry, "no-symmetry", false, "tell equal tasks apart")
	f.BoolVar(&x.plan.Laws, "laws", false, "also test in each state what must always hold (slower)")
	must(c.RegisterFlagCompletionFunc("search",
		cobra.FixedCompletions(explore.Searches(), cobra.ShellCompDirectiveNoFileComp)))
	must(c.RegisterFlagCompletionFunc("time",
		cobra.FixedCompletions([]string{"free", "zero"}, cobra.ShellCompDirectiveNoFileComp)))
	return library(app, c)
}

// check turns the flags into a plan.
func (x *explorer) check(c *cobra.Command) error {
	if _, err := x.options(c); err != nil {
		return err
	}
	p := &x.plan
	p.Kernel, p.HZ, p.CPUs, p.Search = x.kernel, x.hz, x.cpus, explore.Search(x.search)
	switch {
	case !slices.Contains(explore.Searches(), x.search):
		return cli.Usagef("--search %s: it is one of %s", x.search, strings.Join(explore.Searches(), ", "))
	case x.time != "free" && x.time != "zero":
		return cli.Usagef("--time %s: it is free or zero", x.time)
	case x.memory < 16:
		return cli.Usagef("--memory %d: a search needs 16 MiB at least", x.memory)
	case x.preemptions < 0 || x.plan.Runs < 1 || x.states < 0 || p.Workers < 0:
		return cli.Usagef("--preemptions, --max-states and --workers are not negative, and --runs is not 0")
	case x.tries < 1 || x.patient <= 0:
		return cli.Usagef("--host-runs is not 0, and --patience is some time, as 30s")
	}
	if x.time == "zero" {
		p.Time = explore.ZeroTime
	}
	p.MaxMemory, p.MaxStates = x.memory<<20, x.states
	if p.Search == explore.Few {
		p.MaxPreemptions = x.preemptions + 1
	}
	return nil
}

func (x *explorer) run(c *cobra.Command, args []string) error {
	if x.list {
		return listLibrary(x.app, x.asJSON)
	}
	if err := x.check(c); err != nil {
		return err
	}
	switch {
	case x.merged:
		return x.merge(args)
	case x.shard != "":
		return x.part(c, args)
	case x.queue != "":
		return x.queued(c.Context(), args)
	}
	scripts, err := readScripts(x.app, args)
	if err != nil {
		return err
	}
	x.allowed(scripts)
	if x.file != "" {
		if len(scripts) > 1 {
			return cli.Usagef("--checkpoint is of one search, and this scenario has %d programs", len(scripts))
		}
		x.plan.Keep = true
		if err := x.resume(); err != nil {
			return err
		}
	}
	if x.near != "" {
		return x.nearest(c.Context(), scripts)
	}
	if x.host {
		return x.besideHost(c.Context(), args, scripts)
	}
	var reports []*explore.Report
	for _, s := range scripts {
		r, err := x.explore(c.Context(), s)
		if err == nil {
			err = x.keep(r)
		}
		if err != nil {
			return err
		}
		reports = append(reports, r)
		if !x.asJSON {
			if err := x.print(r, len(reports) > 1); err != nil {
				return err
			}
		}
	}
	err = x.told(reports)
	if c.Context().Err() != nil {
		return c.Context().Err()
	}
	return err
}

// told ends the command when all reports are printed, or prints them as JSON.
func (x *explorer) told(reports []*explore.Report) error {
	holds := true
	for _, r := range reports {
		holds = holds && r.Holds()
	}
	if x.asJSON {
		if err := x.app.WriteJSON(exploreDocument{"sealab-explore-1", holds, reports, nil}); err != nil {
			return err
		}
	}
	if !holds {
		return cli.ErrDiffers
	}
	return nil
}

// tell prints one report and ends the command.
func (x *explorer) tell(r *explore.Report) error {
	if !x.asJSON {
		if err := x.print(r, false); err != nil {
			return err
		}
	}
	return x.told([]*explore.Report{r})
}

// resume reads the checkpoint, if there is one.
func (x *explorer) resume() error {
	f, err := os.Open(x.file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("--checkpoint: %w", err)
	}
	defer f.Close()
	defer x.bind()()
	x.plan.Resume, err = explore.ReadCheckpoint(f)
	if err != nil {
		return cli.Usagef("--checkpoint %s: %w", x.file, err)
	}
	return nil
}

// keep writes the checkpoint of a search that ended early. After one that is complete
// nothing is left to go on from.
func (x *explorer) keep(r *explore.Report) error {
	if x.file == "" || r.Complete {
		return nil
	}
	if r.Checkpoint == nil {
		return cli.Usagef("--checkpoint: only a complete search leaves one")
	}
	if err := replaceFile(x.file, r.Checkpoint.Write); err != nil {
		return fmt.Errorf("--checkpoint: %w", err)
	}
	return nil
}

// exploreDocument is what --json prints.
type exploreDocument struct {
	Format   string            `json:"format"` // the number changes if a field changes its meaning
	Holds    bool              `json:"holds"`
	Programs []*explore.Report `json:"programs"`
	Host     []*judge.Together `json:"host,omitempty"` // of each program, with --host
}

// explore searches one program, and shows how far it is.
func (x *explorer) explore(ctx context.Context, s *run.Script) (*explore.Report, error) {
	plan := x.plan
	defer x.limit(&plan.Options)()
	return explore.Explore(ctx, s, plan)
}

// limit holds a search to its memory, and shows how far it is, until done is called.
func (x *explorer) limit(o *explore.Options) (done func()) {
	unbound := x.bind()
	var last atomic.Pointer[explore.Progress]
	began := time.Now()
	o.Progress = func(p explore.Progress) { last.Store(&p) }
	stop := x.app.Progress(func() string {
		p := last.Load()
		if p == nil {
			return "sealab: searching"
		}
		rate := float64(p.States) / max(0.001, time.Since(began).Seconds())
		return fmt.Sprintf("sealab: %d states, %.0f a second, %d to look at, %d outcomes, %d MiB",
			p.States, rate, p.Frontier, p.Outcomes, p.Memory>>20)
	})
	return func() {
		stop()
		unbound()
	}
}

// bind makes the process collect its garbage before it has more than a search may use.
func (x *explorer) bind() (unbound func()) {
	const own = 8 << 20 // what the program has before it searches
	before := debug.SetMemoryLimit(x.memory<<20 + own)
	return func() { debug.SetMemoryLimit(before) }
}

func (x *explorer) print(r *explore.Report, further bool) error {
	w := bufio.NewWriter(x.app.Stdout)
	defer w.Flush()
	if further {
		fmt.Fprintln(w)
	}
	view.Outcomes(w, r, x.style())
	var show []*explore.Row
	switch {
	case x.way:
		for i := range r.Outcomes {
			show = append(show, &r.Outcomes[i])
		}
	case x.find != "":
		o := r.Find(x.find)
		if o == nil {
			return cli.Usagef("--find %s: no order that was looked at ends like that", x.find)
		}
		show = append(show, o)
	case r.Against() != nil:
		show = append(show, r.Against())
	}
	for _, o := range show {
		if err := view.Way(w, r, o, x.style()); err != nil {
			return err
		}
	}
	return nil
}
