package scenario

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func addSeeds(f *testing.F) {
	for _, line := range canonical {
		f.Add([]byte(line + "\n"))
	}
	f.Add(sample[:4000])
	files, err := filepath.Glob("testdata/strace/*")
	require.NoError(f, err)
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(f, err)
		f.Add(data)
	}
}

// Whatever is read, the reader comes to the end, and every error stands in the text.
func FuzzRead(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		r := NewReader(bytes.NewReader(data), "fuzz", Options{MaxLine: 4096})
		defer r.Close()
		events := int64(0)
		var out []byte
		for {
			ev, err := r.Next()
			var syntax *SyntaxError
			if errors.As(err, &syntax) {
				require.Positive(t, syntax.Line)
				require.LessOrEqual(t, syntax.Line, r.Line())
				require.Positive(t, syntax.Col)
				require.NotEmpty(t, syntax.Msg)
				require.NotEmpty(t, syntax.Error())
				require.LessOrEqual(t, syntax.caret, len(syntax.LineText))
				continue
			}
			if err != nil {
				return
			}
			check(t, ev)
			out = Append(out[:0], ev)
			require.NotContains(t, string(out), "\n")
			if events++; events > 2*r.Line()+1 {
				t.Fatal("more events than lines and calls under way")
			}
		}
	})
}

// What is printed of one line reads as an equal event, and is printed as itself.
func FuzzRoundTrip(f *testing.F) {
	for _, line := range canonical {
		f.Add([]byte(line))
	}
	for _, line := range bytes.Split(sample, []byte("\n")) {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		data, _, _ = bytes.Cut(data, []byte("\n"))
		roundTrip(t, data)
	})
}

func roundTrip(t testing.TB, line []byte) {
	opts := Options{Comments: true, MaxLine: 1 << 16}
	ev, err := NewReader(bytes.NewReader(line), "first", opts).Next()
	var syntax *SyntaxError
	if err == io.EOF || errors.As(err, &syntax) {
		return
	}
	if err != nil {
		return // a broken gzip
	}
	printed := Append(nil, ev)
	if !bytes.Equal(line, printed) {
		straighten(ev)
	}
	want := dump(ev)
	again, err := NewReader(bytes.NewReader(printed), "second", opts).Next()
	require.NoError(t, err, "%q printed as %q", line, printed)
	require.Equal(t, string(printed), string(Append(nil, again)))
	if !bytes.Equal(line, printed) {
		straighten(again)
	}
	require.Equal(t, want, dump(again), "%q printed as %q", line, printed)
}

// straighten forgets the columns of a line whose spaces were not those that strace prints.
func straighten(e *Event) { e.Style.Column, e.Style.PidWidth, e.Style.TimeWidth = 0, 0, 0 }
