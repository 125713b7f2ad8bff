package kernel

import (
	"encoding/binary"

	"sealab/sim/abi"
	"sealab/sim/inode"
	"sealab/sim/sched"
)

// maxFD is the first descriptor that cannot be: the usual hard limit.
const maxFD = 1 << 20

// FD is a place in a descriptor table.
type FD struct {
	File    sched.ID // an open file, 0 for a free place
	CloExec bool
}

// FDTable is what a process's descriptors mean. Processes made with CLONE_FILES
// share one.
//
// Kernel: include/linux/fdtable.h files_struct, all versions.
type FDTable struct {
	Slots []FD
	Users int32
}

// Clone returns an independent copy.
func (f *FDTable) Clone() sched.Object {
	return &FDTable{append([]FD(nil), f.Slots...), f.Users}
}

// Encode appends the canonical encoding.
func (f *FDTable) Encode(dst []byte) []byte {
	for i, s := range f.Slots {
		if s.File != 0 {
			dst = binary.LittleEndian.AppendUint32(dst, uint32(i))
			dst = binary.LittleEndian.AppendUint32(dst, uint32(s.File))
		}
	}
	return append(dst, 0xff)
}

// File returns the open file of a descriptor, 0 if there is none.
func (f *FDTable) File(fd int64) sched.ID {
	if fd < 0 || fd >= int64(len(f.Slots)) {
		return 0
	}
	return f.Slots[fd].File
}

type installArg struct {
	file  sched.ID
	min   int64
	close bool
}

type setArg struct {
	fd int64
	to FD
}

// lookup is the result of looking up a descriptor: the open file, and whether
// other processes use the table too.
type lookup struct {
	file   sched.ID
	shared bool
}

var (
	fdLookup = sched.NewOp("fdget", sched.Read, func(f *FDTable, fd int64) lookup {
		return lookup{f.File(fd), f.Users > 1}
	})
	fdInstall = sched.NewOp("fd_install", sched.Write, func(f *FDTable, a installArg) int64 {
		fd := a.min
		for fd < int64(len(f.Slots)) && f.Slots[fd].File != 0 {
			fd++
		}
		if fd >= maxFD {
			return -1
		}
		f.set(fd, FD{a.file, a.close})
		return fd
	})
	// fdSet changes one place and returns the file that was there.
	fdSet = sched.NewOp("fd_install", sched.Write, func(f *FDTable, a setArg) sched.ID {
		old := f.File(a.fd)
		f.set(a.fd, a.to)
		return old
	})
	// fdNext returns the first used descriptor at or above a number, or -1.
	fdNext = sched.NewOp("find_next_fd", sched.Read, func(f *FDTable, from int64) setArg {
		for fd := from; fd < int64(len(f.Slots)); fd++ {
			if f.Slots[fd].File != 0 {
				return setArg{fd, f.Slots[fd]}
			}
		}
		return setArg{fd: -1}
	})
	fdUsers = sched.NewOp("files->count", sched.Write, func(f *FDTable, n int32) int32 {
		f.Users += n
		return f.Users
	})
)

func (f *FDTable) set(fd int64, to FD) {
	for fd >= int64(len(f.Slots)) {
		f.Slots = append(f.Slots, FD{})
	}
	f.Slots[fd] = to
}

// file returns the open file of a descriptor, with a reference where another
// process could close the descriptor meanwhile; done gives it back.
//
// Kernel: fs/file.c __fget_light, all versions.
func (p *Proc) file(t *sched.Task, fd int64, check string) (sched.ID, error) {
	l := fdLookup.On(t, p.FDs, fd)
	if l.file == 0 {
		return 0, t.Refuse(abi.EBADF, check, sched.Fact{Name: "descriptor", Value: fd})
	}
	if inode.FileOf(t, l.file).Mode&inode.PathOnly != 0 {
		return 0, t.RefuseBecause(abi.EBADF, "FMODE_PATH", sched.Fact{Name: "descriptor", Value: fd}, l.file)
	}
	if l.shared {
		inode.GetFile(t, l.file)
		p.borrowed = append(p.borrowed, l.file)
	}
	return l.file, nil
}

// done gives back the references that file took during a call.
func (p *Proc) done(t *sched.Task) {
	for len(p.borrowed) > 0 {
		n := len(p.borrowed) - 1
		f := p.borrowed[n]
		p.borrowed = p.borrowed[:n]
		inode.PutFile(t, f)
	}
}

// install puts an open file, whose reference it takes over, at the lowest free
// descriptor from min up.
//
// Kernel: fs/file.c alloc_fd, all versions.
func (p *Proc) install(t *sched.Task, file sched.ID, min int64, cloexec bool) (int64, error) {
	fd := fdInstall.On(t, p.FDs, installArg{file, min, cloexec})
	if fd < 0 {
		inode.PutFile(t, file)
		return 0, t.Refuse(abi.EMFILE, "alloc_fd")
	}
	return fd, nil
}

// closeFD closes one descriptor.
//
// Kernel: fs/file.c close_fd, all versions.
func (p *Proc) closeFD(t *sched.Task, fd int64) error {
	if fd < 0 || fd >= maxFD || fdLookup.On(t, p.FDs, fd).file == 0 {
		return t.Refuse(abi.EBADF, "close_fd", sched.Fact{Name: "descriptor", Value: fd})
	}
	inode.PutFile(t, fdSet.On(t, p.FDs, setArg{fd: fd}))
	return nil
}

// closeAll closes the descriptors of a process that is gone, or with cloexec
// only those that an exec closes. A table that others use stays as it is.
//
// Kernel: fs/file.c put_files_struct and do_close_on_exec, all versions.
func (p *Proc) closeAll(t *sched.Task, cloexec bool) {
	if !cloexec && fdUsers.On(t, p.FDs, -1) > 0 {
		return
	}
	for fd := int64(0); ; fd++ {
		a := fdNext.On(t, p.FDs, fd)
		if a.fd < 0 {
			break
		}
		if fd = a.fd; a.to.CloExec || !cloexec {
			inode.PutFile(t, fdSet.On(t, p.FDs, setArg{fd: fd}))
		}
	}
	if !cloexec {
		sched.Free(t, p.FDs)
	}
}

// copyFDs returns a copy of the table for a child.
//
// Kernel: fs/file.c dup_fd, all versions.
func (p *Proc) copyFDs(t *sched.Task) sched.ID {
	c := &FDTable{Users: 1}
	for fd := int64(0); ; fd++ {
		a := fdNext.On(t, p.FDs, fd)
		if a.fd < 0 {
			return sched.New(t, c)
		}
		fd = a.fd
		inode.GetFile(t, a.to.File)
		c.set(fd, a.to)
	}
}
