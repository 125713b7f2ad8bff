package mm

import (
	"sealab/sim/abi"
	"sealab/sim/inode"
	"sealab/sim/mutant"
	"sealab/sim/profile"
	"sealab/sim/sched"
)

// Mapper is what a FileOps may do in addition when its file is mapped. Kinds of
// file without pages can be mapped only if their FileOps has it.
type Mapper interface {
	// Mmap is called once for a VMA that is about to be made, and not for one that
	// becomes part of a neighbour. The caller holds mmap_lock for writing.
	Mmap(t *sched.Task, file sched.ID, v VMA) error
}

// mmapRegion makes the mapping at its place, which MAP_FIXED may have to clear
// first.
//
// Kernel: mm/vma.c mmap_region, all versions.
func mmapRegion(t *sched.Task, s space, r request) (VMA, error) {
	counted := false // the mmap in progress is counted, apart from its VMA
	if t.Profile().MmapCounter == profile.CounterBeforeUnmap {
		if err := r.count(t, &counted); err != nil {
			return VMA{}, err
		}
	}
	v, err := mapCleared(t, s, &r, &counted)
	if counted && (err == nil || !t.Wrong(mutant.FailedMmapCounts)) {
		r.ino.Map.UnmapWritable(t)
	}
	return v, err
}

// count counts the mmap in progress in i_mmap_writable if the mapping would be
// countable, or refuses with EPERM while such mappings are denied.
func (r *request) count(t *sched.Task, counted *bool) error {
	if r.File == 0 || r.ino.Map.Counter == 0 || !countable(t.Profile(), r.Flags) || r.Flags&VMShared == 0 {
		return nil
	}
	if err := r.ino.Map.MapWritable(t); err != nil {
		return err
	}
	*counted = true
	return nil
}

// mapCleared clears the place, and makes the new mapping there, as part of a
// neighbour if it can be.
//
// Kernel: mm/vma.c __mmap_region, v6.12 and later (mmap_region before).
func mapCleared(t *sched.Task, s space, r *request, counted *bool) (VMA, error) {
	if err := unmapRange(t, s, r.Start, r.End); err != nil {
		return VMA{}, err
	}
	if (r.File != 0 || r.Flags&VMShared == 0) && mergeNew(t, s, r.VMA) {
		return r.VMA, nil
	}
	if r.File == 0 && r.Flags&VMShared != 0 {
		linkSharedAnonymous(t, s, r)
		return r.VMA, nil
	}
	if err := r.hookAndCount(t, counted); err != nil {
		return VMA{}, err
	}
	if r.File != 0 {
		inode.GetFile(t, r.File)
	}
	link(t, s, r.VMA)
	return r.VMA, nil
}

// linkSharedAnonymous makes a file without a name for memory that is shared
// between a process and its children.
//
// Kernel: mm/shmem.c shmem_zero_setup, all versions.
func linkSharedAnonymous(t *sched.Task, s space, r *request) {
	r.Inode = inode.New(t, inode.Inode{
		Kind: inode.Shmem, Name: "dev/zero", Size: int64(r.Len()), Mode: 0o777, Seals: abi.SealSeal,
	})
	r.File = inode.Open(t, r.Inode, inode.Readable|inode.Writable, abi.ORdwr)
	link(t, s, r.VMA)
}

// hookAndCount asks the file for the new mapping, and counts the mmap in progress
// before or after asking, unless that has been done.
//
// Kernel: mm/mmap.c mmap_region, up to v6.11.
// Kernel: mm/vma.c __mmap_new_file_vma, v6.12 and later.
func (r *request) hookAndCount(t *sched.Task, counted *bool) error {
	when := t.Profile().MmapCounter
	if when == profile.CounterBeforeHook {
		if err := r.count(t, counted); err != nil {
			return err
		}
	}
	if r.File == 0 {
		return nil
	}
	if err := r.checkSealsInHook(t); err != nil {
		return err
	}
	if m, ok := inode.Ops(r.ino.Kind).(Mapper); ok {
		if err := m.Mmap(t, r.File, r.VMA); err != nil {
			return err
		}
	}
	if r.ino.Kind == inode.Hugetlb {
		if err := r.mapHuge(t); err != nil {
			return err
		}
	}
	if when == profile.CounterAfterHook {
		return r.count(t, counted)
	}
	return nil
}

