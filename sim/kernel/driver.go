package kernel

import (
	"sealab/sim/abi"
	"sealab/sim/inode"
	"sealab/sim/mm"
	"sealab/sim/sched"
)

// What a driver does to a machine that stands still, because the log that it
// plays shows that the world is so.

// MoveFD gives a descriptor another number, unless something of ours is open at
// that one. What is not ours there gives way.
func (k *Kernel) MoveFD(p *Proc, from, to int64) bool {
	t := sched.Peek[FDTable](k.S.World(), p.FDs)
	if to < 0 || to >= maxFD || t.File(from) == 0 {
		return false
	}
	if old := t.File(to); old != 0 {
		if k.ours(old) {
			return false
		}
		k.Do(func(t *sched.Task) { inode.PutFile(t, old) })
	}
	t.set(to, t.Slots[from])
	t.Slots[from] = FD{}
	return true
}

// ours says whether an open file is of a kind that is modelled.
func (k *Kernel) ours(file sched.ID) bool { return k.KindOf(file) != inode.Anonymous }

// KindOf returns the kind of an open file.
func (k *Kernel) KindOf(file sched.ID) inode.Kind {
	f := sched.Peek[inode.File](k.S.World(), file)
	return sched.Peek[inode.Inode](k.S.World(), f.Inode).Kind
}

// FileAt returns the open file at a descriptor of a process, 0 if there is none.
func (k *Kernel) FileAt(p *Proc, fd int64) sched.ID {
	return sched.Peek[FDTable](k.S.World(), p.FDs).File(fd)
}

// OpenOther opens something that is not modelled at a descriptor (0 to 2^20-1).
func (k *Kernel) OpenOther(p *Proc, fd int64, kind inode.Kind, name string, mode inode.FMode) {
	if fd >= 0 && fd < maxFD {
		k.Do(func(t *sched.Task) { p.openOther(t, kind, name, fd, mode) })
	}
}

// openOther opens something that is not modelled at a descriptor, in place of
// what was there.
func (p *Proc) openOther(t *sched.Task, kind inode.Kind, name string, fd int64, mode inode.FMode) {
	ino := inode.New(t, inode.Inode{Kind: kind, Name: name, Mode: 0o600})
	f := inode.Open(t, ino, mode, abi.ORdwr)
	if old := fdSet.On(t, p.FDs, setArg{fd, FD{File: f}}); old != 0 {
		inode.PutFile(t, old)
	}
}

// SendFile opens a file of one process at a descriptor of another, as a message
// with SCM_RIGHTS does.
func (k *Kernel) SendFile(file sched.ID, to *Proc, fd int64, cloexec bool) {
	if fd < 0 || fd >= maxFD {
		return
	}
	k.Do(func(t *sched.Task) {
		inode.GetFile(t, file)
		if old := fdSet.On(t, to.FDs, setArg{fd, FD{file, cloexec}}); old != 0 {
			inode.PutFile(t, old)
		}
	})
}

// MapOther maps private memory at addresses where the log shows that there is
// some. It says whether that was possible.
func (k *Kernel) MapOther(p *Proc, start, end uint64) (ok bool) {
	k.Do(func(t *sched.Task) {
		_, err := mm.Map(t, p.MM, mm.MapArgs{
			Addr: start, Len: end - start, Prot: abi.ProtRead | abi.ProtWrite,
			Flags: abi.MapPrivate | abi.MapAnonymous | abi.MapFixedNoreplace | abi.MapFixed,
		})
		ok = err == nil
	})
	return ok
}

// Mapped says whether any address in [start, end) is mapped.
func (k *Kernel) Mapped(p *Proc, start, end uint64) bool {
	v := mm.Lookup(k.S.World(), p.MM, start)
	return v.OK() && v.Start < end
}

// Replace puts a fresh task in the place of one that would wait for ever in a
// call. Its locks are let go, its references forgotten.
func (k *Kernel) Replace(p *Proc) *Proc {
	q := &Proc{kernel: k, MM: p.MM, FDs: p.FDs}
	num := int32(p.Task.Num)
	k.S.Kill(p.Task)
	k.S.World().Each(func(_ sched.ID, o sched.Object) {
		switch l := o.(type) {
		case *sched.RWSem:
			if l.Writer == num {
				l.Writer = 0
			}
		case *sched.SpinLock:
			if l.Owner == num {
				l.Owner = 0
			}
		}
	})
	k.procs = without(k.procs, p)
	k.spawn(p.Task.Name, p.Task.CPU, q)
	return q
}

func without(ps []*Proc, p *Proc) []*Proc {
	for i, q := range ps {
		if q == p {
			return append(ps[:i:i], ps[i+1:]...)
		}
	}
	return ps
}
