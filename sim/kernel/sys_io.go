package kernel

import (
	"errors"
	"math"

	"sealab/sim/abi"
	"sealab/sim/hugetlbfs"
	"sealab/sim/inode"
	"sealab/sim/mm"
	"sealab/sim/mutant"
	"sealab/sim/pin"
	"sealab/sim/sched"
	"sealab/sim/shmem"
)

// io is a read or a write on its way: the open file and what is known of it.
type io struct {
	file sched.ID
	f    inode.Opened
	i    inode.Fixed
}

// openIO finds the file of a read or write.
func (p *Proc) openIO(t *sched.Task, fd int64, need inode.FMode, check string) (io, error) {
	id, err := p.file(t, fd, check)
	if err != nil {
		return io{}, err
	}
	x := io{file: id, f: inode.FileOf(t, id)}
	if err := x.f.May(t, need, check); err != nil {
		return io{}, err
	}
	x.i = inode.Of(t, x.f.Inode)
	return x, nil
}

// openSeekable is openIO for a read or write at an offset. That a pipe has none is
// asked before what it is open for.
//
// Kernel: include/linux/fs.h FMODE_PREAD and FMODE_PWRITE, all versions.
func (p *Proc) openSeekable(t *sched.Task, fd int64, need inode.FMode, check string) (io, error) {
	x, err := p.openIO(t, fd, 0, check)
	switch {
	case err != nil:
		return x, err
	case x.i.Kind == inode.Pipe || x.i.Kind == inode.Socket:
		return x, t.Refuse(abi.ESPIPE, "FMODE_PREAD")
	}
	return x, x.f.May(t, need, check)
}

func (x *io) nonblock() bool { return x.f.Flags&abi.ONonblock != 0 }

// sysRead is read(fd, buf, count), and readv with the sum of its lengths.
//
// Kernel: fs/read_write.c ksys_read, all versions.
func sysRead(t *sched.Task, p *Proc, c *Call, _ *Result) (int64, error) {
	x, err := p.openIO(t, c.Args[0], inode.Readable, "vfs_read")
	if err = x.accessOK(t, c, err); err != nil {
		return 0, err
	}
	n := min(c.Args[2], abi.MaxRWCount)
	switch {
	case n < 0:
		return 0, t.Refuse(abi.EINVAL, "rw_verify_area")
	case x.i.Kind == inode.Pipe && c.Args[4] != 0:
		return 0, ErrNotModelled
	case x.i.Kind == inode.Pipe:
		return pin.ReadPipe(t, x.i.Info, n, x.nonblock())
	case x.i.Kind == inode.Socket && c.Args[4] == 0:
		return x.recv(t, n)
	case x.i.Kind == inode.Userfault && c.Args[4] == 0:
		return mm.ReadUffd(t, x.i.Info, n, x.nonblock())
	case !x.i.Kind.Sealable():
		return p.direct(t, x, c, true)
	}
	if err := x.perCall(t, c.Args[4], n); err != nil {
		return 0, err
	}
	pos := inode.Pos(t, x.file)
	done, err := shmem.ReadTo(t, x.f.Inode, pos, n, p.buffer(c))
	inode.SetPos(t, x.file, pos+done)
	return done, modelled(err)
}

// sysPread is pread64(fd, buf, count, offset).
//
// Kernel: fs/read_write.c ksys_pread64, all versions.
func sysPread(t *sched.Task, p *Proc, c *Call, _ *Result) (int64, error) {
	if c.Args[3] < 0 {
		return 0, t.Refuse(abi.EINVAL, "ksys_pread64", sched.Fact{Name: "offset", Value: c.Args[3]})
	}
	x, err := p.openSeekable(t, c.Args[0], inode.Readable, "vfs_read")
	switch err = x.accessOK(t, c, err); {
	case err != nil:
		return 0, err
	case c.Args[2] < 0:
		return 0, t.Refuse(abi.EINVAL, "rw_verify_area")
	case !x.i.Kind.Sealable():
		return p.direct(t, x, c, true)
	}
	if err := x.perCall(t, c.Args[4], c.Args[2]); err != nil {
		return 0, err
	}
	done, err := shmem.ReadTo(t, x.f.Inode, c.Args[3], min(c.Args[2], abi.MaxRWCount), p.buffer(c))
	return done, modelled(err)
}

