package mapping

import (
	"sealab/sim/abi"
	"sealab/sim/folio"
	"sealab/sim/mutant"
	"sealab/sim/sched"
	"sealab/sim/xarray"
)

// The tags of the page tree: what its marks mean to a file system that writes
// back. tmpfs does not, so sealing borrows the last.
//
// Kernel: include/linux/fs.h PAGECACHE_TAG_TOWRITE, v4.20 and later (in radix-tree.h before).
const (
	TagDirty     = xarray.Mark0
	TagWriteback = xarray.Mark1
	TagToWrite   = xarray.Mark2
)

// Pages is the page tree i_pages: which folio, or which swap entry, is at which
// index of the file.
//
// Kernel: include/linux/fs.h address_space.i_pages, v4.17 and later (page_tree before).
type Pages struct {
	X  *xarray.XArray
	Nr int64 // nrpages: pages, not folios
}

// NewPages returns an empty page tree with nodes of 2^shift slots (1 to 6).
func NewPages(shift int) *Pages { return &Pages{X: xarray.New(uint(shift))} }

// Clone returns an independent copy.
func (p *Pages) Clone() sched.Object { return &Pages{p.X.Clone(), p.Nr} }

// Encode appends the canonical encoding.
func (p *Pages) Encode(dst []byte) []byte { return p.X.Encode(dst) }

// Found is an entry of a page tree.
type Found struct {
	Index uint64 // of its first page
	Order uint8  // it spans 2^Order pages
	Entry xarray.Entry
	OK    bool // whether there is an entry at all
}

// Folio returns the folio of an entry, 0 if there is none.
func (f Found) Folio() sched.ID {
	if !f.OK || !f.Entry.IsFolio() {
		return 0
	}
	return sched.ID(f.Entry.Folio())
}

// Slot returns the slot of a page that is in swap, 0 if the entry is none.
func (f Found) Slot() sched.ID {
	if !f.OK || !f.Entry.IsValue() {
		return 0
	}
	return sched.ID(f.Entry.Value())
}

type rangeArg struct {
	from, last uint64
	mark       xarray.Mark
}

// Stored is the argument of xas_store: an entry of 2^Order pages is put at Index;
// 0 takes away what is there.
type Stored struct {
	Index uint64
	Order uint8
	Entry xarray.Entry
}

// Marked is the argument of xas_set_mark: a tag of the entry at Index is set or
// cleared.
type Marked struct {
	Index uint64
	Mark  xarray.Mark
	Set   bool
}

type splitArg struct {
	index uint64
	wrong bool
}

var (
	load = sched.NewOp("xas_load", sched.Read, func(p *Pages, index uint64) Found {
		return found(p.X.FindFrom(index, index))
	})
	find = sched.NewOp("xas_find", sched.Read, func(p *Pages, a rangeArg) Found {
		return found(p.X.FindFrom(a.from, a.last))
	})
	findTagged = sched.NewOp("xas_find_marked", sched.Read, func(p *Pages, a rangeArg) Found {
		return found(p.X.FindMarkedFrom(a.from, a.last, a.mark))
	})
	tagged = sched.NewOp("mapping_tagged", sched.Read, func(p *Pages, m xarray.Mark) bool { return p.X.Marked(m) })
	setTag = sched.NewOp("xas_set_mark", sched.Write, func(p *Pages, a Marked) sched.None {
		if a.Set {
			p.X.SetMark(a.Index, a.Mark)
		} else {
			p.X.ClearMark(a.Index, a.Mark)
		}
		return sched.None{}
	})
	// store puts an entry in place of what is there, and counts pages.
	store = sched.NewOp("xas_store", sched.Write, func(p *Pages, a Stored) sched.None {
		if old := found(p.X.FindFrom(a.Index, a.Index)); old.Folio() != 0 {
			p.Nr -= 1 << old.Order
		}
		p.X.StoreOrder(a.Index, a.Order, a.Entry)
		if a.Entry.IsFolio() {
			p.Nr += 1 << a.Order
		}
		return sched.None{}
	})
	// split makes entries of one page each of a larger one; a wrong kernel keeps the tags
	// of the first alone.
	split = sched.NewOp("xas_split", sched.Write, func(p *Pages, a splitArg) sched.None {
		f := found(p.X.FindFrom(a.index, a.index))
		p.X.Split(a.index, 0)
		for at := f.Index + 1; a.wrong && at < f.Index+1<<f.Order; at++ {
			for _, m := range []xarray.Mark{TagDirty, TagWriteback, TagToWrite} {
				p.X.ClearMark(at, m)
			}
		}
		return sched.None{}
	})
	nrPages = sched.NewOp("mapping->nrpages", sched.Read, func(p *Pages, _ sched.None) int64 { return p.Nr })
)

func found(index uint64, e xarray.Entry, order uint8, ok bool) Found {
	return Found{index, order, e, ok}
}

