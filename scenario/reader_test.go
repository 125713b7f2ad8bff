package scenario

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"
)

func TestCompressed(t *testing.T) {
	var gz bytes.Buffer
	w := gzip.NewWriter(&gz)
	_, err := w.Write(sample)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	enc, err := zstd.NewWriter(nil)
	require.NoError(t, err)
	zst := enc.EncodeAll(sample, nil)

	want, errs := read(t, string(sample), Options{}, dump)
	require.Empty(t, errs)
	for name, data := range map[string][]byte{
		"gzip": gz.Bytes(), "zstd": zst,
		"crlf": bytes.ReplaceAll(sample, []byte("\n"), []byte("\r\n")),
		"bom":  append([]byte("\xef\xbb\xbf"), sample...),
	} {
		got, errs := read(t, string(data), Options{}, dump)
		require.Empty(t, errs, name)
		require.Equal(t, want, got, name)
	}
}

func TestDamagedGzip(t *testing.T) {
	var gz bytes.Buffer
	w := gzip.NewWriter(&gz)
	_, err := w.Write(sample)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	r := NewReader(bytes.NewReader(gz.Bytes()[:gz.Len()/2]), "cut.gz", Options{})
	for err == nil {
		_, err = r.Next()
	}
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.ErrorContains(t, err, "cut.gz: after line ")
	_, again := r.Next()
	require.Equal(t, err, again)

	_, err = NewReader(iotest.ErrReader(errors.New("disk on fire")), "f", Options{}).Next()
	require.EqualError(t, err, "f: disk on fire")
	_, err = NewReader(strings.NewReader("\x1f\x8bxx"), "f.gz", Options{}).Next()
	require.ErrorContains(t, err, "f.gz: ")
}

func TestSmallReads(t *testing.T) {
	want, _ := read(t, string(sample), Options{}, dump)
	r := NewReader(iotest.OneByteReader(bytes.NewReader(sample)), "test", Options{})
	for _, w := range want {
		ev, err := r.Next()
		require.NoError(t, err)
		require.Equal(t, w, dump(ev))
	}
	_, err := r.Next()
	require.Equal(t, io.EOF, err)
	require.EqualValues(t, len(sample), r.Offset())
}

// Lines up to the limit are read, longer ones skipped; what stands after them is not lost.
func TestLongLines(t *testing.T) {
	const limit = 1 << 20
	line := func(n int) string {
		return `write(1, "` + strings.Repeat("x", n-len(`write(1, ""...) = 9`)) + `"...) = 9`
	}
	text := line(limit) + "\nclose(1) = 0\n" + line(limit+1) + "\nclose(2) = 0\n" + line(5*limit) + "\nclose(3) = 0"
	got, errs := read(t, text, Options{}, func(ev *Event) string { return ev.Name + string(ev.Arg(0).Text) })
	require.Equal(t, []string{"write1", "close1", "close2", "close3"}, got)
	require.Len(t, errs, 2)
	require.Equal(t, int64(3), errs[0].Line)
	require.Equal(t, "test:5:1048577: line is longer than 1048576 bytes and skipped", errs[1].Headline())
	require.Less(t, len(errs[1].LineText), 200)
}

// Output of the traced program inside the log costs the call it is in, and no more.
func TestSpliced(t *testing.T) {
	text := "write(1, \"hello\\n\", 6hello\n)  = 6\nclose(1) = 0\nwrite(1, \"a\", 1a) = 1\nclose(2) = 0\n"
	got, errs := read(t, text, Options{}, brief)
	require.Equal(t, []string{"0 Note", "0 Call close 1 = 0", "0 Call close 2 = 0"}, got)
	require.Len(t, errs, 2)
	require.Equal(t, "test:1:22: unexpected 'h', want ',' or an operator", errs[0].Headline())
	require.Equal(t, "test:4:16: unexpected 'a', want ',' or an operator", errs[1].Headline())
	require.Equal(t, hintSpliced, errs[1].Hint)
}

// A line cut off anywhere is Truncated or an error or a shorter line, and the next is read.
func TestCutAnywhere(t *testing.T) {
	line := `98 12.5 f(3</a>, "b"..., {c=D|0x8, e=[1, 2]} => {g=~[A B]}, h(1) /* n */) = -1 EBUSY (Device) <0.000142>`
	for i := range len(line) {
		got, errs := read(t, line[:i]+"\nclose(7) = 0\n", Options{}, func(ev *Event) string { return ev.Name })
		require.Equal(t, "close", got[len(got)-1])
		require.LessOrEqual(t, len(got)-1+len(errs), 1)
	}
}

func TestNoAllocation(t *testing.T) {
	r := NewReader(&endless{data: sample}, "sample", Options{})
	lines := bytes.Count(sample, []byte("\n"))
	next := func() {
		if _, err := r.Next(); err != nil {
			t.Fatal(err)
		}
	}
	for range 4 * lines {
		next()
	}
	require.Zero(t, testing.AllocsPerRun(10*lines, next))
}

func TestSplicedRecording(t *testing.T) {
	data, err := os.ReadFile("testdata/strace/spliced.txt")
	require.NoError(t, err)
	got, errs := read(t, string(data), Options{}, brief)
	require.Len(t, errs, 1)
	require.Len(t, got, 2)
}
