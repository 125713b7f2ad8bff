package main

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"sealab/cmd/sealab/internal/cli"
	"sealab/host"
)

const hostLong = `Run scenarios on the Linux kernel underneath, and print what it answered as strace would.

A scenario is in the syntax of strace; the results it names are ignored, each call is made anew.
Each task of a log is a process of its own. Tasks with names (a: and b:) are threads that share
memory and descriptors; a scenario that has them is run many times, and each way in which it went
is printed with how often it did. A scenario's conditions (exists, never, always) are judged by
these runs: what no run has shown may still be possible.

Only calls that stay within the scenario are made: no path but of its own descriptors, no signal
but to its own tasks, no memory without bounds. The others are left out and told. No root is
needed for what the kernel does not ask it for; what this host does not have or allow is told.

A run that takes longer than --timeout is stopped, and the report says which task waits in what.
Nothing is left behind.

Exit codes: 0 all conditions hold, 1 one does not or a task waited for ever, 2 an input cannot be
read, or this is not Linux on x86-64.`

func newHost(app *cli.App) *cobra.Command {
	var opts host.Options
	var asJSON bool
	c := &cobra.Command{
		Use:   "host [SCENARIO...]",
		Short: "Run scenarios on the Linux kernel underneath",
		Long:  hostLong,
		Example: `  sealab host race.sealab
  sealab host --runs 100000 race.sealab
  sealab host app.strace | sealab replay --kernel $(uname -r)`,
		RunE: func(c *cobra.Command, args []string) error {
			if !host.Supported {
				return host.ErrUnsupported
			}
			if opts.Timeout < time.Millisecond || opts.Timeout > time.Hour {
				return cli.Usagef("--timeout %v: it is between 1ms and 1h", opts.Timeout)
			}
			if opts.Runs < 1 || opts.Runs > 100_000_000 {
				return cli.Usagef("--runs %d: it is a number from 1 to 100000000", opts.Runs)
			}
			names, err := app.Inputs(args)
			if err != nil {
				return err
			}
			programs, err := readPrograms(app, names)
			if err != nil {
				return err
			}
			return runHost(c.Context(), app, opts, programs, asJSON)
		},
	}
	f := c.Flags()
	f.DurationVar(&opts.Timeout, "timeout", 5*time.Second, "how long one run may take")
	f.IntVar(&opts.Runs, "runs", 1000, "how often to run a scenario with concurrent tasks")
	f.Uint64Var(&opts.Seed, "seed", 0, "chooses the small delays with which concurrent tasks begin")
	f.BoolVar(&asJSON, "json", false, "print one JSON document")
	return library(app, c)
}

func readPrograms(app *cli.App, names []string) (programs []*host.Program, err error) {
	for _, name := range names {
		in, err := app.Open(name)
		if err != nil {
			return nil, err
		}
		found, err := host.Read(in, in.Name)
		in.Close()
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("%s: there is no call in it to run", in.Name)
		}
		programs = append(programs, found...)
	}
	return programs, nil
}

// runHost runs all programs and prints what came of them.
func runHost(ctx context.Context, app *cli.App, opts host.Options, programs []*host.Program, asJSON bool) error {
	r := host.NewRunner(opts)
	defer r.Close()
	w := bufio.NewWriter(app.Stdout)
	defer w.Flush()
	var results []*host.Result
	holds := true
	for _, p := range programs {
		res, err := r.Run(ctx, p)
		if err != nil {
			return err
		}
		results = append(results, res)
		holds = holds && len(res.Stuck) == 0
		for _, c := range res.Claims {
			holds = holds && c.Holds
		}
		if !asJSON {
			printResult(w, res, len(programs) > 1)
		}
	}
	if asJSON {
		if err := app.WriteJSON(map[string]any{"format": "sealab-host-1", "results": results}); err != nil {
			return err
		}
	}
	if !holds {
		return cli.ErrDiffers
	}
	return nil
}

// printResult prints a result so that the whole is a log that can be read again: each outcome is a
// program of its own, and what is not a line of a log is a comment.
func printResult(w io.Writer, res *host.Result, several bool) {
	name := cmp.Or(res.Name, "scenario")
	for i, o := range res.Outcomes {
		switch {
		case res.Runs > 1:
			fmt.Fprintf(w, "# program %s-%d: %d of %d runs: %s\n", name, i+1, o.Count, res.Runs, o.Key)
		case several:
			fmt.Fprintf(w, "# program %s\n", name)
		}
		fmt.Fprintf(w, "%s", o.Log)
	}
	for _, c := range res.Claims {
		fmt.Fprintf(w, "# line %d: %s: %s\n", c.Line, c.Text, claimText(&c, res.Runs))
	}
	for _, list := range [][]string{res.Skipped, res.Missing, res.Stuck} {
		for _, text := range list {
			fmt.Fprintf(w, "# %s\n", text)
		}
	}
}

func claimText(c *host.Claim, runs int) string {
	word := "does not hold"
	switch {
	case c.Why != "":
		return "not judged: " + c.Why
	case c.Holds:
		word = "holds"
	}
	return fmt.Sprintf("%s, true in %d of %d", word, c.Times, runs)
}
