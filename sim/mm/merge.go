package mm

import (
	"sealab/sim/abi"
	"sealab/sim/inode"
	"sealab/sim/mapping"
	"sealab/sim/mutant"
	"sealab/sim/profile"
	"sealab/sim/sched"
)

// maxMapCount is how many VMAs a process may have.
//
// Kernel: include/linux/mm.h DEFAULT_MAX_MAP_COUNT, all versions.
const maxMapCount = 65530

// countable says whether a mapping with these flags counts in i_mmap_writable.
//
// Kernel: include/linux/mm.h is_shared_maywrite, v6.7 and later; VM_SHARED alone before.
func countable(p *profile.Profile, f Flags) bool {
	if p.Mutants != (mutant.Set{}) && countedElsewise(p.Mutants, &f) {
		return true
	}
	if p.CountFlag == profile.CountShared {
		return f&VMShared != 0
	}
	return f&(VMShared|VMMayWrite) == VMShared|VMMayWrite
}

// mappingOf returns the mapping that a VMA shows; without pages it is zero.
func mappingOf(t *sched.Task, v VMA) mapping.Mapping {
	if v.File == 0 {
		return mapping.Mapping{}
	}
	return inode.Of(t, v.Inode).Map
}

// link adds a new VMA, which takes over a reference to its open file. If it is
// countable it is counted, without asking: whoever makes it has made sure.
//
// Kernel: mm/vma.c vma_link, all versions.
func link(t *sched.Task, s space, v VMA) {
	if m := mappingOf(t, v); m.Mmap != 0 {
		t.DownWrite(m.MmapLock)
		if countable(t.Profile(), v.Flags) {
			m.AddWritable(t)
		}
		m.Link(t, v.user(s.id))
		t.UpWrite(m.MmapLock)
	}
	storeVMA.On(t, s.id, v)
}

// unlinkFile takes a VMA out of the file's reverse map and counter. Its entries
// are gone already; their references may not be.
//
// Kernel: mm/vma.c unlink_file_vma, all versions.
func unlinkFile(t *sched.Task, s space, v VMA) {
	m := mappingOf(t, v)
	if m.Mmap == 0 {
		return
	}
	t.DownWrite(m.MmapLock)
	if countable(t.Profile(), v.Flags) && !t.Wrong(mutant.MunmapKeepsCount) {
		m.UnmapWritable(t)
	}
	m.Unlink(t, v.user(s.id))
	t.UpWrite(m.MmapLock)
}

// rewrite puts other VMAs in the place of some: to cover the same file pages, in
// fewer or more pieces, or one piece longer or shorter. No entry changes. All of
// them show the same open file and are countable or not together.
//
// Kernel: mm/vma.c vma_prepare and vma_complete, v6.3 and later (__vma_adjust before).
func rewrite(t *sched.Task, s space, from, to []VMA) {
	m := mappingOf(t, from[0])
	if m.Mmap != 0 {
		t.DownWrite(m.MmapLock)
		for _, v := range from {
			m.Unlink(t, v.user(s.id))
		}
	}
	for _, v := range from {
		clearVMA.On(t, s.id, v.Start)
	}
	for _, v := range to {
		storeVMA.On(t, s.id, v)
	}
	if m.Mmap != 0 {
		for _, v := range to {
			m.Link(t, v.user(s.id))
		}
		if countable(t.Profile(), to[0].Flags) {
			for range len(to) - len(from) {
				m.AddWritable(t)
			}
			for range len(from) - len(to) {
				if !t.Wrong(mutant.MergeNotCounted) {
					m.UnmapWritable(t)
				}
			}
		}
		t.UpWrite(m.MmapLock)
	}
	if from[0].File == 0 {
		return
	}
	for range len(to) - len(from) {
		inode.GetFile(t, from[0].File)
	}
	for range len(from) - len(to) {
		inode.PutFile(t, from[0].File)
	}
}

// split cuts a VMA in two at an address inside it, and returns the upper part.
// ENOMEM: too many VMAs. EINVAL: in the middle of a huge page.
//
// Kernel: mm/vma.c split_vma, all versions.
func split(t *sched.Task, s space, v VMA, addr uint64) (VMA, error) {
	if mapCount.On(t, s.id, sched.None{}) >= maxMapCount {
		return VMA{}, t.Refuse(abi.ENOMEM, "max_map_count", sched.Fact{Name: "VMAs", Value: maxMapCount})
	}
	return splitAny(t, s, v, addr)
}

