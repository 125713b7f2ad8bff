package folio

import (
	"encoding/binary"

	"sealab/sim/sched"
)

// Frames knows the free frames. A frame that is freed is used again, so a stale
// name of a folio still names a folio, as a stale struct page pointer does.
//
// Kernel: mm/page_alloc.c zone, all versions.
type Frames struct {
	first sched.ID // a list, last freed first
	Free  int64    // folios in the list
	Used  int64    // folios that somebody refers to
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
func (f *Frames) Clone() sched.Object { c := *f; return &c }

// Encode appends the canonical encoding.
func (f *Frames) Encode(dst []byte) []byte {
	return binary.LittleEndian.AppendUint32(dst, uint32(f.first))
}

var (
	takeFrame = sched.NewOp("__alloc_pages", sched.Write, func(f *Frames, _ sched.None) sched.ID {
		f.Used++
		if f.first != 0 {
			f.Free--
		}
		return f.first
	})
	popFrame = sched.NewOp("rmqueue", sched.Write, func(f *Frames, next sched.ID) sched.None {
		f.first = next
		return sched.None{}
	})
	pushFrame = sched.NewOp("__free_pages", sched.Write, func(f *Frames, id sched.ID) sched.ID {
		next := f.first
		f.first = id
		f.Used--
		f.Free++
		return next
	})
	initFrame = sched.NewOp("prep_new_page", sched.Write, func(f *Folio, a Folio) sched.ID {
		next := f.next
		*f = a
		return next
	})
	linkFrame = sched.NewOp("free_frame", sched.Write, func(f *Folio, next sched.ID) sched.None {
		*f = Folio{next: next}
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
	popFrame.On(t, FramesID, initFrame.On(t, id, fresh))
	return id
}

// free puts a folio whose last reference has gone in the list of free frames.
func free(t *sched.Task, id sched.ID) {
	linkFrame.On(t, id, pushFrame.On(t, FramesID, id))
}
