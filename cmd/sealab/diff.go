package main

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/spf13/cobra"

	"sealab/cmd/sealab/internal/cli"
	"sealab/host"
	"sealab/judge"
	"sealab/replay"
	"sealab/sim/profile"
)

const diffLong = `Compare kernels with each other, or the model with the kernel underneath.

With a scenario and --kernel, it is run on the model of each of the kernels ("all" are those that
sealab profiles lists). One table shows what they answer: kernels that answer every call alike
share a column, and a call that is not answered alike by all is marked with a star. Addresses are
not compared.

With --host, random programs of one task are made, run on the Linux kernel underneath and played on
the model of it. Each program on which the two differ is shrunk until nothing can be left out, and
printed with what both answered and with the command that repeats it. The programs are a function
of --seed and of their number. What the model does not judge is counted. Nothing is changed on the
host, and nothing left behind; see sealab help host.

With --tasks 2 or 3, the programs are of so many tasks that make their last calls at the same time.
Each is run many times on the host, and searched in every order on the model: whatever the host
shows must be what some order leads to.

Exit codes: 0 all answers are the same, 1 they differ, 2 an input cannot be read, or this is not
Linux on x86-64 with memfd_create, 130 interrupted (the report is of what was compared until then).`

// diffing is what the flags of sealab diff say.
type diffing struct {
	app    *cli.App
	onHost bool
	kernel []string
	asJSON bool
	opts   judge.Options
	tasks  int // of each program
	runs   int // of each program that has several
}

func newDiff(app *cli.App) *cobra.Command {
	d := &diffing{app: app}
	c := &cobra.Command{
		Use:   "diff [SCENARIO --kernel RELEASES | --host]",
		Short: "Compare kernels, or the model with the kernel underneath",
		Long:  diffLong,
		Example: `  sealab diff race.scenario --kernel all
  sealab diff race.scenario --kernel 5.10,6.12.107
  sealab diff --host
  sealab diff --host --programs 100000 --seed 7
  sealab diff --host --seed 7 --first 644 --programs 1
  sealab diff --host --tasks 2 --programs 10000`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			switch {
			case d.onHost && len(args) > 0:
				return cli.Usagef("--host makes its own programs; `sealab host %s` runs this one", args[0])
			case d.onHost:
				return d.host(c.Context())
			case len(d.kernel) == 0:
				return cli.Usagef("say what to compare: --kernel all with a scenario, or --host")
			}
			return d.kernels(args)
		},
	}
	f := c.Flags()
	f.BoolVar(&d.onHost, "host", false, "compare with the Linux kernel underneath")
	f.StringSliceVarP(&d.kernel, "kernel", "k", nil,
		"the kernel `RELEASES` to compare, with commas, or all; with --host, the model's (default: the host's)")
	f.Uint64Var(&d.opts.Programs, "programs", 1000, "how many random programs")
	f.Uint64Var(&d.opts.First, "first", 0, "number of the first one")
	f.Uint64Var(&d.opts.Seed, "seed", 1, "what they are made from")
	f.IntVar(&d.opts.Gen.Calls, "calls", 24, "how many calls each has at most, 4 to 200")
	f.BoolVar(&d.opts.Gen.NoHugetlb, "no-huge-pages", false, "leave huge page memfds out, as where none is free")
	f.BoolVar(&d.opts.Gen.NoURing, "no-io-uring", false, "leave io_uring out, as where it is not let through")
	f.IntVar(&d.tasks, "tasks", 1, "how many tasks of each make calls at the same time, 1 to 3")
	f.IntVar(&d.runs, "runs", 300, "of --tasks 2 and 3: how often each is run on the host")
	f.IntVar(&d.opts.Workers, "workers", 8, "how many run at once, 1 to 64")
	f.IntVar(&d.opts.Keep, "keep", 20, "how many differences are shrunk and shown")
	f.BoolVar(&d.asJSON, "json", false, "print one JSON document")
	must(c.RegisterFlagCompletionFunc("kernel", completeKernels))
	return c
}

