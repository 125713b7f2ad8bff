package mm

import (
	"sealab/sim/abi"
	"sealab/sim/inode"
	"sealab/sim/profile"
	"sealab/sim/sched"
)

// Advise is madvise.
//
// EINVAL: an unaligned address, an unknown advice, or one that the mapping cannot
// take. ENOMEM: not everything is mapped; the rest has been done, but for
// MADV_POPULATE_READ and MADV_POPULATE_WRITE, which stop. EACCES: MADV_REMOVE of what is
// not a shared mapping that may become writable. EFAULT: MADV_POPULATE past the end
// of file. EPERM: MADV_REMOVE of a sealed file.
//
// Kernel: mm/madvise.c do_madvise, all versions.
func Advise(t *sched.Task, mm sched.ID, addr, n uint64, advice int64) error {
	if err := validAdvice(t, advice); err != nil {
		return err
	}
	end := addr + pageAlign(n)
	if unaligned(addr) || n != 0 && pageAlign(n) == 0 || end < addr {
		return t.Refuse(abi.EINVAL, "do_madvise",
			sched.Fact{Name: "address", Value: int64(addr)}, sched.Fact{Name: "length", Value: int64(n)})
	}
	if end == addr {
		return nil
	}
	s := open(t, mm)
	switch advice {
	case abi.MadvRemove:
		return madviseRemove(t, s, addr, end)
	case abi.MadvPopulateRead, abi.MadvPopulateWrite:
		return madvisePopulate(t, s, addr, end, advice == abi.MadvPopulateWrite)
	case abi.MadvDontneed, abi.MadvDontneedLocked, abi.MadvFree, abi.MadvCold, abi.MadvPageout, abi.MadvWillneed:
		t.DownRead(s.lock)
		err := eachVMA(t, s, addr, end, false, func(v VMA, from, to uint64) error {
			return advisePages(t, s, v, from, to, advice)
		})
		t.UpRead(s.lock)
		return err
	}
	t.DownWrite(s.lock)
	err := eachVMA(t, s, addr, end, false, func(v VMA, from, to uint64) error {
		flags, err := adviseFlags(t, v, advice)
		if err != nil {
			return err
		}
		return setFlags(t, s, v, from, to, flags)
	})
	t.UpWrite(s.lock)
	return err
}

// validAdvice returns EINVAL for an advice that this kernel does not know, or this
// model.
//
// Kernel: mm/madvise.c madvise_behavior_valid, all versions.
func validAdvice(t *sched.Task, advice int64) error {
	fact := sched.Fact{Name: "advice", Value: advice}
	switch advice {
	case abi.MadvPopulateRead, abi.MadvPopulateWrite:
		if t.Profile().MadvPopulate {
			return nil
		}
	case abi.MadvCold, abi.MadvPageout:
		if t.Profile().MadvPageout {
			return nil
		}
	case abi.MadvCollapse, abi.MadvHwpoison, abi.MadvSoftOffline, abi.MadvGuardInstall, abi.MadvGuardRemove:
		return t.Refuse(abi.EINVAL, "advice that is not modelled", fact)
	default:
		if advice >= abi.MadvNormal && advice <= abi.MadvDontneed ||
			advice >= abi.MadvFree && advice <= abi.MadvDontneedLocked {
			return nil
		}
	}
	return t.Refuse(abi.EINVAL, "madvise_behavior_valid", fact)
}

// advisePages does what concerns pages and leaves the VMA alone.
//
// Kernel: mm/madvise.c madvise_dontneed_free and madvise_cold, all versions.
// Differs: pages stay where they are for MADV_FREE and MADV_COLD.
func advisePages(t *sched.Task, s space, v VMA, start, end uint64, advice int64) error {
	denied := VMLocked
	switch advice {
	case abi.MadvWillneed:
		return nil
	case abi.MadvFree:
		if v.File != 0 {
			return t.Refuse(abi.EINVAL, "MADV_FREE of a file")
		}
	case abi.MadvDontneedLocked:
		denied = 0
	case abi.MadvCold, abi.MadvPageout:
		denied |= VMHugetlb
	}
	if v.Flags&denied != 0 {
		return t.Refuse(abi.EINVAL, "madvise of VM_LOCKED", sched.Fact{Name: "address", Value: int64(v.Start)})
	}
	if advice == abi.MadvPageout {
		pageout(t, s, v, start, end)
	}
	if advice == abi.MadvDontneed || advice == abi.MadvDontneedLocked {
		huge := uint64(1)<<v.Shift - 1
		if start&huge != 0 {
			return t.Refuse(abi.EINVAL, "madvise_dontneed_free_valid_vma",
				sched.Fact{Name: "address", Value: int64(start)})
		}
		zapRange(t, s, pages{first: start >> abi.PageShift, end: end &^ huge >> abi.PageShift})
	}
	return nil
}

