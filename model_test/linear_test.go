package model_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"sealab/run"
	"sealab/sim/abi"
	"sealab/sim/sched"
	"sealab/sim/trace"
)

// Linearizability: what threads of one process see of their memfd at the same time is
// what they would have seen one after the other, in some order that respects who had
// ended before whom began. The sequential specification is that of spec_test.go.
//
// The kernel itself promises less in three places, and there both answers are allowed:
//
//   - mmap is refused while an F_ADD_SEALS waits, even if that fails in the end;
//   - a mapping in the making counts as writable before it turns out that it is not;
//   - the wait looks at pages one by one, and at moments of its own: what changes
//     during it may be seen or not.

// linCall is a call of a thread, and what the specification says of it.
type linCall struct {
	op     sysCall
	step   func(*spec) (int64, abi.Errno)
	seals  bool // adds F_SEAL_WRITE
	maps   bool // makes a shared mapping
	pages  bool // changes which pages there are, or who holds them
	excuse bool // something overlapped it that makes the kernel's answer its own
}

// linEnded is a call with its answer, and when it began and ended.
type linEnded struct {
	linCall
	thread      int
	began, done int64
	val         int64
	errno       abi.Errno
}

func (e *linEnded) String() string {
	return fmt.Sprintf("%4d-%4d  thread %d  %v = %s", e.began, e.done, e.thread, e.op, specAnswer(e.val, e.errno))
}

const (
	linFile = 5 // the memfd; the pipe is at 3 and 4
	linBase = specBase
)

// linOps draw the calls that threads make; each speaks of one page at most, since what
// speaks of several is no single moment in any kernel.
var linOps = []func(r numbers) linCall{
	func(r numbers) linCall {
		seals := r.of("seals", 8, 8, 8, 4, 2, 16, 12, 1, 0)
		return linCall{op: sys("fcntl", linFile, abi.FAddSeals, seals), seals: seals&8 != 0,
			step: func(s *spec) (int64, abi.Errno) { return 0, s.addSeals(linFile, seals) }}
	},
	func(numbers) linCall {
		return linCall{op: sys("fcntl", linFile, abi.FGetSeals),
			step: func(s *spec) (int64, abi.Errno) { return s.getSeals(linFile) }}
	},
	func(r numbers) linCall {
		size := r.of("size", 0, 1, 2) * abi.PageSize
		return linCall{op: sys("ftruncate", linFile, size), pages: true,
			step: func(s *spec) (int64, abi.Errno) { return 0, s.ftruncate(linFile, size) }}
	},
	func(r numbers) linCall {
		mode, page := r.of("mode", 0, 3), r.of("page", 0, 1)*abi.PageSize
		return linCall{op: sys("fallocate", linFile, mode, page, abi.PageSize), pages: true,
			step: func(s *spec) (int64, abi.Errno) { return 0, s.fallocate(linFile, mode, page, abi.PageSize) }}
	},
	func(r numbers) linCall {
		page := r.of("page", 0, 1) * abi.PageSize
		return linCall{op: sys("pwrite64", linFile, 0, 1, page), pages: true,
			step: func(s *spec) (int64, abi.Errno) { return s.pwrite(linFile, 1, page) }}
	},
	func(r numbers) linCall {
		page := r.of("page", 0, 1) * abi.PageSize
		return linCall{op: sys("pread64", linFile, 0, 1, page),
			step: func(s *spec) (int64, abi.Errno) { return s.pread(linFile, 1, page) }}
	},
	func(r numbers) linCall {
		at, prot := linBase+r.of("place", 0, 2), r.of("prot", 1, 3, 3)
		o := sys("mmap", at*abi.PageSize, abi.PageSize, prot, abi.MapShared|abi.MapFixed, linFile, 0)
		return linCall{op: o, maps: true, step: func(s *spec) (int64, abi.Errno) {
			return at * abi.PageSize, s.mmap(at, 1, prot, true, linFile, 0)
		}}
	},
	func(r numbers) linCall {
		at := linBase + r.of("place", 0, 2)
		return linCall{op: sys("munmap", at*abi.PageSize, abi.PageSize),
			step: func(s *spec) (int64, abi.Errno) { return 0, s.munmap(at, 1) }}
	},
	func(r numbers) linCall {
		at, prot := linBase+r.of("place", 0, 2), r.of("prot", 1, 3)
		return linCall{op: sys("mprotect", at*abi.PageSize, abi.PageSize, prot),
			step: func(s *spec) (int64, abi.Errno) { return 0, s.mprotect(at, 1, prot) }}
	},
	func(numbers) linCall {
		return linCall{op: sys("splice", linFile, 0, 4, -1, abi.PageSize, abi.SpliceFNonblock), pages: true,
			step: func(s *spec) (int64, abi.Errno) { return s.splice(linFile, 0, abi.PageSize) }}
	},
	func(numbers) linCall {
		return linCall{op: sys("read", 3, 0, 99*abi.PageSize), pages: true,
			step: func(s *spec) (int64, abi.Errno) { return s.readPipe(99 * abi.PageSize) }}
	},
}

