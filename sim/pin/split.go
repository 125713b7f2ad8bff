package pin

import (
	"sealab/sim/abi"
	"sealab/sim/folio"
	"sealab/sim/inode"
	"sealab/sim/sched"
	"sealab/sim/shmem"
)

// Split makes folios of one page each of the large folio at a page index of a file, with its
// contents and its tags, as the kernel does where a part of one is to be freed. No page
// table shows them afterwards.
//
// ENOENT: no page there. EAGAIN: somebody else holds the folio.
//
// Kernel: mm/huge_memory.c split_huge_page_to_list_to_order, v6.9 and later.
// Kernel: mm/huge_memory.c split_huge_page_to_list, v4.5 to v6.8.
// Differs: the first page becomes another folio too.
func Split(t *sched.Task, ino sched.ID, index uint64) error {
	m := inode.Of(t, ino).Map
	old := shmem.Lookup(t, m, index)
	if old == 0 {
		return t.Refuse(abi.ENOENT, "filemap_get_folio", sched.Fact{Name: "page", Value: int64(index)})
	}
	s := folio.ShapeOf(t, old)
	nr := s.NrPages()
	m.UnmapRange(t, s.Index, s.Index+uint64(nr), false)
	fresh := make([]sched.ID, nr)
	for i := range fresh {
		fresh[i] = folio.Alloc(t, 0, false)
		t.Hold(fresh[i])
	}
	m.LockPages(t)
	if m.Load(t, s.Index).Folio() != old || !folio.Freeze(t, old, nr+1) {
		m.UnlockPages(t)
		for _, id := range fresh {
			folio.Release(t, id)
		}
		folio.Release(t, old)
		return t.Refuse(abi.EAGAIN, "folio_ref_freeze", sched.Fact{Name: "page", Value: int64(s.Index)})
	}
	content, dirty := folio.Content(t, old), folio.Dirty(t, old)
	m.Split(t, s.Index)
	for i, id := range fresh {
		folio.Copy(t, id, content, dirty)
		folio.Place(t, id, s.Pages, s.Index+uint64(i))
		m.ReplaceFolio(t, s.Index+uint64(i), 0, id)
		t.Drop(id) // its reference is the page cache's now
	}
	t.HoldN(old, nr)
	folio.Place(t, old, 0, 0)
	folio.Unfreeze(t, old, 1)
	t.DropN(old, nr)
	m.UnlockPages(t)
	for _, id := range fresh {
		folio.PutbackLRU(t, id)
	}
	folio.Release(t, old)
	return nil
}