// adviseFlags returns the flags that a VMA has after an advice.
//
// Kernel: mm/madvise.c madvise_vma_behavior, v5.17 and later (madvise_behavior before).
// Kernel: mm/ksm.c ksm_madvise, all versions.
func adviseFlags(t *sched.Task, v VMA, advice int64) (Flags, error) {
	f := v.Flags
	switch advice {
	case abi.MadvNormal:
		f &^= VMRandRead | VMSeqRead
	case abi.MadvRandom:
		f = f&^VMSeqRead | VMRandRead
	case abi.MadvSequential:
		f = f&^VMRandRead | VMSeqRead
	case abi.MadvDontfork:
		f |= VMDontCopy
	case abi.MadvDofork:
		if v.Flags&VMDontExpand != 0 {
			return 0, t.Refuse(abi.EINVAL, "MADV_DOFORK of VM_SPECIAL")
		}
		f &^= VMDontCopy
	case abi.MadvWipeonfork:
		if v.File != 0 || v.Flags&VMShared != 0 {
			return 0, t.Refuse(abi.EINVAL, "MADV_WIPEONFORK of what is not private memory")
		}
		f |= VMWipeOnFork
	case abi.MadvKeeponfork:
		f &^= VMWipeOnFork
	case abi.MadvDontdump:
		f |= VMDontDump
	case abi.MadvDodump:
		f &^= VMDontDump
	case abi.MadvHugepage, abi.MadvNohugepage:
		if !t.Profile().TransparentHuge {
			return 0, t.Refuse(abi.EINVAL, "madvise_behavior_valid CONFIG_TRANSPARENT_HUGEPAGE")
		}
		if advice == abi.MadvNohugepage {
			return f&^VMHugePage | VMNoHugePage, nil
		}
		f = f&^VMNoHugePage | VMHugePage
	case abi.MadvMergeable:
		if f&(VMShared|VMMayShare|VMDontExpand|VMHugetlb) == 0 {
			f |= VMMergeable
		}
	case abi.MadvUnmergeable:
		f &^= VMMergeable
	}
	return f, nil
}

// madviseRemove punches holes in the files that are mapped in a range, so their
// pages go from all page tables. mmap_lock is not held meanwhile, so each VMA is
// looked up anew.
//
// Kernel: mm/madvise.c madvise_remove, all versions.
func madviseRemove(t *sched.Task, s space, start, end uint64) error {
	hole := false
	for at := start; at < end; {
		t.DownRead(s.lock)
		v := s.find(t, at)
		if !v.OK() || v.Start >= end {
			hole = true
			t.UpRead(s.lock)
			break
		}
		hole = hole || v.Start > at
		at = max(at, v.Start)
		to := min(v.End, end)
		err := removable(t, v)
		if err == nil {
			inode.GetFile(t, v.File)
		}
		t.UpRead(s.lock)
		if err != nil {
			return err
		}
		err = inode.Ops(inode.Of(t, v.Inode).Kind).Punch(t, v.File, int64(v.FilePage(at)<<abi.PageShift), int64(to-at))
		inode.PutFile(t, v.File)
		if err != nil {
			return err
		}
		at = to
	}
	if hole {
		return t.Refuse(abi.ENOMEM, "a hole in the range", sched.Fact{Name: "address", Value: int64(start)})
	}
	return nil
}

// removable says whether MADV_REMOVE may be done through a VMA.
func removable(t *sched.Task, v VMA) error {
	if v.Flags&VMLocked != 0 || v.ops(t) == nil {
		return t.Refuse(abi.EINVAL, "madvise_remove", sched.Fact{Name: "address", Value: int64(v.Start)})
	}
	need := VMShared | VMMayWrite
	if t.Profile().MadvRemove == profile.RemoveNeedsWrite {
		need = VMShared | VMWrite
	}
	if v.Flags&need != need {
		return t.RefuseBecause(abi.EACCES, "madvise_remove", sched.Fact{Name: "address", Value: int64(v.Start)}, v.File)
	}
	return nil
}

// madvisePopulate makes the pages of a range as for reading or writing.
//
// Kernel: mm/madvise.c madvise_populate, v5.14 and later.
func madvisePopulate(t *sched.Task, s space, start, end uint64, write bool) error {
	need := VMRead
	if write {
		need = VMWrite
	}
	var gap error
	for at := start; at < end; {
		t.DownRead(s.lock)
		v := s.find(t, at)
		var err error
		switch {
		case !v.OK() || v.Start > at:
			gap = t.Refuse(abi.ENOMEM, "madvise_populate over a hole", sched.Fact{Name: "address", Value: int64(at)})
			if t.Profile().PopulateGap == profile.GapFirst || !v.OK() || v.Start >= end {
				err = gap
				break
			}
			v.End = v.Start // go on behind the gap
		case v.Flags&need == 0:
			err = t.Refuse(abi.EINVAL, "check_vma_flags", sched.Fact{Name: "address", Value: int64(at)})
		default:
			err = populateVMA(t, s, v, at, min(v.End, end), write)
		}
		t.UpRead(s.lock)
		if err != nil {
			return err
		}
		at = v.End
	}
	return gap
}
