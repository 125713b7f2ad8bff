package model_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"sealab/sim/abi"
	"sealab/sim/folio"
	"sealab/sim/kernel"
	"sealab/sim/law"
	"sealab/sim/mm"
	"sealab/sim/pin"
	"sealab/sim/profile"
	"sealab/sim/sched"
)

// Whole machines against the laws of package law: several processes on two CPUs make
// random calls, a random chooser interleaves them, and the laws are asked before
// every single step.

// The descriptors that every program finds, and the place where it maps.
const (
	kSealable = 3 // a memfd of a few pages, open for reading and writing
	kReadOnly = 4 // the same, opened again read-only
	kPipeR    = 5
	kPipeW    = 6
	kPipe2R   = 7
	kPipe2W   = 8
	kRing     = 9
	kExec     = 10 // a memfd that can be executed, and sealed
	kHuge     = 11 // a memfd of huge pages, where the kernel has them
	kHighFD   = 13

	kBase  = 0x200000000
	kPages = 4
)

// kOp is one thing that a process does: a call, or something that is not a call.
type kOp struct {
	kernel.Call
	what string // "" for the call; "store": it writes to its memory; "dma": I/O on it
	kill bool   // the call is a kill of process Args[0]
}

func (o kOp) String() string {
	if o.what != "" {
		return fmt.Sprintf("%s(%#x)", o.what, o.Args[0])
	}
	return fmt.Sprintf("%s(%x %q %x)", o.Sys.Name(), o.Args, o.Str, o.Vec)
}

func kSys(name string, args ...int64) kOp {
	var o kOp
	if o.Sys = kernel.SysByName(name); o.Sys == 0 {
		panic("no call " + name)
	}
	copy(o.Args[:], args)
	return o
}

// kDraw draws what calls are made of.
type kDraw struct{ *rapid.T }

func (r kDraw) of(label string, from ...int64) int64 { return rapid.SampledFrom(from).Draw(r.T, label) }

func (r kDraw) file() int64 {
	return r.of("file", kSealable, kSealable, kSealable, kReadOnly, kExec, kSealable, kHuge, kHighFD)
}
func (r kDraw) in() int64   { return r.of("pipe", kPipeR, kPipeR, kPipe2R, kPipe2R, kPipeW) }
func (r kDraw) out() int64  { return r.of("pipe", kPipeW, kPipeW, kPipe2W, kPipe2W, kPipeR) }
func (r kDraw) page() int64 { return int64(rapid.IntRange(0, kPages-1).Draw(r.T, "page")) }
func (r kDraw) addr() int64 { return kBase + r.page()*abi.PageSize }
func (r kDraw) span() int64 { return r.of("pages", 1, 1, 2, kPages) * abi.PageSize }

// off draws an offset or a length in bytes, often at the edge of a page.
func (r kDraw) off() int64 {
	return max(0, r.page()*abi.PageSize+r.of("byte", 0, 0, 0, -1, 1, 100))
}

func (r kDraw) seals() int64 {
	return r.of("seals", int64(abi.SealWrite), int64(abi.SealWrite), int64(abi.SealWrite), int64(abi.SealFutureWrite),
		int64(abi.SealExec), int64(abi.SealGrow), int64(abi.SealShrink), int64(abi.SealWrite|abi.SealGrow),
		int64(abi.SealWrite|abi.SealShrink), int64(abi.SealSeal), 0, 0x40)
}

