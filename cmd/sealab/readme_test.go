package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// built returns the command of this directory.
func built(t *testing.T) string {
	bin := t.TempDir() + "/sealab"
	build := exec.CommandContext(context.Background(), "go", "build", "-o", bin, ".")
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return bin
}

// TestReadme runs the commands of the README and compares what they print with what it
// says that they print.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	bin := built(t)
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

// TestTeaching runs the commands that a teacher is told, but for the site, which has its own test.
func TestTeaching(t *testing.T) {
	text, err := os.ReadFile("../../docs/teaching.md")
	require.NoError(t, err)
	bin, dir := built(t), t.TempDir()
	for _, part := range []string{"testdata", "vectors"} {
		root, err := filepath.Abs("../../" + part)
		require.NoError(t, err)
		require.NoError(t, os.Symlink(root, filepath.Join(dir, part)))
	}
	ran := 0
	for _, block := range consoles(string(text)) {
		for line := range strings.Lines(block) {
			args, ok := strings.CutPrefix(strings.TrimSpace(line), "$ sealab ")
			require.True(t, ok, line)
			if strings.HasPrefix(args, "site ") {
				continue
			}
			ran++
			cmd := exec.CommandContext(context.Background(), bin, strings.Fields(args)...)
			cmd.Dir = dir
			out, err := cmd.CombinedOutput()
			require.NoError(t, err, "sealab %s: %s", args, out)
		}
	}
	require.Equal(t, 13, ran)
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
