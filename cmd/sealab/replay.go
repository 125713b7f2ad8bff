package main

import (
	"bufio"

	"github.com/spf13/cobra"

	"sealab/cmd/sealab/internal/cli"
	"sealab/replay"
	"sealab/view"
)

const replayLong = `Play logs of strace on the model of a kernel, and compare each answer.

The report says first whether the model gives the recorded answers. Then, for each call that was
refused: the check that refused it, the numbers that the check saw, who is responsible and since
which line, and the smallest change that lets the call pass. It ends with how long F_ADD_SEALS
waited, as predicted and as recorded, and with what was not judged.

A log is best written with strace -f -ttt -T -o FILE; options as -y, -x, -r, and files compressed
with gzip or zstd, are read as they are. Where calls of several tasks overlap, the log agrees if
there is some order, among those that its times allow, that gives its answers.

The kernel is that of --kernel, of the log's header (a line "kernel 6.12.5"), or else the newest.

With --json, the report is one document; its fields are described in docs/JSON.md. Lines that
cannot be read are reported and the rest is played.

Exit codes: 0 the model agrees, 1 it differs somewhere, 2 an input cannot be read or holds no
call, 130 interrupted (the report is of what was played until then).`

func newReplay(app *cli.App) *cobra.Command {
	p := &playing{app: app}
	var strict, orders, verbose bool
	c := &cobra.Command{
		Use:   "replay [LOG...]",
		Short: "Play logs on the model, and explain what was refused",
		Long:  replayLong,
		Example: `  sealab replay app.strace
  strace -f -ttt -T -o app.strace ./app; sealab replay --kernel $(uname -r) app.strace
  strace -f -o '|sealab replay --kernel 6.1.150' ./app
  zcat old.strace.gz | sealab replay --kernel 5.10 --orders -
  sealab replay --json *.strace | jq '.refusals[].reason.sentence'`,
		RunE: func(c *cobra.Command, args []string) error {
			o, err := p.options(c)
			if err != nil {
				return err
			}
			o.StrictTime = strict
			names, err := app.Inputs(args)
			if err != nil {
				return err
			}
			rep, failed := p.logs(c.Context(), o, names)
			if err := p.print(rep, orders, verbose); err != nil {
				return err
			}
			return verdict(rep, failed)
		},
	}
	p.flags(c)
	c.Flags().BoolVar(&strict, "strict-time", false, "a wait that is off by more than two ticks differs")
	c.Flags().BoolVar(&orders, "orders", false, "show the orders that were found where calls overlap")
	c.Flags().BoolVarP(&verbose, "verbose", "v", false, "show every entry of each list, not only the first")
	return c
}

// document is what --json prints.
type document struct {
	Format string `json:"format"` // "sealab-replay-1"; the number changes if a field changes its meaning
	Holds  bool   `json:"holds"`
	*replay.Report
}

// print prints the report. One without any call is left out: its error says more.
func (p *playing) print(rep *replay.Report, orders, verbose bool) error {
	if p.asJSON {
		return p.app.WriteJSON(document{"sealab-replay-1", rep.Holds(), rep})
	}
	if rep.Calls == 0 && !rep.Interrupted {
		return nil
	}
	s := p.style()
	s.Orders, s.Verbose = orders, verbose
	w := bufio.NewWriter(p.app.Stdout)
	view.Report(w, rep, s)
	return w.Flush()
}

// verdict is how a command that has printed its report ends.
func verdict(rep *replay.Report, failed error) error {
	switch {
	case failed != nil:
		return failed
	case !rep.Holds():
		return cli.ErrDiffers
	}
	return nil
}
