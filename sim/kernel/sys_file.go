package kernel

import (
	"strconv"
	"strings"

	"sealab/sim/abi"
	"sealab/sim/inode"
	"sealab/sim/memfd"
	"sealab/sim/mutant"
	"sealab/sim/pin"
	"sealab/sim/sched"
)

// sysMemfdCreate is memfd_create(name, flags). Args[2] is -1 when the name is
// longer than what Call.Str has of it, and -2 when it cannot be read.
//
// Kernel: mm/memfd.c memfd_create, v3.17 and later.
func sysMemfdCreate(t *sched.Task, p *Proc, c *Call, _ *Result) (int64, error) {
	o := memfd.Options{BadName: c.Args[2] == -2, Noexec: noexec(t, p.NS)}
	f, err := memfd.Create(t, c.Str, uint32(c.Args[1]), o)
	if err != nil {
		return 0, err
	}
	return p.install(t, f, 0, c.Args[1]&abi.MfdCloexec != 0 && !t.Wrong(mutant.CloexecForgotten))
}

// sysFcntl is fcntl(fd, cmd, arg).
//
// Kernel: fs/fcntl.c do_fcntl, all versions.
func sysFcntl(t *sched.Task, p *Proc, c *Call, _ *Result) (int64, error) {
	fd, cmd, arg := c.Args[0], c.Args[1], c.Args[2]
	f, err := p.fget(t, fd, "fcntl")
	if err != nil {
		return 0, err
	}
	switch cmd {
	case abi.FDupfd, abi.FDupfdCloexec:
		if arg < 0 || arg >= maxFD {
			return 0, t.Refuse(abi.EINVAL, "f_dupfd", sched.Fact{Name: "lowest descriptor", Value: arg})
		}
		inode.GetFile(t, f)
		return p.install(t, f, arg, cmd == abi.FDupfdCloexec)
	case abi.FGetfd:
		if fdLookup.On(t, p.FDs, fd).CloExec {
			return abi.FdCloexec, nil
		}
		return 0, nil
	case abi.FSetfd:
		fdFlag.On(t, p.FDs, setArg{fd, FD{CloExec: arg&abi.FdCloexec != 0}})
		return 0, nil
	case abi.FGetfl:
		return int64(inode.FileOf(t, f).Flags), nil
	}
	if err := notPath(t, f, fd); err != nil {
		return 0, err
	}
	switch cmd {
	case abi.FAddSeals:
		if err := memfd.AddSeals(t, f, uint64(arg)); err != nil || !t.Wrong(mutant.AddReturnsMask) {
			return 0, err
		}
		s, err := memfd.GetSeals(t, f)
		return int64(s), err
	case abi.FGetSeals:
		s, err := memfd.GetSeals(t, f)
		return int64(s), err
	case abi.FSetfl:
		const may = abi.OAppend | abi.ONonblock | abi.ODirect | abi.ONoatime | abi.OAsync
		old := inode.FileOf(t, f).Flags
		inode.SetFlags(t, f, old&^may|int32(arg)&may)
		return 0, nil
	}
	return p.pipeFcntl(t, f, cmd, arg)
}

