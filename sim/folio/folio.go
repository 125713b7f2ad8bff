package folio

import (
	"encoding/binary"
	"fmt"

	"sealab/sim/sched"
)

// Folio is a run of 2^Order pages.
//
// Kernel: include/linux/mm_types.h folio, v5.16 and later.
// Differs: a page of an older kernel is a folio of order 0.
type Folio struct {
	Refs int32 // references; 0 when the frame is free
	// Frozen are the references while somebody keeps all others from taking one: Refs
	// reads as 0 then.
	Frozen int32
	Maps   int32    // page table entries that show it, of all its pages together
	Pins   int32    // long-term pins among the references, each counted once
	Order  uint8    // 2^Order pages
	Anon   bool     // private memory, not in any page tree
	LRU    bool     // on an LRU list, so past its batch
	Ready  bool     // its bytes are there (PG_uptodate); not so a page that only fallocate made
	Dirty  bool     // it has bytes that are nowhere else (PG_dirty)
	Pages  sched.ID // the page tree it is in (a mapping's Pages), 0 for none
	Index  uint64   // its first page's place in the file, in pages

	// Content changes whenever the bytes do. Equal contents need not have equal
	// stamps; an unchanged stamp means unchanged bytes.
	Content uint64
}

// Clone returns an independent copy.
func (f *Folio) Clone() sched.Object { c := *f; return &c }

// Encode appends the canonical encoding.
func (f *Folio) Encode(dst []byte) []byte {
	bits := byte(0)
	if f.Anon {
		bits |= 1
	}
	if f.LRU {
		bits |= 2
	}
	if f.Ready {
		bits |= 4
	}
	if f.Dirty {
		bits |= 8
	}
	dst = append(dst, bits, f.Order)
	for _, x := range []int32{f.Refs, f.Frozen, f.Maps, f.Pins, int32(f.Pages)} {
		dst = binary.LittleEndian.AppendUint32(dst, uint32(x))
	}
	dst = binary.LittleEndian.AppendUint64(dst, f.Index)
	return binary.LittleEndian.AppendUint64(dst, f.Content)
}

// NrPages returns the number of pages.
//
// Kernel: include/linux/mm.h folio_nr_pages, v5.16 and later.
func (f *Folio) NrPages() int32 { return 1 << f.Order }

func (f *Folio) String() string {
	return fmt.Sprintf("folio index %d refs %d maps %d", f.Index, f.Refs, f.Maps)
}

var (
	get = sched.NewOp("folio_get", sched.Add, func(f *Folio, n int32) sched.None {
		f.Refs += n
		return sched.None{}
	})
	tryGet = sched.NewOp("folio_try_get", sched.Write, func(f *Folio, _ sched.None) bool {
		if f.Refs == 0 {
			return false
		}
		f.Refs++
		return true
	})
	put = sched.NewOp("folio_put", sched.Write, func(f *Folio, n int32) int32 {
		f.Refs -= n
		if f.Refs < 0 {
			panic(fmt.Sprintf("folio index %d: %d references too few", f.Index, -f.Refs))
		}
		return f.Refs
	})
	addMap = sched.NewOp("folio_add_rmap", sched.Add, func(f *Folio, n int32) sched.None {
		f.Maps += n
		return sched.None{}
	})
	removeMap = sched.NewOp("folio_remove_rmap", sched.Add, func(f *Folio, u unmapped) sched.None {
		f.Maps -= u.n
		f.Dirty = f.Dirty || u.dirty
		if f.Maps < 0 {
			panic(fmt.Sprintf("folio index %d: map count below 0", f.Index))
		}
		return sched.None{}
	})
	refCount = sched.NewOp("folio_ref_count", sched.Read, func(f *Folio, _ sched.None) int32 { return f.Refs })
	mapCount = sched.NewOp("folio_mapcount", sched.Read, func(f *Folio, _ sched.None) int32 { return f.Maps })
	shape    = sched.NewOp("folio_order", sched.Read, func(f *Folio, _ sched.None) Shape {
		return Shape{f.Order, f.Anon, f.Pages, f.Index}
	})
	pin = sched.NewOp("try_grab_folio", sched.Add, func(f *Folio, n int32) sched.None {
		f.Pins += n
		return sched.None{}
	})
	change = sched.NewOp("copy_to_folio", sched.Write, func(f *Folio, what uint64) sched.None {
		f.Content, f.Dirty = Stamp(f.Content, what), true
		return sched.None{}
	})
	setContent = sched.NewOp("copy_user_highpage", sched.Write, func(f *Folio, stamp uint64) sched.None {
		f.Content = stamp
		return sched.None{}
	})
	content = sched.NewOp("copy_from_folio", sched.Read, func(f *Folio, _ sched.None) uint64 { return f.Content })
	place   = sched.NewOp("folio_set_mapping", sched.Write, func(f *Folio, a placeArg) sched.None {
		f.Pages, f.Index = a.pages, a.index
		return sched.None{}
	})
	setLRU = sched.NewOp("folio_set_lru", sched.Write, func(f *Folio, _ sched.None) sched.None {
		f.LRU = true
		return sched.None{}
	})
)

var (
	uptodate     = sched.NewOp("folio_test_uptodate", sched.Read, func(f *Folio, _ sched.None) bool { return f.Ready })
	markUptodate = sched.NewOp("folio_mark_uptodate", sched.Write, func(f *Folio, _ sched.None) sched.None {
		f.Ready = true
		return sched.None{}
	})
)

// unmapped are entries that are gone, and whether something was written through one.
type unmapped struct {
	n     int32
	dirty bool
}

type placeArg struct {
	pages sched.ID
	index uint64
}

// Shape is what of a folio does not change while somebody has a reference and
// the page tree's lock.
type Shape struct {
	Order uint8
	Anon  bool
	Pages sched.ID
	Index uint64
}

