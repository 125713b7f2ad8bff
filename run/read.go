package run

import (
	"math"
	"strconv"
	"strings"

	"sealab/scenario"
	"sealab/sim/abi"
	"sealab/sim/kernel"
)

// passiveCalls touch nothing that is modelled: their answers are not compared and
// they are not worth counting as missing.
var passiveCalls = WordSet(`wait4 waitid waitpid rt_sigaction rt_sigprocmask rt_sigreturn nanosleep
	clock_nanosleep futex sched_yield getpid gettid getppid getuid geteuid getgid getegid uname sysinfo
	clock_gettime gettimeofday getrandom prctl arch_prctl set_robust_list set_tid_address rseq prlimit64
	sigaltstack sched_getaffinity sched_setaffinity rt_sigtimedwait pause restart_syscall getcwd chdir
	stat fstat lstat newfstatat statx access faccessat faccessat2 readlink readlinkat umask alarm
	setitimer ioctl poll ppoll select pselect6 epoll_wait epoll_pwait epoll_ctl unlink unlinkat mkdir brk`)

// WordSet makes a set of the words of a text.
func WordSet(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}

// Class is how far a call can be judged.
type Class uint8

const (
	Modelled Class = iota
	Carried        // not modelled: its recorded answer is taken as it is
	Passive        // known to have no effect on what is modelled
)

// Symbols are the names that earlier calls bound to their results.
type Symbols map[string]int64

// Answer is what a line says that a call returned.
type Answer struct {
	Known   bool  // the line has an answer
	Val     int64 // as printed: -1 with an errno
	Errno   abi.Errno
	Pair    [2]int64 // what pipe2 stored
	HasPair bool
	Text    string  // what readlink stored
	FDs     []int64 // descriptors received with a message
	Flags   int64   // msg_flags of what was received
	HasMsg  bool    // FDs and Flags are known
	Dur     int64   // ns, from strace -T
	HasDur  bool
}

// OK says whether the line shows the call succeeding.
func (a *Answer) OK() bool { return a.Known && a.Errno == 0 && a.Val >= 0 }

// reader translates the arguments of one call.
type reader struct {
	e    *scenario.Event
	syms Symbols
	at   int // the argument being read
	bad  int // the first one that is missing or cannot be read, -1 for none
}

// fail notes that the argument being read cannot be.
func (r *reader) fail() {
	if r.bad < 0 {
		r.bad = r.at
	}
}

// arg returns argument i, or nil if there are fewer.
func (r *reader) arg(i int) *scenario.Arg {
	r.at = i
	return r.e.Arg(i)
}

// num reads argument i as a number.
func (r *reader) num(i int) int64 {
	a := r.arg(i)
	if a == nil {
		r.fail()
		return 0
	}
	return r.value(a)
}

func (r *reader) value(a *scenario.Arg) int64 {
	switch {
	case a.Known():
		return a.Num
	case a.Kind == scenario.Null:
		return 0
	case a.Kind == scenario.Symbol || a.Kind == scenario.Ident:
		if v, ok := r.syms[string(a.Text)]; ok {
			return v
		}
	case a.Kind == scenario.Expr:
		return r.expr(a)
	}
	r.fail()
	return 0
}

// expr evaluates m0+4096 and its like, from left to right.
func (r *reader) expr(a *scenario.Arg) int64 {
	var sum int64
	for c := range r.e.Children(a) {
		v := r.value(c)
		switch c.Op {
		case scenario.OpNone:
			sum = v
		case scenario.OpAdd:
			sum += v
		case scenario.OpSub:
			sum -= v
		case scenario.OpMul:
			sum *= v
		default:
			r.fail()
		}
	}
	return sum
}

// offset reads a pointer to an offset: NULL, or [n]. There is none for NULL, told
// by -1.
func (r *reader) offset(i int) int64 {
	a := r.arg(i)
	if a == nil {
		r.fail()
		return -1
	}
	if a.Kind == scenario.Null {
		return -1
	}
	if a.Kind == scenario.Array {
		if el := r.e.Elem(a, 0); el != nil {
			if v := r.value(el); v != -1 {
				return v
			}
			return math.MinInt64 // there is an offset, and as bad as -1
		}
	}
	r.fail()
	return -1
}

