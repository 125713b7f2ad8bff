package mm

import (
	"sealab/sim/abi"
	"sealab/sim/sched"
)

// Lock keeps n bytes at addr in memory: it marks the mappings and makes all pages.
//
// ENOMEM: not everything is mapped, or some page cannot be made. EINVAL: the range
// is not in user memory.
//
// Kernel: mm/mlock.c do_mlock, all versions.
func Lock(t *sched.Task, mm sched.ID, addr, n uint64) error {
	s := open(t, mm)
	end, err := lockRange(t, s, addr, n, true)
	if err != nil {
		return err
	}
	if populate(t, s, addr&^(abi.PageSize-1), end) != nil {
		t.Refusal.Errno = abi.ENOMEM // the cause stays as it was recorded
		return abi.ENOMEM
	}
	return nil
}

// LockOnFault is Lock that leaves it to later faults to make the pages.
//
// Kernel: mm/mlock.c mlock2, v4.4 and later.
func LockOnFault(t *sched.Task, mm sched.ID, addr, n uint64) error {
	_, err := lockRange(t, open(t, mm), addr, n, true)
	return err
}

// Unlock undoes Lock. The errors are the same.
//
// Kernel: mm/mlock.c munlock, all versions.
func Unlock(t *sched.Task, mm sched.ID, addr, n uint64) error {
	_, err := lockRange(t, open(t, mm), addr, n, false)
	return err
}

// lockRange marks whole pages, and returns the end of the last.
//
// Kernel: mm/mlock.c apply_vma_lock_flags, all versions.
func lockRange(t *sched.Task, s space, addr, n uint64, lock bool) (end uint64, err error) {
	start := addr &^ (abi.PageSize - 1)
	end = start + pageAlign(n+addr-start)
	if end < start {
		return 0, t.Refuse(abi.EINVAL, "apply_vma_lock_flags", sched.Fact{Name: "address", Value: int64(addr)})
	}
	t.DownWrite(s.lock)
	err = eachVMA(t, s, start, end, true, func(v VMA, from, to uint64) error {
		if v.Flags&VMHugetlb != 0 {
			return nil // never swapped out, and never marked
		}
		flags := v.Flags &^ VMLocked
		if lock && v.Flags&VMDontExpand == 0 {
			flags |= VMLocked
		}
		return setFlags(t, s, v, from, to, flags)
	})
	t.UpWrite(s.lock)
	return end, err
}

// setFlags gives a part of a VMA other flags, if they are others.
func setFlags(t *sched.Task, s space, v VMA, start, end uint64, flags Flags) error {
	if flags == v.Flags {
		return nil
	}
	_, err := modify(t, s, v, start, end, flags)
	return err
}

// eachVMA calls visit for the part of each VMA that lies in a range, until one
// returns an error. Over a hole it returns ENOMEM: at once, or after the rest.
//
// Kernel: mm/madvise.c madvise_walk_vmas, v5.18 and later.
func eachVMA(t *sched.Task, s space, start, end uint64, stop bool, visit func(v VMA, from, to uint64) error) error {
	hole := uint64(0)
	isHole := false
	for at := start; at < end; {
		v := s.find(t, at)
		if !v.OK() || v.Start > at {
			if !isHole {
				hole, isHole = at, true
			}
			if stop || !v.OK() || v.Start >= end {
				break
			}
			at = v.Start
		}
		to := min(v.End, end)
		if err := visit(v, at, to); err != nil {
			return err
		}
		at = to
	}
	if isHole {
		return t.Refuse(abi.ENOMEM, "a hole in the range", sched.Fact{Name: "address", Value: int64(hole)})
	}
	return nil
}

// populate makes the pages of a range, as for a read; of private writable memory
// as for a write, so that it need not be copied later. It stops at the first page
// that cannot be made.
//
// Kernel: mm/gup.c __mm_populate, v3.9 and later.
func populate(t *sched.Task, s space, start, end uint64) error {
	for at := start; at < end; {
		t.DownRead(s.lock)
		v := s.find(t, at)
		if !v.OK() || v.Start >= end {
			t.UpRead(s.lock)
			return nil
		}
		at = max(at, v.Start)
		write := v.Flags&(VMWrite|VMShared) == VMWrite
		err := populateVMA(t, s, v, at, min(end, v.End), write)
		t.UpRead(s.lock)
		if err != nil {
			return err
		}
		at = v.End
	}
	return nil
}

// populateVMA makes the pages of a part of a VMA, under mmap_lock.
//
// Kernel: mm/gup.c populate_vma_page_range, v4.4 and later.
func populateVMA(t *sched.Task, s space, v VMA, start, end uint64, write bool) error {
	if v.Flags&vmAccess == 0 {
		return t.RefuseBecause(abi.EFAULT, "check_vma_flags", sched.Fact{Name: "address", Value: int64(start)}, s.id)
	}
	for at := start; at < end; at = at>>v.Shift<<v.Shift + 1<<v.Shift {
		err := handleFault(t, s, v, at, write)
		if err == errMissing {
			err = ErrForeign // it would wait, with the lock let go in the middle of the range
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Sync is msync: for memory files there is nothing to write back.
//
// EINVAL: bad flags or an unaligned address. ENOMEM: not everything is mapped.
// EBUSY: MS_INVALIDATE of locked memory.
//
// Kernel: mm/msync.c msync, all versions.
func Sync(t *sched.Task, mm sched.ID, addr, n, flags uint64) error {
	const both = abi.MsAsync | abi.MsSync
	if flags&^(both|abi.MsInvalidate) != 0 || unaligned(addr) || flags&both == both {
		return t.Refuse(abi.EINVAL, "msync", sched.Fact{Name: "address", Value: int64(addr)})
	}
	end := addr + pageAlign(n)
	if end < addr {
		return t.Refuse(abi.ENOMEM, "msync", sched.Fact{Name: "length", Value: int64(n)})
	}
	s := open(t, mm)
	t.DownRead(s.lock)
	err := eachVMA(t, s, addr, end, false, func(v VMA, _, _ uint64) error {
		if flags&abi.MsInvalidate != 0 && v.Flags&VMLocked != 0 {
			return t.Refuse(abi.EBUSY, "MS_INVALIDATE of VM_LOCKED")
		}
		return nil
	})
	t.UpRead(s.lock)
	return err
}