// clone is a deep copy: an open file and its file stay the same for all who share them.
func (s *spec) clone() *spec {
	files, pages := map[*specFile]*specFile{}, map[*specPage]*specPage{nil: nil}
	page := func(p *specPage) *specPage {
		if _, known := pages[p]; !known {
			c := *p
			pages[p] = &c
		}
		return pages[p]
	}
	c := &spec{kernel: s.kernel, fds: map[int64]*specOpen{}, memory: map[int64]*specMapped{}}
	for _, f := range s.files {
		g := *f
		g.pages = map[int64]*specPage{}
		for i, p := range f.pages {
			g.pages[i] = page(p)
		}
		files[f] = &g
		c.files = append(c.files, &g)
	}
	opens := map[*specOpen]*specOpen{}
	for fd, o := range s.fds {
		if opens[o] == nil {
			d := *o
			d.file = files[o.file]
			opens[o] = &d
		}
		c.fds[fd] = opens[o]
	}
	for at, m := range s.memory {
		d := *m
		d.file = files[m.file]
		c.memory[at] = &d
	}
	for _, b := range s.pipe {
		c.pipe = append(c.pipe, specBuf{page(b.page), b.n})
	}
	return c
}

// linModel is the specification as package porcupine wants it. Its states are never
// compared, so orders that lead to the same one are tried anew.
func linModel(start *spec) porcupine.Model {
	return porcupine.Model{
		Init:  func() any { return start },
		Equal: func(a, b any) bool { return a == b },
		Step: func(state, input, _ any) (bool, any) {
			s, e := state.(*spec), input.(*linEnded)
			next := s.clone()
			val, errno := e.step(next)
			if errno == e.errno && (errno != 0 || val == e.val) {
				return true, next
			}
			if !e.excuse {
				return false, s
			}
			switch {
			case e.maps && e.errno == abi.EPERM, e.seals && e.errno == abi.EBUSY:
				return true, s
			case e.seals && e.errno == 0 && errno == abi.EBUSY:
				next = s.clone()
				next.fds[linFile].file.seals |= abi.Seals(e.op.Args[2])
				return true, next
			}
			return false, s
		},
	}
}

// excuses marks the calls in whose time something happened that makes the kernel's
// answer its own.
func excuses(history []*linEnded) {
	for _, a := range history {
		for _, b := range history {
			if a == b || a.done < b.began || b.done < a.began {
				continue
			}
			if a.maps && b.seals || a.seals && (b.maps || b.pages) {
				a.excuse = true
			}
		}
	}
}

