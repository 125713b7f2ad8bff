package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"sealab/cmd/sealab/internal/cli"
	"sealab/explore"
	"sealab/host"
	"sealab/judge"
	"sealab/run"
	"sealab/sim/profile"
)

// besideHost searches the scenarios, on the model of the kernel underneath, runs them on that
// kernel too, and says whether it showed what the model forbids.
func (x *explorer) besideHost(ctx context.Context, args []string, scripts []*run.Script) error {
	m, err := host.Look()
	if err != nil {
		return err
	}
	if x.kernel == "" {
		x.plan.Kernel = m.Release
	}
	if _, _, err := profile.Find(x.plan.Kernel); err != nil {
		return cli.Usagef("--kernel: %w; `sealab profiles` lists some", err)
	}
	if x.hz == 0 {
		x.plan.HZ = m.HZ
	}
	names, err := x.app.Inputs(args)
	if err != nil {
		return err
	}
	if names[0] == cli.Stdin {
		return cli.Usagef("--host reads the scenario twice: write it to a file")
	}
	programs, err := readPrograms(x.app, names)
	if err != nil {
		return err
	}
	runner := host.NewRunner(host.Options{Runs: x.tries})
	defer runner.Close()
	doc := exploreDocument{Format: "sealab-explore-1", Holds: true}
	for i, s := range scripts {
		r, err := x.explore(ctx, s)
		if err != nil {
			return err
		}
		res, err := runner.Run(ctx, programs[i])
		if err != nil {
			return err
		}
		t, err := judge.Compare(r, res)
		if err != nil {
			return err
		}
		doc.Programs, doc.Host = append(doc.Programs, r), append(doc.Host, t)
		doc.Holds = doc.Holds && r.Holds() && len(t.Forbidden()) == 0
		if x.asJSON {
			continue
		}
		if err := x.print(r, i > 0); err != nil {
			return err
		}
		printTogether(x.app.Stdout, r, t, m, res)
	}
	if x.asJSON {
		if err := x.app.WriteJSON(doc); err != nil {
			return err
		}
	}
	if !doc.Holds {
		return cli.ErrDiffers
	}
	return nil
}

// printTogether prints how often the host showed what.
func printTogether(w io.Writer, r *explore.Report, t *judge.Together, m host.Machine, res *host.Result) {
	fmt.Fprintf(w, "\nThis host, Linux %s, %d runs\n", m.Release, t.Runs)
	for _, s := range t.Rows {
		word := ""
		switch {
		case s.Times == 0:
			word = "   allowed, and never seen"
		case !s.Allowed && t.Sure:
			word = "   FORBIDDEN by the model"
		case !s.Allowed:
			word = "   not among the orders that were looked at"
		}
		fmt.Fprintf(w, "  %7d  %s%s\n", s.Times, s.Text, word)
	}
	for _, text := range [][]string{res.Skipped, res.Missing, res.Stuck} {
		for _, line := range text {
			fmt.Fprintf(w, "  %s\n", line)
		}
	}
	for _, s := range t.Forbidden() {
		fmt.Fprintf(w, "\nThe host went like this, and no order of the model of %s does:\n%s", r.Kernel,
			indent(s.Log))
	}
}

func indent(log string) string {
	return "  " + strings.ReplaceAll(strings.TrimSuffix(log, "\n"), "\n", "\n  ") + "\n"
}
