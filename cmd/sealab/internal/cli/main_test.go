package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
)

// fake is an App on buffers, with an environment of its own.
func fake(stdin string, env map[string]string) (app *App, stdout, stderr *bytes.Buffer) {
	stdout, stderr = new(bytes.Buffer), new(bytes.Buffer)
	return &App{Stdin: strings.NewReader(stdin), Stdout: stdout, Stderr: stderr,
		Env: func(name string) string { return env[name] }}, stdout, stderr
}

// tree is a root with one subcommand.
func tree(run func(*cobra.Command, []string) error) *cobra.Command {
	root := &cobra.Command{Use: "sealab"}
	sub := &cobra.Command{Use: "replay", Args: cobra.MaximumNArgs(1), RunE: run}
	sub.Flags().Bool("strict-time", false, "")
	root.AddCommand(sub)
	return root
}

func TestExitCodes(t *testing.T) {
	for _, c := range []struct {
		name   string
		args   string
		err    error
		code   int
		stderr string
	}{
		{"holds", "replay", nil, ExitHolds, ""},
		{"differs", "replay", ErrDiffers, ExitDiffers, ""},
		{"differs, wrapped", "replay", fmt.Errorf("a.log: %w", ErrDiffers), ExitDiffers, ""},
		{"bad input", "replay", errors.New("a.log:1:2: no such seal"), ExitUsage, "sealab: a.log:1:2: no such seal\n"},
		{"usage", "replay", Usagef("no input"), ExitUsage, "sealab: no input\n"},
		{"cancelled by itself", "replay", context.Canceled, ExitUsage, "sealab: context canceled\n"},
		{"unknown flag", "replay --strict-tme", nil, ExitUsage, "sealab: unknown flag: --strict-tme; did you mean " +
			"--strict-time?\nRun `sealab replay --help` for what there is.\n"},
		{"flag unlike any", "replay --xyzzy", nil, ExitUsage,
			"sealab: unknown flag: --xyzzy\nRun `sealab replay --help` for what there is.\n"},
		{"unknown command", "reply", nil, ExitUsage, "sealab: unknown command \"reply\" for \"sealab\"\n\n" +
			"Did you mean this?\n\treplay\nRun `sealab --help` for what there is.\n"},
		{"too many", "replay a b", nil, ExitUsage, "sealab: accepts at most 1 arg(s), received 2\n" +
			"Run `sealab replay --help` for what there is.\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			app, stdout, stderr := fake("", nil)
			code := Main(app, tree(func(*cobra.Command, []string) error { return c.err }), strings.Fields(c.args))
			require.Equal(t, c.code, code)
			require.Equal(t, c.stderr, stderr.String())
			require.Empty(t, stdout.String())
		})
	}
}

func TestInternalErrors(t *testing.T) {
	crash := func(*cobra.Command, []string) error { panic("counter is -2\nand more") }
	app, _, stderr := fake("", nil)
	require.Equal(t, ExitInternal, Main(app, tree(crash), []string{"replay"}))
	require.Regexp(t, `^sealab: internal error: counter is -2 \(sealab .*\); please report it with the command `+
		`line and its input; SEALAB_DEBUG=1 prints the stack\n$`, stderr.String())

	app, _, stderr = fake("", map[string]string{"SEALAB_DEBUG": "1"})
	require.Equal(t, ExitInternal, Main(app, tree(crash), []string{"replay"}))
	require.Contains(t, stderr.String(), "TestInternalErrors", "the stack is printed")

	noticed := func(*cobra.Command, []string) error { return Internal(errors.New("hash differs")) }
	app, _, stderr = fake("", nil)
	require.Equal(t, ExitInternal, Main(app, tree(noticed), []string{"replay"}))
	require.Contains(t, stderr.String(), "internal error: hash differs")
	require.NoError(t, Internal(nil))
}

func TestInterrupt(t *testing.T) {
	for _, c := range []struct {
		name string
		err  error
	}{{"partial result", nil}, {"that differs", ErrDiffers}, {"no result", context.Canceled}} {
		t.Run(c.name, func(t *testing.T) {
			self, err := os.FindProcess(os.Getpid())
			require.NoError(t, err)
			app, stdout, _ := fake("", nil)
			code := Main(app, tree(func(cmd *cobra.Command, _ []string) error {
				if err := self.Signal(os.Interrupt); err != nil {
					t.Skip("this system cannot interrupt a process: ", err)
				}
				<-cmd.Context().Done()
				fmt.Fprintln(app.Stdout, "so far: 3 lines")
				return c.err
			}), []string{"replay"})
			require.Equal(t, ExitInterrupted, code)
			require.Equal(t, "so far: 3 lines\n", stdout.String())
		})
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"color", "color", 0}, {"colr", "color", 1}, {"hz", "zh", 2}, {"kitten", "sitting", 3}} {
		require.Equal(t, c.want, distance(c.a, c.b), "%s, %s", c.a, c.b)
		require.Equal(t, c.want, distance(c.b, c.a), "%s, %s", c.b, c.a)
	}
}
