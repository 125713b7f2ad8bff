package main

import (
	"bufio"

	"github.com/spf13/cobra"

	"sealab/cmd/sealab/internal/cli"
	"sealab/promise"
	"sealab/sim/profile"
	"sealab/view"
)

const promiseLong = `What a seal promises, and what can still happen: for each seal, for a read-only descriptor, for a
private mapping, everything that a sender or a receiver may try is played on the model.

Without a means, a table of all; with one, its card, and what other kernels do otherwise.

Exit codes: 0 it was shown, 2 there is no such means or kernel.`

func newPromise(app *cli.App) *cobra.Command {
	p := &playing{app: app}
	c := &cobra.Command{
		Use:   "promise [MEANS]",
		Short: "Say what a seal promises, and what can still happen",
		Long:  promiseLong,
		Example: `  sealab promise
  sealab promise F_SEAL_FUTURE_WRITE
  sealab promise read-only --kernel 6.1`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return showPromise(p, args) },
		ValidArgsFunction: func(*cobra.Command, []string, string) (names []string, _ cobra.ShellCompDirective) {
			for _, m := range promise.All() {
				names = append(names, m.Name+"\t"+m.About)
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
	}
	c.Flags().StringVarP(&p.kernel, "kernel", "k", "", "the kernel, as uname -r prints it (default the newest)")
	c.Flags().BoolVar(&p.asJSON, "json", false, "print one JSON document")
	must(c.RegisterFlagCompletionFunc("kernel", completeKernels))
	return c
}

func showPromise(p *playing, args []string) error {
	if _, _, err := profile.Find(p.kernel); p.kernel != "" && err != nil {
		return cli.Usagef("--kernel: %w; `sealab profiles` lists some", err)
	}
	wanted := promise.All()
	if len(args) > 0 {
		m, err := promise.Find(args[0])
		if err != nil {
			return cli.Usagef("%w", err)
		}
		wanted = []promise.Means{m}
	}
	cards := make([]*promise.Card, len(wanted))
	for i, m := range wanted {
		var err error
		if cards[i], err = promise.NewCard(m, p.kernel); err != nil {
			return cli.Internal(err)
		}
	}
	w := bufio.NewWriter(p.app.Stdout)
	switch {
	case p.asJSON:
		return p.app.WriteJSON(map[string]any{"format": "sealab-promises-1", "promises": cards})
	case len(args) == 0:
		view.Promises(w, cards, p.style())
	default:
		others, err := promise.Elsewhere(cards[0])
		if err != nil {
			return cli.Internal(err)
		}
		view.Promise(w, cards[0], others, p.style())
	}
	return w.Flush()
}
