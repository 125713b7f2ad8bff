package model_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"sealab/run"
	"sealab/sim/abi"
	"sealab/sim/profile"
	"sealab/sim/sched"
)

// Whole machines against the laws of package law: random scenarios of several processes
// on two CPUs, interleaved at random, of which the laws are asked before every single
// step. What breaks one is a scenario with its schedule, which `sealab run` repeats.

// lawSetup is what every program finds: a memfd of a few pages and a read-only
// descriptor of it, one that can be executed, one of huge pages, two pipes, a pair
// of sockets, an io_uring, and a file on a slow device.
const lawSetup = `r0 = memfd_create("file", MFD_ALLOW_SEALING)
pwrite64(r0, "x"..., 8292, 0)
r1 = openat(AT_FDCWD, "/proc/self/fd/3", O_RDONLY)
r2 = memfd_create("program", MFD_ALLOW_SEALING)
pwrite64(r2, "x"..., 4096, 0)
r3 = memfd_create("huge", MFD_ALLOW_SEALING|MFD_HUGETLB)
ftruncate(r3, 2097152)
pipe2([p0, p1], O_NONBLOCK)
pipe2([q0, q1], O_NONBLOCK)
socketpair(AF_UNIX, SOCK_STREAM|SOCK_NONBLOCK, 0, [s0, s1])
u0 = io_uring_setup(8, NULL)
d0 = openat(AT_FDCWD, "/mnt/slow", O_RDWR|O_DIRECT) = 30
`

const (
	lawBase  = int64(0x200000000) // where mappings are made
	lawPages = 4                  // and how many pages there are
)

// lawDraw draws what calls are made of.
type lawDraw struct {
	*rapid.T
	others []string // the processes that have a name
}

func (r lawDraw) of(label string, from ...string) string {
	return rapid.SampledFrom(from).Draw(r.T, label)
}

// file is a descriptor of a file. 20 and 21 are those that dup3 makes.
func (r lawDraw) file() string { return r.of("file", "r0", "r0", "r0", "r0", "r1", "r2", "r3", "20") }
func (r lawDraw) in() string   { return r.of("pipe", "p0", "p0", "q0", "q0", "p1") }
func (r lawDraw) out() string  { return r.of("pipe", "p1", "p1", "q1", "q1", "p0") }
func (r lawDraw) page() int64  { return int64(rapid.IntRange(0, lawPages-1).Draw(r.T, "page")) }
func (r lawDraw) addr() string { return fmt.Sprintf("%#x", lawBase+r.page()*abi.PageSize) }
func (r lawDraw) span() string { return r.of("bytes", "4096", "4096", "8192", "16384") }
func (r lawDraw) prot() string {
	return r.of("prot", "PROT_NONE", "PROT_READ", "PROT_READ|PROT_WRITE", "PROT_READ|PROT_WRITE")
}

// off draws an offset or a length in bytes, often at the edge of a page.
func (r lawDraw) off() string {
	byt := rapid.SampledFrom([]int64{0, 0, 0, -1, 1, 100}).Draw(r.T, "byte")
	return fmt.Sprint(max(0, r.page()*abi.PageSize+byt))
}

func (r lawDraw) seals() string {
	return r.of("seals", "F_SEAL_WRITE", "F_SEAL_WRITE", "F_SEAL_WRITE", "F_SEAL_FUTURE_WRITE", "F_SEAL_EXEC", "F_SEAL_GROW",
		"F_SEAL_SHRINK", "F_SEAL_GROW|F_SEAL_WRITE", "F_SEAL_SHRINK|F_SEAL_WRITE", "F_SEAL_SEAL", "0", "0x40")
}

// iov is a buffer in the mapped pages.
func (r lawDraw) iov() string { return fmt.Sprintf("[{iov_base=%s, iov_len=%s}]", r.addr(), r.span()) }