// splitAny is split without the limit.
//
// Kernel: mm/vma.c __split_vma, all versions.
func splitAny(t *sched.Task, s space, v VMA, addr uint64) (VMA, error) {
	if addr&(1<<v.Shift-1) != 0 {
		return VMA{}, t.Refuse(abi.EINVAL, "hugetlb_vm_op_split", sched.Fact{Name: "address", Value: int64(addr)})
	}
	low, high := v.cut(v.Start, addr), v.cut(addr, v.End)
	rewrite(t, s, []VMA{v}, []VMA{low, high})
	uncount(t, mutant.SplitNotCounted, v)
	return high, nil
}

// mergeNew makes a new VMA part of its neighbours if it could be one with them,
// and says whether it did. v is not linked and has no reference to the file.
//
// Kernel: mm/vma.c vma_merge_new_range, v6.12 and later (vma_merge before).
func mergeNew(t *sched.Task, s space, v VMA) bool {
	prev, next := prevVMA.On(t, s.id, v.Start), s.find(t, v.End)
	before, after := prev.joins(v), v.joins(next)
	switch {
	case before && after:
		whole := prev
		whole.End, whole.Anon = next.End, prev.Anon || next.Anon || v.Anon
		rewrite(t, s, []VMA{prev, next}, []VMA{whole})
	case before:
		whole := prev
		whole.End, whole.Anon = v.End, prev.Anon || v.Anon
		rewrite(t, s, []VMA{prev}, []VMA{whole})
	case after:
		whole := next.grownDown(v.Start)
		whole.Anon = next.Anon || v.Anon
		rewrite(t, s, []VMA{next}, []VMA{whole})
	default:
		return false
	}
	return true
}

// grownDown returns the VMA with an earlier start.
func (v VMA) grownDown(start uint64) VMA {
	v.PgOff -= (v.Start - start) >> abi.PageShift
	v.Start = start
	return v
}

// modify gives [start, end), which lies inside v, other flags: it becomes part of
// a neighbour, or a VMA of its own. It returns the VMA that it is in now.
//
// Kernel: mm/vma.c vma_modify, v6.12 and later (vma_merge and split_vma before).
func modify(t *sched.Task, s space, v VMA, start, end uint64, flags Flags) (VMA, error) {
	mid := v.cut(start, end)
	mid.Flags = flags
	return become(t, s, v, mid)
}

// become is modify for any difference: mid is a part of v as it shall be.
func become(t *sched.Task, s space, v, mid VMA) (VMA, error) {
	if whole, ok := mergeExisting(t, s, v, mid); ok {
		return whole, nil
	}
	var err error
	if mid.Start > v.Start {
		if v, err = split(t, s, v, mid.Start); err != nil {
			return VMA{}, err
		}
	}
	if mid.End < v.End {
		if _, err = split(t, s, v, mid.End); err != nil {
			return VMA{}, err
		}
	}
	storeVMA.On(t, s.id, mid)
	return mid, nil
}

// mergeExisting makes mid, a part of v with other flags, part of v's neighbours
// if it could be one with them.
//
// Kernel: mm/vma.c vma_merge_existing_range, v6.12 and later (vma_merge before).
func mergeExisting(t *sched.Task, s space, v, mid VMA) (VMA, bool) {
	var prev, next VMA
	if mid.Start == v.Start {
		if prev = prevVMA.On(t, s.id, v.Start); !prev.joins(mid) {
			prev = VMA{}
		}
	}
	if mid.End == v.End {
		if next = s.find(t, v.End); !mid.joins(next) {
			next = VMA{}
		}
	}
	whole := prev
	switch {
	case prev.OK() && next.OK():
		whole.End, whole.Anon = next.End, prev.Anon || v.Anon || next.Anon
		rewrite(t, s, []VMA{prev, v, next}, []VMA{whole})
	case prev.OK() && mid.End == v.End:
		whole.End, whole.Anon = v.End, prev.Anon || v.Anon
		rewrite(t, s, []VMA{prev, v}, []VMA{whole})
	case prev.OK():
		whole.End, whole.Anon = mid.End, prev.Anon || v.Anon
		rewrite(t, s, []VMA{prev, v}, []VMA{whole, v.cut(mid.End, v.End)})
	case next.OK() && mid.Start == v.Start:
		whole = next.grownDown(v.Start)
		whole.Anon = v.Anon || next.Anon
		rewrite(t, s, []VMA{v, next}, []VMA{whole})
	case next.OK():
		whole = next.grownDown(mid.Start)
		whole.Anon = v.Anon || next.Anon
		rewrite(t, s, []VMA{v, next}, []VMA{v.cut(v.Start, mid.Start), whole})
	default:
		return VMA{}, false
	}
	return whole, true
}
