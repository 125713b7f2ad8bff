package run

import (
	"bytes"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"sealab/sim/sched"
	"sealab/sim/trace"
)

// drawScenario writes a scenario of a few calls by the main task, a few tasks at the
// same time, and a few more calls, all about one file, a pipe and a mapping.
func drawScenario(t *rapid.T) string {
	call := rapid.Custom(func(t *rapid.T) string {
		return rapid.SampledFrom([]string{
			"write(r0, \"xyz\", 3)", "pwrite64(r0, \"xyz\", 3, 4096)", "ftruncate(r0, 12288)", "ftruncate(r0, 100)",
			"fcntl(r0, F_ADD_SEALS, F_SEAL_WRITE)", "fcntl(r0, F_ADD_SEALS, F_SEAL_GROW|F_SEAL_SHRINK)",
			"fcntl(r0, F_ADD_SEALS, F_SEAL_FUTURE_WRITE)", "fcntl(r0, F_ADD_SEALS, F_SEAL_SEAL)", "fcntl(r0, F_GET_SEALS)",
			"splice(r0, [0], 5, NULL, 4096, SPLICE_F_NONBLOCK)", "read(4, \"\", 4096)", "vmsplice(5, [{iov_base=m0, iov_len=4096}], 1, 0)",
			"mmap(NULL, 8192, PROT_READ, MAP_SHARED, r0, 0)", "mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_SHARED, r0, 0)",
			"munmap(m0, 4096)", "madvise(m0, 8192, MADV_POPULATE_READ)", "fork()", "dup(r0)", "close(r0)",
			"fallocate(r0, FALLOC_FL_KEEP_SIZE|FALLOC_FL_PUNCH_HOLE, 0, 4096)", "mprotect(m0, 8192, PROT_READ|PROT_WRITE)",
			"openat(AT_FDCWD, \"/proc/self/fd/3\", O_RDONLY)", "execve(\"/bin/true\", [], NULL)", "getpid()", "exit_group(0)",
		}).Draw(t, "call")
	})
	var b strings.Builder
	fmt.Fprintf(&b, "kernel %s\n", rapid.SampledFrom([]string{"7.2.13", "6.12.0", "5.10.223", "4.19.0"}).Draw(t, "kernel"))
	b.WriteString("r0 = memfd_create(\"a\", MFD_ALLOW_SEALING)\npipe2([4, 5], 0)\nftruncate(r0, 8192)\n" +
		"m0 = mmap(NULL, 8192, PROT_READ, MAP_SHARED, r0, 0)\n")
	lines := func(prefix string, n int) {
		for range rapid.IntRange(0, n).Draw(t, "calls of "+prefix) {
			b.WriteString(prefix)
			if ms := rapid.IntRange(-60, 60).Draw(t, "ms"); ms > 0 {
				fmt.Fprintf(&b, "@%dms ", ms)
			}
			b.WriteString(call.Draw(t, "line") + "\n")
		}
	}
	lines("", 4)
	lines("a: ", 4)
	lines("b: ", 3)
	lines("", 3)
	return b.String()
}

func mustRead(t require.TestingT, text string) *Script {
	scripts, err := Read(strings.NewReader(text), "test")
	require.NoError(t, err, text)
	require.Len(t, scripts, 1)
	return scripts[0]
}

// The fold of a trace is the state of the machine: whatever happens, the recorder
// misses no change and invents none.
func TestTraceIsTheState(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := drawScenario(t)
		p, err := start(mustRead(t, text), Options{Record: true, Chooser: sched.NewRandom(rapid.Uint64().Draw(t, "seed")),
			FreeTime: rapid.Bool().Draw(t, "free time")})
		require.NoError(t, err)
		defer p.k.S.Stop()
		res, err := p.play()
		require.NoError(t, err)
		require.Empty(t, res.Stopped)
		folded := res.Trace.StateAt(len(res.Trace.Events))
		p.k.S.World().Each(func(id sched.ID, o sched.Object) {
			if id == p.board {
				return
			}
			want := map[string]string{}
			for _, f := range fields(p.k.S.World(), id, o) {
				want[f.name] = f.value
			}
			got := maps.Clone(folded[uint32(id)])
			maps.DeleteFunc(got, func(name, _ string) bool { return own(name) })
			if len(want)+len(got) > 0 {
				require.Equal(t, want, got, "object %d (%T) in\n%s", id, o, text)
			}
			delete(folded, uint32(id))
		})
		require.Empty(t, folded, "objects that are no more, in\n%s", text)
		for i := range res.Trace.Events {
			if e := &res.Trace.Events[i]; e.Kind != trace.Set {
				require.NotContains(t, e.Describe(), "nothing", "event %d of\n%s", i, text)
			}
		}
	})
}

// A run is a function of its scenario and its schedule: the schedule of a random
// run repeats it, step by step, whether it is recorded or not.
func TestScheduleRepeats(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := mustRead(t, drawScenario(t))
		free := rapid.Bool().Draw(t, "free time")
		a, err := Play(s, Options{Chooser: sched.NewRandom(rapid.Uint64().Draw(t, "seed")), FreeTime: free})
		require.NoError(t, err)
		schedule, err := sched.ParseSchedule(a.Schedule)
		require.NoError(t, err)
		replay := &sched.Replay{Schedule: schedule}
		b, err := Play(s, Options{Chooser: replay, FreeTime: true, Record: true})
		require.NoError(t, err)
		require.Zero(t, replay.Misfits)
		b.Trace = nil
		require.Equal(t, a.Hash, b.Hash)
		require.Equal(t, a.Schedule, b.Schedule)
		for i := range a.Calls {
			require.Equal(t, a.Calls[i].Text, b.Calls[i].Text)
			require.Equal(t, a.Calls[i].State, b.Calls[i].State)
		}
	})
}

