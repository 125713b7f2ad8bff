package shmem

import (
	"sealab/sim/abi"
	"sealab/sim/folio"
	"sealab/sim/inode"
	"sealab/sim/mapping"
	"sealab/sim/mutant"
	"sealab/sim/sched"
)

// MaxPages bounds the pages of one call that makes them (1 GiB), so that a hostile
// scenario cannot ask for more memory than there is.
const MaxPages = 1 << 18

// MaxIndex bounds where a page of a file can be (4 TiB).
const MaxIndex = 1 << 30

func init() { inode.Register(inode.Shmem, ops{}) }

// Lookup returns the folio at a page index, with a reference that the task holds,
// or 0 for a hole. No lock is taken: the folio is looked at again once the
// reference is there, for it may have left the tree meanwhile. A page that is in swap
// is brought back first.
//
// Kernel: mm/filemap.c filemap_get_entry, v6.5 and later (find_get_entry before).
// Kernel: mm/shmem.c shmem_get_folio_gfp, v6.0 and later (SGP_READ; shmem_getpage_gfp before).
func Lookup(t *sched.Task, m mapping.Mapping, index uint64) sched.ID {
	for {
		f := m.Load(t, index)
		if f.Slot() != 0 {
			swapIn(t, m, f)
			continue
		}
		id := f.Folio()
		if id == 0 {
			return 0
		}
		if !folio.TryGet(t, id) {
			continue
		}
		t.Hold(id)
		if m.Load(t, index).Folio() == id {
			return id
		}
		folio.Release(t, id)
	}
}

// Data is Lookup for reading: a page without bytes, which only fallocate made, is
// a hole.
//
// Kernel: mm/shmem.c shmem_get_folio_gfp, v6.0 and later (SGP_READ; shmem_getpage_gfp before).
func Data(t *sched.Task, m mapping.Mapping, index uint64) sched.ID {
	id := Lookup(t, m, index)
	if id != 0 && !folio.Uptodate(t, id) {
		folio.Release(t, id)
		return 0
	}
	return id
}

// GetFolio is Lookup that makes a page of zeros where there is a hole.
//
// Kernel: mm/shmem.c shmem_get_folio, v6.0 and later (shmem_getpage before).
func GetFolio(t *sched.Task, m mapping.Mapping, index uint64) sched.ID {
	id, _ := getOrAdd(t, m, index)
	if !folio.Uptodate(t, id) {
		folio.MarkUptodate(t, id)
	}
	return id
}

// reserve is GetFolio for fallocate: the page is there, its bytes are not. One that
// was there already gets its bytes, so that a second call cannot undo the first.
//
// Kernel: mm/shmem.c shmem_get_folio_gfp, v6.0 and later (SGP_FALLOC; shmem_getpage_gfp before).
func reserve(t *sched.Task, m mapping.Mapping, index uint64) sched.ID {
	id, added := getOrAdd(t, m, index)
	if !added && !folio.Uptodate(t, id) {
		folio.MarkUptodate(t, id)
	}
	folio.MarkDirty(t, id)
	return id
}

func getOrAdd(t *sched.Task, m mapping.Mapping, index uint64) (id sched.ID, added bool) {
	for {
		if id := Lookup(t, m, index); id != 0 {
			return id, false
		}
		if id := add(t, m, index, 0); id != 0 {
			return id, true
		}
	}
}

// add makes a folio and puts it in the tree. It returns 0 when another task was
// faster.
//
// Kernel: mm/shmem.c shmem_alloc_and_add_folio, v6.7 and later.
func add(t *sched.Task, m mapping.Mapping, index uint64, order uint8) sched.ID {
	id := folio.Alloc(t, order, false)
	t.Hold(id)
	nr := int32(1) << order
	folio.HoldN(t, id, nr)
	m.LockPages(t)
	err := m.Insert(t, index, order, id)
	if err == nil {
		t.DropN(id, nr)
	}
	m.UnlockPages(t)
	if err != nil {
		folio.ReleaseN(t, id, nr+1)
		return 0
	}
	folio.AddLRU(t, id)
	return id
}

// truncateRange removes the pages that lie wholly in [start, end), in bytes, and
// writes zeros over the parts of pages at its ends. end may be -1 for the rest of
// the file.
//
// Kernel: mm/shmem.c shmem_undo_range, all versions.
func truncateRange(t *sched.Task, m mapping.Mapping, start, end int64) {
	const in = abi.PageSize - 1 // the part of an offset that lies inside a page
	first := uint64(start+in) >> abi.PageShift
	if end < 0 {
		zeroPart(t, m, start, int64(first)<<abi.PageShift)
		removePages(t, m, first, ^uint64(0))
		return
	}
	behind := uint64(end) >> abi.PageShift
	if behind < first { // inside one page
		zeroPart(t, m, start, end)
		return
	}
	zeroPart(t, m, start, int64(first)<<abi.PageShift)
	zeroPart(t, m, int64(behind)<<abi.PageShift, end)
	if first < behind {
		removePages(t, m, first, behind-1)
	}
}

