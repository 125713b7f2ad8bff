package mm

import (
	"sealab/sim/abi"
	"sealab/sim/inode"
	"sealab/sim/mutant"
	"sealab/sim/sched"
)

// What kernels with a mutant do. Read the other files first: without mutants nothing
// here happens.

// countedElsewise says whether a mapping counts that should not; and takes VM_MAYWRITE
// from the flags of one that should, and does not.
func countedElsewise(s mutant.Set, f *Flags) bool {
	if s.Has(mutant.ReadOnlyNotCounted) && *f&VMWrite == 0 {
		*f &^= VMShared
	}
	return s.Has(mutant.PrivateCounted) && *f&VMMayShare == 0 ||
		s.Has(mutant.AllSharedCounted) && *f&VMMayShare != 0
}

// uncount takes a new VMA out of the counter again.
func uncount(t *sched.Task, m mutant.Mutant, v VMA) {
	if !t.Wrong(m) || !countable(t.Profile(), v.Flags) {
		return
	}
	if a := mappingOf(t, v); a.Mmap != 0 {
		a.UnmapWritable(t)
	}
}

// modifyCounted is modify where a VMA can become countable, or cease to be.
func modifyCounted(t *sched.Task, s space, v VMA, start, end uint64, flags Flags) (VMA, error) {
	m := mappingOf(t, v)
	if !t.Wrong(mutant.ReadOnlyNotCounted) || m.Mmap == 0 {
		return modify(t, s, v, start, end, flags)
	}
	due := m.Writable(t) - countedIn(t, s, v.Inode)
	w, err := modify(t, s, v, start, end, flags)
	due += countedIn(t, s, v.Inode)
	for n := m.Writable(t); n < due; n++ {
		m.AddWritable(t)
	}
	for n := m.Writable(t); n > due; n-- {
		m.UnmapWritable(t)
	}
	return w, err
}

// countedIn returns how many countable mappings of a file a process has.
func countedIn(t *sched.Task, s space, ino sched.ID) (n int32) {
	for v := s.find(t, 0); v.OK(); v = s.find(t, v.End) {
		if v.File != 0 && v.Inode == ino && countable(t.Profile(), v.Flags) {
			n++
		}
	}
	return n
}

// refusedElsewise refuses a mapping that is allowed, or takes VM_MAYWRITE from it.
func (r *request) refusedElsewise(t *sched.Task, a MapArgs) error {
	if !r.ino.Kind.Sealable() {
		return nil
	}
	if t.Wrong(mutant.MmapPastEnd) {
		pages := uint64(inode.Size(t, r.Inode)+abi.PageSize-1) >> abi.PageShift
		if r.PgOff+a.Len>>abi.PageShift > pages {
			return t.RefuseBecause(abi.EINVAL, "mmap", sched.Fact{}, r.Inode)
		}
	}
	if t.Wrong(mutant.PrivateRefused) && r.Flags&(VMMayShare|VMWrite) == VMWrite &&
		inode.Seals(t, r.Inode).Any(abi.SealWrite) {
		return t.RefuseBecause(abi.EPERM, "memfd_check_seals_mmap", sched.Fact{}, r.Inode)
	}
	if t.Wrong(mutant.NoUpgrade) && r.Flags&(VMMayShare|VMWrite) == VMMayShare {
		r.Flags &^= VMMayWrite
	}
	return nil
}

// sealsElsewise returns which seals mmap looks at, of those that it should, and the
// error that it gives.
func sealsElsewise(t *sched.Task, seals abi.Seals) (abi.Seals, abi.Errno) {
	errno := abi.EPERM
	if t.Wrong(mutant.MmapIgnoresWrite) {
		seals &^= abi.SealWrite
	}
	if t.Wrong(mutant.MmapIgnoresFutureWrite) {
		seals &^= abi.SealFutureWrite
	}
	if t.Wrong(mutant.SealedMmapEACCES) {
		errno = abi.EACCES
	}
	return seals, errno
}
