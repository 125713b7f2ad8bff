package mm

import (
	"sealab/sim/abi"
	"sealab/sim/inode"
	"sealab/sim/mutant"
	"sealab/sim/profile"
	"sealab/sim/sched"
)

// RemapArgs is what a program gives to mremap.
type RemapArgs struct {
	Addr    uint64 // where the mapping is
	OldLen  uint64 // bytes of it; 0 makes a second mapping of the same pages
	NewLen  uint64 // bytes it shall have
	Flags   uint64 // abi.MremapMaymove …
	NewAddr uint64 // where it shall go, with MREMAP_FIXED; else a wish with MREMAP_DONTUNMAP

	// Place is the address that a recorded run got; 0 lets the model choose.
	Place uint64
}

// Remap moves a mapping or changes its length, and returns its address.
//
// EINVAL: bad flags, an unaligned address, a new length of 0, ranges that overlap,
// an old length of 0 of private memory. EFAULT: nothing is mapped at Addr, or the
// old range does not lie in one mapping. ENOMEM: no room, without MREMAP_MAYMOVE
// to grow where it is.
//
// Kernel: mm/mremap.c do_mremap, v6.17 and later (mremap before).
// Differs: before v6.17, what lay at MREMAP_FIXED was unmapped before the last
// checks, and several mappings in the old range were refused with EFAULT.
func Remap(t *sched.Task, mm sched.ID, a RemapArgs) (uint64, error) {
	a.OldLen, a.NewLen = pageAlign(a.OldLen), pageAlign(a.NewLen)
	dontunmap := t.Profile().MremapDontunmap != profile.DontunmapNone
	if !a.sane() || a.Flags&abi.MremapDontunmap != 0 && !dontunmap {
		return 0, t.Refuse(abi.EINVAL, "check_mremap_params",
			sched.Fact{Name: "address", Value: int64(a.Addr)}, sched.Fact{Name: "flags", Value: int64(a.Flags)})
	}
	s := open(t, mm)
	t.DownWrite(s.lock)
	addr, grown, err := remap(t, s, a)
	t.UpWrite(s.lock)
	if err == nil && grown {
		_ = populate(t, s, addr+a.OldLen, addr+a.NewLen)
	}
	return addr, err
}

// sane says whether the arguments make sense by themselves.
//
// Kernel: mm/mremap.c check_mremap_params, v6.17 and later (inside mremap before).
func (a *RemapArgs) sane() bool {
	const known = abi.MremapMaymove | abi.MremapFixed | abi.MremapDontunmap
	if a.Flags&^known != 0 || unaligned(a.Addr) || a.NewLen == 0 || a.NewLen > abi.TaskSize {
		return false
	}
	if a.Flags&(abi.MremapFixed|abi.MremapDontunmap) == 0 {
		return true
	}
	if a.NewAddr > abi.TaskSize-a.NewLen || unaligned(a.NewAddr) || a.Flags&abi.MremapMaymove == 0 {
		return false
	}
	if a.Flags&abi.MremapDontunmap != 0 && a.OldLen != a.NewLen {
		return false
	}
	apart := a.Addr+a.OldLen <= a.NewAddr || a.NewAddr+a.NewLen <= a.Addr
	return apart || a.Flags&abi.MremapFixed == 0 && a.NewAddr == 0
}