// removePages takes the pages of [first, last] out of the tree.
func removePages(t *sched.Task, m mapping.Mapping, first, last uint64) {
	for {
		f := m.Find(t, first, last)
		if !f.OK {
			return
		}
		m.LockPages(t)
		if f = m.Find(t, first, last); f.OK {
			m.Remove(t, f, int32(1)<<f.Order)
		}
		m.UnlockPages(t)
		if id := f.Folio(); id != 0 {
			folio.ReleaseN(t, id, 1<<f.Order)
		} else if f.OK {
			folio.FreeSlot(t, f.Slot())
		}
		if first = f.Index + 1<<f.Order; first == 0 || !f.OK {
			return
		}
	}
}

// zeroPart writes zeros over the bytes [from, to) of one page, if it is there.
func zeroPart(t *sched.Task, m mapping.Mapping, from, to int64) {
	if from == to {
		return
	}
	if id := Lookup(t, m, uint64(from)>>abi.PageShift); id != 0 {
		folio.Change(t, id, uint64(from)<<32^uint64(to)^zeros)
		folio.Release(t, id)
	}
}

// zeros tells a change to zeros from other changes of the same bytes.
const zeros = 1 << 63

// ops is what tmpfs answers to the rest of the kernel.
type ops struct{}

// Fault implements inode.FileOps.
//
// Kernel: mm/shmem.c shmem_fault, all versions.
func (ops) Fault(t *sched.Task, ino sched.ID, pgoff uint64, _ bool) (sched.ID, error) {
	i := inode.Of(t, ino)
	size := inode.Size(t, ino)
	if pgoff >= pagesOf(size) {
		return 0, t.RefuseBecause(abi.EFAULT, "shmem_fault",
			sched.Fact{Name: "page index", Value: int64(pgoff)}, ino)
	}
	return GetFolio(t, i.Map, pgoff), nil
}

// Fill implements mm.Filler.
//
// Kernel: mm/shmem.c shmem_mfill_atomic_pte, v5.13 and later (shmem_mcopy_atomic_pte before).
func (ops) Fill(t *sched.Task, ino sched.ID, pgoff, content uint64) (sched.ID, error) {
	fact := sched.Fact{Name: "page index", Value: int64(pgoff)}
	if int64(pgoff)<<abi.PageShift >= inode.Size(t, ino) {
		return 0, t.RefuseBecause(abi.EFAULT, "shmem_mfill_atomic_pte", fact, ino)
	}
	id := add(t, inode.Of(t, ino).Map, pgoff, 0)
	if id == 0 {
		return 0, t.RefuseBecause(abi.EEXIST, "shmem_add_to_page_cache", fact, ino)
	}
	folio.Copy(t, id, content, true)
	return id, nil
}

// Cached implements inode.FileOps.
//
// Kernel: mm/filemap.c next_uptodate_folio, v5.18 and later (filemap_map_pages before).
func (ops) Cached(t *sched.Task, ino sched.ID, pgoff uint64) sched.ID {
	m := inode.Of(t, ino).Map
	id := m.Load(t, pgoff).Folio()
	if id == 0 || !folio.TryGet(t, id) {
		return 0
	}
	t.Hold(id)
	if m.Load(t, pgoff).Folio() != id || !folio.Uptodate(t, id) || pgoff >= pagesOf(inode.Size(t, ino)) {
		folio.Release(t, id)
		return 0
	}
	return id
}

// pagesOf returns how many pages a file of so many bytes has.
func pagesOf(size int64) uint64 { return uint64(size+abi.PageSize-1) >> abi.PageShift }

// Punch implements inode.FileOps.
func (ops) Punch(t *sched.Task, file sched.ID, off, n int64) error {
	if t.Wrong(mutant.MadvRemoveUnchecked) {
		i := inode.Of(t, inode.FileOf(t, file).Inode)
		t.DownWrite(i.Lock)
		punchUnsealed(t, i, off, off+n)
		t.UpWrite(i.Lock)
		return nil
	}
	return Fallocate(t, file, abi.FallocFlKeepSize|abi.FallocFlPunchHole, off, n)
}

// Release implements inode.FileOps.
func (ops) Release(*sched.Task, sched.ID) {}

// Evict implements inode.FileOps.
//
// Kernel: mm/shmem.c shmem_evict_inode, all versions.
func (ops) Evict(t *sched.Task, ino sched.ID) {
	truncateRange(t, inode.Of(t, ino).Map, 0, -1)
}
