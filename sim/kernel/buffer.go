package kernel

import (
	"sealab/sim/abi"
	"sealab/sim/inode"
	"sealab/sim/pin"
	"sealab/sim/sched"
	"sealab/sim/shmem"
)

// accessOK refuses with EFAULT a buffer that is not all where a program's memory may be, unless
// there has been another error, or the file is one whose answers are not known anyway.
//
// Kernel: arch/x86/include/asm/uaccess_64.h access_ok, v6.4 and later (asm/uaccess.h before).
func (x *io) accessOK(t *sched.Task, c *Call, err error) error {
	addr := uint64(c.Args[1])
	end := addr + uint64(c.Args[2])
	if err == nil && known(x.i.Kind) && addr != 0 && (end < addr || end > abi.TaskSize) {
		return t.Refuse(abi.EFAULT, "access_ok", sched.Fact{Name: "address", Value: int64(addr)})
	}
	return err
}

// buffer is where a read or write puts bytes or takes them from, Args[1]; 0 if the line does not
// say it.
func (p *Proc) buffer(c *Call) shmem.Buffer {
	if c.Args[1] == 0 {
		return shmem.Buffer{}
	}
	return shmem.Buffer{MM: p.MM, Addr: uint64(c.Args[1])}
}

// openTmpfile opens a new file of tmpfs without a name, which has all seals refused.
//
// Kernel: mm/shmem.c shmem_tmpfile, v3.11 and later.
func (p *Proc) openTmpfile(t *sched.Task, c *Call, mode inode.FMode) (int64, error) {
	ino := inode.New(t, inode.Inode{Kind: inode.Tmpfs, Name: "a file of /dev/shm", Mode: 0o600, Seals: abi.SealSeal})
	f := inode.Open(t, ino, mode, int32(c.Args[2]&(abi.OAccmode|abi.OAppend|abi.ONonblock)|abi.OLargefile))
	return p.install(t, f, 0, c.Args[2]&abi.OCloexec != 0)
}

// openDirect opens a file that is not modelled with O_DIRECT. The line says that it is there.
func (p *Proc) openDirect(t *sched.Task, c *Call, mode inode.FMode) (int64, error) {
	ino := inode.New(t, inode.Inode{Kind: inode.Regular, Name: c.Str, Mode: 0o600})
	f := inode.Open(t, ino, mode, int32(c.Args[2]&(abi.OAccmode|abi.ODirect)|abi.OLargefile))
	return p.install(t, f, 0, c.Args[2]&abi.OCloexec != 0)
}

// direct is a read (into memory) or write of a file that is not modelled, opened with O_DIRECT.
// Of it the pages of the buffer are modelled, which the device has until it is done; when that is,
// and how much it has done, only the driver knows.
//
// Kernel: fs/iomap/direct-io.c iomap_dio_rw, v4.10 and later (fs/direct-io.c before).
// Differs: one reference to each page, where v6.3 and later take a pin. A signal that kills ends it.
func (p *Proc) direct(t *sched.Task, x io, c *Call, into bool) (int64, error) {
	d := &c.Device
	if x.f.Flags&abi.ODirect == 0 || x.i.Kind != inode.Regular || c.Args[1] == 0 || d.Done <= 0 || d.Done > c.Args[2] {
		return 0, ErrNotModelled
	}
	flight, err := pin.Begin(t, p.MM, uint64(c.Args[1]), uint64(d.Done), into)
	if err != nil {
		return 0, err
	}
	if d.Timer != 0 {
		t.AwaitTimer(d.Timer)
	} else {
		t.SleepUntil(t.Sched().Now() + d.Took)
	}
	if into {
		pin.Written(t, flight, uint64(c.Line))
	}
	pin.End(t, flight)
	return d.Done, nil
}