// lawCalls are the calls that a process may make; the more often a name stands in
// lawNames the more often it is made.
var lawCalls = map[string]func(lawDraw) string{
	"seal": func(r lawDraw) string { return fmt.Sprintf("fcntl(%s, F_ADD_SEALS, %s)", r.file(), r.seals()) },
	"get":  func(r lawDraw) string { return fmt.Sprintf("fcntl(%s, F_GET_SEALS)", r.file()) },
	"mmap": func(r lawDraw) string {
		flags := r.of("flags", "MAP_SHARED", "MAP_SHARED", "MAP_SHARED|MAP_POPULATE", "MAP_PRIVATE")
		return fmt.Sprintf("mmap(%s, %s, %s, %s|MAP_FIXED, %s, %s)", r.addr(), r.span(), r.prot(), flags, r.file(),
			r.of("offset", "0", "0", "4096"))
	},
	"munmap":   func(r lawDraw) string { return fmt.Sprintf("munmap(%s, %s)", r.addr(), r.span()) },
	"unmapall": func(r lawDraw) string { return fmt.Sprintf("munmap(%#x, %d)", lawBase, 2*lawPages*abi.PageSize) },
	"mprotect": func(r lawDraw) string { return fmt.Sprintf("mprotect(%s, %s, %s)", r.addr(), r.span(), r.prot()) },
	"mremap": func(r lawDraw) string {
		n := r.span()
		return fmt.Sprintf("mremap(%s, %s, %s, MREMAP_MAYMOVE|MREMAP_FIXED, %#x)", r.addr(), n, n,
			lawBase+(lawPages+r.page())*abi.PageSize)
	},
	"madvise": func(r lawDraw) string {
		return fmt.Sprintf("madvise(%s, %s, %s)", r.addr(), r.span(), r.of("advice", "MADV_DONTNEED", "MADV_REMOVE",
			"MADV_POPULATE_WRITE", "MADV_POPULATE_READ", "MADV_PAGEOUT", "MADV_PAGEOUT"))
	},
	"write":     func(r lawDraw) string { return fmt.Sprintf(`pwrite64(%s, "x"..., %s, %s)`, r.file(), r.off(), r.off()) },
	"append":    func(r lawDraw) string { return fmt.Sprintf(`write(%s, "x"..., %s)`, r.file(), r.off()) },
	"pread":     func(r lawDraw) string { return fmt.Sprintf(`pread64(%s, ""..., %s, %s)`, r.file(), r.off(), r.off()) },
	"ftruncate": func(r lawDraw) string { return fmt.Sprintf("ftruncate(%s, %s)", r.file(), r.off()) },
	"fallocate": func(r lawDraw) string {
		mode := r.of("mode", "0", "FALLOC_FL_KEEP_SIZE", "FALLOC_FL_KEEP_SIZE|FALLOC_FL_PUNCH_HOLE")
		return fmt.Sprintf("fallocate(%s, %s, %s, %s)", r.file(), mode, r.off(), r.off())
	},
	"fchmod": func(r lawDraw) string { return fmt.Sprintf("fchmod(%s, %s)", r.file(), r.of("mode", "0777", "0644")) },
	"splice": func(r lawDraw) string {
		return fmt.Sprintf("splice(%s, [%s], %s, NULL, %s, SPLICE_F_NONBLOCK)", r.file(), r.off(), r.out(), r.span())
	},
	"unsplice": func(r lawDraw) string {
		return fmt.Sprintf("splice(%s, NULL, %s, [%s], %s, SPLICE_F_NONBLOCK)", r.in(), r.file(), r.off(), r.span())
	},
	"move": func(r lawDraw) string {
		return fmt.Sprintf("splice(%s, NULL, %s, NULL, %s, SPLICE_F_NONBLOCK)", r.in(), r.out(), r.off())
	},
	"tee": func(r lawDraw) string {
		return fmt.Sprintf("tee(%s, %s, %s, SPLICE_F_NONBLOCK)", r.in(), r.out(), r.off())
	},
	"vmsplice": func(r lawDraw) string {
		return fmt.Sprintf("vmsplice(%s, %s, 1, SPLICE_F_NONBLOCK)", r.out(), r.iov())
	},
	"sendfile": func(r lawDraw) string {
		return fmt.Sprintf("sendfile(%s, %s, [%s], %s)", r.out(), r.file(), r.off(), r.off())
	},
	"copyfile": func(r lawDraw) string {
		return fmt.Sprintf("sendfile(%s, %s, [%s], %s)", r.file(), r.file(), r.off(), r.off())
	},
	"readpipe":  func(r lawDraw) string { return fmt.Sprintf(`read(%s, ""..., %s)`, r.in(), r.span()) },
	"writepipe": func(r lawDraw) string { return fmt.Sprintf(`write(%s, "x"..., %s)`, r.out(), r.off()) },
	"send": func(r lawDraw) string {
		return fmt.Sprintf(`sendmsg(s0, {msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base="x", iov_len=1}], msg_iovlen=1, `+
			`msg_control=[{cmsg_len=20, cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS, cmsg_data=[%s]}], `+
			`msg_controllen=24, msg_flags=0}, MSG_DONTWAIT|MSG_NOSIGNAL)`, r.file())
	},
	"receive": func(lawDraw) string { return `read(s1, ""..., 1)` },
	"dup": func(r lawDraw) string {
		return fmt.Sprintf("dup3(%s, %s, O_CLOEXEC)", r.file(), r.of("to", "20", "21"))
	},
	"close": func(r lawDraw) string {
		return fmt.Sprintf("close(%s)", r.of("fd", "20", "20", "21", "u0", "p0", "r1", "s1"))
	},
	"reopen": func(r lawDraw) string {
		return fmt.Sprintf(`openat(AT_FDCWD, "/proc/self/fd/%s", %s)`, r.of("file", "3", "3", "4", "5", "20"),
			r.of("mode", "O_RDONLY", "O_RDWR", "O_RDWR|O_TRUNC"))
	},
	"memfd": func(r lawDraw) string {
		return fmt.Sprintf(`memfd_create("another", %s)`, r.of("flags", "MFD_ALLOW_SEALING", "0", "MFD_NOEXEC_SEAL"))
	},
	"register": func(r lawDraw) string {
		return fmt.Sprintf("io_uring_register(u0, IORING_REGISTER_BUFFERS, %s, 1)", r.iov())
	},
	"unregister": func(lawDraw) string { return "io_uring_register(u0, IORING_UNREGISTER_BUFFERS, NULL, 0)" },
	"remote": func(r lawDraw) string {
		n := r.span()
		return fmt.Sprintf("%s(%s, [{iov_base=%#x, iov_len=%s}], 1, [{iov_base=%s, iov_len=%s}], 1, 0)",
			r.of("call", "process_vm_readv", "process_vm_writev"), r.of("whom", r.others...), lawBase, n, r.addr(), n)
	},
	"fork": func(r lawDraw) string {
		return fmt.Sprintf("clone(child_stack=NULL, flags=%s)", r.of("flags", "0", "0", "CLONE_VM", "CLONE_FILES", "CLONE_VM|CLONE_FILES"))
	},
	"direct": func(r lawDraw) string {
		n := r.span()
		return fmt.Sprintf("pread64(d0, %s, %s, 0) = %s <0.%s>", r.addr(), n, n, r.of("took", "005", "060", "400"))
	},
	"load":  func(r lawDraw) string { return fmt.Sprintf("load(%s)", r.addr()) },
	"store": func(r lawDraw) string { return fmt.Sprintf("store(%s, 1)", r.addr()) },
	"exec":  func(lawDraw) string { return `execve("/bin/true", ["true"], NULL) = 0` },
	"exit":  func(lawDraw) string { return "exit_group(0)" },
	"kill": func(r lawDraw) string {
		return fmt.Sprintf("kill(%s, %s)", r.of("whom", r.others...), r.of("signal", "SIGKILL", "SIGUSR1"))
	},
}