// sysWrite is write(fd, buf, count).
//
// Kernel: fs/read_write.c ksys_write, all versions.
func sysWrite(t *sched.Task, p *Proc, c *Call, _ *Result) (int64, error) {
	x, err := p.openIO(t, c.Args[0], inode.Writable, "vfs_write")
	if err = x.accessOK(t, c, err); err != nil {
		return 0, err
	}
	n := min(c.Args[2], abi.MaxRWCount)
	switch {
	case n < 0:
		return 0, t.Refuse(abi.EINVAL, "rw_verify_area")
	case x.i.Kind == inode.Pipe && c.Args[4] != 0:
		return 0, ErrNotModelled
	case x.i.Kind == inode.Pipe:
		if x.f.Flags&abi.ODirect != 0 {
			return pin.WritePackets(t, x.i.Info, n, x.nonblock())
		}
		return pin.WritePipe(t, x.i.Info, n, x.nonblock())
	case x.i.Kind == inode.Hugetlb:
		return 0, t.RefuseBecause(abi.EINVAL, "hugetlbfs_file_operations", sched.Fact{}, x.f.Inode)
	case x.i.Kind == inode.Socket && c.Args[4] == 0:
		return x.send(t, n, nil)
	case x.i.Kind == inode.Sysctl:
		return p.writeNoexec(t, &x, c)
	case x.i.Kind != inode.Shmem:
		return p.direct(t, x, c, false)
	}
	if err := x.perCall(t, c.Args[4], n); err != nil {
		return 0, err
	}
	done, end, err := x.write(t, p, inode.Pos(t, x.file), n, c)
	if err == nil && n > 0 {
		inode.SetPos(t, x.file, end)
	}
	return done, err
}

// sysPwrite is pwrite64(fd, buf, count, offset).
//
// Kernel: fs/read_write.c ksys_pwrite64, all versions.
func sysPwrite(t *sched.Task, p *Proc, c *Call, _ *Result) (int64, error) {
	if c.Args[3] < 0 {
		return 0, t.Refuse(abi.EINVAL, "ksys_pwrite64", sched.Fact{Name: "offset", Value: c.Args[3]})
	}
	x, err := p.openSeekable(t, c.Args[0], inode.Writable, "vfs_write")
	switch err = x.accessOK(t, c, err); {
	case err != nil:
		return 0, err
	case c.Args[2] < 0:
		return 0, t.Refuse(abi.EINVAL, "rw_verify_area")
	case x.i.Kind == inode.Hugetlb:
		return 0, t.RefuseBecause(abi.EINVAL, "hugetlbfs_file_operations", sched.Fact{}, x.f.Inode)
	case x.i.Kind != inode.Shmem:
		return p.direct(t, x, c, false)
	}
	if err := x.perCall(t, c.Args[4], c.Args[2]); err != nil {
		return 0, err
	}
	done, _, err := x.write(t, p, c.Args[3], min(c.Args[2], abi.MaxRWCount), c)
	return done, err
}

// sysLseek is lseek(fd, offset, whence).
//
// Kernel: fs/read_write.c ksys_lseek, all versions.
func sysLseek(t *sched.Task, p *Proc, c *Call, _ *Result) (int64, error) {
	x, err := p.openIO(t, c.Args[0], 0, "ksys_lseek")
	switch {
	case err != nil:
		return 0, err
	case c.Args[2] < abi.SeekSet || c.Args[2] > abi.SeekHole:
		return 0, t.Refuse(abi.EINVAL, "ksys_lseek SEEK_MAX", sched.Fact{Name: "whence", Value: c.Args[2]})
	case x.i.Kind == inode.Pipe || x.i.Kind == inode.Socket:
		return 0, t.Refuse(abi.ESPIPE, "no_llseek")
	case !x.i.Kind.Sealable():
		return 0, ErrNotModelled
	}
	at, err := shmem.Seek(t, x.f.Inode, inode.Pos(t, x.file), c.Args[1], c.Args[2])
	if err == nil {
		inode.SetPos(t, x.file, at)
	}
	return at, err
}

