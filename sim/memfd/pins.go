package memfd

import (
	"math"

	"sealab/sim/abi"
	"sealab/sim/folio"
	"sealab/sim/inode"
	"sealab/sim/mapping"
	"sealab/sim/mutant"
	"sealab/sim/profile"
	"sealab/sim/sched"
)

// tagPinned marks the pages that had a reference too many. tmpfs has no use of
// its own for the tag, since it never writes back.
//
// Kernel: mm/memfd.c MEMFD_TAG_PINNED, v3.17 and later.
const tagPinned = mapping.TagToWrite

// lastScan is the number of the last look; the first is 0.
//
// Kernel: mm/memfd.c LAST_SCAN, v3.17 and later.
const lastScan = 4

// scanDelay returns how many jiffies the task sleeps before a look (1 to
// lastScan): about 10, 20, 40 and 80 ms.
func scanDelay(hz, scan int) int64 { return int64(hz) << scan / 200 }

// waitForPins gives whoever holds a page of the file about 150 ms to let it go,
// and returns EBUSY if one still does then. It leaves no tag behind.
//
// A fatal signal, or any other wake-up before its time, makes the next look the
// last. If that finds nothing, the seal is set although the task is dying.
//
// Kernel: mm/memfd.c memfd_wait_for_pins, v4.17 and later.
// Kernel: mm/shmem.c shmem_wait_for_pins, v3.17 to v4.16.
func waitForPins(t *sched.Task, ino inode.Fixed) error {
	m := ino.Map
	last := lastLook(t)
	if t.Wrong(mutant.NoWait) {
		return nil
	}
	drain(t, false)
	tagPins(t, ino)
	drain(t, true)

	for scan := 0; scan <= last; scan++ {
		if !m.Tagged(t, tagPinned) {
			return nil
		}
		if scan == 0 {
			drainAll(t)
		} else if sleep(t, ino, scanDelay(t.Sched().Clock.HZ, scan)) {
			scan = last
			if t.Wrong(mutant.KillRefuses) {
				return t.RefuseBecause(abi.EBUSY, "memfd_wait_for_pins", sched.Fact{}, m.Pages)
			}
		}
		pinned := scanTagged(t, ino, scan == last)
		if pinned.folio != 0 && !t.Wrong(mutant.LastScanForgives) {
			return t.RefuseBecause(abi.EBUSY, "memfd_wait_for_pins",
				sched.Fact{Name: "page", Value: int64(pinned.index)}, m.Pages, pinned.folio)
		}
	}
	return nil
}

// tagPins marks every page that has a reference too many, in one walk over the
// whole tree. It gives the CPU to others now and then, so pages that come or
// are pinned behind it are not seen.
//
// Kernel: mm/memfd.c memfd_tag_pins, v4.17 and later.
// Kernel: mm/shmem.c shmem_tag_pins, v3.17 to v4.16.
func tagPins(t *sched.Task, ino inode.Fixed) {
	w := newWalk(t, ino.Map, t.Profile().WalkTag)
	for {
		p, ok := w.next(false)
		if !ok {
			break
		}
		extra := p.folio != 0 && hasExtraRefs(t, ino.Kind, p.folio, t.Profile().TagTestStrict)
		if extra || t.Wrong(mutant.MarkAll) {
			w.tag(p.index, true)
		}
		if extra && t.Wrong(mutant.OneMark) {
			break
		}
	}
	w.end()
}

// scanTagged looks at the marked pages once more. It takes the mark from those
// that are clean, and on the last scan from all. The result is a page that is
// still pinned on the last scan; its folio is 0 if there is none.
func scanTagged(t *sched.Task, ino inode.Fixed, last bool) (pinned page) {
	w := newWalk(t, ino.Map, t.Profile().WalkWait)
	for {
		p, ok := w.next(true)
		if !ok {
			break
		}
		if p.folio == 0 && !t.Profile().ValueClearsMark {
			continue // the mark stays on what was swapped out
		}
		clean := p.folio == 0 || !hasExtraRefs(t, ino.Kind, p.folio, true)
		if !clean && last && pinned.folio == 0 {
			pinned = p
		}
		if unmarks(t, clean, last) {
			w.tag(p.index, false)
		}
	}
	w.end()
	return pinned
}

