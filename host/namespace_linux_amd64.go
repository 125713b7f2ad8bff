package host

import (
	"fmt"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"sealab/scenario"
	"sealab/sim/abi"
)

// A scenario that writes to vm.memfd_noexec, or makes pid namespaces, runs in one of its own:
// the level belongs to the writer's namespace, and is gone with it. The first process of
// that namespace only waits for the others, since a first process ignores signals.

// noexecPath is the sysctl.
const noexecPath = "/proc/sys/vm/memfd_noexec"

// needsNamespace says whether a program is to be run so.
func needsNamespace(p *Program) bool {
	for _, e := range p.Events {
		switch path := e.Arg(1); {
		case e.Name == "unshare":
			return true
		case e.Name == "openat" && path != nil && string(path.Text) == noexecPath:
			return true
		}
	}
	return false
}

// ownPid is the pid of a process as it is outside of all namespaces, or of a thread.
//
//go:nosplit
//go:norace
func ownPid(env *environment) uint32 {
	pid := sys(unix.SYS_GETTID, 0, 0, 0)
	if env.namespace == 0 {
		return uint32(pid)
	}
	var text [16]byte
	n := sys(unix.SYS_READLINK, uintptr(unsafe.Pointer(&env.self)), uintptr(unsafe.Pointer(&text)), 16)
	if int(n) <= 0 {
		return uint32(pid)
	}
	pid = 0
	for i := uintptr(0); i < n; i++ {
		pid = 10*pid + uintptr(*(*byte)(unsafe.Add(unsafe.Pointer(&text), i))) - '0'
	}
	return uint32(pid)
}

// makeNamespace runs makeMain in a new pid namespace, and waits until that is gone.
//
//go:nosplit
//go:norace
//go:nocheckptr
func makeNamespace(b *board) {
	r, _, e := syscall.RawSyscall6(unix.SYS_CLONE, uintptr(unix.SIGCHLD|unix.CLONE_NEWPID), 0, 0, 0, 0, 0)
	if e != 0 {
		b.answer.Failed = int64(e)
		return
	}
	if r == 0 {
		sys(unix.SYS_PRCTL, unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0)
		makeMain(b)
		leave()
	}
	syscall.RawSyscall6(unix.SYS_WAIT4, r, 0, unix.WALL, 0, 0, 0)
}

// waitAny waits for any child, as wait4 does. In a namespace of its own it kills what is
// left when twice the time is over: timers cannot kill who is the first in another.
//
//go:nosplit
//go:norace
func waitAny(b *board, status *int32, spent *int64) (pid uintptr) {
	flags := uintptr(unix.WALL)
	if b.env.namespace != 0 {
		flags |= unix.WNOHANG
	}
	for {
		r, _, e := syscall.RawSyscall6(unix.SYS_WAIT4, ^uintptr(0), uintptr(unsafe.Pointer(status)), flags, 0, 0, 0)
		if e != 0 {
			return 0
		}
		if r != 0 {
			return r
		}
		nap := unix.Timespec{Nsec: 200_000}
		sys(unix.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&nap)), 0, 0)
		if *spent += nap.Nsec; *spent > 2*(b.env.timeout.Value.Sec*1e9+b.env.timeout.Value.Nsec) {
			sys(unix.SYS_KILL, ^uintptr(0), uintptr(unix.SIGKILL), 0)
		}
	}
}

// outside puts pids as they are outside in the place of those that the scenario's
// processes know. Of processes in further namespaces the ends are not known.
func (m *image) outside(o *outcome) {
	if !m.namespaced {
		return
	}
	main := m.threads[0]
	pids := map[int64]int64{}
	for i := range m.ops {
		op, r := &m.ops[i], &o.res[i]
		if op.code != opFork || r.val <= 0 || op.arg[1] >= op.arg[2] {
			continue
		}
		child := int64(o.res[op.arg[1]].pid)
		if int64(i) >= main.Start && int64(i) < main.End {
			pids[r.val] = child
		}
		r.val = child
	}
	if main.Start < main.End {
		o.Main.Pid = int64(o.res[main.Start].pid)
	}
	kept := int64(0)
	for _, x := range o.Exits[:o.NumExit] {
		if pid, ok := pids[x.Pid]; ok {
			x.Pid = pid
			o.Exits[kept] = x
			kept++
		}
	}
	o.NumExit = kept
}

// allowedUnshare lets new pid namespaces through, where the scenario is in one of its own.
func (c *compiler) allowedUnshare(flags *scenario.Arg) error {
	if c.namespaced && flags != nil && flags.Known() && flags.Num == abi.CloneNewpid {
		return nil
	}
	return skipf("only new pid namespaces are made on the host, and not with named tasks that share memory")
}

// noNamespace says what a host lacks.
func noNamespace(errno int64) string {
	return fmt.Sprintf("a pid namespace of its own, in which vm.memfd_noexec can be changed: %v", syscall.Errno(errno))
}