// remap is Remap under mmap_lock. grown says that a locked mapping became longer,
// so that its new pages must be made.
//
// Kernel: mm/mremap.c mremap_at and mremap_to, v6.17 and later.
func remap(t *sched.Task, s space, a RemapArgs) (addr uint64, grown bool, err error) {
	v := s.at(t, a.Addr)
	if !v.OK() {
		return 0, false, t.Refuse(abi.EFAULT, "mremap of a hole", sched.Fact{Name: "address", Value: int64(a.Addr)})
	}
	if v.Flags&VMHugetlb != 0 {
		huge := uint64(1)<<v.Shift - 1
		a.OldLen, a.NewLen = (a.OldLen+huge)&^huge, (a.NewLen+huge)&^huge
		if a.Addr&huge != 0 || a.NewLen > a.OldLen || a.Flags&abi.MremapFixed != 0 && a.NewAddr&huge != 0 {
			return 0, false, t.Refuse(abi.EINVAL, "mremap of huge pages")
		}
	}
	moves := a.Flags&(abi.MremapFixed|abi.MremapDontunmap) != 0
	if !moves && a.NewLen <= a.OldLen {
		if a.NewLen < a.OldLen {
			err = munmap(t, s, a.Addr+a.NewLen, a.OldLen-a.NewLen)
		}
		return a.Addr, false, err
	}
	if a.Flags&abi.MremapFixed != 0 && a.OldLen == a.NewLen && a.OldLen > v.End-a.Addr {
		return a.NewAddr, false, moveAll(t, s, a)
	}
	if err = checkRemap(t, v, a); err != nil {
		return 0, false, err
	}
	grown = v.Flags&VMLocked != 0 && a.NewLen > a.OldLen
	stays := a.Place == 0 || a.Place == a.Addr
	if !moves && stays && expandInPlace(t, s, v, a) {
		return a.Addr, grown, nil
	}
	if a.Flags&abi.MremapMaymove == 0 {
		return 0, false, t.Refuse(abi.ENOMEM, "mremap without MREMAP_MAYMOVE")
	}
	addr, err = moveTo(t, s, a)
	return addr, grown, err
}

// checkRemap refuses what cannot become longer or move.
//
// Kernel: mm/mremap.c check_prep_vma, v6.17 and later (vma_to_resize before).
func checkRemap(t *sched.Task, v VMA, a RemapArgs) error {
	fact := sched.Fact{Name: "address", Value: int64(a.Addr)}
	if a.OldLen == 0 && v.Flags&(VMShared|VMMayShare) == 0 {
		return t.Refuse(abi.EINVAL, "mremap duplicates private memory", fact)
	}
	dontUnmap := a.Flags&abi.MremapDontunmap != 0
	if dontUnmap && v.Flags&VMDontExpand != 0 {
		return t.Refuse(abi.EINVAL, "MREMAP_DONTUNMAP of VM_DONTEXPAND", fact)
	}
	if dontUnmap && v.File != 0 && t.Profile().MremapDontunmap != profile.DontunmapAny {
		return t.Refuse(abi.EINVAL, "MREMAP_DONTUNMAP of a file", fact)
	}
	if min(a.OldLen, a.NewLen) > v.End-a.Addr {
		return t.Refuse(abi.EFAULT, "mremap over the end of a mapping", fact,
			sched.Fact{Name: "end", Value: int64(v.End)})
	}
	if a.NewLen == a.OldLen {
		return nil
	}
	if a.NewLen > a.OldLen && v.Flags&VMDontExpand != 0 {
		return t.Refuse(abi.EFAULT, "VM_DONTEXPAND", fact)
	}
	return nil
}

// expandInPlace makes the mapping longer where it is, if it ends with the VMA and
// there is room behind it, and says whether it did.
//
// Kernel: mm/mremap.c expand_vma_in_place, v6.17 and later (vma_expandable before).
func expandInPlace(t *sched.Task, s space, v VMA, a RemapArgs) bool {
	if a.OldLen != v.End-a.Addr || a.NewLen > abi.TaskSize-a.Addr {
		return false
	}
	end := a.Addr + a.NewLen
	next := s.find(t, v.End)
	if next.OK() && next.Start < end {
		return false
	}
	whole := v
	whole.End = end
	if whole.joins(next) {
		whole.End, whole.Anon = next.End, v.Anon || next.Anon
		rewrite(t, s, []VMA{v, next}, []VMA{whole})
	} else {
		rewrite(t, s, []VMA{v}, []VMA{whole})
	}
	return true
}