// kOps are the things that a process may do; the more often a name stands in
// kNames the more often it is done.
var kOps = map[string]func(kDraw) kOp{
	"seal": func(r kDraw) kOp { return kSys("fcntl", r.file(), abi.FAddSeals, r.seals()) },
	"get":  func(r kDraw) kOp { return kSys("fcntl", r.file(), abi.FGetSeals) },
	"mmap": func(r kDraw) kOp {
		flags := r.of("flags", abi.MapShared, abi.MapShared, abi.MapShared|abi.MapPopulate, abi.MapPrivate)
		return kSys("mmap", r.addr(), r.span(), r.of("prot", 0, 1, 3, 3), flags|abi.MapFixed, r.file(),
			r.of("offset", 0, 0, abi.PageSize))
	},
	"munmap":   func(r kDraw) kOp { return kSys("munmap", r.addr(), r.span()) },
	"unmapall": func(kDraw) kOp { return kSys("munmap", kBase, 2*kPages*abi.PageSize) },
	"mprotect": func(r kDraw) kOp { return kSys("mprotect", r.addr(), r.span(), r.of("prot", 0, 1, 3)) },
	"mremap": func(r kDraw) kOp {
		n := r.span()
		return kSys("mremap", r.addr(), n, n, abi.MremapMaymove|abi.MremapFixed, kBase+kPages*abi.PageSize+r.page()<<12)
	},
	"madvise": func(r kDraw) kOp {
		return kSys("madvise", r.addr(), r.span(),
			r.of("advice", abi.MadvDontneed, abi.MadvRemove, abi.MadvPopulateWrite, abi.MadvPopulateRead))
	},
	"write":     func(r kDraw) kOp { return kSys("pwrite64", r.file(), 0, r.off(), r.off()) },
	"append":    func(r kDraw) kOp { return kSys("write", r.file(), 0, r.off()) },
	"pread":     func(r kDraw) kOp { return kSys("pread64", r.file(), 0, r.off(), r.off()) },
	"ftruncate": func(r kDraw) kOp { return kSys("ftruncate", r.file(), r.off()) },
	"fallocate": func(r kDraw) kOp { return kSys("fallocate", r.file(), r.of("mode", 0, 1, 3), r.off(), r.off()) },
	"fchmod":    func(r kDraw) kOp { return kSys("fchmod", r.file(), r.of("mode", 0o777, 0o644)) },
	"splice": func(r kDraw) kOp {
		return kSys("splice", r.file(), r.off(), r.out(), -1, r.span(), abi.SpliceFNonblock)
	},
	"unsplice": func(r kDraw) kOp {
		return kSys("splice", r.in(), -1, r.file(), r.off(), r.span(), abi.SpliceFNonblock)
	},
	"move": func(r kDraw) kOp { return kSys("splice", r.in(), -1, r.out(), -1, r.off(), abi.SpliceFNonblock) },
	"tee":  func(r kDraw) kOp { return kSys("tee", r.in(), r.out(), r.off(), abi.SpliceFNonblock) },
	"vmsplice": func(r kDraw) kOp {
		o := kSys("vmsplice", r.out(), 0, 0, abi.SpliceFNonblock)
		o.Vec = []kernel.Iovec{{Base: uint64(r.addr()), Len: uint64(r.span())}}
		return o
	},
	"sendfile":  func(r kDraw) kOp { return kSys("sendfile", r.out(), r.file(), r.off(), r.off()) },
	"copyfile":  func(r kDraw) kOp { return kSys("sendfile", r.file(), r.file(), r.off(), r.off()) },
	"readpipe":  func(r kDraw) kOp { return kSys("read", r.in(), 0, r.span()) },
	"writepipe": func(r kDraw) kOp { return kSys("write", r.out(), 0, r.off()) },
	"dup":       func(r kDraw) kOp { return kSys("dup3", r.file(), r.of("to", kHighFD, kHighFD+1), abi.OCloexec) },
	"close": func(r kDraw) kOp {
		return kSys("close", r.of("fd", kHighFD, kHighFD, kHighFD+1, kRing, kPipeR, kReadOnly))
	},
	"reopen": func(r kDraw) kOp {
		o := kSys("openat", abi.AtFdcwd, 0, r.of("mode", abi.ORdonly, abi.ORdwr, abi.ORdwr|abi.OTrunc))
		o.Str = fmt.Sprintf("/proc/self/fd/%d", r.file())
		return o
	},
	"memfd": func(r kDraw) kOp {
		o := kSys("memfd_create", 0, r.of("flags", abi.MfdAllowSealing, 0, abi.MfdNoexecSeal))
		o.Str = "another"
		return o
	},
	"register": func(r kDraw) kOp {
		o := kSys("io_uring_register", kRing, abi.IoringRegisterBuffers)
		o.Vec = []kernel.Iovec{{Base: uint64(r.addr()), Len: uint64(r.span())}}
		return o
	},
	"unregister": func(kDraw) kOp { return kSys("io_uring_register", kRing, abi.IoringUnregisterBuffers) },
	"remote": func(r kDraw) kOp {
		o := kSys(rapid.SampledFrom([]string{"process_vm_readv", "process_vm_writev"}).Draw(r.T, "call"))
		o.Vec = []kernel.Iovec{{Base: kBase, Len: uint64(r.span())}}
		o.Remote = []kernel.Iovec{{Base: uint64(r.addr()), Len: o.Vec[0].Len}}
		return o
	},
	"store": func(r kDraw) kOp { return kOp{what: "store", Call: kernel.Call{Args: [6]int64{r.addr(), r.span()}}} },
	"dma":   func(r kDraw) kOp { return kOp{what: "dma", Call: kernel.Call{Args: [6]int64{r.addr(), r.span()}}} },
	"fork": func(r kDraw) kOp {
		return kSys("clone", r.of("flags", 0, 0, abi.CloneVm, abi.CloneFiles, abi.CloneVm|abi.CloneFiles))
	},
	"exec": func(kDraw) kOp { return kSys("execve") },
	"exit": func(kDraw) kOp { return kSys("exit") },
	"kill": func(r kDraw) kOp {
		o := kSys("kill", r.of("whom", 0, 1, 2), r.of("signal", int64(abi.SIGKILL), int64(abi.SIGUSR1)))
		o.kill = true
		return o
	},
}

