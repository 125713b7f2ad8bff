package kernel

import (
	"encoding/binary"
	"strings"

	"sealab/sim/abi"
	"sealab/sim/inode"
	"sealab/sim/profile"
	"sealab/sim/sched"
)

// PidNS is a pid namespace, as far as it matters here: a level of vm.memfd_noexec.
//
// Kernel: include/linux/pid_namespace.h pid_namespace, v6.3 and later.
type PidNS struct {
	Level  int      // vm.memfd_noexec as written here, 0 to 2
	Parent sched.ID // the enclosing one, 0 for the first
}

// Clone returns an independent copy.
func (n *PidNS) Clone() sched.Object { c := *n; return &c }

// Encode appends the canonical encoding.
func (n *PidNS) Encode(dst []byte) []byte {
	return binary.LittleEndian.AppendUint32(append(dst, byte(n.Level)), uint32(n.Parent))
}

var (
	nsRead = sched.NewOp("memfd_noexec_scope", sched.Read, func(n *PidNS, _ sched.None) PidNS { return *n })
	nsSet  = sched.NewOp("memfd_noexec_scope =", sched.Write, func(n *PidNS, level int) sched.None {
		n.Level = level
		return sched.None{}
	})
)

// KeepNamespaces lets the machine keep pid namespaces from now on: all processes are in
// the first. Without, there is one, whose level is 0, and asking for it is no step.
func (k *Kernel) KeepNamespaces() {
	if k.firstNS != 0 {
		return
	}
	k.firstNS = k.S.World().Add(&PidNS{})
	for _, p := range k.procs {
		p.NS, p.KidsNS = k.firstNS, k.firstNS
	}
}

// noexec is vm.memfd_noexec for a process in a namespace: the largest of all that enclose
// it, where the kernel has it so.
//
// Kernel: include/linux/pid_namespace.h pidns_memfd_noexec_scope, v6.3 and later.
func noexec(t *sched.Task, ns sched.ID) (level int) {
	for ns != 0 {
		n := nsRead.On(t, ns, sched.None{})
		if level = max(level, n.Level); !t.Profile().NoexecHierarchy {
			break
		}
		ns = n.Parent
	}
	return level
}

// newNS makes a namespace inside one: it begins with that one's level.
//
// Kernel: kernel/pid_namespace.c create_pid_namespace, v6.3 and later.
func newNS(t *sched.Task, parent sched.ID) sched.ID {
	return sched.New(t, &PidNS{Level: noexec(t, parent), Parent: parent})
}

// writeNoexec is a write to /proc/sys/vm/memfd_noexec: it changes the level of the
// writer's own namespace. A second write through the same open file does nothing.
//
// EINVAL: not a number from 0 to 2; lower than it may be.
//
// Kernel: kernel/pid_sysctl.h pid_mfd_noexec_dointvec_minmax, v6.3 and later.
func (p *Proc) writeNoexec(t *sched.Task, x *io, c *Call) (int64, error) {
	n := c.Args[2]
	text := strings.TrimSuffix(c.Str, "\n")
	switch {
	case n == 0:
		return 0, nil
	case p.NS == 0 || int64(len(c.Str)) != n || len(text) != 1 || text[0] <= ' ':
		return 0, ErrNotModelled
	case inode.Pos(t, x.file) != 0:
		return n, nil
	}
	level := int(text[0]) - '0'
	own := nsRead.On(t, p.NS, sched.None{})
	least := own.Level
	if t.Profile().NoexecHierarchy {
		least = noexec(t, own.Parent)
	}
	if level < least || level > 2 {
		return 0, t.Refuse(abi.EINVAL, "pid_mfd_noexec_dointvec_minmax",
			sched.Fact{Name: "level", Value: int64(level)}, sched.Fact{Name: "at least", Value: int64(least)})
	}
	nsSet.On(t, p.NS, level)
	inode.SetPos(t, x.file, n)
	return n, nil
}

// NoexecPath is the sysctl vm.memfd_noexec.
const NoexecPath = "/proc/sys/vm/memfd_noexec"

// openNoexec opens it. Whoever asks is taken to be allowed to.
//
// Kernel: kernel/pid_sysctl.h pid_ns_ctl_table_vm, v6.3 and later.
func openNoexec(t *sched.Task, mode inode.FMode, flags int32) (sched.ID, error) {
	if t.Profile().MemfdNoexec == profile.NoexecAbsent {
		return 0, t.Refuse(abi.ENOENT, "vm.memfd_noexec")
	}
	ino := inode.New(t, inode.Inode{Kind: inode.Sysctl, Name: NoexecPath, Mode: 0o644})
	return inode.Open(t, ino, mode, flags), nil
}

// namespaces are the flags of unshare that change nothing that is modelled.
const namespaces = abi.CloneNewns | abi.CloneNewcgroup | abi.CloneNewuts | abi.CloneNewipc | abi.CloneNewuser |
	abi.CloneNewnet | abi.CloneNewtime | abi.CloneFs | abi.CloneSysvsem

// sysUnshare is unshare(flags). A new pid namespace is for the children that come.
//
// EINVAL: there is one already in which the task itself is not.
//
// Kernel: kernel/fork.c ksys_unshare and kernel/pid_namespace.c copy_pid_ns, all versions.
func sysUnshare(t *sched.Task, p *Proc, c *Call, _ *Result) (int64, error) {
	flags := c.Args[0]
	switch {
	case flags&^(namespaces|abi.CloneNewpid|abi.CloneFiles) != 0:
		return 0, ErrNotModelled
	case flags&abi.CloneNewpid != 0 && p.KidsNS != p.NS:
		return 0, t.Refuse(abi.EINVAL, "copy_pid_ns")
	case flags&abi.CloneNewpid != 0 && p.NS != 0:
		p.KidsNS = newNS(t, p.NS)
	}
	if flags&abi.CloneFiles != 0 && fdUsers.On(t, p.FDs, 0) > 1 {
		own := p.copyFDs(t)
		p.closeAll(t, false)
		p.FDs = own
	}
	return 0, nil
}

// childNS puts a new process into its namespace.
//
// Kernel: kernel/pid_namespace.c copy_pid_ns, all versions.
func (p *Proc) childNS(t *sched.Task, flags int64) (sched.ID, error) {
	switch {
	case p.NS == 0 || flags&abi.CloneNewpid == 0:
		return p.KidsNS, nil
	case p.KidsNS != p.NS:
		return 0, t.Refuse(abi.EINVAL, "copy_pid_ns")
	}
	return newNS(t, p.NS), nil
}
