package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"sealab/cmd/sealab/internal/cli"
	"sealab/sim/profile"
	"sealab/vectors"
)

const vectorsLong = `Print scenarios as data, to test other systems with: the named scenarios that sealab comes with,
or those (*.scenario) in a directory.

Without --plain it is one JSON document: for each scenario the numbers of the behaviours that it
shows (docs/behaviours.md), its steps, and what each mainline kernel from 3.17 on answers, as ranges
of releases that answer alike. With --plain it is
the input of tools/vectors/play.c, a C program that plays the scenarios of one task on any system
with memfd_create and prints TAP; the results are those of one kernel.`

func newVectors(app *cli.App) *cobra.Command {
	var plain bool
	var kernel string
	c := &cobra.Command{
		Use:   "vectors [DIRECTORY]",
		Short: "Print scenarios as data, with what every kernel answers",
		Long:  vectorsLong,
		Example: `  sealab vectors > vectors.json
  sealab vectors --plain --kernel $(uname -r) | ./play`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if _, _, err := profile.Find(kernel); err != nil {
				return cli.Usagef("--kernel: %w", err)
			}
			dir := vectors.Scenarios()
			if len(args) > 0 {
				dir = os.DirFS(args[0])
			}
			set, err := vectors.Export(dir)
			if err != nil {
				return &cli.UsageError{Err: err, Help: "sealab vectors --help"}
			}
			if len(set.Vectors) == 0 {
				return cli.Usagef("%s: no *.scenario in it", args[0])
			}
			if !plain {
				return app.WriteJSON(set)
			}
			text, err := set.Plain(kernel)
			if err != nil {
				return err
			}
			_, err = fmt.Fprint(app.Stdout, text)
			return err
		},
	}
	c.Flags().BoolVar(&plain, "plain", false, "print the input of tools/vectors/play.c")
	c.Flags().StringVar(&kernel, "kernel", "newest", "the kernel whose results --plain prints")
	must(c.RegisterFlagCompletionFunc("kernel", completeKernels))
	return c
}
