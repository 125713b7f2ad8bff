package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestReadme runs the commands of the README and compares what they print with what it
// says that they print.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	bin := t.TempDir() + "/sealab"
	build := exec.CommandContext(context.Background(), "go", "build", "-o", bin, ".")
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)
	ran := 0
	for _, block := range consoles(string(text)) {
		command, want, _ := strings.Cut(block, "\n")
		args, ok := strings.CutPrefix(command, "$ go run ./cmd/sealab ")
		if !ok {
			require.Equal(t, "$ go test ./...", command)
			continue
		}
		ran++
		cmd := exec.CommandContext(context.Background(), bin, strings.Fields(args)...)
		cmd.Dir = "../.."
		var got bytes.Buffer
		cmd.Stdout = &got
		// An exit code other than 0 may be what the README shows; what is printed decides.
		_ = cmd.Run()
		require.Equal(t, want, got.String(), "the README's %s", command)
	}
	require.Equal(t, 2, ran)
}

// consoles returns the console blocks of a Markdown text.
func consoles(text string) (blocks []string) {
	for {
		_, rest, ok := strings.Cut(text, "```console\n")
		if !ok {
			return blocks
		}
		block, rest, _ := strings.Cut(rest, "```")
		blocks, text = append(blocks, block), rest
	}
}