// sysFtruncate is ftruncate(fd, length).
//
// Kernel: fs/open.c do_sys_ftruncate, all versions.
func sysFtruncate(t *sched.Task, p *Proc, c *Call, _ *Result) (int64, error) {
	if c.Args[1] < 0 {
		return 0, t.Refuse(abi.EINVAL, "ftruncate length", sched.Fact{Name: "length", Value: c.Args[1]})
	}
	x, err := p.openIO(t, c.Args[0], 0, "do_sys_ftruncate")
	switch {
	case err != nil:
		return 0, err
	case x.i.Kind == inode.Shmem:
		return 0, shmem.Truncate(t, x.file, c.Args[1])
	case x.i.Kind == inode.Hugetlb:
		return 0, hugetlbfs.Truncate(t, x.file, c.Args[1])
	case x.i.Kind == inode.Pipe || x.i.Kind == inode.Socket:
		return 0, t.Refuse(abi.EINVAL, "S_ISREG")
	}
	return 0, ErrNotModelled
}

// truncateOpen is what O_TRUNC does.
func truncateOpen(t *sched.Task, ino sched.ID) error {
	if inode.Of(t, ino).Kind == inode.Hugetlb {
		return hugetlbfs.TruncateInode(t, ino, 0)
	}
	if t.Wrong(mutant.OpenTruncates) {
		return shmem.TruncateUnsealed(t, ino)
	}
	return shmem.TruncateInode(t, ino, 0)
}

// sysFallocate is fallocate(fd, mode, offset, length).
//
// Kernel: fs/open.c ksys_fallocate, all versions.
func sysFallocate(t *sched.Task, p *Proc, c *Call, _ *Result) (int64, error) {
	x, err := p.openIO(t, c.Args[0], 0, "ksys_fallocate")
	switch {
	case err != nil:
		return 0, err
	case x.i.Kind == inode.Shmem:
		return 0, shmem.Fallocate(t, x.file, c.Args[1], c.Args[2], c.Args[3])
	case x.i.Kind == inode.Hugetlb:
		return 0, hugetlbfs.Fallocate(t, x.file, c.Args[1], c.Args[2], c.Args[3])
	case x.i.Kind == inode.Pipe:
		if err := shmem.CheckFallocate(t, x.file, c.Args[1], c.Args[2], c.Args[3]); err != nil {
			return 0, err
		}
		return 0, t.Refuse(abi.ESPIPE, "vfs_fallocate S_ISFIFO")
	case x.i.Kind == inode.Socket:
		if err := shmem.CheckFallocate(t, x.file, c.Args[1], c.Args[2], c.Args[3]); err != nil {
			return 0, err
		}
		return 0, t.Refuse(abi.ENODEV, "vfs_fallocate S_ISREG")
	}
	return 0, ErrNotModelled
}

// sysFchmod is fchmod(fd, mode).
//
// Kernel: fs/open.c fchmod, all versions.
func sysFchmod(t *sched.Task, p *Proc, c *Call, _ *Result) (int64, error) {
	x, err := p.openIO(t, c.Args[0], 0, "fchmod")
	if err != nil {
		return 0, err
	}
	if !x.i.Kind.Sealable() {
		return 0, ErrNotModelled
	}
	return 0, shmem.Chmod(t, x.f.Inode, uint16(c.Args[1]))
}

// sysFsync is fsync(fd): tmpfs has nothing to write back.
//
// Kernel: fs/libfs.c noop_fsync, all versions.
func sysFsync(t *sched.Task, p *Proc, c *Call, _ *Result) (int64, error) {
	x, err := p.openIO(t, c.Args[0], 0, "fsync")
	if err != nil {
		return 0, err
	}
	if hasNoFsync[x.i.Kind] {
		return 0, t.Refuse(abi.EINVAL, "vfs_fsync")
	}
	return 0, nil
}

