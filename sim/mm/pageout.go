package mm

import (
	"sealab/sim/abi"
	"sealab/sim/folio"
	"sealab/sim/sched"
)

// pageout lets the kernel reclaim those pages of [start, end) that this page table shows, and
// no other. One that is in a CPU's batch is passed over.
//
// Kernel: mm/madvise.c madvise_pageout, v5.4 and later.
// Differs: private memory stays; whoever calls may write the file, or owns it.
func pageout(t *sched.Task, s space, v VMA, start, end uint64) {
	ops := v.ops(t)
	if ops == nil {
		return
	}
	folio.DrainBatch(t, t.ThisCPU())
	base := len(t.Held)
	r := pages{first: start >> abi.PageShift, end: end >> abi.PageShift, fileOnly: true}
	t.Lock(s.ptl)
	for {
		e := nextPTE.On(t, s.table, r)
		if e.Folio == 0 {
			break
		}
		r.first = e.Page + 1
		if folio.MapCount(t, e.Folio) == 1 && folio.TestClearLRU(t, e.Folio) {
			folio.Hold(t, e.Folio)
		}
	}
	t.Unlock(s.ptl)
	for len(t.Held) > base {
		ops.Reclaim(t, v.Inode, t.Held[base].ID)
	}
}
