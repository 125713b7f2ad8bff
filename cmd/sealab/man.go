package main

import (
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"sealab/cmd/sealab/internal/cli"
)

func newMan(app *cli.App) *cobra.Command {
	return &cobra.Command{
		Use:   "man [DIR]",
		Short: "Write the manual pages",
		Long: `Write a manual page for each command into a directory, which is made if it is not there.
Without a directory, print the page of sealab itself.

SOURCE_DATE_EPOCH, where it is set, is the date of the pages.`,
		Example: `  sealab man | man -l -
  sealab man ~/.local/share/man/man1`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			root := c.Root()
			root.DisableAutoGenTag = true // no date of generation at the foot of each page
			header := &doc.GenManHeader{Section: "1", Source: "sealab " + cli.Version().Version, Manual: "sealab"}
			if len(args) == 0 {
				return doc.GenMan(root, header, app.Stdout)
			}
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return err
			}
			return doc.GenManTree(root, header, args[0])
		},
	}
}
