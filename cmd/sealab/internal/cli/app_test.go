package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestColored(t *testing.T) {
	for _, c := range []struct {
		mode string
		env  map[string]string
		want bool
	}{
		{"auto", nil, false}, // a buffer is no terminal
		{"never", nil, false},
		{"always", nil, true},
		{"always", map[string]string{"NO_COLOR": "1"}, true}, // what is typed is stronger
	} {
		app, _, _ := fake("", c.env)
		require.NoError(t, app.Color.Set(c.mode))
		require.Equal(t, c.mode, app.Color.String())
		require.Equal(t, c.want, app.Colored(), "%s %v", c.mode, c.env)
	}
	app, _, _ := fake("", nil)
	require.Error(t, app.Color.Set("pink"))
	require.Zero(t, app.Width())
}

func TestWriteJSON(t *testing.T) {
	app, stdout, _ := fake("", nil)
	require.NoError(t, app.WriteJSON(map[string]string{"text": "F_SEAL_WRITE & <...>"}))
	require.Equal(t, "{\n  \"text\": \"F_SEAL_WRITE & <...>\"\n}\n", stdout.String())
}

func TestVersionString(t *testing.T) {
	v := BuildInfo{Version: "v1.2.0", Go: "go1.26.0", Platform: "linux/arm64"}
	require.Equal(t, "sealab v1.2.0 (go1.26.0 linux/arm64)", v.String())
	v.Revision, v.Modified = "0123456789abcdef", true
	require.Equal(t, "sealab v1.2.0 (go1.26.0 linux/arm64, 0123456789ab with changes)", v.String())
}

func TestInputs(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, name := range []string{"a.log", "b.log", "c[1].log"} {
		require.NoError(t, os.WriteFile(at(name), []byte(name), 0o600))
	}
	require.NoError(t, os.Mkdir(at("d.log"), 0o700))
	app, _, _ := fake("", nil)
	for _, c := range []struct{ args, want []string }{
		{nil, []string{"-"}},
		{[]string{"-"}, []string{"-"}},
		{[]string{at("b.log"), at("a.log")}, []string{at("b.log"), at("a.log")}},
		{[]string{at("[ab].log"), at("a.log")}, []string{at("a.log"), at("b.log")}}, // a directory is no match
		{[]string{at("c[1].log")}, []string{at("c[1].log")}},                        // a file of that very name
	} {
		got, err := app.Inputs(c.args)
		require.NoError(t, err)
		require.Equal(t, c.want, got)
	}
	for arg, says := range map[string]string{
		"none.log": "none.log: ", "*.txt": "no file matches", "d.log": "is a directory", "[": "",
	} {
		_, err := app.Inputs([]string{at(arg)})
		require.ErrorContains(t, err, says)
		require.NotContains(t, err.Error(), "stat ")
	}
}

func TestOpen(t *testing.T) {
	app, _, _ := fake("from a pipe", nil)
	in, err := app.Open(Stdin)
	require.NoError(t, err)
	require.Equal(t, "standard input", in.Name)
	text, err := io.ReadAll(in)
	require.NoError(t, err)
	require.Equal(t, "from a pipe", string(text))
	_, known := in.Done()
	require.False(t, known)
	require.NoError(t, in.Close())

	name := filepath.Join(t.TempDir(), "a.log")
	require.NoError(t, os.WriteFile(name, []byte(strings.Repeat("x", 100)), 0o600))
	in, err = app.Open(name)
	require.NoError(t, err)
	_, err = io.ReadFull(in, make([]byte, 25))
	require.NoError(t, err)
	share, known := in.Done()
	require.True(t, known)
	require.Equal(t, 0.25, share)
	require.NoError(t, in.Close())

	_, err = app.Open(name + ".not")
	require.ErrorIs(t, err, os.ErrNotExist)
	require.True(t, strings.HasPrefix(err.Error(), name), err)
	_, err = in.Read(make([]byte, 1))
	require.True(t, errors.Is(err, os.ErrClosed) && strings.HasPrefix(err.Error(), name), err)
}

// TestUntil reads from a pipe that never has anything.
func TestUntil(t *testing.T) {
	r, w := io.Pipe()
	defer w.Close()
	app, _, _ := fake("", nil)
	app.Stdin = r
	in, err := app.Open(Stdin)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	until := in.Until(ctx)
	go func() { fmt.Fprint(w, "so far"); cancel() }()
	text, err := io.ReadAll(until)
	require.ErrorIs(t, err, context.Canceled)
	require.True(t, strings.HasPrefix("so far", string(text)), "%s", text)
}

func TestInputProgress(t *testing.T) {
	in := &Input{Name: "a.log", Size: 3 << 20}
	in.read.Store(3 << 19)
	require.Equal(t, "a.log: 50 % (1.5 MB of 3.0 MB)", in.Progress())
	in = &Input{Name: "standard input"}
	in.read.Store(700)
	require.Equal(t, "standard input: 700 bytes", in.Progress())
}

func TestProgress(t *testing.T) {
	var out bytes.Buffer
	ticks, lines := make(chan time.Time), 0
	stop := progress(&out, ticks, func() string { lines++; return strings.Repeat("=", lines) })
	ticks <- time.Time{}
	ticks <- time.Time{}
	stop()
	stop()
	require.Equal(t, "\r=\x1b[K\r==\x1b[K\r\x1b[K", out.String())

	out.Reset()
	progress(&out, ticks, func() string { return "never" })()
	require.Empty(t, out.String(), "nothing was shown, so nothing is taken away")

	app, _, stderr := fake("", nil)
	app.Progress(func() string { return "never" })()
	require.Empty(t, stderr.String(), "a buffer is no terminal")
}
