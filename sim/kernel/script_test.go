package kernel_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sealab/sim/abi"
	"sealab/sim/folio"
	"sealab/sim/kernel"
	"sealab/sim/law"
	"sealab/sim/profile"
)

// A script is a program of some processes, a call a line, with the answer:
//
//	b: fcntl 3 F_ADD_SEALS F_SEAL_WRITE|F_SEAL_GROW = EBUSY
//
// Arguments are numbers, C names joined by |, 'strings', and [base+length] for an
// iovec, the first for the local memory, and {fd,fd} for the descriptors of a message. "p" and "k" behind a number mean pages and
// KiB. The answer is a number, an errno, "?" for whatever, or "-" for a call that is
// not modelled; @ and a number behind it are the ms that it took. Processes are those
// that a clone named (clone FLAGS 'b'); without a name it is a.
type script struct {
	tb    testing.TB
	k     *kernel.Kernel
	procs map[string]*kernel.Proc
	line  int64
}

// play boots a kernel and runs a script on it. All laws hold after each call, and
// when all processes have exited nothing is left.
func play(tb testing.TB, release, text string) *script {
	p, _, err := profile.Find(release)
	require.NoError(tb, err)
	s := &script{tb: tb, k: kernel.Boot(kernel.Config{Profile: p, HZ: 1000}), procs: map[string]*kernel.Proc{}}
	tb.Cleanup(s.k.S.Stop)
	s.procs["a"] = s.k.Spawn("a", 0)
	if strings.Contains(text, kernel.NoexecPath) {
		s.k.KeepNamespaces()
	}
	s.play(text)
	return s
}

// end lets all processes exit.
func (s *script) end() {
	for _, p := range s.k.Procs() {
		if !p.Gone() {
			_, err := s.k.Call(p, kernel.Call{Sys: kernel.SysByName("exit_group")})
			require.NoError(s.tb, err)
		}
	}
	s.k.Do(folio.DrainAllBatches)
	require.Empty(s.tb, law.Left(s.k.S))
}

func (s *script) play(text string) {
	for _, line := range strings.Split(text, "\n") {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			s.line++
			s.call(line)
			require.Empty(s.tb, law.Broken(s.k.S), line)
		}
	}
}

func (s *script) call(line string) {
	text, want, ok := strings.Cut(line, " = ")
	require.True(s.tb, ok, line)
	who := "a"
	if name, rest, ok := strings.Cut(text, ": "); ok {
		who, text = name, rest
	}
	words := strings.Fields(text)
	c := kernel.Call{Sys: kernel.SysByName(words[0]), Line: s.line}
	require.NotZero(s.tb, c.Sys, "%s: no such call", line)
	n := 0
	for _, w := range words[1:] {
		switch w[0] {
		case '\'':
			c.Str = strings.Trim(w, "'")
			c.Child = c.Str
		case '[':
			v := s.vec(w)
			if c.Vec == nil {
				c.Vec = v
			} else {
				c.Remote = v
			}
		case '{':
			for _, fd := range strings.Split(strings.Trim(w, "{}"), ",") {
				c.FDs = append(c.FDs, s.number(fd))
			}
		default:
			c.Args[n] = s.number(w)
			n++
		}
	}
	if words[0] == "kill" {
		q := s.procs[c.Str]
		c.Fatal = c.Args[1] == int64(abi.SIGKILL)
		if q != nil {
			c.Target = q.Task.Sleep
		}
	}
	start := s.k.S.Now()
	res, err := s.k.Call(s.procs[who], c)
	if res.Child != nil {
		s.procs[c.Child] = res.Child
	}
	want, took, timed := strings.Cut(want, " @")
	if timed {
		require.Equal(s.tb, took, strconv.FormatInt((s.k.S.Now()-start)/1e6, 10), line)
	}
	got := strconv.FormatInt(res.Val, 10)
	switch {
	case err != nil:
		require.ErrorIs(s.tb, err, kernel.ErrNotModelled, line)
		got = "-"
	case res.Errno != 0:
		got = res.Errno.Name()
		require.Equal(s.tb, res.Errno, s.procs[who].Task.Refusal.Errno, "%s: a refusal has a cause", line)
	}
	if want != "?" {
		if v, ok := abi.Const(want); ok && res.Errno == 0 && err == nil {
			want = strconv.FormatInt(v, 10)
		} else if res.Errno == 0 && err == nil {
			want = strconv.FormatInt(s.number(want), 10)
		}
		require.Equal(s.tb, want, got, line)
	}
}

// number reads a number, or names joined by |.
func (s *script) number(word string) (sum int64) {
	for _, w := range strings.Split(word, "|") {
		digits := strings.TrimRight(w, "pk")
		v, err := strconv.ParseInt(digits, 0, 64)
		if err != nil {
			if u, uerr := strconv.ParseUint(digits, 0, 64); uerr == nil {
				v, err = int64(u), nil
			}
		}
		switch {
		case err == nil && strings.HasSuffix(w, "p"):
			v *= abi.PageSize
		case err == nil && strings.HasSuffix(w, "k"):
			v *= 1024
		case err != nil:
			var ok bool
			v, ok = abi.Const(w)
			require.True(s.tb, ok, "%s is no number and no name", w)
		}
		sum |= v
	}
	return sum
}

func (s *script) vec(word string) []kernel.Iovec {
	vec := []kernel.Iovec{}
	for _, piece := range strings.Split(strings.Trim(word, "[]"), ",") {
		if piece != "" {
			base, n, ok := strings.Cut(piece, "+")
			require.True(s.tb, ok, "%s", fmt.Sprint(word))
			vec = append(vec, kernel.Iovec{Base: uint64(s.number(base)), Len: uint64(s.number(n))})
		}
	}
	return vec
}
