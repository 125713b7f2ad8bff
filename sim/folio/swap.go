package folio

import (
	"encoding/binary"

	"sealab/sim/sched"
)

// Slot is a page's place in swap. A page tree names it by a value in the page's place.
//
// Kernel: include/linux/swap.h swp_entry_t, all versions.
type Slot struct{ Content uint64 }

// Clone returns an independent copy.
func (s *Slot) Clone() sched.Object { c := *s; return &c }

// Encode appends the canonical encoding.
func (s *Slot) Encode(dst []byte) []byte { return binary.LittleEndian.AppendUint64(dst, s.Content) }

var (
	readSlot  = sched.NewOp("swap_read_folio", sched.Read, func(s *Slot, _ sched.None) uint64 { return s.Content })
	dirty     = sched.NewOp("folio_test_dirty", sched.Read, func(f *Folio, _ sched.None) bool { return f.Dirty })
	markDirty = sched.NewOp("folio_mark_dirty", sched.Write, func(f *Folio, _ sched.None) sched.None {
		f.Dirty = true
		return sched.None{}
	})
)

// SwapOn gives a machine swap, without bounds. It is for whoever boots it.
//
// Kernel: mm/swapfile.c swapon, all versions.
func SwapOn(w *sched.World) { sched.Peek[Frames](w, FramesID).Swap = true }

// HasSwap says whether there is swap, which never changes.
//
// Kernel: include/linux/swap.h total_swap_pages, all versions.
func HasSwap(t *sched.Task) bool { return sched.Peek[Frames](t.Sched().World(), FramesID).Swap }

// SwapOut writes a folio's contents to a fresh slot.
//
// Kernel: mm/page_io.c swap_writeout, v6.16 and later (swap_writepage before).
// Differs: at once; the folio does not stay in the swap cache.
func SwapOut(t *sched.Task, id sched.ID) (slot sched.ID) { return sched.New(t, &Slot{Content(t, id)}) }

// SwapIn reads a slot into a folio that nobody knows yet.
//
// Kernel: mm/page_io.c swap_read_folio, v6.5 and later (swap_readpage before).
func SwapIn(t *sched.Task, id, slot sched.ID) {
	Copy(t, id, readSlot.On(t, slot, sched.None{}), true)
}

// FreeSlot gives a slot back, whose value is in no page tree any more.
//
// Kernel: mm/swapfile.c swap_free, all versions.
func FreeSlot(t *sched.Task, slot sched.ID) { sched.Free(t, slot) }

// Dirty says whether a folio has bytes that are nowhere else: it was written since it was
// made, by a call, or through a page table entry that is gone.
//
// Kernel: include/linux/page-flags.h folio_test_dirty, v5.16 and later (PageDirty before).
func Dirty(t *sched.Task, id sched.ID) bool { return dirty.On(t, id, sched.None{}) }

// MarkDirty says that it has.
//
// Kernel: mm/page-writeback.c folio_mark_dirty, v5.16 and later (set_page_dirty before).
func MarkDirty(t *sched.Task, id sched.ID) { markDirty.On(t, id, sched.None{}) }
