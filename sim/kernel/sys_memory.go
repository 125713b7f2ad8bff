package kernel

import (
	"math"

	"sealab/sim/abi"
	"sealab/sim/inode"
	"sealab/sim/mm"
	"sealab/sim/sched"
)

// sysMmap is mmap(addr, length, prot, flags, fd, offset).
//
// Kernel: mm/mmap.c ksys_mmap_pgoff, all versions.
func sysMmap(t *sched.Task, p *Proc, c *Call, _ *Result) (int64, error) {
	a := mm.MapArgs{
		Addr: uint64(c.Args[0]), Len: uint64(c.Args[1]), Prot: uint64(c.Args[2]),
		Flags: uint64(c.Args[3]), Off: uint64(c.Args[5]), Place: c.Place,
	}
	if err := mm.CheckOffset(t, a.Off); err != nil {
		return 0, err
	}
	if a.Flags&abi.MapAnonymous == 0 {
		f, err := p.file(t, c.Args[4], "mmap")
		if err != nil {
			return 0, err
		}
		a.File = f
	}
	addr, err := mm.Map(t, p.MM, a)
	likeError := a.Addr != 0 && -a.Addr < abi.PageSize
	if err != nil && (err != abi.EPERM || likeError) && a.File != 0 {
		kind := inode.Of(t, inode.FileOf(t, a.File).Inode).Kind
		if kind == inode.Ring || kind == inode.Dmabuf || err == abi.ENODEV &&
			(a.Prot&abi.ProtExec != 0 || kind == inode.Socket && a.Flags&abi.MapFixed != 0) {
			// A ring's own memory; that of a dma-buf; whether the mount forbids PROT_EXEC first; whether
			// what was there is gone.
			return 0, ErrNotModelled
		}
	}
	return int64(addr), err
}

func sysMunmap(t *sched.Task, p *Proc, c *Call, _ *Result) (int64, error) {
	return 0, mm.Unmap(t, p.MM, uint64(c.Args[0]), uint64(c.Args[1]))
}

func sysMprotect(t *sched.Task, p *Proc, c *Call, _ *Result) (int64, error) {
	return 0, mm.Protect(t, p.MM, uint64(c.Args[0]), uint64(c.Args[1]), uint64(c.Args[2]))
}

func sysMremap(t *sched.Task, p *Proc, c *Call, _ *Result) (int64, error) {
	addr, err := mm.Remap(t, p.MM, mm.RemapArgs{
		Addr: uint64(c.Args[0]), OldLen: uint64(c.Args[1]), NewLen: uint64(c.Args[2]),
		Flags: uint64(c.Args[3]), NewAddr: uint64(c.Args[4]), Place: c.Place,
	})
	return int64(addr), err
}

func sysMadvise(t *sched.Task, p *Proc, c *Call, _ *Result) (int64, error) {
	switch c.Args[2] {
	case abi.MadvCollapse, abi.MadvHwpoison, abi.MadvSoftOffline, abi.MadvGuardInstall, abi.MadvGuardRemove:
		return 0, ErrNotModelled
	}
	return 0, modelled(mm.Advise(t, p.MM, uint64(c.Args[0]), uint64(c.Args[1]), c.Args[2]))
}

func sysMsync(t *sched.Task, p *Proc, c *Call, _ *Result) (int64, error) {
	return 0, mm.Sync(t, p.MM, uint64(c.Args[0]), uint64(c.Args[1]), uint64(c.Args[2]))
}

func sysMlock(t *sched.Task, p *Proc, c *Call, _ *Result) (int64, error) {
	return 0, modelled(mm.Lock(t, p.MM, uint64(c.Args[0]), uint64(c.Args[1])))
}

func sysMunlock(t *sched.Task, p *Proc, c *Call, _ *Result) (int64, error) {
	return 0, mm.Unlock(t, p.MM, uint64(c.Args[0]), uint64(c.Args[1]))
}

// sysLoad is load(addr): no system call, but the program reading a byte of its memory. The
// value stands for what is there: 0 in a page of zeros, and another number for each other
// content that a page may have.
func sysLoad(t *sched.Task, p *Proc, c *Call, _ *Result) (int64, error) {
	stamp, err := mm.Load(t, p.MM, uint64(c.Args[0]))
	return int64((stamp ^ stamp>>32) & math.MaxInt32), modelled(err)
}

// sysStore is store(addr, byte): the program writing one.
func sysStore(t *sched.Task, p *Proc, c *Call, _ *Result) (int64, error) {
	what := uint64(c.Args[0])<<8 | uint64(uint8(c.Args[1]))
	return 0, modelled(mm.Store(t, p.MM, uint64(c.Args[0]), what))
}

// modelled makes what the model of memory does not have what the kernel does not have.
func modelled(err error) error {
	if err == mm.ErrForeign {
		return ErrNotModelled
	}
	return err
}