// LockPages and UnlockPages guard the page tree.
//
// Kernel: include/linux/xarray.h xa_lock_irq, v4.20 and later (tree_lock before).
func (m Mapping) LockPages(t *sched.Task) { t.Lock(m.Lock) }

// UnlockPages lets the page tree go.
//
// Kernel: include/linux/xarray.h xa_unlock_irq, v4.20 and later.
func (m Mapping) UnlockPages(t *sched.Task) { t.Unlock(m.Lock) }

// Load returns the entry at a page index.
//
// Kernel: lib/xarray.c xas_load, v4.20 and later (radix_tree_lookup before).
func (m Mapping) Load(t *sched.Task, index uint64) Found { return load.On(t, m.Pages, index) }

// Find returns the first entry in [from, last], by page index.
//
// Kernel: lib/xarray.c xas_find, v4.20 and later.
func (m Mapping) Find(t *sched.Task, from, last uint64) Found {
	return find.On(t, m.Pages, rangeArg{from: from, last: last})
}

// FindTagged is Find for entries with a tag.
//
// Kernel: lib/xarray.c xas_find_marked, v4.20 and later.
func (m Mapping) FindTagged(t *sched.Task, from, last uint64, tag xarray.Mark) Found {
	return findTagged.On(t, m.Pages, rangeArg{from, last, tag})
}

// Tagged says whether any entry has a tag.
//
// Kernel: include/linux/fs.h mapping_tagged, all versions.
func (m Mapping) Tagged(t *sched.Task, tag xarray.Mark) bool { return tagged.On(t, m.Pages, tag) }

// Tag sets or clears a tag of the entry at an index. The caller has the lock.
//
// Kernel: lib/xarray.c xas_set_mark, v4.20 and later (radix_tree_tag_set before).
func (m Mapping) Tag(t *sched.Task, index uint64, tag xarray.Mark, set bool) {
	setTag.On(t, m.Pages, Marked{index, tag, set})
}

// Insert puts a folio in the tree, or refuses with EEXIST if its place is taken.
// The caller has the lock, and holds the references that become the tree's. The
// folio is aligned to its order.
//
// Kernel: mm/shmem.c shmem_add_to_page_cache, all versions.
func (m Mapping) Insert(t *sched.Task, index uint64, order uint8, id sched.ID) error {
	if f := m.Find(t, index, index+1<<order-1); f.OK {
		return t.Refuse(abi.EEXIST, "shmem_add_to_page_cache")
	}
	folio.Place(t, id, m.Pages, index)
	store.On(t, m.Pages, Stored{index, order, xarray.FolioEntry(uint32(id))})
	return nil
}

// Replace puts another entry in the place of one, keeping its tags: a swap entry,
// or another folio. The caller has the lock.
//
// Kernel: lib/xarray.c xas_store, v4.20 and later.
func (m Mapping) Replace(t *sched.Task, index uint64, order uint8, e xarray.Entry) {
	store.On(t, m.Pages, Stored{index, order, e})
}

// ReplaceFolio is Replace by a folio, which takes the place of another.
//
// Kernel: mm/migrate.c folio_migrate_mapping, v5.16 and later (migrate_page_move_mapping before).
func (m Mapping) ReplaceFolio(t *sched.Task, index uint64, order uint8, id sched.ID) {
	m.Replace(t, index, order, xarray.FolioEntry(uint32(id)))
}

// SwapOut puts a slot in the place of a folio of one page. The caller has the lock, and the
// tree's reference to the folio becomes the task's.
//
// Kernel: mm/shmem.c shmem_delete_from_page_cache, all versions.
func (m Mapping) SwapOut(t *sched.Task, index uint64, id, slot sched.ID) {
	m.Replace(t, index, 0, xarray.ValueEntry(uint64(slot)))
	t.Hold(id)
	folio.Place(t, id, 0, 0)
}

// Split makes entries of one page each of the entry at a page index, all with the same
// folio and the same tags. The caller has the lock, and puts another folio in each.
//
// Kernel: lib/xarray.c xas_split, v5.10 and later.
func (m Mapping) Split(t *sched.Task, index uint64) {
	split.On(t, m.Pages, splitArg{index, t.Wrong(mutant.SplitLosesTag)})
}

// Remove takes an entry out of the tree, with its tags. The caller has the lock.
// The tree's references to a folio, refs of them, become the task's.
//
// Kernel: mm/filemap.c __filemap_remove_folio, v5.16 and later.
func (m Mapping) Remove(t *sched.Task, f Found, refs int32) {
	store.On(t, m.Pages, Stored{f.Index, f.Order, 0})
	if id := f.Folio(); id != 0 {
		t.HoldN(id, refs)
		folio.Place(t, id, 0, 0)
	}
}

// NrPages returns the number of pages in the tree.
//
// Kernel: include/linux/fs.h address_space.nrpages, all versions.
func (m Mapping) NrPages(t *sched.Task) int64 { return nrPages.On(t, m.Pages, sched.None{}) }