// vec reads an array of struct iovec. A buffer of which only the contents are
// shown has address 0.
func (r *reader) vec(i int) (out []kernel.Iovec) {
	a := r.arg(i)
	if a == nil || a.Kind != scenario.Array {
		if a == nil || a.Kind != scenario.Null {
			r.fail()
		}
		return nil
	}
	for s := range r.e.Children(a) {
		base, n := r.e.Field(s, "iov_base"), r.e.Field(s, "iov_len")
		if s.Kind != scenario.Struct || base == nil || n == nil {
			r.fail()
			break
		}
		v := kernel.Iovec{Len: uint64(r.value(n))}
		if base.Kind != scenario.String {
			v.Base = uint64(r.value(base))
			if v.Base == 0 && v.Len > 0 {
				v.Base = 1 // it is shown, and as bad as 0, which stands for one that is not
			}
		}
		out = append(out, v)
	}
	return out
}

// str reads a string; whole is false if strace cut it short.
func (r *reader) str(i int) (s string, whole bool) {
	a := r.arg(i)
	if a == nil || a.Kind != scenario.String {
		if a == nil || a.Kind != scenario.Null {
			r.fail()
		}
		return "", false
	}
	var buf [128]byte
	return string(a.Decode(buf[:0])), !a.Truncated()
}

// field reads a named argument, or a named field of the first one; 0 if there is none.
func (r *reader) field(name string) int64 {
	for i := range r.e.Args {
		a := &r.e.Args[i]
		if string(a.Name) == name {
			return r.value(a)
		}
		if a.Kind == scenario.Struct {
			if f := r.e.Field(a, name); f != nil {
				return r.value(f)
			}
		}
	}
	return 0
}

// shapeOf is shapes by the number of the call.
var shapeOf = func() (all [256]func(*reader, *kernel.Call)) {
	for name, shape := range shapes {
		all[kernel.SysByName(name)] = shape
	}
	return all
}()