// sysOpenat is openat(dirfd, path, flags, mode). Only /proc/…/fd/N leads to a file
// that is modelled; what another path leads to only the driver can know.
//
// Kernel: fs/proc/fd.c proc_fd_link, all versions.
func sysOpenat(t *sched.Task, p *Proc, c *Call, _ *Result) (int64, error) {
	fd, own := procFD(c.Str)
	if !own {
		return p.openDevice(t, c)
	}
	flags := c.Args[2]
	named, err := p.fget(t, fd, "proc_fd_link")
	if err != nil {
		return 0, t.Refuse(abi.ENOENT, "proc_fd_link", sched.Fact{Name: "descriptor", Value: fd})
	}
	ino := inode.FileOf(t, named).Inode
	mode, ok := openMode(flags)
	if !ok || !openable(t, ino) {
		return 0, ErrNotModelled
	}
	if err := openLink(t, flags, ino); err != nil {
		return 0, err
	}
	kind := inode.Of(t, ino).Kind
	if mode&inode.PathOnly == 0 && kind == inode.Socket {
		return 0, t.RefuseBecause(abi.ENXIO, "sock_no_open", sched.Fact{Name: "descriptor", Value: fd}, ino)
	}
	isPipe := kind == inode.Pipe
	if flags&abi.OTrunc != 0 && mode&inode.PathOnly == 0 && !isPipe {
		if err := truncateOpen(t, ino); err != nil {
			return 0, err
		}
	}
	const kept = abi.OAccmode | abi.OAppend | abi.ONonblock | abi.ODirect | abi.OSync | abi.OPath | abi.ONoatime
	flags = flags&kept | abi.OLargefile
	if mode&inode.PathOnly != 0 {
		flags = abi.OPath
	}
	open := inode.Open
	if isPipe {
		open = pin.OpenPipe
	}
	f := open(t, ino, mode, int32(flags))
	return p.install(t, f, 0, c.Args[2]&abi.OCloexec != 0)
}

// openLink refuses the flags that do not suit a link to a regular file that is there.
//
// Kernel: fs/namei.c do_open, all versions.
func openLink(t *sched.Task, flags int64, ino sched.ID) error {
	fact := sched.Fact{Name: "flags", Value: flags}
	switch {
	case flags&abi.OPath != 0 && flags&abi.ONofollow != 0, flags&abi.OTmpfile == abi.OTmpfile,
		flags&abi.OCreat != 0 && flags&abi.ODirectory != 0:
		return ErrNotModelled
	case flags&abi.OPath == 0 && flags&(abi.OCreat|abi.OExcl) == abi.OCreat|abi.OExcl:
		return t.RefuseBecause(abi.EEXIST, "do_open O_EXCL", fact, ino)
	case flags&abi.ONofollow != 0:
		return t.Refuse(abi.ELOOP, "pick_link LOOKUP_FOLLOW", fact)
	case flags&abi.ODirectory != 0:
		return t.RefuseBecause(abi.ENOTDIR, "do_open LOOKUP_DIRECTORY", fact, ino)
	}
	return nil
}

// openable says whether a file of ours can be opened again by its name in /proc.
func openable(t *sched.Task, ino sched.ID) bool {
	k := inode.Of(t, ino).Kind
	return known(k) || k == inode.Socket
}

// openMode returns what an open file may be used for, by its flags.
func openMode(flags int64) (inode.FMode, bool) {
	if flags&abi.OPath != 0 {
		return inode.PathOnly, true
	}
	switch flags & abi.OAccmode {
	case abi.ORdonly:
		return inode.Readable, true
	case abi.OWronly:
		return inode.Writable, true
	case abi.ORdwr:
		return inode.Readable | inode.Writable, true
	}
	return 0, false
}

// procFile returns the open file of the process that a path in /proc leads to.
//
// ENOENT: there is none. ErrNotModelled: the path leads elsewhere.
//
// Kernel: fs/proc/fd.c proc_fd_link, all versions.
func (p *Proc) procFile(t *sched.Task, path string) (sched.ID, error) {
	fd, own := procFD(path)
	if !own {
		return 0, ErrNotModelled
	}
	file, err := p.fget(t, fd, "proc_fd_link")
	if err != nil {
		return 0, t.Refuse(abi.ENOENT, "proc_fd_link", sched.Fact{Name: "descriptor", Value: fd})
	}
	return file, nil
}

// procFD reads a path of the form /proc/self/fd/N.
func procFD(path string) (fd int64, ok bool) {
	rest, ok := strings.CutPrefix(path, "/proc/self/fd/")
	if !ok {
		rest, ok = strings.CutPrefix(path, "/dev/fd/")
	}
	if !ok {
		rest, ok = strings.CutPrefix(path, "/proc/thread-self/fd/")
	}
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseInt(rest, 10, 32)
	return n, err == nil && n >= 0
}