var lawNames = func() (names []string) {
	for name := range lawCalls {
		names = append(names, name)
	}
	slices.Sort(names)
	for range 4 {
		names = append(names, "seal", "seal", "mmap", "mmap", "munmap", "write", "store", "splice", "vmsplice", "readpipe",
			"register", "mprotect")
	}
	return names
}()

// lawLines draws one call; or a story of several, which chance would seldom tell: of a
// page that is held, and a seal that has to wait for it.
func lawLines(d lawDraw) []string {
	names := append(lawNames, "spliced", "spliced", "registered", "in flight")
	if len(d.others) == 0 {
		names = slices.DeleteFunc(names, func(n string) bool { return n == "kill" || n == "remote" })
	}
	name := rapid.SampledFrom(names).Draw(d.T, "call")
	const seal = "fcntl(r0, F_ADD_SEALS, F_SEAL_WRITE)"
	unmap := lawCalls["unmapall"](d)
	switch name {
	case "spliced":
		return []string{unmap, fmt.Sprintf("splice(r0, [%s], p1, NULL, 1, SPLICE_F_NONBLOCK)", d.off()), seal,
			lawCalls["readpipe"](d)}
	case "in flight":
		return []string{lawMapped, lawCalls["direct"](d), unmap, seal}
	case "registered":
		return []string{lawMapped, lawCalls["register"](d), unmap, seal, lawCalls["unregister"](d), seal}
	}
	return []string{lawCalls[name](d)}
}

