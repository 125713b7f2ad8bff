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
	dst = binary.LittleEndian.AppendUint32(dst, uint32(f.Users))
	for i, s := range f.Slots {
		if s.File != 0 {
			cloexec := byte(0)
			if s.CloExec {
				cloexec = 1
			}
			dst = binary.LittleEndian.AppendUint32(append(dst, cloexec), uint32(i))
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

// lookup is the result of looking up a descriptor: what is there, and whether other
// processes use the table too.
type lookup struct {
	FD
	shared bool
}

var (
	fdLookup = sched.NewOp("fdget", sched.Read, func(f *FDTable, fd int64) lookup {
		if f.File(fd) == 0 {
			return lookup{}
		}
		return lookup{f.Slots[fd], f.Users > 1}
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
	// fdFlag changes what exec does with a descriptor, if it is there.
	fdFlag = sched.NewOp("set_close_on_exec", sched.Write, func(f *FDTable, a setArg) bool {
		if f.File(a.fd) == 0 {
			return false
		}
		f.Slots[a.fd].CloExec = a.to.CloExec
		return true
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

// fget returns the open file of a descriptor, with a reference where another process
// could close the descriptor meanwhile; done gives it back.
//
// Kernel: fs/file.c __fget_light, all versions.
func (p *Proc) fget(t *sched.Task, fd int64, check string) (sched.ID, error) {
	l := fdLookup.On(t, p.FDs, fd)
	if l.shared {
		t.RCUReadLock()
		for {
			if l = fdLookup.On(t, p.FDs, fd); l.File == 0 || inode.TryGetFile(t, l.File) {
				break
			}
		}
		t.RCUReadUnlock()
		if l.File != 0 {
			p.borrowed = append(p.borrowed, l.File)
		}
	}
	if l.File == 0 {
		return 0, t.Refuse(abi.EBADF, check, sched.Fact{Name: "descriptor", Value: fd})
	}
	return l.File, nil
}

// file is fget for all that reads, writes or asks something of the file: O_PATH
// does not do.
//
// Kernel: fs/file.c fdget, v3.10 and later.
func (p *Proc) file(t *sched.Task, fd int64, check string) (sched.ID, error) {
	f, err := p.fget(t, fd, check)
	if err != nil {
		return 0, err
	}
	return f, notPath(t, f, fd)
}

// notPath refuses with EBADF what was opened with O_PATH.
func notPath(t *sched.Task, f sched.ID, fd int64) error {
	if inode.FileOf(t, f).Mode&inode.PathOnly != 0 {
		return t.RefuseBecause(abi.EBADF, "FMODE_PATH", sched.Fact{Name: "descriptor", Value: fd}, f)
	}
	return nil
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
	f := sched.ID(0)
	if fd >= 0 && fd < maxFD && fdLookup.On(t, p.FDs, fd).File != 0 {
		f = fdSet.On(t, p.FDs, setArg{fd: fd})
	}
	if f == 0 {
		return t.Refuse(abi.EBADF, "close_fd", sched.Fact{Name: "descriptor", Value: fd})
	}
	inode.PutFile(t, f)
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
// Differs: no lock keeps other threads from changing the table meanwhile.
func (p *Proc) copyFDs(t *sched.Task) sched.ID {
	c := &FDTable{Users: 1}
	t.RCUReadLock()
	for fd := int64(0); ; {
		a := fdNext.On(t, p.FDs, fd)
		if a.fd < 0 {
			break
		}
		if fd = a.fd; inode.TryGetFile(t, a.to.File) {
			c.set(fd, a.to)
			fd++
		}
	}
	t.RCUReadUnlock()
	return sched.New(t, c)
}
