package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strings"
	"sync/atomic"

	"github.com/spf13/cobra"
)

// Main runs a command and returns the exit code. The first interrupt ends the command's
// context, so that it prints what it has found and returns; the second one ends the process.
func Main(app *App, root *cobra.Command, args []string) int {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt)
	defer signal.Stop(signals)
	var interrupted atomic.Bool
	go func() {
		select {
		case <-signals:
			interrupted.Store(true)
			signal.Stop(signals)
			cancel()
		case <-ctx.Done():
		}
	}()
	prepare(app, root)
	root.SetArgs(args)
	code := run(ctx, app, root)
	if interrupted.Load() && code != ExitInternal {
		return ExitInterrupted
	}
	return code
}

// prepare makes a tree of commands behave as all of sealab does.
func prepare(app *App, root *cobra.Command) {
	root.SetIn(app.Stdin)
	root.SetOut(app.Stdout)
	root.SetErr(app.Stderr)
	root.SilenceErrors, root.SilenceUsage = true, true
	root.SuggestionsMinimumDistance = 2
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usage(c, suggestFlag(c, err))
	})
	wrapArgs(root)
}

// wrapArgs makes what a command says of its arguments an error of usage.
func wrapArgs(c *cobra.Command) {
	if check := c.Args; check != nil {
		c.Args = func(c *cobra.Command, args []string) error { return usage(c, check(c, args)) }
	}
	for _, sub := range c.Commands() {
		wrapArgs(sub)
	}
}

// usage says, with an error, which help there is.
func usage(c *cobra.Command, err error) error {
	if err == nil {
		return nil
	}
	return &UsageError{Err: err, Help: c.CommandPath() + " --help"}
}

// run runs the command and turns its error, or panic, into an exit code.
func run(ctx context.Context, app *App, root *cobra.Command) (code int) {
	defer func() {
		if v := recover(); v != nil {
			code = report(app, fmt.Errorf("%v", v), debug.Stack())
		}
	}()
	cmd, err := root.ExecuteContextC(ctx)
	var internal *InternalError
	var misused *UsageError
	switch {
	case err == nil:
		return ExitHolds
	case errors.Is(err, ErrDiffers):
		return ExitDiffers
	case errors.As(err, &internal):
		return report(app, err, nil)
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		app.Warnf("interrupted")
		return ExitInterrupted
	}
	app.Warnf("%s", strings.TrimRight(err.Error(), "\n"))
	if strings.HasPrefix(err.Error(), "unknown command") { // cobra's own, found before any of ours runs
		err = usage(cmd, err)
	}
	if errors.As(err, &misused) && misused.Help != "" {
		fmt.Fprintf(app.Stderr, "Run `%s` for what there is.\n", misused.Help)
	}
	return ExitUsage
}

// report says in one line that sealab itself is at fault, and what to do about it.
func report(app *App, err error, stack []byte) int {
	text, _, _ := strings.Cut(err.Error(), "\n")
	app.Warnf("internal error: %s (sealab %s, %s %s/%s); please report it with the command line and its input%s",
		text, Version().Version, runtime.Version(), runtime.GOOS, runtime.GOARCH, debugHint(app))
	if app.Env("SEALAB_DEBUG") != "" && stack != nil {
		fmt.Fprintf(app.Stderr, "%s", stack)
	}
	return ExitInternal
}

func debugHint(app *App) string {
	if app.Env("SEALAB_DEBUG") != "" {
		return ""
	}
	return "; SEALAB_DEBUG=1 prints the stack"
}
