package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"sealab/cmd/sealab/internal/cli"
	"sealab/host"
	"sealab/judge"
)

// concurrently compares programs of several tasks with the kernel underneath.
func (d *diffing) concurrently(ctx context.Context, m host.Machine, release string) error {
	var done atomic.Int64
	stop := d.app.Progress(func() string {
		return fmt.Sprintf("sealab: %d of %d programs", done.Load(), d.opts.Programs)
	})
	rep, failed := judge.SearchConcurrent(ctx, judge.Concurrent{
		Kernel: release, HZ: m.HZ, Tasks: d.tasks, Seed: d.opts.Seed, First: d.opts.First, Programs: d.opts.Programs,
		Runs: d.runs, Workers: min(d.opts.Workers, 2), Keep: d.opts.Keep, Done: &done,
	})
	stop()
	if err := d.printConcurrent(rep, m, release); err != nil {
		return err
	}
	return compared(ctx, failed, rep.Differ)
}

// compared ends the command when so many programs differed, and perhaps something failed.
func compared(ctx context.Context, failed error, differ int64) error {
	switch {
	case failed != nil:
		return failed
	case differ > 0:
		return errors.Join(ctx.Err(), cli.ErrDiffers)
	}
	return ctx.Err()
}

// agreement is what the report begins with.
func agreement(differ int64) string {
	if differ > 0 {
		return "differs"
	}
	return "agrees"
}

func (d *diffing) printConcurrent(rep *judge.Concurrently, m host.Machine, kernel string) error {
	if d.asJSON {
		return d.app.WriteJSON(struct {
			Format string       `json:"format"`
			Host   host.Machine `json:"host"`
			Kernel string       `json:"kernel"`
			*judge.Concurrently
		}{"sealab-diff-concurrent-1", m, kernel, rep})
	}
	w := d.app.Stdout
	judged := rep.Programs - rep.Large - rep.Skipped
	fmt.Fprintf(w, "%s: what this host, Linux %s, showed of %d of %d programs of %d tasks is allowed by the model.\n",
		agreement(rep.Differ), m.Release, judged-rep.Differ, judged, rep.Tasks)
	fmt.Fprintf(w, "  Seed %d, programs from %d on; %d runs, %d combinations of results shown, of %d allowed.\n",
		rep.Seed, rep.First, rep.Runs, rep.Shown, rep.Allowed)
	if rep.Large+rep.Skipped > 0 {
		fmt.Fprintf(w, "  Not judged: %d programs that have too many orders, %d that the host does not run.\n",
			rep.Large, rep.Skipped)
	}
	for _, f := range rep.Found {
		const whole = "sealab diff --host --tasks %d --seed %d --first %d --programs 1"
		fmt.Fprintf(w, "\nProgram %d, shrunk; whole: "+whole+"\n\n%s\n",
			f.Number, rep.Tasks, rep.Seed, f.Number, f.Program)
		fmt.Fprintf(w, "  the host showed %s, and no order leads there:\n%s", f.Shown.Text, indent(f.Shown.Log))
	}
	return nil
}