// What the model answers is a scenario again, whose expectations all hold.
func TestAnswersHold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := drawScenario(t)
		a, err := Play(mustRead(t, text), Options{})
		require.NoError(t, err)
		var b strings.Builder
		fmt.Fprintf(&b, "kernel %s\nhz %d\ncpus %d\n", a.Kernel, a.HZ, a.CPUs)
		for i := range a.Calls {
			fmt.Fprintln(&b, a.Calls[i].Text)
		}
		again, err := Play(mustRead(t, b.String()), Options{})
		require.NoError(t, err)
		require.True(t, again.Holds(), "%s\nbecame\n%s", text, b.String())
		for i := range a.Calls {
			require.Equal(t, a.Calls[i].Text, again.Calls[i].Text)
		}
	})
}

// A trace that was written is read again as it was.
func TestTraceRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, err := Play(mustRead(t, drawScenario(t)), Options{Record: true})
		require.NoError(t, err)
		var b bytes.Buffer
		require.NoError(t, r.Trace.Write(&b))
		got, err := trace.Read(&b, "test")
		require.NoError(t, err)
		for i := range r.Trace.Events {
			require.Equal(t, r.Trace.Events[i].Describe(), got.Events[i].Describe())
			require.Equal(t, r.Trace.Where(&r.Trace.Events[i]), got.Where(&got.Events[i]))
		}
		require.Equal(t, r.Trace.StateAt(len(r.Trace.Events)), got.StateAt(len(got.Events)))
	})
}

// With a bound on the events, the rest is counted.
func TestMaxEvents(t *testing.T) {
	s := mustRead(t, "r0 = memfd_create(\"a\", 0)\nftruncate(r0, 4096)\n")
	all, err := Play(s, Options{Record: true})
	require.NoError(t, err)
	some, err := Play(s, Options{Record: true, MaxEvents: 5})
	require.NoError(t, err)
	require.Equal(t, all.Trace.Events[:5], some.Trace.Events)
	require.Positive(t, some.Trace.More)
}

func TestReadErrors(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "s: no call in it"},
		{"hz 20000\nclose(3)\n", "s:1:1: hz 20000 is too many"},
		{"cpus 65\nclose(3)\n", "s:1:1: a machine has at most 64 CPUs here"},
		{"fcnlt(3, F_GET_SEALS)\n", "did you mean fcntl?"},
		{"fcntl(3, F_GET_SEALS\n", "s:1:1: the line ends inside the call"},
		{"a: r0 = dup(0)\nb: close(r0)\n", "s:2:10: r0 is the result of a call that runs at the same time, on line 1"},
		{"# program x\nr0 = dup(0)\n# program y\nclose(r0)\n", "s:4:7: unknown name r0"},
		{"12 close(3) = 0\n13 close(4) = 0\n", "s:2:1: task 13 has not been made by any call before"},
		{"r0 = dup(0)\nexists (seal(r0) = 0)\n", "s:2:9: nothing is known of seal(…) at the end of a run"},
		{"r0 = dup(0)\nexists (seals(r0, r0) = 0)\n", "s:2:9: seals is asked of one descriptor"},
		{"r0 = dup(0)\nr1 = dup(", "s:2:"},
	} {
		_, err := Read(strings.NewReader(c.text), "s")
		require.ErrorContains(t, err, c.want, c.text)
	}
}

func TestPlayErrors(t *testing.T) {
	_, err := Play(mustRead(t, "splice(3, 5, 5, NULL, 4096, 0)\n"), Options{})
	require.ErrorContains(t, err, "test:1:11: splice cannot be made with this argument")
	_, err = Play(mustRead(t, "kernel six\nclose(3)\n"), Options{})
	require.ErrorContains(t, err, "six")
	r, err := Play(mustRead(t, "r0 = memfd_create(\"a\", 0)\nwrite(r0, \"x\", 1)\n"), Options{MaxSteps: 20})
	require.NoError(t, err)
	require.Contains(t, r.Stopped, "too many steps")
	require.False(t, r.Holds())
}

// TestForkUnderFutureWrite: where F_SEAL_FUTURE_WRITE takes VM_MAYWRITE from private mappings too,
// a fork does not make their pages copies, and parent and child see what the other writes.
func TestForkUnderFutureWrite(t *testing.T) {
	const text = `
r0 = memfd_create("a", MFD_ALLOW_SEALING)
ftruncate(r0, 4096)
fcntl(r0, F_ADD_SEALS, F_SEAL_FUTURE_WRITE)
m0 = mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE, r0, 0)
store(m0, 1)
before = load(m0)
c = fork()
c: store(m0, 2)
after = load(m0)
always (after = before)
`
	for kernel, private := range map[string]bool{"5.3": false, "5.5": true, "6.18.44": true} {
		scripts, err := Read(strings.NewReader(text), "fork")
		require.NoError(t, err)
		res, err := Play(scripts[0], Options{Kernel: kernel})
		require.NoError(t, err)
		require.Empty(t, res.Stopped)
		require.Equal(t, private, res.Conds[0].Holds, kernel)
	}
}
