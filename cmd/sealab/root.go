package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"sealab/cmd/sealab/internal/cli"
)

// newRoot builds the whole tree of commands.
func newRoot(app *cli.App) *cobra.Command {
	root := &cobra.Command{
		Use:   "sealab",
		Short: "A laboratory for Linux file sealing",
		Long: `sealab is a laboratory for Linux file sealing: a model of F_ADD_SEALS and of its wait
for pins, in which what a program did can be looked at from the inside.

Exit codes: 0 it holds, 1 something differs, 2 the command line or the input is wrong,
3 a bug in sealab, 130 interrupted.`,
		Example: `  strace -f -ttt -T -o app.strace ./app; sealab replay --kernel $(uname -r) app.strace
  sealab why app.strace:42
  sealab profiles --diff 6.1 6.12
  source <(sealab completion bash)`,
	}
	root.PersistentFlags().Var(&app.Color, "color", "when to print in colour: auto, always or never")
	modes := cobra.FixedCompletions(cli.ColorModes(), cobra.ShellCompDirectiveNoFileComp)
	must(root.RegisterFlagCompletionFunc("color", modes))
	root.AddCommand(
		newReplay(app),
		newRun(app),
		newExplore(app),
		newWorker(app),
		newRender(app),
		newServe(app),
		newSite(app),
		newLesson(app),
		newExercise(app),
		newPromise(app),
		newHost(app),
		newDiff(app),
		newWhy(app),
		newProfiles(app),
		newVectors(app),
		newVersion(app),
		newMan(app),
	)
	addHelp(root)
	addCompletion(root)
	return root
}

// must is for what can fail only if the tree of commands is put together wrongly.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

// addHelp adds cobra's own command for help, but makes a topic that is not there an error.
func addHelp(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	c, _, err := root.Find([]string{"help"})
	must(err)
	c.Example = "  sealab help version"
	show := c.Run
	c.Run = nil
	c.RunE = func(c *cobra.Command, args []string) error {
		if about, rest, err := root.Find(args); err != nil || about == nil || len(rest) > 0 {
			err := fmt.Errorf("there is no command %q", strings.Join(args, " "))
			return &cli.UsageError{Err: err, Help: "sealab --help"}
		}
		show(c, args)
		return nil
	}
}

// addCompletion adds cobra's own command for shell completion, now rather than when the root
// is run, so that manual pages and tests see it too.
func addCompletion(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	c, _, err := root.Find([]string{"completion"})
	must(err)
	c.Example = `  source <(sealab completion bash)
  sealab completion zsh > "${fpath[1]}/_sealab"
  sealab completion fish > ~/.config/fish/completions/sealab.fish`
	// Only of a command that can be run does cobra check the arguments.
	c.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
	examples := map[string]string{
		"bash":       "  source <(sealab completion bash)",
		"zsh":        `  sealab completion zsh > "${fpath[1]}/_sealab"`,
		"fish":       "  sealab completion fish > ~/.config/fish/completions/sealab.fish",
		"powershell": "  sealab completion powershell | Out-String | Invoke-Expression",
	}
	for _, shell := range c.Commands() {
		shell.Example = examples[shell.Name()]
	}
}