// moveTo finds the new place, moves the mapping and takes the old one away.
//
// Kernel: mm/mremap.c mremap_to and move_vma, all versions.
func moveTo(t *sched.Task, s space, a RemapArgs) (uint64, error) {
	if n := mapCount.On(t, s.id, sched.None{}); n >= maxMapCount-3 {
		return 0, t.Refuse(abi.ENOMEM, "max_map_count", sched.Fact{Name: "VMAs", Value: int64(n)})
	}
	fixed := a.Flags&abi.MremapFixed != 0
	if fixed {
		if err := munmap(t, s, a.NewAddr, a.NewLen); err != nil {
			return 0, err
		}
	}
	if a.OldLen > a.NewLen {
		if err := munmap(t, s, a.Addr+a.NewLen, a.OldLen-a.NewLen); err != nil {
			return 0, err
		}
		a.OldLen = a.NewLen
	}
	v := s.at(t, a.Addr) // either may have split it, and a duplicate may have replaced it
	if !v.OK() {
		return 0, t.Refuse(abi.EFAULT, "mremap onto itself", sched.Fact{Name: "address", Value: int64(a.Addr)})
	}
	addr, err := freePlace(t, s, wish{a.NewAddr, a.Place, a.NewLen, v.Shift, fixed})
	if err != nil {
		return 0, err
	}
	copyVMA(t, s, v, a, addr)
	moveEntries(t, s, v, a, addr)
	if a.Flags&abi.MremapDontunmap != 0 {
		keepOld(t, s, a)
		return addr, nil
	}
	if a.OldLen == 0 {
		return addr, nil
	}
	return addr, unmapRange(t, s, a.Addr, a.Addr+a.OldLen)
}

// keepOld leaves the old mapping where it is, empty and not locked. It is not
// merged with what is like it now.
//
// Kernel: mm/mremap.c dontunmap_complete, v6.17 and later (move_vma before).
func keepOld(t *sched.Task, s space, a RemapArgs) {
	v := s.at(t, a.Addr)
	v.Flags &^= VMLocked
	if v.Start == a.Addr && v.End == a.Addr+a.OldLen {
		v.Anon = false
	}
	storeVMA.On(t, s.id, v)
}

// moveAll moves several mappings, and the holes between them, one mapping after the
// other. What lies behind the new place of a hole stays.
//
// Kernel: mm/mremap.c remap_move, v6.17 and later; before, EFAULT.
func moveAll(t *sched.Task, s space, a RemapArgs) error {
	end := a.Addr + a.OldLen
	for at := a.Addr; at < end; {
		v := s.find(t, at)
		if !v.OK() || v.Start >= end {
			break
		}
		from, to := max(v.Start, at), min(v.End, end)
		if v.Flags&VMHugetlb != 0 {
			return t.Refuse(abi.EFAULT, "vma_multi_allowed", sched.Fact{Name: "address", Value: int64(v.Start)})
		}
		one := RemapArgs{Addr: from, OldLen: to - from, NewLen: to - from, Flags: a.Flags,
			NewAddr: a.NewAddr + from - a.Addr}
		if _, err := moveTo(t, s, one); err != nil {
			return err
		}
		at = to
	}
	return nil
}

// copyVMA makes a VMA at the new place, for the same pages; for a moment both are
// countable. It becomes part of a neighbour if it can.
//
// Kernel: mm/vma.c copy_vma, all versions.
func copyVMA(t *sched.Task, s space, v VMA, a RemapArgs, addr uint64) {
	c := v
	c.Uffd = 0
	c.PgOff = v.FilePage(a.Addr)
	c.Start, c.End = addr, addr+a.NewLen
	if v.File == 0 && !v.Anon {
		c.PgOff = addr >> abi.PageShift // no page knows its place yet
	}
	if mergeNew(t, s, c) {
		return
	}
	if c.File != 0 {
		inode.GetFile(t, c.File)
	}
	link(t, s, c)
	uncount(t, mutant.MoveNotCounted, c)
}

// moveEntries moves the entries to the new place. MmapLock keeps a truncation from
// looking for them where they are not yet, or no longer.
//
// Kernel: mm/mremap.c move_page_tables, all versions.
func moveEntries(t *sched.Task, s space, v VMA, a RemapArgs, addr uint64) {
	m := mappingOf(t, v)
	if m.Mmap != 0 {
		t.DownWrite(m.MmapLock)
	}
	r := pages{first: a.Addr >> abi.PageShift, end: (a.Addr + a.OldLen) >> abi.PageShift}
	t.Lock(s.ptl)
	for {
		e := takePTE.On(t, s.table, r)
		if e.Folio == 0 {
			break
		}
		e.Page = e.Page - r.first + addr>>abi.PageShift
		setPTE.On(t, s.table, e)
	}
	t.Unlock(s.ptl)
	if m.Mmap != 0 {
		t.UpWrite(m.MmapLock)
	}
}
