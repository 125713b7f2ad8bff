package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"sealab/cmd/sealab/internal/cli"
	"sealab/run"
	"sealab/sim/sched"
	"sealab/view"
)

const runLong = `Run a scenario once on the model of a kernel, and tell it as a story: one sentence for each thing
that happens, with virtual time on the left and a lane for each task. In a lane, ● is whose doing
it is, │ a task in a call, ┃ one that holds an inode's lock, ┊ one that waits or sleeps.

A scenario is a log of strace, or written by hand in the same language:

  kernel 6.12.5
  r0 = memfd_create("a", MFD_ALLOW_SEALING)
  write(r0, "x", 1) = 1
  a: s0 = fcntl(r0, F_ADD_SEALS, F_SEAL_WRITE)
  b: @20ms m0 = mmap(NULL, 4096, PROT_READ, MAP_SHARED, r0, 0)
  always (s0 = 0)

A call without an answer is a question, one with an answer is checked. Tasks with names run at the
same time, as threads of the main task do; a task named as the result of a clone or fork
(c = fork(), then c: close(3)) is the one that it made. @20ms is the time before which a call does
not begin. What is in the parentheses of a condition is judged at the end of this one run: it can
confirm an "exists", and violate an "always" or a "never".

Who goes first where tasks run at the same time: each task goes on for as long as it can, or with
--seed somebody at random, or with --schedule who did in another run. With these two a timer may
also fire while tasks could still run, as if they were delayed.

Exit codes: 0 every answer is the expected one and no condition is violated, 1 otherwise, 2 the
scenario cannot be read or played.`

// runner is one use of the command.
type runner struct {
	playing
	seed      uint64
	schedule  string
	traceFile string
	laws      bool
	quiet     bool
	verbose   bool
}

func newRun(app *cli.App) *cobra.Command {
	r := &runner{playing: playing{app: app}}
	c := &cobra.Command{
		Use:   "run [SCENARIO]",
		Short: "Run a scenario once, and tell what happens",
		Long:  runLong,
		Example: `  sealab run busy.scenario
  sealab run --kernel 4.19 busy.scenario
  sealab run --seed 7 race.scenario
  sealab run --quiet race.scenario | sealab run -
  sealab run --trace run.jsonl busy.scenario`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return r.run(c, args) },
	}
	r.flags(c)
	r.choiceFlags(c)
	f := c.Flags()
	f.Uint64Var(&r.seed, "seed", 0, "choose at random who goes first, the same way for the same `NUMBER`")
	f.StringVar(&r.schedule, "schedule", "", "choose as in another run, whose `SCHEDULE` --verbose and --json print")
	f.StringVar(&r.traceFile, "trace", "", "write everything that happens to a `FILE`, as lines of JSON")
	f.BoolVar(&r.laws, "laws", false, "ask at each step what must hold of any machine, and stop where it does not")
	f.BoolVarP(&r.quiet, "quiet", "q", false, "print only the answers, as a scenario that can be run again")
	f.BoolVarP(&r.verbose, "verbose", "v", false, "tell every detail: references, spin locks, objects that come and go")
	c.MarkFlagsMutuallyExclusive("seed", "schedule")
	c.MarkFlagsMutuallyExclusive("quiet", "json")
	return library(app, c)
}

func (r *runner) run(c *cobra.Command, args []string) error {
	if _, err := r.options(c); err != nil {
		return err
	}
	scripts, err := r.read(args)
	if err != nil {
		return err
	}
	r.allowed(scripts)
	if r.schedule != "" && len(scripts) > 1 {
		return cli.Usagef("--schedule is of one run, and this scenario has %d programs", len(scripts))
	}
	if r.traceFile != "" && len(scripts) > 1 {
		return cli.Usagef("--trace is of one run, and this scenario has %d programs", len(scripts))
	}
	var results []*run.Result
	holds := true
	for _, s := range scripts {
		if c.Context().Err() != nil {
			return c.Context().Err()
		}
		res, err := r.play(c, s)
		if err != nil {
			return err
		}
		results = append(results, res)
		holds = holds && res.Holds()
		if !r.asJSON {
			r.print(res, len(results) > 1)
		}
	}
	if r.asJSON {
		if err := r.app.WriteJSON(runDocument{"sealab-run-1", holds, results}); err != nil {
			return err
		}
	}
	if !holds {
		return cli.ErrDiffers
	}
	return nil
}

// runDocument is what --json prints.
type runDocument struct {
	Format string        `json:"format"` // the number changes if a field changes its meaning
	Holds  bool          `json:"holds"`
	Runs   []*run.Result `json:"runs"` // one a program
}

// read reads the scenario.
func (r *runner) read(args []string) ([]*run.Script, error) {
	return readScripts(r.app, args)
}

// readScripts reads the one scenario that the arguments name.
func readScripts(app *cli.App, args []string) ([]*run.Script, error) {
	names, err := app.Inputs(args)
	if err != nil {
		return nil, err
	}
	if len(names) > 1 {
		return nil, cli.Usagef("%s is several scenarios; run one at a time", args[0])
	}
	in, err := app.Open(names[0])
	if err != nil {
		return nil, err
	}
	defer in.Close()
	return run.Read(in, in.Name)
}

// play runs one program of the scenario.
func (r *runner) play(c *cobra.Command, s *run.Script) (*run.Result, error) {
	o := run.Options{Kernel: r.kernel, HZ: r.hz, CPUs: r.cpus, Laws: r.laws,
		Record: !r.quiet && !r.asJSON || r.traceFile != ""}
	f := c.Flags()
	var replayed *sched.Replay
	switch {
	case f.Changed("seed"):
		o.Chooser, o.FreeTime = sched.NewRandom(r.seed), true
	case f.Changed("schedule"):
		schedule, err := sched.ParseSchedule(r.schedule)
		if err != nil {
			return nil, cli.Usagef("--schedule: %w", err)
		}
		replayed = &sched.Replay{Schedule: schedule}
		o.Chooser, o.FreeTime = replayed, true
	}
	res, err := run.Play(s, o)
	if err != nil {
		return nil, err
	}
	if replayed != nil {
		res.Misfits = replayed.Misfits
	}
	if r.traceFile != "" {
		err = r.writeTrace(res)
	}
	return res, err
}

// print prints one run.
func (r *runner) print(res *run.Result, further bool) {
	w := bufio.NewWriter(r.app.Stdout)
	defer w.Flush()
	if r.quiet {
		view.Answers(w, res)
		return
	}
	if further {
		fmt.Fprintln(w)
	}
	s := r.style()
	s.Verbose = r.verbose
	view.Story(w, res, s)
}

func (r *runner) writeTrace(res *run.Result) error {
	f, err := os.Create(r.traceFile)
	if err != nil {
		return fmt.Errorf("--trace: %w", err)
	}
	return errors.Join(res.Trace.Write(f), f.Close())
}
