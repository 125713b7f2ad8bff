package host

import (
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The functions in this file run in processes that are copies of a Go program, but in which the
// Go runtime must not be entered: they split no stack, allocate nothing, and write no pointer.

// sys makes a system call of three arguments.
//
//go:nosplit
//go:norace
func sys(nr, a, b, c uintptr) uintptr {
	r, _, e := syscall.RawSyscall(nr, a, b, c)
	if e != 0 {
		return -uintptr(e)
	}
	return r
}

// sys4 is sys with four arguments.
//
//go:nosplit
//go:norace
func sys4(nr, a, b, c, d uintptr) uintptr {
	r, _, e := syscall.RawSyscall6(nr, a, b, c, d, 0, 0)
	if e != 0 {
		return -uintptr(e)
	}
	return r
}

// interpret runs instructions [i, end), and those of the child when a fork returns in it. It
// tells whether it is such a child that has come to the end.
//
//go:nosplit
//go:norace
//go:nocheckptr
func interpret(b *board, i, end uint64, env *environment) (forked bool) {
	pid := ownPid(env)
	for ; i < end; i++ {
		o := (*op)(unsafe.Add(unsafe.Pointer(&b.ops), i*uint64(unsafe.Sizeof(op{}))))
		r := (*result)(unsafe.Add(unsafe.Pointer(&b.res), i*uint64(unsafe.Sizeof(result{}))))
		r.pid, r.state = pid, 1
		sys(unix.SYS_CLOCK_GETTIME, unix.CLOCK_MONOTONIC, uintptr(unsafe.Pointer(&r.start)), 0)
		v := step(b, o)
		if o.code == opFork && v == 0 {
			forked = true
			i, end = o.arg[1]-1, o.arg[2]
			pid = ownPid(env)
			forgetHandlers(env) // of a thread of the helper
			setTimer(env)
			continue
		}
		r.val = int64(v)
		sys(unix.SYS_CLOCK_GETTIME, unix.CLOCK_MONOTONIC, uintptr(unsafe.Pointer(&r.end)), 0)
		r.state = 2
	}
	return forked
}

// value is argument k of an instruction.
//
//go:nosplit
//go:norace
//go:nocheckptr
func value(b *board, o *op, k uintptr) uintptr {
	v := *(*uint64)(unsafe.Add(unsafe.Pointer(&o.arg), k*8))
	reg := *(*uint16)(unsafe.Add(unsafe.Pointer(&o.reg), k*2))
	if reg == 0 {
		return uintptr(v)
	}
	r := (*result)(unsafe.Add(unsafe.Pointer(&b.res), (uintptr(reg)-1)*unsafe.Sizeof(result{})))
	base := r.val
	if base < 0 && base > -4096 {
		base = -1 // what a C library returns for every failure
	}
	return uintptr(uint64(base) + v)
}

// step runs one instruction.
//
//go:nosplit
//go:norace
//go:nocheckptr
func step(b *board, o *op) uintptr {
	a0 := value(b, o, 0)
	a1 := value(b, o, 1)
	switch o.code {
	case opCall:
		r, _, e := syscall.RawSyscall6(uintptr(o.nr), a0, a1, value(b, o, 2), value(b, o, 3),
			value(b, o, 4), value(b, o, 5))
		if e != 0 {
			return -uintptr(e)
		}
		return r
	case opKill:
		if int32(a0) <= 0 { // its fork has failed, and this would go to many
			return ^uintptr(unix.ESRCH - 1)
		}
		return sys(unix.SYS_KILL, a0, a1, 0)
	case opStore:
		*(*uint64)(unsafe.Add(nil, a0)) = uint64(a1)
	case opLoad:
		return uintptr(*(*int32)(unsafe.Add(nil, a0)))
	case opTouch:
		return access(&b.env, a0, a1, value(b, o, 2))
	case opLook:
		lookAt(a0, a1, value(b, o, 2), value(b, o, 3))
	case opFork:
		r, _, e := syscall.RawSyscall6(unix.SYS_CLONE, a0, 0, 0, 0, 0, 0)
		if e != 0 {
			return -uintptr(e)
		}
		return r
	default:
		meet(b, o, a0, a1)
	}
	return 0
}

// meet runs the instructions by which tasks wait for each other.
//
//go:nosplit
//go:norace
//go:nocheckptr
func meet(b *board, o *op, a0, a1 uintptr) {
	if o.code == opUntil {
		base := (*[2]int64)(unsafe.Pointer(&b.flags))
		at := [2]int64{base[0], base[1] + int64(a0)}
		at[0], at[1] = at[0]+at[1]/1e9, at[1]%1e9
		for { // Go's runtime sends signals to threads that it has not heard of for 10 ms
			_, _, e := syscall.RawSyscall6(unix.SYS_CLOCK_NANOSLEEP, unix.CLOCK_MONOTONIC, 1,
				uintptr(unsafe.Pointer(&at)), 0, 0, 0)
			if e != syscall.EINTR {
				return
			}
		}
	}
	flag := (*uint32)(unsafe.Add(unsafe.Pointer(&b.flags), a0*4))
	switch o.code {
	case opOpen, opTick:
		atomic.AddUint32(flag, 1)
		sys(unix.SYS_FUTEX, uintptr(unsafe.Pointer(flag)), 1, 1<<30)
	case opGate, opCount:
		want := uint32(max(a1, 1))
		for v := atomic.LoadUint32(flag); v < want; v = atomic.LoadUint32(flag) {
			syscall.RawSyscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(flag)), 0, uintptr(v), 0, 0, 0)
		}
	case opMeet:
		atomic.AddUint32(flag, 1)
		for n := 0; atomic.LoadUint32(flag) < uint32(a1); n++ {
			if n&0xff == 0xff {
				sys(unix.SYS_SCHED_YIELD, 0, 0, 0)
			}
		}
		for n := value(b, o, 2); n > 0; n-- {
			atomic.LoadUint32(flag)
		}
	}
}