var kNames = func() (names []string) {
	for name := range kOps {
		names = append(names, name)
	}
	slices.Sort(names)
	for range 4 {
		names = append(names, "seal", "seal", "mmap", "mmap", "munmap", "write", "store", "splice", "vmsplice", "readpipe",
			"dma", "register", "mprotect")
	}
	return names
}()

// kAnyOps draws one thing to do; or a story of several, which chance would seldom
// tell: of a page that is held, and a seal that has to wait for it.
var kAnyOps = rapid.Custom(func(r *rapid.T) []kOp {
	d, seal := kDraw{r}, kSys("fcntl", kSealable, abi.FAddSeals, int64(abi.SealWrite))
	name := rapid.SampledFrom(append(kNames, "spliced", "spliced", "registered", "in flight")).Draw(r, "op")
	unmap, wait := kOps["unmapall"](d), kOps["readpipe"](d)
	mapped := kSys("mmap", kBase, kPages*abi.PageSize, 3, abi.MapShared|abi.MapFixed, kSealable, 0)
	switch name {
	case "spliced":
		return []kOp{unmap, kSys("splice", kSealable, d.off(), kPipeW, -1, 1, abi.SpliceFNonblock), seal, wait}
	case "registered":
		return []kOp{mapped, kOps["register"](d), unmap, seal, kOps["unregister"](d), seal}
	case "in flight":
		return []kOp{mapped, kOps["dma"](d), unmap, seal}
	}
	return []kOp{kOps[name](d)}
})

// kMachine is a machine under test.
type kMachine struct {
	r        *rapid.T
	k        *kernel.Kernel
	rand     *sched.Random
	history  law.History
	programs [][]kOp // what is left to do for each process, by its place in k.Procs
	procs    []*kernel.Proc
	line     int64
	steps    int
}

// Next implements sched.Chooser: it asks the laws, and then chooses at random.
func (m *kMachine) Next(v *sched.View) int {
	m.check()
	return m.rand.Next(v)
}