// hasNoFsync are the kinds of file that cannot be synced.
var hasNoFsync = map[inode.Kind]bool{inode.Pipe: true, inode.Ring: true, inode.Socket: true,
	inode.Udmabuf: true, inode.Dmabuf: true}

// sysPipe2 is pipe2(fds, flags).
//
// Kernel: fs/pipe.c do_pipe2, all versions.
func sysPipe2(t *sched.Task, p *Proc, c *Call, r *Result) (int64, error) {
	flags := c.Args[1]
	if flags&^(abi.OCloexec|abi.ONonblock|abi.ODirect) != 0 {
		return 0, t.Refuse(abi.EINVAL, "do_pipe2", sched.Fact{Name: "flags", Value: flags})
	}
	in, out := pin.NewPipe(t, int32(flags&(abi.ONonblock|abi.ODirect)))
	var err error
	if r.Pair[0], err = p.install(t, in, 0, flags&abi.OCloexec != 0); err != nil {
		inode.PutFile(t, out)
		return 0, err
	}
	if r.Pair[1], err = p.install(t, out, 0, flags&abi.OCloexec != 0); err != nil {
		return 0, err
	}
	return 0, nil
}

// pipeFcntl is what fcntl does with pipes only.
func (p *Proc) pipeFcntl(t *sched.Task, f sched.ID, cmd, arg int64) (int64, error) {
	i := inode.Of(t, inode.FileOf(t, f).Inode)
	switch {
	case cmd != abi.FSetpipeSz && cmd != abi.FGetpipeSz:
		return 0, ErrNotModelled
	case i.Kind != inode.Pipe:
		return 0, t.Refuse(abi.EBADF, "pipe_fcntl")
	case cmd == abi.FGetpipeSz:
		return pin.PipeSize(t, i.Info), nil
	}
	return pin.ResizePipe(t, i.Info, arg)
}

// sysSplice is splice(in, off_in, out, off_out, length, flags); offsets that are
// not given are -1.
//
// Kernel: fs/splice.c splice, all versions.
func sysSplice(t *sched.Task, p *Proc, c *Call, _ *Result) (int64, error) {
	n := c.Args[4]
	if n == 0 {
		return 0, nil
	}
	if err := pin.CheckFlags(t, c.Args[5]); err != nil {
		return 0, err
	}
	in, err := p.file(t, c.Args[0], "splice")
	if err != nil {
		return 0, err
	}
	out, err := p.file(t, c.Args[2], "splice")
	if err != nil {
		return 0, err
	}
	if n < 0 {
		n = math.MaxInt64
	}
	done, err := pin.Splice(t, in, c.Args[1], out, c.Args[3], min(n, abi.MaxRWCount), c.Args[5])
	if errors.Is(err, pin.ErrSocket) {
		loseSockets(t, in, out)
		return 0, ErrNotModelled
	}
	return done, err
}

// sysTee is tee(in, out, length, flags).
//
// Kernel: fs/splice.c tee, all versions.
func sysTee(t *sched.Task, p *Proc, c *Call, _ *Result) (int64, error) {
	if err := pin.CheckFlags(t, c.Args[3]); err != nil {
		return 0, err
	}
	if c.Args[2] == 0 {
		return 0, nil
	}
	in, err := p.file(t, c.Args[0], "tee")
	if err != nil {
		return 0, err
	}
	out, err := p.file(t, c.Args[1], "tee")
	if err != nil {
		return 0, err
	}
	return pin.Tee(t, in, out, min(uint64max(c.Args[2]), abi.MaxRWCount), c.Args[3])
}

// uint64max takes a length that does not fit in 63 bits for the largest that does.
func uint64max(n int64) int64 {
	if n < 0 {
		return math.MaxInt64
	}
	return n
}

