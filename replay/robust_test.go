package replay_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"sealab/replay"
	"sealab/sim/profile"
)

// playText plays a log on the kernel that the project's logs are of, and checks that its
// sums are right.
func playText(t require.TestingT, log io.Reader) (*replay.Report, error) {
	p, _, err := profile.ForRelease("6.18.44")
	require.NoError(t, err)
	r := replay.New(replay.Options{Profile: p, Release: p.Release, Orders: 100})
	err = r.Log(context.Background(), log, "a.log")
	rep := r.Report()
	checkSums(t, rep)
	return rep, err
}

// logs are the logs that come with the project, by name.
func logs(t *testing.T) map[string][]byte {
	names, err := filepath.Glob("../testdata/logs/*.strace")
	require.NoError(t, err)
	require.NotEmpty(t, names)
	all := map[string][]byte{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		all[filepath.Base(name)] = text
	}
	return all
}

// TestCutLogs cuts logs anywhere: what is left agrees with the model as the whole did, but
// for the last line, whose result may have been cut.
func TestCutLogs(t *testing.T) {
	for name, text := range logs(t) {
		step := max(len(text)/15, 1)
		for cut := 0; cut < len(text); cut += step {
			rep, err := playText(t, bytes.NewReader(text[:cut]))
			require.NoError(t, err)
			last := int64(bytes.Count(text[:cut], []byte("\n")) + 1)
			for _, d := range rep.Disagreements {
				require.Equal(t, last, d.Line, "%s cut after %d bytes: %s", name, cut, d.String())
			}
		}
	}
}

// TestTornLogs writes rubbish into logs, drops and doubles lines, and lets them run into
// one another.
func TestTornLogs(t *testing.T) {
	all := logs(t)
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom([]string{"classic.strace", "pipewire.strace"}).Draw(t, "log")
		lines := strings.SplitAfter(string(all[name]), "\n")
		for range rapid.IntRange(1, 10).Draw(t, "harm") {
			i := rapid.IntRange(0, len(lines)-1).Draw(t, "line")
			at := rapid.IntRange(0, len(lines[i])).Draw(t, "column")
			switch rapid.IntRange(0, 5).Draw(t, "how") {
			case 0:
				lines[i] = ""
			case 1:
				lines[i] += lines[i]
			case 2:
				lines[i] = lines[i][:at] + string(rapid.SliceOfN(rapid.Byte(), 1, 20).Draw(t, "rubbish")) + lines[i][at:]
			case 3:
				lines[i] = strings.TrimSuffix(lines[i], "\n")
			case 4:
				lines[i] = lines[i][:at] + "<unfinished ...>\n"
			case 5:
				j := rapid.IntRange(0, len(lines)-1).Draw(t, "other")
				lines[i], lines[j] = lines[j], lines[i]
			}
		}
		_, err := playText(t, strings.NewReader(strings.Join(lines, "")))
		require.NoError(t, err)
	})
}

// TestLongLines has a line that is longer than any is read, and one that is just read.
func TestLongLines(t *testing.T) {
	log := "memfd_create(\"a\", 0) = 3\n" +
		"write(3, \"" + strings.Repeat("x", 2<<20) + "\", 2097152) = 2097152\n" +
		"write(3, \"" + strings.Repeat("y", 1<<20-100) + "\", 1048476) = 1048476\n" +
		"fcntl(3, F_GET_SEALS) = 0x1 (seals F_SEAL_SEAL)\n"
	rep, err := playText(t, strings.NewReader(log))
	require.NoError(t, err)
	require.EqualValues(t, 1, rep.Broken)
	require.Contains(t, rep.Errors[0], "a.log:2:1048577: line is longer than 1048576 bytes and skipped")
	require.EqualValues(t, 3, rep.Agree)
}