// Choose implements sched.Chooser.
func (m *kMachine) Choose(n int, what string) int { return m.rand.Choose(n, what) }

func (m *kMachine) check() {
	m.steps++
	wrong := append(law.Broken(m.k.S), m.history.Look(m.k.S)...)
	if len(wrong) > 0 {
		m.r.Fatalf("after line %d: %v", m.line, wrong)
	}
}

// call makes a call while nothing else goes on, and says whether it succeeded.
func (m *kMachine) call(p *kernel.Proc, o kOp) (kernel.Result, bool) {
	m.line++
	o.Line = m.line
	res, err := m.k.Call(p, o.Call)
	require.NoError(m.r, err)
	return res, res.Errno == 0
}

// boot makes the machine with its first process, its descriptors and others.
func (m *kMachine) boot(p profile.Profile, procs int) {
	m.k = kernel.Boot(kernel.Config{Profile: p, HZ: 100, Rounding: p.TimerWheel})
	a := m.k.Spawn("a", 0)
	m.line = 0
	at := func(to int64, o kOp) int64 {
		res, ok := m.call(a, o)
		if !ok { // this kernel has no such thing: a second name for the first file
			res, _ = m.call(a, kSys("dup", kSealable))
		}
		if res.Val != to {
			_, ok = m.call(a, kSys("dup3", res.Val, to, 0))
			require.True(m.r, ok)
			_, ok = m.call(a, kSys("close", res.Val))
			require.True(m.r, ok)
		}
		return to
	}
	memfd := func(name string, flags int64) kOp {
		o := kSys("memfd_create", 0, flags)
		o.Str = name
		return o
	}
	at(kSealable, memfd("file", abi.MfdAllowSealing))
	m.call(a, kSys("pwrite64", kSealable, 0, 2*abi.PageSize+100, 0))
	reopen := kSys("openat", abi.AtFdcwd, 0, abi.ORdonly)
	reopen.Str = "/proc/self/fd/3"
	at(kReadOnly, reopen)
	for range 2 {
		_, ok := m.call(a, kSys("pipe2", 0, abi.ONonblock))
		require.True(m.r, ok)
	}
	at(kRing, kSys("io_uring_setup", 8))
	at(kExec, memfd("program", abi.MfdAllowSealing))
	m.call(a, kSys("pwrite64", kExec, 0, abi.PageSize, 0))
	at(kHuge, memfd("huge", abi.MfdAllowSealing|abi.MfdHugetlb))
	m.call(a, kSys("ftruncate", kHuge, 1<<21))
	if rapid.Bool().Draw(m.r, "mapped") {
		m.call(a, kSys("mmap", kBase, kPages*abi.PageSize, 3, abi.MapShared|abi.MapFixed, kSealable, 0))
	}
	m.procs = []*kernel.Proc{a}
	for range procs - 1 {
		res, ok := m.call(a, kSys("clone", rapid.SampledFrom([]int64{0, 0, abi.CloneVm | abi.CloneFiles}).Draw(m.r, "as")))
		require.True(m.r, ok)
		m.procs = append(m.procs, res.Child)
	}
}

// dying says whether a process has a fatal signal and is to make no more calls.
func (m *kMachine) dying(p *kernel.Proc) bool {
	return sched.Peek[sched.Sleeper](m.k.S.World(), p.Task.Sleep).Fatal
}

// begin lets process i do its next thing, and says whether it had anything to do.
func (m *kMachine) begin(i int) bool {
	p := m.procs[i]
	if p.Gone() || p.Busy() || len(m.programs[i]) == 0 {
		return false
	}
	o := m.programs[i][0]
	m.programs[i] = m.programs[i][1:]
	if m.dying(p) {
		o, m.programs[i] = kSys("exit"), nil
	}
	m.line++
	o.Line = m.line
	switch {
	case o.what != "":
		m.background(p, o)
		return true
	case o.kill:
		q := m.procs[int(o.Args[0])%len(m.procs)]
		if q.Gone() {
			return true
		}
		o.Target, o.Fatal = q.Task.Sleep, o.Args[1] == int64(abi.SIGKILL)
	}
	m.k.Submit(p, &o.Call)
	return true
}