// mapHuge is what a file of huge pages does for a new mapping: one that may be written,
// private or not, makes the file as long as it is. F_SEAL_GROW is not asked.
//
// Kernel: fs/hugetlbfs/inode.c hugetlbfs_file_mmap, all versions.
func (r *request) mapHuge(t *sched.Task) error {
	off := int64(r.PgOff) << abi.PageShift
	if off&(1<<r.Shift-1) != 0 {
		return t.Refuse(abi.EINVAL, "hugetlbfs_file_mmap", sched.Fact{Name: "offset", Value: off})
	}
	r.Flags |= VMDontExpand
	t.DownWrite(r.ino.Lock)
	if end := off + int64(r.Len()); r.Flags&VMWrite != 0 && inode.Size(t, r.Inode) < end {
		inode.SetSize(t, r.Inode, end)
	}
	t.UpWrite(r.ino.Lock)
	return nil
}

// checkSealsInDoMmap looks at the seals before anything is changed.
//
// Kernel: mm/memfd.c memfd_check_seals_mmap, v6.14 and later.
// Kernel: mm/mmap.c do_mmap, v6.13, the part that takes VM_MAYWRITE away.
func (r *request) checkSealsInDoMmap(t *sched.Task) error {
	if !r.ino.Kind.Sealable() || r.Flags&VMShared == 0 {
		return nil
	}
	p := t.Profile()
	if p.MmapSealCheck == profile.CheckInDoMmap {
		return r.checkSeals(t, abi.SealsAnyWrite)
	}
	if p.WriteSealStrip == profile.StripInDoMmap && r.Flags&VMWrite == 0 &&
		inode.Seals(t, r.Inode).Any(abi.SealWrite) {
		r.Flags &^= VMMayWrite
	}
	return nil
}

// checkSealsInHook looks at the seals in the file's own mmap method: too late for
// what MAP_FIXED has removed by then, and not at all for what became part of a
// neighbour.
//
// Kernel: mm/shmem.c shmem_mmap, v5.1 to v6.13.
func (r *request) checkSealsInHook(t *sched.Task) error {
	p := t.Profile()
	if !r.ino.Kind.Sealable() || p.MmapSealCheck != profile.CheckInHook {
		return nil
	}
	if r.ino.Kind == inode.Hugetlb && !p.HugetlbFutureWrite {
		return nil
	}
	if r.Flags&VMShared == 0 {
		if p.FutureWriteCOWBug && inode.Seals(t, r.Inode).Any(abi.SealFutureWrite) {
			r.Flags &^= VMMayWrite
		}
		return nil
	}
	seals := abi.SealFutureWrite
	if p.WriteSealStrip != profile.StripNone {
		seals |= abi.SealWrite
	}
	return r.checkSeals(t, seals)
}

// checkSeals refuses a writable shared mapping with EPERM if the file has one of
// the seals; any other shared mapping loses VM_MAYWRITE.
//
// Kernel: mm/memfd.c check_write_seal, v6.14 and later (seal_check_write before).
func (r *request) checkSeals(t *sched.Task, seals abi.Seals) error {
	have := inode.Seals(t, r.Inode)
	seals, errno := sealsElsewise(t, seals)
	if !have.Any(seals) {
		return nil
	}
	if r.Flags&VMWrite != 0 {
		return t.RefuseBecause(errno, "memfd_check_seals_mmap",
			sched.Fact{Name: "seals", Value: int64(have)}, r.Inode)
	}
	if !t.Wrong(mutant.KeepsMayWrite) {
		r.Flags &^= VMMayWrite
	}
	return nil
}
