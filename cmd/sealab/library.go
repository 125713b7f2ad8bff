package main

import (
	"bufio"
	"fmt"

	"github.com/spf13/cobra"

	"sealab/cmd/sealab/internal/cli"
	"sealab/races"
)

// library lets a command take the names of package races for files.
func library(app *cli.App, c *cobra.Command) *cobra.Command {
	c.PreRun = func(*cobra.Command, []string) {
		app.Library = map[string]string{}
		for _, r := range races.All() {
			app.Library[r.Name] = r.Text
		}
	}
	c.ValidArgsFunction = func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		var names []cobra.Completion
		for _, r := range races.All() {
			names = append(names, cobra.CompletionWithDesc(r.Name, r.About))
		}
		return names, cobra.ShellCompDirectiveDefault
	}
	return c
}

// libraryDocument is what --list --json prints.
type libraryDocument struct {
	Format    string       `json:"format"` // the number changes if a field changes its meaning
	Scenarios []races.Race `json:"scenarios"`
}

// listLibrary prints the scenarios that sealab comes with.
func listLibrary(app *cli.App, asJSON bool) error {
	if asJSON {
		return app.WriteJSON(libraryDocument{"sealab-races-1", races.All()})
	}
	w := bufio.NewWriter(app.Stdout)
	for _, r := range races.All() {
		fmt.Fprintf(w, "%-26s %s\n", r.Name, r.About)
	}
	return w.Flush()
}
