package kernel

import (
	"sealab/sim/abi"
	"sealab/sim/hugetlbfs"
	"sealab/sim/inode"
	"sealab/sim/pin"
	"sealab/sim/sched"
	"sealab/sim/shmem"
)

// sysRW2 is preadv2 and pwritev2(fd, vec, n, offset, flags): an offset of -1 means the
// file position.
//
// Kernel: fs/read_write.c preadv2 and pwritev2, v4.6 and later.
func sysRW2(here, there handler) handler {
	return func(t *sched.Task, p *Proc, c *Call, r *Result) (int64, error) {
		if c.Args[3] == -1 {
			return here(t, p, c, r)
		}
		return there(t, p, c, r)
	}
}

// perCall looks at the RWF_ flags of a call that moves n bytes; none are looked at for
// no bytes. Nothing of tmpfs needs to wait for a device or to be written to one.
//
// Kernel: include/linux/fs.h kiocb_set_rw_flags, v4.16 and later.
func (x *io) perCall(t *sched.Task, flags, n int64) error {
	flags = int64(int32(flags))
	switch {
	case flags == 0 || n <= 0:
		return nil
	case x.i.Kind != inode.Shmem || !t.Profile().RWFAppend || flags&abi.RwfNoappend != 0:
		return ErrNotModelled
	case flags&^(abi.RwfHipri|abi.RwfDsync|abi.RwfSync|abi.RwfAppend) != 0:
		return t.Refuse(abi.EOPNOTSUPP, "kiocb_set_rw_flags", sched.Fact{Name: "flags", Value: flags})
	}
	return nil
}

// write writes n bytes at an offset, or at the end if the call says so.
func (x *io) write(t *sched.Task, p *Proc, pos, n int64, c *Call) (done, end int64, err error) {
	if c.Args[4]&abi.RwfAppend != 0 {
		return shmem.Append(t, x.file, n, uint64(c.Line))
	}
	done, end, err = shmem.WriteFrom(t, x.file, pos, n, p.buffer(c), uint64(c.Line))
	return done, end, modelled(err)
}

// sysTruncate is truncate(path, length). As with openat, the path is a descriptor's.
// What the descriptor is open for makes no difference: only the file is looked at.
//
// Kernel: fs/open.c do_sys_truncate and vfs_truncate, all versions.
func sysTruncate(t *sched.Task, p *Proc, c *Call, _ *Result) (int64, error) {
	if c.Args[1] < 0 {
		return 0, t.Refuse(abi.EINVAL, "do_sys_truncate", sched.Fact{Name: "length", Value: c.Args[1]})
	}
	file, err := p.procFile(t, c.Str)
	if err != nil {
		return 0, err
	}
	ino := inode.FileOf(t, file).Inode
	switch inode.Of(t, ino).Kind {
	case inode.Shmem:
		return 0, shmem.TruncateInode(t, ino, c.Args[1])
	case inode.Hugetlb:
		return 0, hugetlbfs.TruncateInode(t, ino, c.Args[1])
	case inode.Pipe, inode.Socket:
		return 0, t.Refuse(abi.EINVAL, "vfs_truncate S_ISREG")
	}
	return 0, ErrNotModelled
}

// sysCopyFileRange is copy_file_range(in, off_in, out, off_out, length, flags);
// offsets that are not given are -1.
//
// Kernel: fs/read_write.c copy_file_range, v5.19 and later.
func sysCopyFileRange(t *sched.Task, p *Proc, c *Call, _ *Result) (int64, error) {
	if !t.Profile().CopyFileRange {
		return 0, ErrNotModelled
	}
	in, err := p.openIO(t, c.Args[0], 0, "copy_file_range")
	if err != nil {
		return 0, err
	}
	out, err := p.openIO(t, c.Args[2], 0, "copy_file_range")
	switch {
	case err != nil:
		return 0, err
	case !known(in.i.Kind) || !known(out.i.Kind), in.i.Kind == inode.Hugetlb && out.i.Kind == inode.Hugetlb:
		return 0, ErrNotModelled
	}
	return pin.CopyRange(t, in.file, c.Args[1], out.file, c.Args[3], c.Args[4], c.Args[5])
}
