package kernel

import (
	"sealab/sim/abi"
	"sealab/sim/inode"
	"sealab/sim/mm"
	"sealab/sim/sched"
)

// sysUserfaultfd is userfaultfd(flags).
//
// Kernel: fs/userfaultfd.c SYSCALL_DEFINE1, v4.3 and later.
func sysUserfaultfd(t *sched.Task, p *Proc, c *Call, _ *Result) (int64, error) {
	f, err := mm.NewUffd(t, p.MM, c.Args[0])
	if err != nil {
		return 0, err
	}
	return p.install(t, f, 0, c.Args[0]&abi.OCloexec != 0)
}

// uffdio is ioctl(fd, command, {start, length, mode, source}), which are Args[2] to Args[5].
func (x *io) uffdio(t *sched.Task, c *Call) (int64, error) {
	if x.i.Kind != inode.Userfault {
		if x.i.Kind == inode.Shmem || x.i.Kind == inode.Pipe {
			return 0, t.Refuse(abi.ENOTTY, "vfs_ioctl")
		}
		return 0, ErrNotModelled
	}
	return 0, modelled(mm.Uffdio(t, mm.UffdCall{Uffd: x.i.Info, Command: c.Args[1],
		Start: uint64(c.Args[2]), Len: uint64(c.Args[3]), Mode: c.Args[4], Src: uint64(c.Args[5])}))
}
