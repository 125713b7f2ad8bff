package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"sealab/cmd/sealab/internal/cli"
	"sealab/replay"
	"sealab/run"
	"sealab/sim/profile"
	"sealab/view"
)

// playing is what the commands that play logs share: the machine to play them on.
type playing struct {
	app    *cli.App
	kernel string
	hz     int
	cpus   int
	asJSON bool
	roam   bool
	stray  bool
}

// choiceFlags adds the flags of choices beside the order of steps.
func (p *playing) choiceFlags(c *cobra.Command) {
	c.Flags().BoolVar(&p.roam, "roam", false,
		"a task may move to another CPU at any moment, as with a line `roam 1` in the scenario")
	c.Flags().BoolVar(&p.stray, "stray", false,
		"a sleep may be cut short for no reason, as with a line `stray 1` in the scenario")
}

// allowed gives scenarios the choices that flags allow.
func (p *playing) allowed(scripts []*run.Script) {
	for _, s := range scripts {
		s.Roam = s.Roam || p.roam
		s.Stray = s.Stray || p.stray
	}
}

// flags adds the flags that say which machine it is.
func (p *playing) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringVarP(&p.kernel, "kernel", "k", "",
		"the kernel `RELEASE` to play on, as uname -r prints it, or a name that `sealab profiles` lists")
	f.IntVar(&p.hz, "hz", 0, "jiffies a second: 100, 250, 300 or 1000 (default 250)")
	f.IntVar(&p.cpus, "cpus", 0, "number of CPUs, 1 to 64 (default 2)")
	f.BoolVar(&p.asJSON, "json", false, "print one JSON document")
	must(c.RegisterFlagCompletionFunc("kernel", completeKernels))
	hz := cobra.FixedCompletions([]string{"100", "250", "300", "1000"}, cobra.ShellCompDirectiveNoFileComp)
	must(c.RegisterFlagCompletionFunc("hz", hz))
}

// options turns the flags into those of a replay.
func (p *playing) options(c *cobra.Command) (replay.Options, error) {
	var o replay.Options
	f := c.Flags()
	if f.Changed("hz") && (p.hz < 1 || p.hz > replay.MaxHZ) {
		return o, cli.Usagef("--hz %d: it is a number from 1 to %d", p.hz, replay.MaxHZ)
	}
	if f.Changed("cpus") && (p.cpus < 1 || p.cpus > replay.MaxCPUs) {
		return o, cli.Usagef("--cpus %d: it is a number from 1 to %d", p.cpus, replay.MaxCPUs)
	}
	o.HZ, o.CPUs = p.hz, p.cpus
	o.Fixed = replay.Fixed{Kernel: f.Changed("kernel"), HZ: f.Changed("hz"), CPUs: f.Changed("cpus")}
	if !o.Fixed.Kernel {
		o.Profile = profile.Newest()
		o.Notes = []string{"No kernel was named, so it is the newest that sealab knows; " +
			"if the log is of another, say so with --kernel $(uname -r)."}
	} else {
		found, notes, err := profile.Find(p.kernel)
		if err != nil {
			return o, cli.Usagef("--kernel: %w; `sealab profiles` lists some", err)
		}
		o.Profile = found
		for _, n := range notes {
			o.Notes = append(o.Notes, string(n))
		}
	}
	o.Release = o.Profile.Release
	if o.HZ == 0 {
		o.HZ = o.Profile.HZ
	}
	return o, nil
}

// logs plays all logs, one after the other. An input that cannot be read to its end does not
// keep what came before from being reported: the error comes with the report.
func (p *playing) logs(ctx context.Context, o replay.Options, names []string) (*replay.Report, error) {
	r := replay.New(o)
	var failed error
	for _, name := range names {
		if err := p.log(ctx, r, name); err != nil {
			failed = errors.Join(failed, err)
		}
		if ctx.Err() != nil {
			break
		}
	}
	rep := r.Report()
	if failed == nil && rep.Calls == 0 && !rep.Interrupted {
		failed = nothing(rep, names)
	}
	return rep, failed
}

// log plays one log.
func (p *playing) log(ctx context.Context, r *replay.Replayer, name string) error {
	in, err := p.app.Open(name)
	if err != nil {
		return err
	}
	defer in.Close()
	stop := p.app.Progress(func() string { return "sealab: reading " + in.Progress() })
	defer stop()
	return r.Log(ctx, in.Until(ctx), in.Name)
}

// nothing is the error that the inputs hold no call at all.
func nothing(rep *replay.Report, names []string) error {
	what := strings.Join(names, ", ")
	if what == cli.Stdin {
		what = "standard input"
	}
	if rep.Broken == 0 && rep.Lines == 0 {
		return fmt.Errorf("%s: empty; a log is written with strace -f -ttt -T -o FILE COMMAND", what)
	}
	why := ""
	if len(rep.Errors) > 0 {
		why = "\n" + rep.Errors[0]
	}
	return fmt.Errorf("%s: no line of it is a system call; "+
		"a log is written with strace -f -ttt -T -o FILE COMMAND%s", what, why)
}

// completeKernels offers the kernels that have a name.
func completeKernels(_ *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	out := []cobra.Completion{cobra.CompletionWithDesc("newest", "the newest that sealab knows")}
	for _, n := range profile.NamedAll() {
		out = append(out, cobra.CompletionWithDesc(n.ID, n.About))
	}
	for _, n := range profile.Peers() {
		out = append(out, cobra.CompletionWithDesc(n.ID, n.Name+", not Linux"))
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}

// style is how to print for whoever is looking.
func (p *playing) style() view.Style {
	return view.Style{Width: p.app.Width(), Color: p.app.Colored()}
}