// linRun plays the calls as tasks of a scenario, in an order that is drawn.
func linRun(r *rapid.T, release string, programs [][]linCall, o run.Options) (
	start *spec, history []*linEnded, played playable,
) {
	start = &spec{kernel: specKernels[release], onExec: map[int64]bool{}, fds: map[int64]*specOpen{}, memory: map[int64]*specMapped{}}
	_, _ = start.create(abi.MfdAllowSealing)
	_, _ = start.pwrite(linFile, abi.PageSize, 0)
	lines := []string{"pipe2([p0, p1], O_NONBLOCK)", `memfd_create("x", MFD_ALLOW_SEALING)`,
		fmt.Sprintf(`pwrite64(%d, "x"..., %d, 0)`, linFile, abi.PageSize)}
	calls := map[int64]*linEnded{}
	for i, program := range programs {
		for _, c := range program {
			lines = append(lines, fmt.Sprintf("%c: %s", 'a'+i, c.op.line()))
			e := &linEnded{linCall: c, thread: i}
			calls[int64(len(lines)+2)] = e // behind the two lines of the kernel and of HZ
		}
	}
	text := scenarioOf(release, lines)
	scripts, err := run.Read(strings.NewReader(text), "calls")
	require.NoError(r, err, text)
	o.Record = true
	res, err := run.Play(scripts[0], o)
	require.NoError(r, err, text)
	require.Empty(r, res.Stopped, text)
	for i := range res.Trace.Events {
		switch ev := &res.Trace.Events[i]; {
		case calls[ev.Line] == nil:
		case ev.Kind == trace.Begin:
			calls[ev.Line].began = int64(i)
			history = append(history, calls[ev.Line])
		case ev.Kind == trace.End:
			calls[ev.Line].done = int64(i)
		}
	}
	for i := range res.Calls {
		a := &res.Calls[i]
		require.Equal(r, run.Returned, a.State, "line %d of\n%s", a.Line, text)
		if e := calls[a.Line]; e != nil {
			e.val = a.Value
			e.errno, _ = abi.ErrnoByName(a.Errno)
		}
	}
	return start, history, playable{text, []string{"--schedule", res.Schedule}}
}

func TestLinearizable(t *testing.T) {
	overlaps, excused := 0, 0
	rapid.Check(t, func(r *rapid.T) {
		release := rapid.SampledFrom(slices.Sorted(maps.Keys(specKernels))[2:]).Draw(r, "kernel")
		var programs [][]linCall
		for range rapid.IntRange(2, 3).Draw(r, "threads") {
			programs = append(programs, rapid.SliceOfN(rapid.Custom(func(r *rapid.T) linCall {
				return rapid.SampledFrom(linOps).Draw(r, "op")(numbers{r})
			}), 1, 6).Draw(r, "program"))
		}
		free, seed := rapid.Bool().Draw(r, "time flies"), rapid.Uint64().Draw(r, "schedule")
		for i := range uint64(10) {
			start, history, played := linRun(r, release, programs,
				run.Options{Chooser: sticky{sched.NewRandom(seed + i), 3}, FreeTime: free})
			o, x := linCheck(r, start, history, played)
			overlaps, excused = overlaps+o, excused+x
		}
	})
	require.NotZero(t, overlaps)
	t.Logf("%d times two calls overlapped, %d calls had an excuse", overlaps, excused)
}

// linCheck looks for an order of the calls that gives their answers, and counts how
// often two overlapped, and how many had an excuse.
func linCheck(r *rapid.T, start *spec, history []*linEnded, played playable) (overlaps, excused int) {
	excuses(history)
	var operations []porcupine.Operation
	var text strings.Builder
	for _, e := range history {
		operations = append(operations, porcupine.Operation{ClientId: e.thread, Input: e, Call: e.began, Return: e.done})
		fmt.Fprintln(&text, e)
		if e.excuse {
			excused++
		}
		for _, f := range history {
			if e != f && e.began < f.began && f.began < e.done {
				overlaps++
			}
		}
	}
	if !porcupine.CheckOperations(linModel(start), operations) {
		r.Fatalf("no order of these calls gives their answers:\n%s%s", &text, played.keep(r))
	}
	return overlaps, excused
}
