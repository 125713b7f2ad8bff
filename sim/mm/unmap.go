package mm

import (
	"sealab/sim/abi"
	"sealab/sim/folio"
	"sealab/sim/inode"
	"sealab/sim/mapping"
	"sealab/sim/sched"
)

func init() { mapping.Zap = zapMapping }

// zapMapping takes the entries of file pages out of one page table, for a
// truncation; private copies stay unless evenCows. The caller holds MmapLock.
//
// Kernel: mm/memory.c unmap_mapping_range_vma, all versions.
func zapMapping(t *sched.Task, mm sched.ID, start, end uint64, evenCows bool) {
	zapRange(t, open(t, mm), pages{start >> abi.PageShift, end >> abi.PageShift, !evenCows})
}

// pageAlign rounds a length up to whole pages; near 2^64 it wraps around to 0.
func pageAlign(n uint64) uint64 { return (n + abi.PageSize - 1) &^ (abi.PageSize - 1) }

// unaligned says whether an address is not a multiple of the page size.
func unaligned(addr uint64) bool { return addr&(abi.PageSize-1) != 0 }

// Unmap removes all mappings from n bytes at addr, both in bytes. What is not
// mapped stays so without an error.
//
// EINVAL: addr is not a multiple of the page size, n is 0, or the range does not
// lie in user memory. ENOMEM: a mapping would have to be split and there are too
// many.
//
// Kernel: mm/mmap.c __vm_munmap, all versions.
func Unmap(t *sched.Task, mm sched.ID, addr, n uint64) error {
	s := open(t, mm)
	t.DownWrite(s.lock)
	err := munmap(t, s, addr, n)
	t.UpWrite(s.lock)
	return err
}

// munmap is Unmap under mmap_lock.
//
// Kernel: mm/vma.c do_vmi_munmap, v6.1 and later (__do_munmap before).
func munmap(t *sched.Task, s space, addr, n uint64) error {
	if unaligned(addr) || addr > abi.TaskSize || n > abi.TaskSize-addr || n == 0 {
		return t.Refuse(abi.EINVAL, "do_vmi_munmap",
			sched.Fact{Name: "address", Value: int64(addr)}, sched.Fact{Name: "length", Value: int64(n)})
	}
	return unmapRange(t, s, addr, addr+pageAlign(n))
}

// unmapRange removes all mappings from [start, end), both multiples of the page
// size: it splits what sticks out, and removes what is left inside.
//
// Kernel: mm/vma.c vms_gather_munmap_vmas and vms_complete_munmap_vmas, v6.12 and later
// (__do_munmap before).
func unmapRange(t *sched.Task, s space, start, end uint64) error {
	v := s.find(t, start)
	if !v.OK() || v.Start >= end {
		return nil
	}
	if start > v.Start {
		if end < v.End && mapCount.On(t, s.id, sched.None{}) >= maxMapCount {
			return t.Refuse(abi.ENOMEM, "max_map_count", sched.Fact{Name: "VMAs", Value: maxMapCount})
		}
		if start&(1<<v.Shift-1) != 0 {
			return t.Refuse(abi.EINVAL, "hugetlb_vm_op_split", sched.Fact{Name: "address", Value: int64(start)})
		}
	}
	// A refused split at the end must not leave one at the start behind.
	last := v
	if end > v.End {
		last = s.at(t, end-1)
	}
	if last.OK() && end < last.End && end&(1<<last.Shift-1) != 0 {
		return t.Refuse(abi.EINVAL, "hugetlb_vm_op_split", sched.Fact{Name: "address", Value: int64(end)})
	}
	if start > v.Start {
		high, err := splitAny(t, s, v, start)
		if err != nil {
			return err
		}
		if last.Start == v.Start {
			last = high
		}
	}
	if last.OK() && end < last.End {
		if _, err := splitAny(t, s, last, end); err != nil {
			return err
		}
	}
	unmapRegion(t, s, start, end)
	return nil
}

// unmapRegion removes the VMAs that lie in [start, end), none of which sticks out.
// The order matters to a sealer on another CPU: first the entries go, then the
// counter sinks, and only then the references of the entries are given back.
//
// Kernel: mm/vma.c unmap_region, all versions.
func unmapRegion(t *sched.Task, s space, start, end uint64) {
	base := len(t.Held)
	folio.DrainBatch(t, t.ThisCPU())
	zap(t, s, pages{first: start >> abi.PageShift, end: end >> abi.PageShift}, base)
	first := s.find(t, start)
	for v := first; v.OK() && v.Start < end; v = s.find(t, v.End) {
		unlinkFile(t, s, v)
	}
	endGather(t, base)
	for v := first; v.OK() && v.Start < end; v = s.find(t, v.End) {
		clearVMA.On(t, s.id, v.Start)
		if v.File != 0 {
			inode.PutFile(t, v.File)
		}
	}
}
