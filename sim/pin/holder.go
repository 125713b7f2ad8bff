package pin

import (
	"sealab/sim/folio"
	"sealab/sim/sched"
)

// Kind is the kind of a holder.
type Kind uint8

const (
	KindSplice      Kind = iota + 1 // a pipe buffer filled by splice or sendfile
	KindVmsplice                    // one filled by vmsplice
	KindTee                         // one filled by tee
	KindData                        // a pipe's own page, filled by write
	KindFixed                       // a registered buffer of an io_uring
	KindFixedClosed                 // the same, of one that has been closed
	KindBatch                       // a CPU's LRU batch
	KindInFlight                    // I/O that has begun and not ended
	KindUnseen                      // somebody whom nobody has seen
	KindIsolated                    // somebody who is about to migrate the page
	KindDmabuf                      // a dma-buf made by udmabuf
)

func (k Kind) String() string {
	return [...]string{"", "the page is in a pipe, by splice", "the page is in a pipe, by vmsplice",
		"the page is in a pipe, by tee", "the page is a pipe's own",
		"a registered buffer of an io_uring pins it",
		"a registered buffer of an io_uring, closed but not torn down yet, pins it",
		"a CPU's batch of new pages has it", "I/O in flight uses it",
		"somebody whom the log does not show has it", "it is isolated, to be migrated",
		"a dma-buf has it"}[k]
}

// LetGo says how a holder of that kind gives its reference back.
func (k Kind) LetGo() string {
	switch k {
	case KindSplice, KindVmsplice, KindTee, KindData:
		return "Read the pipe empty, or close both its ends, before you seal."
	case KindFixed:
		return "Unregister the buffers (IORING_UNREGISTER_BUFFERS) before you seal."
	case KindFixedClosed:
		return "Unregister the buffers before you close the ring: closing lets them go only later."
	case KindDmabuf:
		return "Close all descriptors of the dma-buf before you seal."
	case KindUnseen:
		return "Look on the live system while the call waits: /proc/PID/maps, fd and fdinfo of whoever else has " +
			"the file, /sys/kernel/debug/dma_buf/bufinfo, and direct I/O or a driver that uses its memory."
	}
	return "Let the I/O finish before you seal."
}

// Holder is somebody who holds references to a folio.
type Holder struct {
	Folio  sched.ID
	Kind   Kind
	Object sched.ID // the pipe, ring or batch
	Refs   int32
	Origin int64 // the log line that made it hold
}

// EachHolder visits all holders but tasks in the middle of a call, whose
// references are in Task.Held. It is for looking at a world that stands still.
func EachHolder(w *sched.World, visit func(Holder)) {
	w.Each(func(id sched.ID, o sched.Object) {
		switch o := o.(type) {
		case *Pipe:
			for _, b := range o.Bufs {
				visit(Holder{b.Folio, b.Kind, id, 1, b.Origin})
			}
		case *Ring:
			for _, f := range o.Fixed {
				kind := KindFixed
				if o.Closed {
					kind = KindFixedClosed
				}
				visit(Holder{f.Folio, kind, id, f.Refs, f.Origin})
			}
		case *Dmabuf:
			for _, f := range o.Pages {
				visit(Holder{f.Folio, KindDmabuf, id, f.Refs, f.Origin})
			}
		case *folio.Batch:
			for _, f := range o.Folios {
				visit(Holder{f, KindBatch, id, 1, 0})
			}
		case *Isolated:
			visit(Holder{o.Folio, KindIsolated, id, 1, o.Origin})
		case *InFlight:
			kind := KindInFlight
			if o.Unseen {
				kind = KindUnseen
			}
			for _, f := range o.Folios {
				visit(Holder{f, kind, id, o.Refs, o.Origin})
			}
		}
	})
}
