package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"sealab/cmd/sealab/internal/cli"
)

func newVersion(app *cli.App) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "version",
		Short: "Print which sealab this is",
		Long:  "Print the version, what it was built from, and for which platform.",
		Example: `  sealab version
  sealab version --json`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if asJSON {
				return app.WriteJSON(cli.Version())
			}
			_, err := fmt.Fprintln(app.Stdout, cli.Version())
			return err
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}
