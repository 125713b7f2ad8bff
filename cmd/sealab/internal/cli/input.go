package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
)

// Stdin is the argument that means standard input.
const Stdin = "-"

// Inputs turns a command's arguments into the names of its inputs: "-", or no argument where
// something is piped in, is standard input; a pattern that no shell has expanded is expanded;
// a directory is refused with what to write instead. Each name stays only once.
func (a *App) Inputs(args []string) ([]string, error) {
	if len(args) == 0 {
		if IsTerminal(a.Stdin) {
			return nil, Usagef("name a file to read, or `-` for standard input")
		}
		return []string{Stdin}, nil
	}
	var names []string
	for _, arg := range args {
		found, err := a.expand(arg)
		if err != nil {
			return nil, err
		}
		for _, name := range found {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names, nil
}

func (a *App) expand(arg string) ([]string, error) {
	if arg == Stdin {
		return []string{arg}, nil
	}
	info, err := os.Stat(arg)
	switch {
	case err == nil && info.IsDir():
		return nil, Usagef("%s is a directory; name its files, as in %s", arg, filepath.Join(arg, "*"))
	case err == nil:
		return []string{arg}, nil
	case a.included(arg):
		return []string{arg}, nil
	case !errors.Is(err, fs.ErrNotExist) || !strings.ContainsAny(arg, "*?["):
		return nil, a.suggestInput(arg, readable(err))
	}
	matches, err := filepath.Glob(arg)
	if err != nil {
		return nil, Usagef("%s: %w", arg, err)
	}
	matches = slices.DeleteFunc(matches, func(name string) bool {
		info, err := os.Stat(name)
		return err == nil && info.IsDir()
	})
	if len(matches) == 0 {
		return nil, Usagef("no file matches %s", arg)
	}
	return matches, nil
}

// readable drops the name of the system call from an error about a file.
func readable(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return fmt.Errorf("%s: %w", p.Path, p.Err)
	}
	return err
}

// included says whether a name is one of the library's.
func (a *App) included(name string) bool { _, ok := a.Library[name]; return ok }

// suggestInput adds to an error about a file the name in the library that was probably meant.
func (a *App) suggestInput(name string, err error) error {
	best, bestDistance := "", 3
	for _, known := range slices.Sorted(maps.Keys(a.Library)) {
		if d := distance(name, known); d < bestDistance && d < len(known) {
			best, bestDistance = known, d
		}
	}
	if best == "" {
		return err
	}
	return fmt.Errorf("%w; did you mean %s?", err, best)
}

// Input is something that is being read, with how far it has been.
type Input struct {
	// Name is for messages: the file's, or "standard input".
	Name string
	// Size is in bytes, as stored; 0 where nobody knows.
	Size int64

	r    io.ReadCloser
	read atomic.Int64
}

// Open opens what Inputs has named.
func (a *App) Open(name string) (*Input, error) {
	if name == Stdin {
		return &Input{Name: "standard input", r: io.NopCloser(a.Stdin)}, nil
	}
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) && a.included(name) {
		return &Input{Name: name, r: io.NopCloser(strings.NewReader(a.Library[name]))}, nil
	}
	if err != nil {
		return nil, readable(err)
	}
	in := &Input{Name: name, r: f}
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
		in.Size = info.Size()
	}
	return in, nil
}

// Read implements io.Reader.
func (in *Input) Read(p []byte) (int, error) {
	n, err := in.r.Read(p)
	in.read.Add(int64(n))
	if err != nil && err != io.EOF {
		err = readable(err)
	}
	return n, err
}

// Close implements io.Closer.
func (in *Input) Close() error { return in.r.Close() }

// Done is the share that has been read, 0 to 1, and whether that is known. It may be called
// while another goroutine reads.
func (in *Input) Done() (share float64, known bool) {
	if in.Size == 0 {
		return 0, false
	}
	return min(1, float64(in.read.Load())/float64(in.Size)), true
}

// Progress says how far the input has been read, for a person.
func (in *Input) Progress() string {
	read := size(in.read.Load())
	if share, known := in.Done(); known {
		return fmt.Sprintf("%s: %.0f %% (%s of %s)", in.Name, 100*share, read, size(in.Size))
	}
	return fmt.Sprintf("%s: %s", in.Name, read)
}

// size prints a number of bytes.
func size(n int64) string {
	for i, unit := range []string{"GB", "MB", "KB"} {
		if one := int64(1) << (30 - 10*i); n >= one {
			return fmt.Sprintf("%.1f %s", float64(n)/float64(one), unit)
		}
	}
	return fmt.Sprintf("%d bytes", n)
}

// Until returns a reader of the input that ends with the context's error as soon as the context
// is done. A file is read without waiting, so that its reader can ask the context itself; a pipe
// may have nothing to read for ever.
func (in *Input) Until(ctx context.Context) io.Reader {
	if in.Size > 0 {
		return in
	}
	r, w := io.Pipe()
	go func() {
		_, err := io.CopyBuffer(w, in, make([]byte, 256<<10))
		w.CloseWithError(err)
	}()
	context.AfterFunc(ctx, func() { w.CloseWithError(ctx.Err()) })
	return r
}