// lawMapped maps the first file.
const lawMapped = "mmap(0x200000000, 16384, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_FIXED, r0, 0)"

// lawScenario draws a scenario: task a is a thread of the main task, and b and c are
// processes, or share with it what their clone says.
func lawScenario(r *rapid.T) string {
	d := lawDraw{T: r}
	text := "kernel " + kernels.Draw(r, "kernel").ID + "\nhz 100\n"
	if rapid.Bool().Draw(r, "swap") {
		text += "swap 1\n"
	}
	text += lawSetup
	if rapid.Bool().Draw(r, "mapped") {
		text += lawMapped + "\n"
	}
	for _, name := range []string{"b", "c"}[:rapid.IntRange(0, 2).Draw(r, "processes")] {
		d.others = append(d.others, name)
		text += fmt.Sprintf("%s = clone(child_stack=NULL, flags=%s)\n", name, d.of("as", "0", "0", "CLONE_VM|CLONE_FILES"))
	}
	for _, name := range append([]string{"a"}, d.others...) {
		for range rapid.IntRange(0, 40).Draw(r, "calls") {
			for _, line := range lawLines(d) {
				text += name + ": " + line + "\n"
			}
		}
	}
	return text
}

// kernels are all named kernels.
var kernels = rapid.Custom(func(r *rapid.T) profile.Named {
	return rapid.SampledFrom(profile.NamedAll()).Draw(r, "kernel")
})

// sticky goes on with the same task most of the time.
type sticky struct {
	*sched.Random
	often int
}

// Next implements sched.Chooser.
func (s sticky) Next(v *sched.View) int {
	if i := slices.Index(v.Runnable, v.Current); i >= 0 && s.Intn(s.often) > 0 {
		return i
	}
	return s.Random.Next(v)
}

// lawsHold runs a random scenario in a random order, and returns in how many steps.
func lawsHold(r *rapid.T) (steps uint64) {
	text := lawScenario(r)
	scripts, err := run.Read(strings.NewReader(text), "scenario")
	require.NoError(r, err, text)
	seed := rapid.Uint64().Draw(r, "schedule")
	o := run.Options{Laws: true, FreeTime: rapid.Bool().Draw(r, "time flies"),
		Chooser: sticky{sched.NewRandom(seed), rapid.SampledFrom([]int{1, 3, 30}).Draw(r, "go on")}}
	res, err := run.Play(scripts[0], o)
	require.NoError(r, err, text)
	wrong := res.Broken
	for _, c := range res.Calls {
		if c.State == run.Waiting {
			wrong = append(wrong, fmt.Sprintf("a deadlock: line %d waits for ever", c.Line))
		}
	}
	if res.Stopped != "" || len(wrong) > 0 {
		r.Fatalf("%s\n%s\n%s", res.Stopped, strings.Join(wrong, "\n"), playable{text, []string{"--laws", "--schedule", res.Schedule}}.keep(r))
	}
	return res.Steps
}

func TestLawsHoldAtEveryStep(t *testing.T) {
	steps := uint64(0)
	rapid.Check(t, func(r *rapid.T) { steps += lawsHold(r) })
	t.Logf("the laws were asked %d times", steps)
}
