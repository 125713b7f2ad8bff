package kernel

import (
	"errors"

	"sealab/sim/abi"
	"sealab/sim/inode"
	"sealab/sim/pin"
	"sealab/sim/sched"
)

// sysIoctl is ioctl(fd, command, argument): UDMABUF_CREATE and UDMABUF_CREATE_LIST, with the
// descriptors in Call.FDs, offsets and sizes in Call.Vec, and flags in Args[2].
//
// Kernel: drivers/dma-buf/udmabuf.c udmabuf_ioctl, v4.20 and later.
func sysIoctl(t *sched.Task, p *Proc, c *Call, _ *Result) (int64, error) {
	x, err := p.openIO(t, c.Args[0], 0, "ioctl")
	switch {
	case err != nil:
		return 0, err
	case abi.IsUffdio(c.Args[1]):
		return x.uffdio(t, c)
	case c.Args[1] != abi.UdmabufCreate && c.Args[1] != abi.UdmabufCreateList || len(c.FDs) != len(c.Vec):
		return 0, ErrNotModelled
	case x.i.Kind == inode.Shmem || x.i.Kind == inode.Pipe:
		return 0, t.Refuse(abi.ENOTTY, "vfs_ioctl")
	case x.i.Kind != inode.Udmabuf:
		return 0, ErrNotModelled
	}
	parts := make([]pin.Part, len(c.FDs))
	for i, fd := range c.FDs {
		parts[i] = pin.Part{Offset: c.Vec[i].Base, Size: c.Vec[i].Len}
		if f, err := p.file(t, fd, "udmabuf fget"); err == nil {
			if inode.Of(t, inode.FileOf(t, f).Inode).Kind == inode.Anonymous {
				return 0, ErrNotModelled
			}
			parts[i].File = f
		}
	}
	d, err := pin.CreateDmabuf(t, parts)
	if errors.Is(err, pin.ErrHugeDmabuf) {
		return 0, ErrNotModelled
	}
	if err != nil {
		return 0, err
	}
	return p.install(t, d, 0, c.Args[2]&abi.UdmabufFlagsCloexec != 0)
}

// openDevice opens what is no file by its name: /dev/udmabuf, which is taken to be there
// wherever the kernel can have it, and the sysctl vm.memfd_noexec.
func (p *Proc) openDevice(t *sched.Task, c *Call) (int64, error) {
	flags := c.Args[2]
	mode, ok := openMode(flags)
	const plain = abi.OAccmode | abi.OCloexec | abi.OLargefile | abi.ONonblock
	open := map[string]func(*sched.Task, inode.FMode, int32) (sched.ID, error){
		"/dev/udmabuf": pin.OpenUdmabuf, NoexecPath: openNoexec,
	}[c.Str]
	if c.Str == "/dev/shm" && flags&abi.OTmpfile == abi.OTmpfile && mode&inode.Writable != 0 {
		return p.openTmpfile(t, c, mode)
	}
	if open == nil && flags&abi.ODirect != 0 && ok && c.Device.Done > 0 {
		return p.openDirect(t, c, mode)
	}
	if open == nil || !ok || flags&^plain != 0 {
		return 0, ErrNotModelled
	}
	f, err := open(t, mode, int32(flags&(abi.OAccmode|abi.ONonblock)|abi.OLargefile))
	if err != nil {
		return 0, err
	}
	return p.install(t, f, 0, flags&abi.OCloexec != 0)
}