// shapes says for each call how its arguments are read.
var shapes = map[string]func(*reader, *kernel.Call){
	"memfd_create": func(r *reader, c *kernel.Call) {
		s, whole := r.str(0)
		c.Str = s
		switch {
		case r.e.Arg(0) != nil && r.e.Arg(0).Kind == scenario.Null:
			c.Args[2] = -2
		case !whole:
			c.Args[2] = -1
		}
		c.Args[1] = r.num(1)
	},
	"fcntl": func(r *reader, c *kernel.Call) {
		c.Args[0], c.Args[1] = r.num(0), r.num(1)
		if r.e.Arg(2) != nil {
			c.Args[2] = r.num(2)
			c.Args[2] |= upperHalf(r.e.Arg(2))
		}
	},
	"openat": func(r *reader, c *kernel.Call) {
		c.Args[0] = r.num(0)
		c.Str, _ = r.str(1)
		c.Args[2] = r.num(2)
	},
	"socketpair": func(r *reader, c *kernel.Call) {
		if c.Args = [6]int64{-1, r.num(1), r.num(2)}; r.arg(0) != nil && r.arg(0).Known() {
			c.Args[0] = r.num(0) // there are more families than names here
		}
	},
	"readlink": func(r *reader, c *kernel.Call) {
		c.Str, _ = r.str(0)
		c.Args[2] = r.num(2)
	},
	"ioctl":    ioctlShape,
	"sendmsg":  sendShape,
	"recvmsg":  recvShape,
	"sendto":   datagramShape,
	"recvfrom": datagramShape,
	"sendmmsg": firstShape, "recvmmsg": firstShape, "shutdown": firstShape,
	"pipe2": func(r *reader, c *kernel.Call) { c.Args[1] = r.num(1) },
	"splice": func(r *reader, c *kernel.Call) {
		c.Args = [6]int64{r.num(0), r.offset(1), r.num(2), r.offset(3), r.num(4), r.num(5)}
	},
	"copy_file_range": func(r *reader, c *kernel.Call) {
		c.Args = [6]int64{r.num(0), r.offset(1), r.num(2), r.offset(3), r.num(4), r.num(5)}
	},
	"sendfile": func(r *reader, c *kernel.Call) {
		c.Args = [6]int64{r.num(0), r.num(1), r.offset(2), r.num(3)}
	},
	"vmsplice": func(r *reader, c *kernel.Call) {
		c.Args[0], c.Vec, c.Args[3] = r.num(0), r.vec(1), r.num(3)
	},
	"process_vm_readv":  vmShape,
	"process_vm_writev": vmShape,
	"read":              bufShape(0),
	"write":             writeShape,
	"pread64":           bufShape(1),
	"pwrite64":          bufShape(1),
	"readv":             vecShape(0),
	"writev":            vecShape(0),
	"preadv":            vecShape(1),
	"pwritev":           vecShape(1),
	"preadv2":           vecShape(2),
	"pwritev2":          vecShape(2),
	"truncate": func(r *reader, c *kernel.Call) {
		c.Str, _ = r.str(0)
		c.Args[1] = r.num(1)
	},
	"io_uring_setup": func(r *reader, c *kernel.Call) { c.Args[0] = r.num(0) },
	"io_uring_register": func(r *reader, c *kernel.Call) {
		c.Args[0], c.Args[1] = r.num(0), r.num(1)
		if c.Args[1] == abi.IoringRegisterBuffers {
			c.Vec, c.Args[3] = r.vec(2), r.num(3)
		}
	},
	"clone":  func(r *reader, c *kernel.Call) { c.Args[0] = r.field("flags") },
	"clone3": func(r *reader, c *kernel.Call) { c.Args[0] = r.field("flags") },
	"fork":   func(*reader, *kernel.Call) {},
	"vfork":  func(_ *reader, c *kernel.Call) { c.Args[0] = abi.CloneVm | abi.CloneVfork },
	"execve": func(*reader, *kernel.Call) {},
	"mremap": func(r *reader, c *kernel.Call) {
		c.Args = [6]int64{r.num(0), r.num(1), r.num(2), r.num(3)}
		if c.Args[3]&(abi.MremapFixed|abi.MremapDontunmap) != 0 && r.e.Arg(4) != nil {
			c.Args[4] = r.num(4)
		}
	},
}

// upperHalf reads the upper 32 bits of an argument that strace prints 32 bits of, from
// a comment behind it that has it whole: 0 /* arg 0x100000000 */.
func upperHalf(a *scenario.Arg) int64 {
	text, ok := strings.CutPrefix(strings.TrimSpace(string(a.Note)), "arg 0x")
	if !ok {
		return 0
	}
	n, err := strconv.ParseUint(text, 16, 64)
	if err != nil || uint32(n) != uint32(a.Num) {
		return 0
	}
	return int64(n)
}

func vmShape(r *reader, c *kernel.Call) {
	c.Args[0], c.Vec, c.Remote, c.Args[5] = r.num(0), r.vec(1), r.vec(3), r.num(5)
}

// bufShape reads (fd, buffer, count, offset…): the buffer is its contents, which are not
// asked for, or an address.
func bufShape(more int) func(*reader, *kernel.Call) {
	return func(r *reader, c *kernel.Call) {
		c.Args[0], c.Args[2] = r.num(0), r.num(2)
		switch a := r.e.Arg(1); {
		case a == nil:
		case a.Kind == scenario.Null:
			c.Args[1] = 1 // as bad as 0, which stands for one that is not shown
		case a.Kind == scenario.Symbol, a.Kind == scenario.Expr, a.Kind == scenario.Int:
			c.Args[1] = r.num(1)
		}
		if more > 0 {
			c.Args[3] = r.num(3)
		}
	}
}

// writeShape is bufShape of a write. What is written matters where it is a number.
func writeShape(r *reader, c *kernel.Call) {
	bufShape(0)(r, c)
	if a := r.arg(1); c.Args[2] <= 2 && a != nil && a.Kind == scenario.String && !a.Truncated() {
		c.Str, _ = r.str(1)
	}
}

