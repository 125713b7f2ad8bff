package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"sealab/cmd/sealab/internal/cli"
	"sealab/web"
)

const serveLong = `Open a page on this machine to look at runs: edit the scenario and see it anew, paste a log of
strace, change the kernel, step forwards and backwards, choose at a step who goes next, and undo.

Only this machine can reach it, and only its own page may ask it: nothing of a scenario or log
leaves the machine or is kept. A run is bounded in steps and in what is kept of it. Ctrl-C stops it.

Without a scenario, it begins with an example.

Exit codes: 130 it was stopped with Ctrl-C, 2 the input cannot be read or played, or the address cannot be used.`

func newServe(app *cli.App) *cobra.Command {
	l := &looker{playing: playing{app: app}}
	address := ""
	c := &cobra.Command{
		Use:   "serve [SCENARIO|LOG]",
		Short: "Open a page on this machine to play with",
		Long:  serveLong,
		Example: `  sealab serve
  sealab serve --listen localhost:8080 busy.scenario
  sealab serve --log app.strace`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			first := web.Examples()[1]
			name, text := first.Name, first.Text
			if len(args) > 0 {
				var err error
				if name, text, err = l.input(args); err != nil {
					return err
				}
			}
			doc, err := l.document(c, name, text)
			if err != nil {
				return err
			}
			return l.serve(c, address, doc)
		},
	}
	l.flags(c)
	c.Flags().StringVar(&address, "listen", "127.0.0.1:0",
		"the `ADDRESS` to listen at, of this machine only; port 0 is any that is free")
	return c
}

func (l *looker) serve(c *cobra.Command, address string, doc *web.Document) error {
	listener, err := web.Listen(address)
	if err != nil {
		return cli.Usagef("--listen: %w", err)
	}
	fmt.Fprintf(l.app.Stdout, "http://%s/\n", listener.Addr())
	s := &web.Server{Doc: doc, Limits: web.SmallLimits}
	return s.Serve(c.Context(), listener)
}