// DescriptorLink says whether a path is the link of a process's own descriptor.
func DescriptorLink(path string) bool {
	_, ok := procFD(path)
	return ok
}

// sysReadlink is readlink(path, buffer, size) of such a link: that of a memfd says how it was
// called, and that it has no other name.
//
// Kernel: fs/proc/base.c do_proc_readlink, all versions.
func sysReadlink(t *sched.Task, p *Proc, c *Call, r *Result) (int64, error) {
	if int32(c.Args[2]) <= 0 {
		return 0, t.Refuse(abi.EINVAL, "do_readlinkat", sched.Fact{Name: "size", Value: c.Args[2]})
	}
	file, err := p.procFile(t, c.Str)
	if err != nil {
		return 0, err
	}
	ino := inode.FileOf(t, file).Inode
	if !inode.Of(t, ino).Kind.Sealable() {
		return 0, ErrNotModelled
	}
	r.Text = "/memfd:" + inode.NameOf(t, ino) + " (deleted)"
	r.Text = r.Text[:min(int64(len(r.Text)), c.Args[2])]
	return int64(len(r.Text)), nil
}

// sysClose is close(fd).
//
// Kernel: fs/open.c close, all versions.
func sysClose(t *sched.Task, p *Proc, c *Call, _ *Result) (int64, error) {
	return 0, p.closeFD(t, c.Args[0])
}

// sysCloseRange is close_range(first, last, flags).
//
// Kernel: fs/file.c close_range, v5.9 and later.
func sysCloseRange(t *sched.Task, p *Proc, c *Call, _ *Result) (int64, error) {
	first, last, flags := c.Args[0], c.Args[1], c.Args[2]
	if first > last || first < 0 || flags != 0 {
		if flags != 0 {
			return 0, ErrNotModelled
		}
		return 0, t.Refuse(abi.EINVAL, "close_range")
	}
	for fd := first; ; fd++ {
		a := fdNext.On(t, p.FDs, fd)
		if fd = a.fd; fd < 0 || fd > last {
			return 0, nil
		}
		if f := fdSet.On(t, p.FDs, setArg{fd: fd}); f != 0 {
			inode.PutFile(t, f)
		}
	}
}

// sysDup is dup(fd).
//
// Kernel: fs/file.c dup, all versions.
func sysDup(t *sched.Task, p *Proc, c *Call, _ *Result) (int64, error) {
	f, err := p.fget(t, c.Args[0], "dup")
	if err != nil {
		return 0, err
	}
	inode.GetFile(t, f)
	return p.install(t, f, 0, false)
}

// sysDup3 is dup3(old, new, flags), and dup2 with flags of 0.
//
// Kernel: fs/file.c ksys_dup3, all versions.
func sysDup3(t *sched.Task, p *Proc, c *Call, _ *Result) (int64, error) {
	from, to, flags := c.Args[0], c.Args[1], c.Args[2]
	if flags&^abi.OCloexec != 0 || from == to {
		return 0, t.Refuse(abi.EINVAL, "ksys_dup3")
	}
	f, err := p.fget(t, from, "ksys_dup3")
	if to < 0 || to >= maxFD || err != nil {
		return 0, t.Refuse(abi.EBADF, "ksys_dup3", sched.Fact{Name: "descriptor", Value: from})
	}
	inode.GetFile(t, f)
	if old := fdSet.On(t, p.FDs, setArg{to, FD{f, flags&abi.OCloexec != 0}}); old != 0 {
		inode.PutFile(t, old)
	}
	return to, nil
}

// sysDup2 is dup2(old, new), which has no objection to both being the same.
//
// Kernel: fs/file.c dup2, all versions.
func sysDup2(t *sched.Task, p *Proc, c *Call, r *Result) (int64, error) {
	if c.Args[0] != c.Args[1] {
		return sysDup3(t, p, c, r)
	}
	if fdLookup.On(t, p.FDs, c.Args[0]).File == 0 {
		return 0, t.Refuse(abi.EBADF, "dup2", sched.Fact{Name: "descriptor", Value: c.Args[0]})
	}
	return c.Args[1], nil
}
