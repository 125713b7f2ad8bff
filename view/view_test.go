package view_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/stretchr/testify/require"

	"sealab/replay"
	"sealab/sim/profile"
	"sealab/view"
)

// TestGolden holds what is printed to the files in testdata. Their commands are
//
//	replay | why | list | features | diff  [kernel=A,B] [width=N] [line=N] [strict] [orders] [verbose] [color] [twice]
//	LOG, or `file: NAME` for one of testdata/logs
func TestGolden(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			var out bytes.Buffer
			s := view.Style{Color: d.HasArg("color"), Orders: d.HasArg("orders"), Verbose: d.HasArg("verbose")}
			d.MaybeScanArgs(t, "width", &s.Width)
			names := []string{"6.18.44"}
			if d.HasArg("kernel") {
				var text string
				d.ScanArgs(t, "kernel", &text)
				names = strings.Split(text, "..")
			}
			var kernels []view.Kernel
			for _, name := range names {
				p, notes, err := profile.Find(name)
				require.NoError(t, err)
				kernels = append(kernels, view.Kernel{Profile: p, Notes: notes})
			}
			switch d.Cmd {
			case "replay":
				view.Report(&out, play(t, d, kernels[0], 0), s)
			case "why":
				line := int64(0)
				d.MaybeScanArgs(t, "line", &line)
				view.Why(&out, play(t, d, kernels[0], line), line, s)
			case "list":
				view.Kernels(&out, profile.NamedAll(), profile.Peers(), s)
			case "features":
				view.Features(&out, kernels[0], s)
			case "diff":
				view.Difference(&out, kernels[0], kernels[1], s)
			default:
				d.Fatalf(t, "no command %q", d.Cmd)
			}
			return strings.ReplaceAll(out.String(), "\x1b", "␛")
		})
	})
}

// play replays the log of a test.
func play(t *testing.T, d *datadriven.TestData, k view.Kernel, line int64) *replay.Report {
	log := d.Input
	if name, ok := strings.CutPrefix(log, "file: "); ok {
		text, err := os.ReadFile(filepath.Join("../testdata/logs", name))
		require.NoError(t, err)
		log = string(text)
	}
	log = strings.ReplaceAll(log, "␛", "\x1b")
	ctx := context.Background()
	if d.HasArg("interrupted") {
		c, cancel := context.WithCancel(ctx)
		cancel()
		ctx = c
	}
	r := replay.New(replay.Options{Profile: k.Profile, Release: k.Profile.Release, Watch: line,
		StrictTime: d.HasArg("strict")})
	names := []string{"a.log"}
	if d.HasArg("twice") {
		names = append(names, "b.log")
	}
	for _, name := range names {
		require.NoError(t, r.Log(ctx, strings.NewReader(log), name))
	}
	return r.Report()
}

// TestWidth prints the reports of all logs in many widths: no line is longer, unless a
// word is.
func TestWidth(t *testing.T) {
	names, err := filepath.Glob("../testdata/logs/*.strace")
	require.NoError(t, err)
	require.NotEmpty(t, names)
	p := profile.Newest()
	for _, name := range names {
		r := replay.New(replay.Options{Profile: p, Release: p.Release})
		in, err := os.Open(name)
		require.NoError(t, err)
		require.NoError(t, r.Log(context.Background(), in, name))
		require.NoError(t, in.Close())
		for width := 60; width <= 130; width += 7 {
			var out bytes.Buffer
			view.Report(&out, r.Report(), view.Style{Width: width, Orders: true, Verbose: true})
			for _, line := range strings.Split(out.String(), "\n") {
				require.LessOrEqual(t, len([]rune(line)), width, "%s in %d columns: %s", name, width, line)
			}
		}
	}
}

// TestScreen holds the report to a screen, however much there is to tell.
func TestScreen(t *testing.T) {
	var log strings.Builder
	for range 500 {
		log.WriteString("memfd_create(\"a\", 0) = 3\nwrite(3, \"x\", 1) = 7\nfcntl(3, F_ADD_SEALS, F_SEAL_WRITE) = -1 EPERM " +
			"(Operation not permitted)\nclose(77) = -1 EBADF (Bad file descriptor)\nquark(3) = 0\n)(\nclose(3) = 0\n")
	}
	r := replay.New(replay.Options{Profile: profile.Newest(), Release: "7.2"})
	require.NoError(t, r.Log(context.Background(), strings.NewReader(log.String()), "a.log"))
	var out bytes.Buffer
	view.Report(&out, r.Report(), view.Style{})
	require.Less(t, strings.Count(out.String(), "\n"), 50, "%s", out.String())
}