// TestRubbish is no log at all.
func TestRubbish(t *testing.T) {
	exe, err := os.Executable()
	require.NoError(t, err)
	binary, err := os.ReadFile(exe)
	require.NoError(t, err)
	rep, err := playText(t, bytes.NewReader(binary[:min(len(binary), 1<<20)]))
	require.NoError(t, err)
	require.NotZero(t, rep.Broken)
	require.LessOrEqual(t, len(rep.Errors), 1000)
	for _, e := range rep.Errors {
		require.Regexp(t, `^a\.log:\d+:\d+: `, e)
	}
}

// TestTornStreams has compressed logs that end too soon, and an input that fails.
func TestTornStreams(t *testing.T) {
	text := strings.Repeat("memfd_create(\"a\", 0) = 3\nclose(3) = 0\n", 20000)
	var gz, zs bytes.Buffer
	g := gzip.NewWriter(&gz)
	z, err := zstd.NewWriter(&zs)
	require.NoError(t, err)
	for _, w := range []io.WriteCloser{g, z} {
		_, err := io.WriteString(w, text)
		require.NoError(t, err)
		require.NoError(t, w.Close())
	}
	for _, b := range []*bytes.Buffer{&gz, &zs} {
		whole := bytes.Clone(b.Bytes())
		rep, err := playText(t, bytes.NewReader(whole))
		require.NoError(t, err)
		require.EqualValues(t, 40000, rep.Agree)
		rep, err = playText(t, bytes.NewReader(whole[:len(whole)-10]))
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		require.Regexp(t, `^a\.log: after line \d+: `, err.Error())
		require.True(t, rep.Holds())
		_, err = playText(t, bytes.NewReader(whole[:8]))
		require.ErrorContains(t, err, "a.log: ")
	}
	broken := errors.New("the disk is gone")
	rep, err := playText(t, io.MultiReader(strings.NewReader(text), failing{broken}))
	require.ErrorIs(t, err, broken)
	require.EqualValues(t, 40000, rep.Agree, "what came before is played")
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// TestInterrupted stops in the middle of a log, and of a search.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	p := profile.Newest()
	r := replay.New(replay.Options{Profile: p, Release: p.Release})
	in := io.MultiReader(&repeated{text: round, n: 100}, stopper{cancel}, &repeated{text: round, n: 100_000_000})
	require.NoError(t, r.Log(ctx, in, "a.log"))
	rep := r.Report()
	require.True(t, rep.Interrupted)
	require.Less(t, rep.Agree, int64(100_000))
	require.GreaterOrEqual(t, rep.Agree, int64(500), "what came before is reported")
	checkSums(t, rep)
}

// stopper cancels a context when it is read.
type stopper struct{ cancel func() }

func (s stopper) Read([]byte) (int, error) { s.cancel(); return 0, io.EOF }

// TestInterruptedWhileSearching stops while many calls that overlap are played: at the next
// of them, however long they take, and not at the end of the stretch.
func TestInterruptedWhileSearching(t *testing.T) {
	const calls = 100
	log := strings.Builder{}
	log.WriteString("1 memfd_create(\"a\", MFD_ALLOW_SEALING) = 3\n")
	for i := range calls {
		fmt.Fprintf(&log, "1 clone(child_stack=NULL, flags=CLONE_VM|CLONE_FILES) = %d\n", i+2)
	}
	for i := range calls {
		fmt.Fprintf(&log, "%d ftruncate(3, 4096 <unfinished ...>\n", i+2)
	}
	for i := range calls {
		fmt.Fprintf(&log, "%d <... ftruncate resumed>) = 0\n", i+2)
	}
	ctx := &countdown{Context: context.Background(), left: 3*calls + calls/2}
	r := replay.New(replay.Options{Profile: profile.Newest()})
	require.NoError(t, r.Log(ctx, strings.NewReader(log.String()), "a.log"))
	rep := r.Report()
	require.True(t, rep.Interrupted)
	require.EqualValues(t, 1+calls, rep.Agree, "what came before is reported")
	require.LessOrEqual(t, ctx.after, 10, "it is asked seldom after it was done")
	checkSums(t, rep)
}