// page is one entry of the page tree.
type page struct {
	index uint64
	folio sched.ID // 0 for an entry that is not a page, such as a swap entry
}

// hasExtraRefs says whether somebody holds a reference to a folio, beyond the
// page cache and the page tables. The two counts are read one after the other,
// and may change in between. Fewer references than expected are too many only in
// the strict test: their owner has frozen the folio for a moment.
//
// Kernel: mm/memfd.c memfd_folio_has_extra_refs, v6.9 and later.
// Kernel: mm/memfd.c memfd_wait_for_pins, v4.17 to v6.8.
func hasExtraRefs(t *sched.Task, kind inode.Kind, id sched.ID, strict bool) bool {
	refs := folio.RefCount(t, id)
	maps := folio.MapCount(t, id)
	order := uint8(0)
	if t.Profile().PinTest != profile.PinTestSubpage {
		order = folio.ShapeOf(t, id).Order
	}
	extra := miscounted(t, refs-maps-t.Profile().ExpectedCacheRefs(order, kind == inode.Hugetlb), maps)
	return extra > 0 || strict && extra < 0
}

// walk visits the entries of a page tree in order, under the lock or under RCU
// as this kernel does it, and lets others run after so many entries.
type walk struct {
	t     *sched.Task
	m     mapping.Mapping
	how   profile.Walk
	from  uint64 // the next index to look at
	since int    // entries since others could last run
	done  bool
}

func newWalk(t *sched.Task, m mapping.Mapping, how profile.Walk) *walk {
	w := &walk{t: t, m: m, how: how}
	w.begin()
	return w
}

func (w *walk) begin() {
	if w.how == profile.WalkRCU {
		w.t.RCUReadLock()
	} else {
		w.t.Lock(w.m.Lock)
	}
}

func (w *walk) end() {
	if w.how == profile.WalkRCU {
		w.t.RCUReadUnlock()
	} else {
		w.t.Unlock(w.m.Lock)
	}
}

// next returns the next entry, only marked ones if tagged.
func (w *walk) next(tagged bool) (page, bool) {
	if w.done {
		return page{}, false
	}
	w.breathe()
	var e mapping.Found
	if tagged {
		e = w.m.FindTagged(w.t, w.from, math.MaxUint64, tagPinned)
	} else {
		e = w.m.Find(w.t, w.from, math.MaxUint64)
	}
	if !e.OK {
		return page{}, false
	}
	last := e.Index + 1<<e.Order - 1
	w.from = last + 1
	w.done = w.from == 0
	p := page{index: e.Index}
	p.folio = e.Folio()
	w.count(e)
	return p, true
}

// count adds an entry to the work since the last break.
func (w *walk) count(e mapping.Found) {
	switch {
	case e.Folio() == 0 && !w.t.Profile().BatchCountsValues:
	case w.t.Profile().BatchWeighted:
		w.since += 1 << e.Order
	default:
		w.since++
	}
}

// breathe drops the lock and lets others run when the walk has been long enough.
func (w *walk) breathe() {
	batch := w.t.Profile().Batch
	long := batch > 0 && w.since >= batch
	if w.how == profile.WalkRCU {
		long = w.t.NeedResched()
	}
	if !long {
		return
	}
	w.since = 0
	w.end()
	w.t.CondResched()
	w.begin()
}

// tag sets or clears the mark of an entry.
func (w *walk) tag(index uint64, set bool) {
	if w.how == profile.WalkRCU {
		w.t.Lock(w.m.Lock)
		defer w.t.Unlock(w.m.Lock)
	}
	w.m.Tag(w.t, index, tagPinned, set)
}
