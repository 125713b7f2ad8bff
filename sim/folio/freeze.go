package folio

import "sealab/sim/sched"

var (
	freeze = sched.NewOp("folio_ref_freeze", sched.Write, func(f *Folio, want int32) bool {
		if f.Refs != want || want == 0 {
			return false
		}
		f.Refs, f.Frozen = 0, want
		return true
	})
	unfreeze = sched.NewOp("folio_ref_unfreeze", sched.Write, func(f *Folio, refs int32) sched.None {
		f.Refs, f.Frozen = refs, 0
		return sched.None{}
	})
	copyFolio = sched.NewOp("folio_copy", sched.Write, func(f *Folio, from copied) sched.None {
		f.Content, f.Dirty, f.Ready = from.content, from.dirty, true
		return sched.None{}
	})
	clearLRU = sched.NewOp("folio_test_clear_lru", sched.Write, func(f *Folio, _ sched.None) bool {
		was := f.LRU
		f.LRU = false
		return was
	})
)

// Freeze takes all references of a folio at once, if there are exactly want of them, so
// that nobody can take one until Unfreeze: its count reads as 0. It says whether it did.
//
// Kernel: include/linux/page_ref.h folio_ref_freeze, v5.16 and later (page_ref_freeze before).
func Freeze(t *sched.Task, id sched.ID, want int32) bool { return freeze.On(t, id, want) }

// Unfreeze gives a frozen folio a count again: refs, at least 1.
//
// Kernel: include/linux/page_ref.h folio_ref_unfreeze, v5.16 and later (page_ref_unfreeze before).
func Unfreeze(t *sched.Task, id sched.ID, refs int32) { unfreeze.On(t, id, refs) }

// copied is what a folio gets from another.
type copied struct {
	content uint64
	dirty   bool
}

// Copy gives a fresh folio the content of another, which was dirty or not.
//
// Kernel: mm/util.c folio_copy, v5.16 and later (copy_highpage before).
func Copy(t *sched.Task, id sched.ID, content uint64, dirty bool) {
	copyFolio.On(t, id, copied{content, dirty})
}

// TestClearLRU takes a folio off the LRU list, and says whether it was on it: one that
// is still in a CPU's batch is not.
//
// Kernel: include/linux/page-flags.h folio_test_clear_lru, v5.16 and later (TestClearPageLRU before).
func TestClearLRU(t *sched.Task, id sched.ID) bool { return clearLRU.On(t, id, sched.None{}) }

// PutbackLRU puts a part of a folio that was on the LRU list beside it.
//
// Kernel: mm/huge_memory.c lru_add_split_folio, v6.9 and later (lru_add_page_tail before).
func PutbackLRU(t *sched.Task, id sched.ID) { setLRU.On(t, id, sched.None{}) }