// host compares with the kernel underneath.
func (d *diffing) host(ctx context.Context) error {
	switch o := &d.opts; {
	case o.Workers < 1 || o.Workers > 64:
		return cli.Usagef("--workers %d: it is a number from 1 to 64", o.Workers)
	case o.Gen.Calls < 4 || o.Gen.Calls > 200:
		return cli.Usagef("--calls %d: it is a number from 4 to 200", o.Gen.Calls)
	case o.Keep < 1 || o.Keep > 10000:
		return cli.Usagef("--keep %d: it is a number from 1 to 10000", o.Keep)
	case d.tasks < 1 || d.tasks > 3:
		return cli.Usagef("--tasks %d: it is a number from 1 to 3", d.tasks)
	case d.runs < 1 || d.runs > 1_000_000:
		return cli.Usagef("--runs %d: it is a number from 1 to 1000000", d.runs)
	}
	m, err := host.Look()
	if err != nil {
		return err
	}
	release := m.Release
	if len(d.kernel) > 1 {
		return cli.Usagef("--kernel: with --host it is one release")
	}
	if len(d.kernel) == 1 {
		release = d.kernel[0]
	}
	p, notes, err := profile.Find(release)
	if err != nil {
		return cli.Usagef("--kernel: %w; `sealab profiles` lists some", err)
	}
	if d.tasks > 1 {
		return d.concurrently(ctx, m, release)
	}
	d.opts.Replay = replay.Options{Profile: p, Release: p.Release, HZ: m.HZ}
	d.opts.Gen.NoURing = d.opts.Gen.NoURing || !m.IOUring
	d.opts.Gen.NoHugetlb = d.opts.Gen.NoHugetlb || m.HugePages == 0
	var done atomic.Int64
	d.opts.Done = &done
	stop := d.app.Progress(func() string {
		return fmt.Sprintf("sealab: %d of %d programs", done.Load(), d.opts.Programs)
	})
	rep, failed := judge.Search(ctx, d.opts)
	stop()
	if err := d.print(rep, m, p.Release, notes); err != nil {
		return err
	}
	return compared(ctx, failed, rep.Differ)
}

// print prints the report.
func (d *diffing) print(rep *judge.Report, m host.Machine, kernel string, notes []profile.Note) error {
	if d.asJSON {
		return d.app.WriteJSON(struct {
			Format string       `json:"format"`
			Host   host.Machine `json:"host"`
			Kernel string       `json:"kernel"`
			*judge.Report
		}{"sealab-diff-host-1", m, kernel, rep})
	}
	w := d.app.Stdout
	fmt.Fprintf(w, "%s: the model of %s and this host, Linux %s, on %d of %d programs.\n",
		agreement(rep.Differ), kernel, m.Release, rep.Programs-rep.Differ, rep.Programs)
	fmt.Fprintf(w, "  Seed %d, programs from %d on; %d calls, %d answered alike, %d not judged.\n",
		rep.Seed, rep.First, rep.Calls, rep.Agree, rep.Carried)
	for _, n := range notes {
		fmt.Fprintf(w, "  %s\n", n)
	}
	for _, u := range m.Unusual {
		fmt.Fprintf(w, "  On this host %s.\n", u)
	}
	if d.opts.Gen.NoHugetlb {
		fmt.Fprintln(w, "  No huge page is free on this host, so huge page memfds were left out.")
	}
	if d.opts.Gen.NoURing {
		fmt.Fprintln(w, "  This host does not let io_uring_setup through, so rings were left out.")
	}
	for i := range rep.Found {
		d.printFound(rep, &rep.Found[i])
	}
	if more := rep.Differ - int64(len(rep.Found)); more > 0 {
		fmt.Fprintf(w, "\n%d more programs differ; --keep %d shows them all.\n", more, rep.Differ)
	}
	return nil
}

func (d *diffing) printFound(rep *judge.Report, f *judge.Found) {
	w := d.app.Stdout
	without := "" // what was left out is left out again: else the same number is another program
	if d.opts.Gen.NoHugetlb {
		without += " --no-huge-pages"
	}
	if d.opts.Gen.NoURing {
		without += " --no-io-uring"
	}
	fmt.Fprintf(w, "\nProgram %d, shrunk; whole: sealab diff --host --seed %d --first %d --programs 1%s\n\n%s\n",
		f.Number, rep.Seed, f.Number, without, f.Log)
	fmt.Fprintf(w, "  %s\n  the model answers %s\n", f.Line, f.Model)
}