// NrPages returns the number of pages.
func (s Shape) NrPages() int32 { return 1 << s.Order }

// Stamp returns the content stamp after a change described by what (any number
// that differs for different changes).
func Stamp(old, what uint64) uint64 {
	x := (old ^ what) * 0x9e3779b97f4a7c15
	return x ^ x>>32 | 1
}

// Get adds a reference. The caller has one already, or the page tree's lock.
//
// Kernel: include/linux/mm.h folio_get, v5.16 and later (get_page before).
func Get(t *sched.Task, id sched.ID) { get.On(t, id, 1) }

// GetN adds n references at once.
//
// Kernel: include/linux/mm.h folio_ref_add, v5.16 and later.
func GetN(t *sched.Task, id sched.ID, n int32) { get.On(t, id, n) }

// TryGet adds a reference unless the folio is free.
//
// Kernel: include/linux/page_ref.h folio_try_get, v5.16 and later.
func TryGet(t *sched.Task, id sched.ID) bool { return tryGet.On(t, id, sched.None{}) }

// Put gives a reference back; the last one frees the folio.
//
// Kernel: include/linux/mm.h folio_put, v5.16 and later (put_page before).
func Put(t *sched.Task, id sched.ID) { PutN(t, id, 1) }

// PutN gives n references back at once.
//
// Kernel: include/linux/mm.h folio_put_refs, v5.16 and later.
func PutN(t *sched.Task, id sched.ID, n int32) {
	if put.On(t, id, n) == 0 {
		free(t, id)
	}
}

// Hold takes a reference that the task itself keeps for the length of a call. It is
// noted in Task.Held in the same step, so that references add up at every step.
func Hold(t *sched.Task, id sched.ID) { HoldN(t, id, 1) }

// Release gives back a reference taken with Hold.
func Release(t *sched.Task, id sched.ID) { ReleaseN(t, id, 1) }

// HoldN takes n references for the task itself.
func HoldN(t *sched.Task, id sched.ID, n int32) {
	GetN(t, id, n)
	t.HoldN(id, n)
}

// ReleaseN gives back n references that the task holds.
func ReleaseN(t *sched.Task, id sched.ID, n int32) {
	left := put.On(t, id, n)
	t.DropN(id, n)
	if left == 0 {
		free(t, id)
	}
}

// AddMap and RemoveMap count page table entries.
//
// Kernel: mm/rmap.c folio_add_file_rmap_ptes, v6.7 and later (page_add_file_rmap before).
func AddMap(t *sched.Task, id sched.ID) { addMap.On(t, id, 1) }

// RemoveMap undoes AddMap; dirty says that something was written through the entry.
//
// Kernel: mm/rmap.c folio_remove_rmap_ptes, v6.7 and later (page_remove_rmap before).
func RemoveMap(t *sched.Task, id sched.ID, dirty bool) { removeMap.On(t, id, unmapped{1, dirty}) }

// AddMaps adds to the map count without an entry, which only a wrong kernel does.
func AddMaps(t *sched.Task, id sched.ID, n int32) { addMap.On(t, id, n) }

// Pin adds a long-term pin: bias references (the profile says how many: 1 or
// 1024) that are counted as one pin.
//
// Kernel: mm/gup.c try_grab_folio, v5.7 and later.
func Pin(t *sched.Task, id sched.ID, bias int32) {
	get.On(t, id, bias)
	pin.On(t, id, 1)
}

// Unpin undoes Pin.
//
// Kernel: mm/gup.c gup_put_folio, v5.7 and later.
func Unpin(t *sched.Task, id sched.ID, bias int32) {
	pin.On(t, id, -1)
	PutN(t, id, bias)
}

// RefCount reads the reference count; another CPU may change it at once.
//
// Kernel: include/linux/page_ref.h folio_ref_count, v5.16 and later (page_count before).
func RefCount(t *sched.Task, id sched.ID) int32 { return refCount.On(t, id, sched.None{}) }

// MapCount reads the map count.
//
// Kernel: include/linux/mm.h folio_mapcount, v5.18 and later (page_mapcount before).
func MapCount(t *sched.Task, id sched.ID) int32 { return mapCount.On(t, id, sched.None{}) }

// ShapeOf reads what does not change while the caller has a reference.
func ShapeOf(t *sched.Task, id sched.ID) Shape { return shape.On(t, id, sched.None{}) }

// Change changes the bytes; what differs for different changes.
func Change(t *sched.Task, id sched.ID, what uint64) { change.On(t, id, what) }

// CopyContent makes a new folio's bytes those of another, whose stamp it gets.
func CopyContent(t *sched.Task, to sched.ID, stamp uint64) { setContent.On(t, to, stamp) }

// Content reads the content stamp.
func Content(t *sched.Task, id sched.ID) uint64 { return content.On(t, id, sched.None{}) }

// Uptodate says whether the bytes of a file's folio are there. A page that only
// fallocate made reads as a hole until somebody writes to it or touches it.
//
// Kernel: include/linux/page-flags.h folio_test_uptodate, v5.16 and later (PageUptodate before).
func Uptodate(t *sched.Task, id sched.ID) bool { return uptodate.On(t, id, sched.None{}) }

// MarkUptodate says that they are from now on.
//
// Kernel: include/linux/page-flags.h folio_mark_uptodate, v5.16 and later (SetPageUptodate before).
func MarkUptodate(t *sched.Task, id sched.ID) { markUptodate.On(t, id, sched.None{}) }

// Place notes the page tree and the index of a folio that is put in a tree, or
// neither (0, 0) when it is taken out.
func Place(t *sched.Task, id, pages sched.ID, index uint64) {
	place.On(t, id, placeArg{pages, index})
}
