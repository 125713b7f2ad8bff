package folio

import (
	"encoding/binary"
	"slices"

	"sealab/sim/sched"
)

// Frames knows the free frames. A frame that is freed is used again, so a stale
// name of a folio still names a folio, as a stale struct page pointer does.
//
// Kernel: mm/page_alloc.c zone, all versions.
type Frames struct {
	Free []sched.ID // in the order in which they were freed; the last is used first
	Used int64      // folios that somebody refers to
	Swap bool       // whether the machine has swap
}

// FramesID names the machine's one Frames object, made by Boot.
const FramesID sched.ID = sched.RCUID + 1

// BatchID names the LRU batch of a CPU (from 0), made by Boot.
func BatchID(cpu int) sched.ID { return FramesID + 1 + sched.ID(cpu) }

// Boot puts Frames and the batches of n CPUs in a world that has nothing but
// its RCU object.
func Boot(w *sched.World, cpus int) {
	if id := w.Add(&Frames{}); id != FramesID {
		panic("folio: Boot needs a fresh world")
	}
	for cpu := range cpus {
		if id := w.Add(&Batch{}); id != BatchID(cpu) {
			panic("folio: Boot needs a fresh world")
		}
	}
}

// Clone returns an independent copy.
func (f *Frames) Clone() sched.Object { return &Frames{slices.Clone(f.Free), f.Used, f.Swap} }

// Encode appends the canonical encoding.
func (f *Frames) Encode(dst []byte) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(f.Free)))
	for _, id := range f.Free {
		dst = binary.LittleEndian.AppendUint32(dst, uint32(id))
	}
	return dst
}

var (
	// takeFrame takes a free frame out of the list, 0 if there is none.
	takeFrame = sched.NewOp("rmqueue", sched.Write, func(f *Frames, _ sched.None) (id sched.ID) {
		f.Used++
		if n := len(f.Free); n > 0 {
			id, f.Free = f.Free[n-1], f.Free[:n-1]
		}
		return id
	})
	pushFrame = sched.NewOp("__free_pages", sched.Write, func(f *Frames, id sched.ID) sched.None {
		f.Free = append(f.Free, id)
		f.Used--
		return sched.None{}
	})
	setFrame = sched.NewOp("prep_new_page", sched.Write, func(f *Folio, to Folio) sched.None {
		*f = to
		return sched.None{}
	})
)

// Alloc returns a fresh folio of zeros with one reference, the caller's.
//
// Kernel: mm/page_alloc.c __folio_alloc, v5.16 and later (alloc_pages before).
func Alloc(t *sched.Task, order uint8, anon bool) sched.ID {
	fresh := Folio{Refs: 1, Order: order, Anon: anon}
	id := takeFrame.On(t, FramesID, sched.None{})
	if id == 0 {
		return sched.New(t, &fresh)
	}
	setFrame.On(t, id, fresh)
	return id
}

// free puts a folio whose last reference has gone in the list of free frames.
// Only when it is in the list may somebody else take it.
func free(t *sched.Task, id sched.ID) {
	setFrame.On(t, id, Folio{})
	pushFrame.On(t, FramesID, id)
}
