package model_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"sealab/run"
	"sealab/sim/abi"
	"sealab/sim/kernel"
)

// sysCall is a call that a test makes on the model directly.
type sysCall struct{ kernel.Call }

// sys returns the call of that name.
func sys(name string, args ...int64) sysCall {
	var o sysCall
	if o.Sys = kernel.SysByName(name); o.Sys == 0 {
		panic("no call " + name)
	}
	copy(o.Args[:], args)
	return o
}

func (o sysCall) String() string {
	return fmt.Sprintf("%s(%x %q %x)", o.Sys.Name(), o.Args, o.Str, o.Vec)
}

// numbers draws what such calls are made of: numbers.
type numbers struct{ *rapid.T }

func (r numbers) of(label string, from ...int64) int64 {
	return rapid.SampledFrom(from).Draw(r.T, label)
}

// line is a call as strace prints it, with numbers for flags, which a scenario may have too.
func (o sysCall) line() string {
	a := o.Args
	switch name := o.Sys.Name(); name {
	case "pipe2":
		return fmt.Sprintf("pipe2([3, 4], %#x)", a[1])
	case "memfd_create":
		return fmt.Sprintf("memfd_create(%q, %#x)", o.Str, a[1])
	case "openat":
		return fmt.Sprintf("openat(AT_FDCWD, %q, %#x)", o.Str, a[2])
	case "read", "write":
		return fmt.Sprintf(`%s(%d, "x"..., %d)`, name, a[0], a[2])
	case "pread64", "pwrite64":
		return fmt.Sprintf(`%s(%d, "x"..., %d, %d)`, name, a[0], a[2], a[3])
	case "mmap":
		return fmt.Sprintf("mmap(%#x, %d, %#x, %#x, %d, %#x)", a[0], a[1], a[2], a[3], a[4], a[5])
	case "splice":
		return fmt.Sprintf("splice(%d, %s, %d, %s, %d, %#x)", a[0], offset(a[1]), a[2], offset(a[3]), a[4], a[5])
	default:
		words := make([]string, argsOf[name])
		for i := range words {
			words[i] = fmt.Sprintf("%#x", a[i])
		}
		return name + "(" + strings.Join(words, ", ") + ")"
	}
}

func offset(n int64) string {
	if n < 0 {
		return "NULL"
	}
	return fmt.Sprintf("[%d]", n)
}

// argsOf says how many arguments a call has whose arguments are all numbers.
var argsOf = map[string]int{"fcntl": 3, "ftruncate": 2, "fallocate": 4, "lseek": 3, "fchmod": 2, "dup": 1, "close": 1,
	"munmap": 2, "mprotect": 3, "madvise": 3, "load": 1, "store": 2}

// scenarioOf makes calls a scenario for a release.
func scenarioOf(release string, lines []string) string {
	return "kernel " + release + "\nhz 1000\n" + strings.Join(lines, "\n") + "\n"
}

// playable is a scenario that breaks something, and the flags of `sealab run` that show it.
type playable struct {
	text  string
	flags []string
}

// keep writes it where it can be played again, and says how.
func (p playable) keep(t *rapid.T) string {
	file := filepath.Join("testdata", "failed", strings.ReplaceAll(t.Name(), "/", "-")+".scenario")
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
	require.NoError(t, os.WriteFile(file, []byte(p.text), 0o644))
	words := []string{"play it: go run ./cmd/sealab run"}
	for _, f := range p.flags {
		words = append(words, quoted(f))
	}
	return p.text + strings.Join(append(words, "model_test/"+filepath.ToSlash(file)), " ")
}

// keepIfFailed keeps it where an assertion, and not a comparison of answers, has failed.
func (p playable) keepIfFailed(t *rapid.T) {
	if t.Failed() {
		t.Log(p.keep(t))
	}
}

// quoted is a word for a shell.
func quoted(word string) string {
	if strings.ContainsAny(word, " *") {
		return "'" + word + "'"
	}
	return word
}

// TestLines: what a specification's run prints is a scenario, whose answers hold.
func TestLines(t *testing.T) {
	for release := range specKernels {
		rapid.Check(t, func(r *rapid.T) {
			x := newSpecRun(r, release)
			defer x.k.S.Stop()
			x.begin()
			for range rapid.IntRange(0, 30).Draw(r, "calls") {
				specOps[rapid.SampledFrom([]string{"seal", "get", "ftruncate", "pwrite", "write", "tell", "pread", "munmap", "touch",
					"mprotect", "remove", "splice", "readpipe", "reopen", "close", "getfd"}).Draw(r, "op")](x)
			}
			text := scenarioOf(release, x.done)
			scripts, err := run.Read(strings.NewReader(text), "lines")
			require.NoError(r, err, text)
			res, err := run.Play(scripts[0], run.Options{})
			require.NoError(r, err, text)
			for i := range res.Calls {
				c := &res.Calls[i]
				require.False(r, c.Differs(), "line %d of\n%s\nis %s", c.Line, text, c.AnswerText())
			}
		})
	}
}

// answered is an answer as strace prints it.
func answered(val int64, errno abi.Errno) string {
	if errno != 0 {
		return fmt.Sprintf("-1 %s (%s)", errno.Name(), errno.Text())
	}
	return fmt.Sprint(val)
}
