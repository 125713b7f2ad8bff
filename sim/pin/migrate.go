package pin

import (
	"encoding/binary"

	"sealab/sim/abi"
	"sealab/sim/folio"
	"sealab/sim/inode"
	"sealab/sim/sched"
	"sealab/sim/shmem"
)

// Isolated is a folio that somebody has taken off the LRU list to migrate it, with a
// reference that looks like a pin for as long.
//
// Kernel: include/linux/mmzone.h NR_ISOLATED_FILE, v4.8 and later.
type Isolated struct {
	Folio  sched.ID
	Origin int64
}

// Clone returns an independent copy.
func (i *Isolated) Clone() sched.Object { c := *i; return &c }

// Encode appends the canonical encoding.
func (i *Isolated) Encode(dst []byte) []byte {
	return binary.LittleEndian.AppendUint32(dst, uint32(i.Folio))
}

// Isolate takes the page of a file at a page index off the LRU list, as compaction and
// move_pages do before they migrate it. The result is for Migrate and Putback.
//
// ENOENT: no page there. EBUSY: it is not on the list, but in a CPU's batch, or
// isolated already.
//
// Kernel: mm/vmscan.c folio_isolate_lru, v5.18 and later (isolate_lru_page before).
func Isolate(t *sched.Task, ino sched.ID, index uint64) (sched.ID, error) {
	id := shmem.Lookup(t, inode.Of(t, ino).Map, index)
	if id == 0 {
		return 0, t.Refuse(abi.ENOENT, "folio_isolate_lru", sched.Fact{Name: "page", Value: int64(index)})
	}
	if !folio.TestClearLRU(t, id) {
		folio.Release(t, id)
		return 0, t.Refuse(abi.EBUSY, "folio_isolate_lru", sched.Fact{Name: "page", Value: int64(index)})
	}
	iso := sched.New(t, &Isolated{Folio: id, Origin: t.Origin})
	t.Drop(id)
	return iso, nil
}

// isolated reads which folio is isolated.
var isolated = sched.NewOp("lru_to_folio", sched.Read, func(i *Isolated, _ sched.None) sched.ID { return i.Folio })

// Putback gives an isolated folio back: into the batch of a CPU, which has a reference until
// it is emptied.
//
// Kernel: mm/migrate.c putback_movable_pages, all versions.
func Putback(t *sched.Task, iso sched.ID) {
	id := letGo(t, iso)
	folio.AddLRU(t, id)
	folio.Release(t, id)
}

// letGo makes the reference of an isolated folio the task's.
func letGo(t *sched.Task, iso sched.ID) sched.ID {
	id := isolated.On(t, iso, sched.None{})
	t.Hold(id)
	sched.Free(t, iso)
	return id
}

// Migrate moves the contents of an isolated page to a fresh folio, which takes its
// place in the page tree with its tags, and goes into the batch of a CPU; if page tables showed
// the page, that is emptied at once. While the page is being
// replaced its references are frozen, and read as 0.
//
// EAGAIN: somebody else holds the page, or it has left the file.
//
// Kernel: mm/migrate.c folio_migrate_mapping, v5.16 and later (migrate_page_move_mapping before).
// Differs: page table entries are taken away, and made again by the next fault.
func Migrate(t *sched.Task, ino, iso sched.ID) error {
	m := inode.Of(t, ino).Map
	old := isolated.On(t, iso, sched.None{})
	s := folio.ShapeOf(t, old)
	nr := s.NrPages()
	mapped := folio.MapCount(t, old) > 0
	m.UnmapRange(t, s.Index, s.Index+uint64(nr), false)
	fresh := folio.Alloc(t, s.Order, false)
	t.Hold(fresh)
	folio.HoldN(t, fresh, nr)
	m.LockPages(t)
	if m.Load(t, s.Index).Folio() != old || !folio.Freeze(t, old, nr+1) {
		m.UnlockPages(t)
		folio.ReleaseN(t, fresh, nr+1)
		Putback(t, iso)
		return t.Refuse(abi.EAGAIN, "folio_migrate_mapping", sched.Fact{Name: "page", Value: int64(s.Index)})
	}
	folio.Copy(t, fresh, folio.Content(t, old), folio.Dirty(t, old))
	folio.Place(t, fresh, s.Pages, s.Index)
	m.ReplaceFolio(t, s.Index, s.Order, fresh)
	t.DropN(fresh, nr)
	t.HoldN(old, nr)
	folio.Place(t, old, 0, 0)
	folio.Unfreeze(t, old, 1)
	t.DropN(old, nr)
	m.UnlockPages(t)
	folio.AddLRU(t, fresh)
	if mapped {
		folio.DrainBatch(t, t.ThisCPU())
	}
	folio.Release(t, fresh)
	folio.Release(t, letGo(t, iso))
	return nil
}
