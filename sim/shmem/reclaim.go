package shmem

import (
	"sealab/sim/folio"
	"sealab/sim/inode"
	"sealab/sim/mapping"
	"sealab/sim/sched"
)

// Reclaim implements inode.FileOps. Page tables show the folio no more afterwards, whatever
// becomes of it. It leaves the file if nobody else holds it, and if its bytes are zeros
// that nobody wrote, or if there is swap, which has them then.
//
// Kernel: mm/vmscan.c shrink_folio_list, v5.18 and later (shrink_page_list before).
// Kernel: mm/shmem.c shmem_writeout, v6.16 and later (shmem_writepage before).
// Differs: large folios stay; mappings that are locked in memory are not asked.
func (ops) Reclaim(t *sched.Task, ino, id sched.ID) {
	m := inode.Of(t, ino).Map
	s := folio.ShapeOf(t, id)
	if s.Pages == m.Pages && s.Order == 0 {
		m.UnmapRange(t, s.Index, s.Index+1, false)
		dirty := folio.Dirty(t, id)
		if (!dirty || folio.HasSwap(t)) && evict(t, m, s.Index, id, dirty) {
			return
		}
	}
	folio.AddLRU(t, id)
	folio.Release(t, id)
}

// evict takes a folio out of the file, if nobody else holds it. dirty says that its bytes go
// to swap.
//
// Kernel: mm/vmscan.c __remove_mapping, all versions.
func evict(t *sched.Task, m mapping.Mapping, index uint64, id sched.ID, dirty bool) bool {
	m.LockPages(t)
	f := m.Load(t, index)
	if f.Folio() != id || !folio.Freeze(t, id, 2) {
		m.UnlockPages(t)
		return false
	}
	if dirty {
		m.SwapOut(t, index, id, folio.SwapOut(t, id))
	} else {
		m.Remove(t, f, 1)
	}
	folio.Unfreeze(t, id, 1)
	t.Drop(id) // the tree's reference went with the freezing
	m.UnlockPages(t)
	folio.Release(t, id)
	return true
}

// swapIn brings a page back from swap, unless somebody else does. Its tags stay.
//
// Kernel: mm/shmem.c shmem_swapin_folio, v5.18 and later (shmem_swapin_page before).
// Differs: the folio is never in the swap cache too.
func swapIn(t *sched.Task, m mapping.Mapping, f mapping.Found) {
	id := folio.Alloc(t, 0, false)
	t.Hold(id)
	folio.HoldN(t, id, 1)
	m.LockPages(t)
	if m.Load(t, f.Index).Slot() != f.Slot() {
		m.UnlockPages(t)
		folio.ReleaseN(t, id, 2)
		return
	}
	folio.SwapIn(t, id, f.Slot())
	folio.Place(t, id, m.Pages, f.Index)
	m.ReplaceFolio(t, f.Index, 0, id)
	t.Drop(id)
	folio.FreeSlot(t, f.Slot())
	m.UnlockPages(t)
	folio.AddLRU(t, id)
	folio.Release(t, id)
}
