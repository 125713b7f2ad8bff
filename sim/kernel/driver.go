package kernel

import (
	"math"

	"sealab/sim/abi"
	"sealab/sim/folio"
	"sealab/sim/inode"
	"sealab/sim/mm"
	"sealab/sim/pin"
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

// MakeTmpfs makes a file of another file system one of tmpfs, which has all seals
// refused from the start.
func (k *Kernel) MakeTmpfs(file sched.ID) {
	f := sched.Peek[inode.File](k.S.World(), file)
	i := sched.Peek[inode.Inode](k.S.World(), f.Inode)
	i.Kind, i.Seals = inode.Tmpfs, abi.SealSeal
}

// Other is something that is not modelled, as an open file.
type Other struct {
	Kind    inode.Kind
	Name    string // for people
	Mode    inode.FMode
	CloExec bool // closed by an exec
}

// OpenOther opens something that is not modelled at a descriptor (0 to 2^20-1).
func (k *Kernel) OpenOther(p *Proc, fd int64, o Other) {
	if fd >= 0 && fd < maxFD {
		k.Do(func(t *sched.Task) { p.openOther(t, fd, o) })
	}
}

// openOther opens something that is not modelled at a descriptor, in place of
// what was there.
func (p *Proc) openOther(t *sched.Task, fd int64, o Other) {
	ino := inode.New(t, inode.Inode{Kind: o.Kind, Name: o.Name, Mode: 0o600})
	f := inode.Open(t, ino, o.Mode, abi.ORdwr)
	if old := fdSet.On(t, p.FDs, setArg{fd, FD{f, o.CloExec}}); old != 0 {
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

// LoseSocket says that something was done to the socket at a descriptor which the model
// does not have, if there is one.
func (k *Kernel) LoseSocket(p *Proc, fd int64) {
	if f := k.FileAt(p, fd); f != 0 && k.KindOf(f) == inode.Socket {
		k.Do(func(t *sched.Task) { loseSockets(t, f) })
	}
}

// MapOther maps private memory at addresses where the log shows that there is
// some, or with replace in place of what is there. It says whether that was
// possible.
func (k *Kernel) MapOther(p *Proc, start, end uint64, replace bool) (ok bool) {
	flags := uint64(abi.MapPrivate | abi.MapAnonymous | abi.MapFixed)
	if !replace {
		flags |= abi.MapFixedNoreplace
	}
	k.Do(func(t *sched.Task) {
		_, err := mm.Map(t, p.MM, mm.MapArgs{
			Addr: start, Len: end - start, Prot: abi.ProtRead | abi.ProtWrite, Flags: flags,
		})
		ok = err == nil
	})
	return ok
}

// MapAnywhere maps n bytes of private memory where there is room, and returns its
// address, 0 if there is no room.
func (k *Kernel) MapAnywhere(p *Proc, n uint64) (addr uint64) {
	k.Do(func(t *sched.Task) {
		addr, _ = mm.Map(t, p.MM, mm.MapArgs{
			Len: n, Prot: abi.ProtRead | abi.ProtWrite, Flags: abi.MapPrivate | abi.MapAnonymous,
		})
	})
	return addr
}

// Unmap unmaps n bytes from an address on.
func (k *Kernel) Unmap(p *Proc, addr, n uint64) {
	k.Do(func(t *sched.Task) { _ = mm.Unmap(t, p.MM, addr, n) })
}

// Maps says whether a process maps the file behind an open file.
func (k *Kernel) Maps(p *Proc, file sched.ID) (maps bool) {
	f := sched.Peek[inode.File](k.S.World(), file)
	mm.EachVMA(k.S.World(), p.MM, func(v mm.VMA) { maps = maps || v.File != 0 && v.Inode == f.Inode })
	return maps
}

// EmptyPipes reads what pipes hold of the file behind an open file, and says whether
// there was anything.
func (k *Kernel) EmptyPipes(file sched.ID) (some bool) {
	f := sched.Peek[inode.File](k.S.World(), file)
	i := sched.Peek[inode.Inode](k.S.World(), f.Inode)
	k.Do(func(t *sched.Task) { some = pin.EmptyPipes(t, i.Map.Pages) })
	return some
}

// CloseFD closes a descriptor.
func (k *Kernel) CloseFD(p *Proc, fd int64) {
	k.Do(func(t *sched.Task) { _ = p.closeFD(t, fd) })
}

// HoldPage lets somebody hold the first page of the memfd at a descriptor, until
// LetGo; line is the log line that may have made it so. Who writes to a page makes
// it if there is none. The result is 0 where there can be no page.
func (k *Kernel) HoldPage(p *Proc, fd, line int64) (io sched.ID) {
	file := k.FileAt(p, fd)
	if file == 0 {
		return 0
	}
	k.Do(func(t *sched.Task) {
		id := inode.FileOf(t, file).Inode
		ino := inode.Of(t, id)
		if !ino.Kind.Sealable() {
			return
		}
		page := ino.Map.Find(t, 0, math.MaxUint64).Folio()
		if page == 0 {
			page, _ = inode.Ops(ino.Kind).Fault(t, id, 0, true)
			if page == 0 {
				return
			}
			defer folio.Release(t, page)
		}
		t.Origin = line
		io = pin.HoldUnseen(t, page)
	})
	return io
}

// LetGo ends what HoldPage began.
func (k *Kernel) LetGo(io sched.ID) { k.Do(func(t *sched.Task) { pin.End(t, io) }) }

// Mapped says whether any address in [start, end) is mapped.
func (k *Kernel) Mapped(p *Proc, start, end uint64) bool {
	v := mm.Lookup(k.S.World(), p.MM, start)
	return v.OK() && v.Start < end
}

// Folios returns how many folios somebody refers to.
func (k *Kernel) Folios() int64 {
	return sched.Peek[folio.Frames](k.S.World(), folio.FramesID).Used
}

// Replace puts a fresh task in the place of one that would wait for ever in a
// call. Its locks are let go, its references forgotten.
func (k *Kernel) Replace(p *Proc) *Proc {
	q := &Proc{kernel: k, MM: p.MM, FDs: p.FDs, NS: p.NS, KidsNS: p.KidsNS}
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
