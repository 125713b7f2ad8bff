package xarray

import "fmt"

// Entry is what a slot holds: nothing (0), a folio, or a value.
//
// Kernel: include/linux/xarray.h xa_entry, v4.20 and later.
type Entry uint64

// The two lowest bits tell the kinds apart: 00 a folio, 10 internal, x1 a value.
const (
	valueBit    Entry = 1
	internalBit Entry = 2
	kindBits    Entry = 3

	// nodeEntry stands in a slot that leads to a node.
	nodeEntry Entry = 1<<32 | internalBit
	// RetryEntry is what an Iter meets where a slot has moved: call Retry.
	//
	// Kernel: include/linux/xarray.h XA_RETRY_ENTRY, v4.20 and later (RADIX_TREE_RETRY before).
	RetryEntry Entry = 2<<32 | internalBit
)

// FolioEntry returns the entry of the folio with a name, which is not 0.
func FolioEntry(id uint32) Entry { return Entry(id) << 2 }

// ValueEntry returns the entry of a value below 2^63.
//
// Kernel: include/linux/xarray.h xa_mk_value, v4.20 and later.
func ValueEntry(v uint64) Entry { return Entry(v)<<1 | valueBit }

// IsFolio says whether the entry is a folio.
func (e Entry) IsFolio() bool { return e != 0 && e&kindBits == 0 }

// Folio returns the name of the folio, 0 if the entry is none.
func (e Entry) Folio() uint32 {
	if !e.IsFolio() {
		return 0
	}
	return uint32(e >> 2)
}

// IsValue says whether the entry is a value.
//
// Kernel: include/linux/xarray.h xa_is_value, v4.20 and later.
func (e Entry) IsValue() bool { return e&valueBit != 0 }

// Value returns the value of a value entry.
//
// Kernel: include/linux/xarray.h xa_to_value, v4.20 and later.
func (e Entry) Value() uint64 { return uint64(e >> 1) }

// sibling is what a slot holds that belongs to the entry in an earlier slot.
func sibling(first int) Entry { return Entry(first)<<2 | internalBit }

// isSibling says so, and firstOf returns the earlier slot.
func (e Entry) isSibling() bool { return e&kindBits == internalBit && e>>2 < 64 }

func (e Entry) firstOf() int { return int(e >> 2) }

func (e Entry) String() string {
	switch {
	case e == 0:
		return "-"
	case e == RetryEntry:
		return "retry"
	case e.IsValue():
		return fmt.Sprintf("value %d", e.Value())
	case e.IsFolio():
		return fmt.Sprintf("folio %d", e.Folio())
	case e.isSibling():
		return fmt.Sprintf("see %d", e.firstOf())
	}
	return "node"
}

// Mark is one of the three marks of an entry.
//
// Kernel: include/linux/xarray.h xa_mark_t, v4.20 and later (radix tree tags before).
type Mark uint8

// The marks. What they mean is the user's business.
const (
	Mark0 Mark = iota
	Mark1
	Mark2
	marks = 3
)