// countdown is a context that is done once it was asked so often.
type countdown struct {
	context.Context
	left, after int
}

func (c *countdown) Err() error {
	if c.left--; c.left >= 0 {
		return nil
	}
	c.after++
	return context.Canceled
}

// TestFlatMemory plays ever more of what a program may do again and again: memory does not
// grow with the length of the log.
func TestFlatMemory(t *testing.T) {
	const n = 20_000
	for name, line := range map[string]func(i int) string{
		"the same file": func(int) string { return round },
		"other addresses": func(i int) string {
			return fmt.Sprintf("mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = %#x\nmunmap(%#x, 4096) = 0\n",
				int64(0x7f0000000000)-int64(i)*8192, int64(0x7f0000000000)-int64(i)*8192)
		},
		"other tasks": func(i int) string {
			return fmt.Sprintf("7 clone(child_stack=NULL, flags=SIGCHLD) = %d\n%d write(1, \"x\", 1) = 1\n%d +++ exited with 0 +++\n",
				i+100, i+100, i+100)
		},
		"unknown descriptors": func(i int) string {
			return fmt.Sprintf("socket(AF_UNIX, SOCK_STREAM, 0) = %d\nwrite(%d, \"x\", 1) = 1\nclose(%d) = 0\n", i%900+3, i%900+3, i%900+3)
		},
		"nonsense":    func(i int) string { return fmt.Sprintf("quark%d(%d) = 0\n)(\nclose(3\n", i, i) },
		"differences": func(int) string { return "memfd_create(\"a\", 0) = -1 EMFILE (Too many open files)\nclose(3) = 7\n" },
		"overlapping calls": func(i int) string {
			return fmt.Sprintf("7 %d.1 fcntl(3, F_GET_SEALS <unfinished ...>\n8 %d.2 fcntl(3, F_GET_SEALS) = 0\n7 %d.3 <... fcntl resumed>) = 0\n",
				i+1, i+1, i+1)
		},
	} {
		t.Run(name, func(t *testing.T) {
			var after [2]uint64
			p := profile.Newest()
			r := replay.New(replay.Options{Profile: p, Release: p.Release, Keep: 10})
			i := 0
			lines := &generated{more: func() string {
				switch i++; i {
				case n / 4:
					after[0] = heap()
				case n:
					after[1] = heap()
					return ""
				}
				return line(i)
			}}
			require.NoError(t, r.Log(context.Background(), lines, "a.log"))
			checkSums(t, r.Report())
			require.Less(t, int64(after[1])-int64(after[0]), int64(300_000), "bytes more after %d rounds than after %d", n, n/4)
		})
	}
}

// heap is how many bytes are in use.
func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// generated is a text that is made while it is read; "" ends it.
type generated struct {
	more func() string
	rest string
}

func (g *generated) Read(p []byte) (int, error) {
	if g.rest == "" {
		if g.rest = g.more(); g.rest == "" {
			return 0, io.EOF
		}
	}
	n := copy(p, g.rest)
	g.rest = g.rest[n:]
	return n, nil
}

// TestUnseenSocket: a log that leaves calls out can show that a descriptor is a socket now,
// whatever it was. What comes out of it is told, and nothing differs.
func TestUnseenSocket(t *testing.T) {
	rep, err := playText(t, strings.NewReader(`7 openat(AT_FDCWD, "/dev/null", O_RDONLY) = 5
7 memfd_create("a", MFD_ALLOW_SEALING) = 6
7 recvmsg(6, {msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base="x", iov_len=1}], msg_iovlen=1, `+
		`msg_control=[{cmsg_len=20, cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS, cmsg_data=[8]}], msg_controllen=24, `+
		`msg_flags=0}, 0) = 1
7 fcntl(8, F_GET_SEALS) = 1
7 recvfrom(5, 0x7ffc1000, 1, 0, NULL, NULL) = -1 ENOTSOCK (Socket operation on non-socket)
`))
	require.NoError(t, err)
	require.Zero(t, rep.Differ, differing(rep))
}