// vecShape reads (fd, iovec array, count, offset, flags): what counts is the sum.
func vecShape(more int) func(*reader, *kernel.Call) {
	return func(r *reader, c *kernel.Call) {
		c.Args[0] = r.num(0)
		for _, v := range r.vec(1) {
			c.Args[2] += int64(v.Len)
		}
		for i := range more {
			c.Args[3+i] = r.num(3 + i)
		}
	}
}

// plain reads up to n numbers.
func plain(r *reader, c *kernel.Call, n int) {
	for i := range min(n, len(r.e.Args)) {
		c.Args[i] = r.num(i)
	}
}

// ReadCall reads the arguments of a call into c. A call that is not modelled, or
// whose arguments cannot be read, is Carried; bad is the first argument that is
// missing or cannot be read, -1 if there is none.
func ReadCall(e *scenario.Event, syms Symbols, c *kernel.Call) (class Class, bad int) {
	name := strings.TrimSuffix(e.Name, "_time64")
	c.Sys = kernel.SysByName(name)
	c.Line = e.Line
	if c.Sys == 0 {
		if passiveCalls[e.Name] {
			return Passive, -1
		}
		return Carried, -1
	}
	if path := e.Arg(0); name == "readlink" && (path == nil || !kernel.DescriptorLink(string(path.Text))) {
		return Passive, -1
	}
	if name == "ioctl" && !asksUdmabuf(e) && !asksUffd(e) {
		return Passive, -1
	}
	r := reader{e: e, syms: syms, bad: -1}
	if shape := shapeOf[c.Sys]; shape != nil {
		shape(&r, c)
	} else {
		plain(&r, c, 6)
	}
	if r.bad >= 0 || e.Truncated {
		return Carried, r.bad
	}
	return Modelled, -1
}

// Ended returns the pid of the child that a wait4 says has ended, 0 if it says so of
// none.
func Ended(e *scenario.Event) (pid int) {
	for i := range e.Nodes {
		switch string(e.Nodes[i].Text) {
		case "WIFEXITED", "WIFSIGNALED":
			return int(e.Ret.Value)
		}
	}
	return 0
}

// ReadHandler reads what rt_sigaction sets: a signal (1 to 64; 0 if the line does not
// say), and whether the task catches or ignores it from now on.
func ReadHandler(e *scenario.Event) (sig int, caught bool) {
	name, act := e.Arg(0), e.Arg(1)
	if name == nil || act == nil || act.Kind != scenario.Struct {
		return 0, false
	}
	h := e.Field(act, "sa_handler")
	if n, ok := abi.SignalByName(string(name.Text)); ok && h != nil {
		return int(n), string(h.Text) != "SIG_DFL"
	}
	return 0, false
}

// ReadAnswer reads what a line says that its call returned. Where that settles
// what the kernel leaves open, the place of a mapping, the call gets it too.
func ReadAnswer(e *scenario.Event, c *kernel.Call) (a Answer) {
	ret := &e.Ret
	a.Dur, a.HasDur = e.Dur, e.HasDur
	if !ret.HasRet || !ret.Known {
		return a
	}
	a.Known, a.Val, a.Errno = true, ret.Value, ret.Errno
	if ret.Errno == 0 {
		c.Device = kernel.Device{Done: ret.Value, Took: e.Dur}
	}
	switch e.Name {
	case "pipe", "pipe2", "socketpair":
		if p := e.Stored(); p != nil && e.NumChildren(p) == 2 &&
			e.Elem(p, 0).Known() && e.Elem(p, 1).Known() {
			a.Pair = [2]int64{e.Elem(p, 0).Num, e.Elem(p, 1).Num}
			a.HasPair = true
		}
	case "recvmsg":
		a.received(e)
	case "readlink":
		a.Text = linkText(e)
	case "mmap", "mremap":
		if ret.Errno == 0 {
			c.Place = uint64(ret.Value)
		}
	}
	return a
}

// linkText is what a line says that readlink stored, "" if it does not say all of it.
func linkText(e *scenario.Event) string {
	if b := e.Arg(1); b != nil && b.Kind == scenario.String && !b.Truncated() {
		return string(b.Decode(nil))
	}
	return ""
}
