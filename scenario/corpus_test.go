package scenario

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// corpusDir holds recordings of real kernels and applications. They are too large to stand here.
const corpusDir = "../../shared/corpus"

func corpusFiles(t testing.TB) []string {
	var files []string
	for _, pattern := range []string{"*/*.strace", "*/*/*.strace.gz", "*/*.strace.gz"} {
		m, err := filepath.Glob(filepath.Join(corpusDir, pattern))
		require.NoError(t, err)
		files = append(files, m...)
	}
	if len(files) == 0 {
		t.Skip("no recordings in " + corpusDir)
	}
	return files
}

func content(t testing.TB, file string) []byte {
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	if strings.HasSuffix(file, ".gz") {
		z, err := gzip.NewReader(bytes.NewReader(data))
		require.NoError(t, err)
		data, err = io.ReadAll(z)
		require.NoError(t, err)
	}
	return data
}

// count is what TestCorpus finds in a file.
type count struct{ events, truncated, unpaired, lost, opaque int }

func readAll(t testing.TB, file string, data []byte, opts Options) (c count) {
	lines := bytes.Split(data, []byte("\n"))
	opts.Comments = true
	r := NewReader(bytes.NewReader(data), file, opts)
	var out []byte
	for {
		ev, err := r.Next()
		if err == io.EOF {
			return c
		}
		var syntax *SyntaxError
		if errors.As(err, &syntax) {
			t.Errorf("%v", syntax)
			continue
		}
		require.NoError(t, err)
		c.events++
		if ev.Kind == CallLost {
			c.lost++
			continue
		}
		if ev.Truncated {
			c.truncated++
		}
		if ev.Unpaired {
			c.unpaired++
		}
		for _, args := range [][]Arg{ev.Args, ev.Nodes} {
			for i := range args {
				if args[i].Kind == Opaque {
					c.opaque++
					t.Logf("opaque %q in %s:%d", args[i].Text, file, ev.Line)
				}
			}
		}
		out = Append(out[:0], ev)
		if want := lines[ev.Line-1]; !bytes.Equal(want, out) {
			t.Errorf("%s:%d\n read  %s\n print %s", file, ev.Line, want, out)
		}
	}
}

// Every line of every recording can be read, and is printed as it was.
func TestCorpus(t *testing.T) {
	for _, file := range corpusFiles(t) {
		cut := strings.HasSuffix(file, ".memfd.strace")
		c := readAll(t, file, content(t, file), Options{})
		rel, _ := filepath.Rel(corpusDir, file)
		t.Logf("%-40s %+v", rel, c)
		if !cut {
			require.Zero(t, c.truncated, rel)
			require.Zero(t, c.unpaired, rel)
		}
		require.Zero(t, c.opaque, rel)
		if cut {
			c = readAll(t, file, content(t, file), Options{CutAt: 400})
			whole := 0
			for _, line := range bytes.Split(content(t, file), []byte("\n")) {
				if len(line) == 400 {
					whole++
				}
			}
			require.Equal(t, whole, c.truncated, "with CutAt exactly the lines of that length are cut")
		}
	}
}