// environment is what a process needs to know to begin: its time to live, and which memory to
// unmap.
type environment struct {
	timeout    unix.ItimerSpec
	event      sigevent
	unmap      [2]area  // Go's memory
	nothing    [32]byte // a struct sigaction of the default action, an empty set of signals
	start, end uint64
	namespace  int64    // not 0: in a pid namespace of its own
	self       [16]byte // "/proc/self"
	access     sigaction
}

// area is a range of addresses.
type area struct{ start, end uint64 }

// sigevent is struct sigevent: what a timer does when it fires.
type sigevent struct {
	value  uint64
	signo  int32
	notify int32
	_      [12]int32
}

// forgetHandlers gives all signals their default action, and lets them all through.
//
//go:nosplit
//go:norace
func forgetHandlers(env *environment) {
	nothing := uintptr(unsafe.Pointer(&env.nothing))
	for sig := uintptr(1); sig <= 64; sig++ {
		syscall.RawSyscall6(unix.SYS_RT_SIGACTION, sig, nothing, 0, 8, 0, 0)
	}
	syscall.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, nothing, 0, 8, 0, 0)
}

// setTimer makes the timer that kills the process.
//
//go:nosplit
//go:norace
func setTimer(env *environment) {
	var timer [2]int32
	sys(unix.SYS_TIMER_CREATE, unix.CLOCK_MONOTONIC, uintptr(unsafe.Pointer(&env.event)),
		uintptr(unsafe.Pointer(&timer)))
	syscall.RawSyscall6(unix.SYS_TIMER_SETTIME, uintptr(timer[0]), 0, uintptr(unsafe.Pointer(&env.timeout)), 0, 0, 0)
}

// forkMaker makes the process that makes those of scenarios: a copy of this one without its
// threads and with little memory, so that copying it is cheap. It returns the pid, or -errno.
//
//go:nosplit
//go:norace
//go:nocheckptr
func forkMaker(b *board) int64 {
	r, _, e := syscall.RawSyscall6(unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
	if e != 0 {
		return -int64(e)
	}
	if r != 0 {
		return int64(r)
	}
	forgetHandlers(&b.env)
	sys(unix.SYS_PRCTL, unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0)
	sys(unix.SYS_PRCTL, unix.PR_SET_CHILD_SUBREAPER, 1, 0)
	if sys(unix.SYS_CLOSE_RANGE, 3, 1<<31-1, 0) != 0 {
		for fd := uintptr(3); fd < 1024; fd++ {
			sys(unix.SYS_CLOSE, fd, 0, 0)
		}
	}
	u := &b.env.unmap
	sys(unix.SYS_MUNMAP, uintptr(u[0].start), uintptr(u[0].end-u[0].start), 0)
	sys(unix.SYS_MUNMAP, uintptr(u[1].start), uintptr(u[1].end-u[1].start), 0)
	for turn := uint32(0); ; turn++ {
		for atomic.LoadUint32(&b.turn) == turn {
			syscall.RawSyscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(&b.turn)), 0, uintptr(turn), 0, 0, 0)
		}
		if b.env.namespace != 0 {
			makeNamespace(b)
		} else {
			makeMain(b)
		}
		atomic.AddUint32(&b.done, 1)
		sys(unix.SYS_FUTEX, uintptr(unsafe.Pointer(&b.done)), 1, 1)
	}
}

// makeMain makes one process that runs the instructions of the main task, and waits until it
// and all that it has made have ended.
//
//go:nosplit
//go:norace
//go:nocheckptr
func makeMain(b *board) {
	r, _, e := syscall.RawSyscall6(unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
	if e != 0 {
		b.answer.Failed = int64(e)
		return
	}
	if r == 0 {
		setTimer(&b.env)
		interpret(b, b.env.start, b.env.end, &b.env)
		leave()
	}
	b.answer.Pid = int64(r)
	spent := int64(0)
	for {
		var status int32
		pid := waitAny(b, &status, &spent)
		if pid == 0 {
			return
		}
		x := &b.answer.Main
		if int64(pid) != b.answer.Pid {
			x = (*exit)(unsafe.Add(unsafe.Pointer(&b.answer.Exits),
				uintptr(b.answer.NumExit)*unsafe.Sizeof(exit{})))
			if b.answer.NumExit < maxThreads-1 {
				b.answer.NumExit++
			}
		}
		x.Pid, x.Status = int64(pid), int64(status)
		sys(unix.SYS_CLOCK_GETTIME, unix.CLOCK_MONOTONIC, uintptr(unsafe.Pointer(&x.At)), 0)
	}
}

// runThread runs instructions on a thread of the helper. Children that it forks do not return.
//
//go:nosplit
//go:norace
func runThread(b *board, start, end uint64, env *environment) {
	if interpret(b, start, end, env) {
		leave()
	}
	atomic.AddUint32(&b.flags[finished], 1)
	sys(unix.SYS_FUTEX, uintptr(unsafe.Pointer(&b.flags[finished])), 1, 1)
}

// leave ends the process.
//
//go:nosplit
//go:norace
func leave() {
	for {
		sys(unix.SYS_EXIT_GROUP, 0, 0, 0)
	}
}