// background does what is not a call: a program's own store, or a device's I/O.
func (m *kMachine) background(p *kernel.Proc, o kOp) {
	id, addr, n, line := p.MM, uint64(o.Args[0]), uint64(o.Args[1]), uint64(o.Line)
	m.k.S.SetChooser(nil)
	m.k.Do(func(t *sched.Task) { mm.Get(t, id) })
	m.k.S.SetChooser(m)
	t := m.k.S.Spawn(o.what, func(t *sched.Task) {
		if o.what == "store" {
			_, _ = mm.CopyTo(t, id, addr, n, line)
		} else if io, err := pin.Begin(t, id, addr, n, false); err == nil {
			for range m.rand.Intn(30) {
				t.CondResched()
			}
			pin.End(t, io)
		}
		mm.Put(t, id)
	})
	t.CPU = m.rand.Intn(2)
}

// run runs all programs to their ends.
func (m *kMachine) run() {
	m.k.S.SetChooser(m)
	for {
		any := false
		for i := range m.procs {
			if m.rand.Intn(2) == 0 && m.begin(i) {
				any = true
			}
		}
		require.NoError(m.r, m.k.S.RunFor(uint64(1+m.rand.Intn(60))))
		m.adopt()
		if any || m.k.S.CanRun() || m.left() {
			continue
		}
		if !m.k.S.Tick() {
			break
		}
	}
	m.k.S.SetChooser(nil)
	m.check()
}

// adopt gives new processes something to do.
func (m *kMachine) adopt() {
	for _, p := range m.k.Procs() {
		if !slices.Contains(m.procs, p) {
			m.procs = append(m.procs, p)
			m.programs = append(m.programs, []kOp{kSys("exit")})
		}
	}
}

// left says whether an idle process has anything left to do.
func (m *kMachine) left() bool {
	for i, p := range m.procs {
		if !p.Gone() && !p.Busy() && len(m.programs[i]) > 0 {
			return true
		}
	}
	return false
}

// end ends all processes; nothing must be left of them.
func (m *kMachine) end() {
	for _, p := range m.procs {
		if !p.Gone() {
			require.False(m.r, p.Busy(), "a deadlock: %s waits", p.Task.Name)
			m.call(p, kSys("exit"))
		}
	}
	m.k.Do(folio.DrainAllBatches)
	require.Empty(m.r, law.Left(m.k.S))
}

// kernels are the profiles of all named kernels.
var kernels = rapid.Custom(func(r *rapid.T) profile.Named {
	return rapid.SampledFrom(profile.NamedAll()).Draw(r, "kernel")
})

// lawsHold runs random programs on a random kernel, and returns how often it asked the
// laws.
func lawsHold(r *rapid.T) (asked int) {
	m := &kMachine{r: r}
	n := rapid.IntRange(1, 3).Draw(r, "processes")
	m.boot(kernels.Draw(r, "kernel").Profile(), n)
	defer m.k.S.Stop()
	for range n {
		calls := rapid.IntRange(0, 40).Draw(r, "calls")
		program := slices.Concat(rapid.SliceOfN(kAnyOps, calls, calls).Draw(r, "program")...)
		m.programs = append(m.programs, program)
	}
	m.rand = sched.NewRandom(rapid.Uint64().Draw(r, "schedule"))
	m.k.S.FreeTime = rapid.Bool().Draw(r, "time flies")
	m.run()
	m.end()
	return m.steps
}

func TestLawsHoldAtEveryStep(t *testing.T) {
	steps := 0
	rapid.Check(t, func(r *rapid.T) { steps += lawsHold(r) })
	t.Logf("the laws were asked %d times", steps)
}