// sysVmsplice is vmsplice(fd, iov, n, flags), to a pipe.
//
// Kernel: fs/splice.c vmsplice, all versions.
func sysVmsplice(t *sched.Task, p *Proc, c *Call, _ *Result) (int64, error) {
	if err := pin.CheckFlags(t, c.Args[3]); err != nil {
		return 0, err
	}
	x, err := p.openIO(t, c.Args[0], 0, "vmsplice")
	switch {
	case err != nil:
		return 0, err
	case x.i.Kind == inode.Pipe && x.f.Mode&inode.Writable == 0:
		return 0, ErrNotModelled
	}
	var total uint64
	for _, v := range c.Vec {
		if v.Len > math.MaxInt64 {
			return 0, t.Refuse(abi.EINVAL, "import_iovec")
		}
		if v.Base+v.Len > abi.TaskSize || v.Base+v.Len < v.Base {
			return 0, t.Refuse(abi.EFAULT, "import_iovec", sched.Fact{Name: "address", Value: int64(v.Base)})
		}
		total += v.Len
	}
	if total == 0 {
		return 0, nil
	}
	if x.i.Kind != inode.Pipe {
		return 0, t.Refuse(abi.EBADF, "get_pipe_info")
	}
	each := func(i int) (pin.Piece, bool) {
		if i >= len(c.Vec) {
			return pin.Piece{}, false
		}
		return pin.Piece(c.Vec[i]), true
	}
	return pin.Vmsplice(t, p.MM, x.i.Info, each, c.Args[3])
}

// sysSendfile is sendfile(out, in, offset, count); an offset that is not given is
// -1.
//
// Kernel: fs/read_write.c sendfile64, all versions.
func sysSendfile(t *sched.Task, p *Proc, c *Call, _ *Result) (int64, error) {
	in, err := p.openIO(t, c.Args[1], 0, "do_sendfile")
	if err != nil {
		return 0, err
	}
	if !known(in.i.Kind) {
		return 0, ErrNotModelled
	}
	if err := pin.CheckSendfile(t, in.file, c.Args[2], c.Args[3]); err != nil {
		return 0, err
	}
	out, err := p.openIO(t, c.Args[0], 0, "do_sendfile")
	if err != nil {
		return 0, err
	}
	if out.i.Kind == inode.Socket {
		return 0, out.lose(t)
	}
	if !known(out.i.Kind) {
		return 0, ErrNotModelled
	}
	return pin.Sendfile(t, out.file, in.file, c.Args[2], min(c.Args[3], abi.MaxRWCount))
}

// known says whether files of a kind can be read and written in the model.
func known(k inode.Kind) bool { return k.Sealable() || k == inode.Pipe }

// sysProcessVM is process_vm_readv and process_vm_writev: it copies between two
// address spaces, and Call.MM is the other one.
//
// Kernel: mm/process_vm_access.c process_vm_rw, v3.2 and later.
func sysProcessVM(write bool) handler {
	return func(t *sched.Task, p *Proc, c *Call, _ *Result) (int64, error) {
		if c.Args[5] != 0 {
			return 0, t.Refuse(abi.EINVAL, "process_vm_rw", sched.Fact{Name: "flags", Value: c.Args[5]})
		}
		var local uint64 // one call moves no more than a read does
		for _, v := range c.Vec {
			local += min(v.Len, abi.MaxRWCount-local)
		}
		if c.MM == 0 {
			c.MM = p.MM
		}
		mm.Get(t, c.MM) // its process may exit meanwhile
		defer mm.Put(t, c.MM)
		var total uint64
		for _, v := range c.Remote {
			n := min(v.Len, local-total)
			if n == 0 {
				continue
			}
			var done uint64
			var err error
			if write {
				done, err = mm.WriteRemote(t, c.MM, v.Base, n, uint64(c.Line))
			} else {
				done, _, err = mm.ReadRemote(t, c.MM, v.Base, n)
			}
			if total += done; err != nil {
				if total > 0 {
					break
				}
				return 0, err
			}
		}
		return int64(total), nil
	}
}
