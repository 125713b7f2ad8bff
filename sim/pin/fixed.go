package pin

import (
	"encoding/binary"
	"slices"

	"sealab/sim/abi"
	"sealab/sim/folio"
	"sealab/sim/inode"
	"sealab/sim/mm"
	"sealab/sim/mutant"
	"sealab/sim/sched"
)

// Fixed is a page of a registered buffer.
type Fixed struct {
	Folio  sched.ID
	Refs   int32 // how many references the pin is: the profile's bias
	Origin int64
}

// Ring is an io_uring, as far as it holds pages.
//
// Kernel: io_uring/rsrc.c io_ring_ctx.buf_table, v5.1 and later.
type Ring struct {
	Fixed      []Fixed
	Registered bool
	Closed     bool // its descriptor is gone; the pages stay until it is torn down
}

// Clone returns an independent copy.
func (r *Ring) Clone() sched.Object {
	c := *r
	c.Fixed = slices.Clone(r.Fixed)
	return &c
}

// Encode appends the canonical encoding.
func (r *Ring) Encode(dst []byte) []byte {
	bits := byte(0)
	if r.Registered {
		bits |= 1
	}
	if r.Closed {
		bits |= 2
	}
	return encodeFixed(append(dst, bits), r.Fixed)
}

func encodeFixed(dst []byte, all []Fixed) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(all)))
	for _, f := range all {
		dst = binary.LittleEndian.AppendUint32(dst, uint32(f.Folio))
		dst = binary.LittleEndian.AppendUint32(dst, uint32(f.Refs))
	}
	return dst
}

// takeFixed takes the last page; it is the zero Fixed when there is none.
func takeFixed(all *[]Fixed) (f Fixed) {
	if n := len(*all); n > 0 {
		f, *all = (*all)[n-1], (*all)[:n-1]
	}
	return f
}

var (
	ringAdd = sched.NewOp("io_buffer_account_pin", sched.Write, func(r *Ring, f Fixed) sched.None {
		r.Fixed = append(r.Fixed, f)
		return sched.None{}
	})
	ringTake = sched.NewOp("io_buffer_unmap", sched.Write, func(r *Ring, _ sched.None) Fixed {
		return takeFixed(&r.Fixed)
	})
	// ringMark says whether buffers are registered from now on, and whether they
	// were before.
	ringMark = sched.NewOp("ctx->buf_table", sched.Write, func(r *Ring, on bool) bool {
		old := r.Registered
		r.Registered = on
		return old
	})
	// ringClose says whether pages stay pinned.
	ringClose = sched.NewOp("io_uring_release", sched.Write, func(r *Ring, _ sched.None) bool {
		r.Closed = true
		return len(r.Fixed) > 0
	})
)

func init() { inode.Register(inode.Ring, ringOps{}) }

// NewRing makes an io_uring and opens it.
//
// Kernel: io_uring/io_uring.c io_uring_setup, v5.1 and later.
func NewRing(t *sched.Task) sched.ID {
	r := sched.New(t, &Ring{})
	ino := inode.New(t, inode.Inode{Kind: inode.Ring, Name: "io_uring", Mode: 0o600, Info: r})
	return inode.Open(t, ino, inode.Readable|inode.Writable, abi.ORdwr|abi.OCloexec)
}

// maxBuffers and maxBuffer bound what can be registered.
//
// Kernel: io_uring/rsrc.c IORING_MAX_REG_BUFFERS, v5.13 and later.
const (
	maxBuffers = 1 << 14
	maxBuffer  = 1 << 30 // bytes of one
)

// Register pins buffers of the caller's memory until Unregister.
//
// EBUSY: there are some already. EINVAL: none or too many. EFAULT: memory that is
// not there, or that cannot be written.
//
// Kernel: io_uring/rsrc.c io_sqe_buffers_register, v5.1 and later.
func Register(t *sched.Task, space, ring sched.ID, pieces []Piece) error {
	if len(pieces) == 0 || len(pieces) > maxBuffers {
		return t.Refuse(abi.EINVAL, "io_sqe_buffers_register", sched.Fact{Name: "buffers", Value: int64(len(pieces))})
	}
	if ringMark.On(t, ring, true) {
		return t.Refuse(abi.EBUSY, "io_sqe_buffers_register")
	}
	for _, v := range pieces {
		if v.Base == 0 && v.Len == 0 {
			continue // a place that is filled later
		}
		if err := validBuffer(t, v); err != nil {
			return registerFailed(t, ring, err)
		}
		start, end := v.Base&^(abi.PageSize-1), v.Base+v.Len
		for at := start; at < end; at += abi.PageSize {
			if err := pinPage(t, space, ring, at); err != nil {
				return registerFailed(t, ring, err)
			}
		}
	}
	return nil
}

// validBuffer refuses what cannot be a buffer, wherever it lies.
//
// Kernel: io_uring/rsrc.c io_buffer_validate, v5.13 and later.
func validBuffer(t *sched.Task, v Piece) error {
	length := sched.Fact{Name: "length", Value: int64(v.Len)}
	switch whole := (v.Len + abi.PageSize - 1) &^ (abi.PageSize - 1); {
	case v.Base == 0 || v.Len == 0 || v.Len > maxBuffer:
		return t.Refuse(abi.EFAULT, "io_buffer_validate", length)
	case v.Base+whole < v.Base:
		return t.Refuse(abi.EOVERFLOW, "io_buffer_validate", length)
	}
	return nil
}

// pinPage pins one page for writing, for a long time.
//
// Kernel: mm/gup.c pin_user_pages_fast, v5.6 and later.
func pinPage(t *sched.Task, space, ring sched.ID, at uint64) error {
	id, err := mm.GetUserPage(t, space, at, true, true)
	if err != nil {
		return err
	}
	refs := int32(1)
	if folio.ShapeOf(t, id).Order == 0 {
		refs = int32(t.Profile().PinBias)
	}
	folio.HoldN(t, id, refs-1)
	if t.Wrong(mutant.PinCountedAsMap) {
		folio.AddMaps(t, id, refs)
	}
	ringAdd.On(t, ring, Fixed{id, refs, t.Origin})
	t.DropN(id, refs)
	return nil
}

func registerFailed(t *sched.Task, ring sched.ID, err error) error {
	cause := t.Refusal
	unpinAll(t, ring)
	ringMark.On(t, ring, false)
	t.Refusal = cause
	return err
}

// Unregister lets the buffers go.
//
// ENXIO: there are none.
//
// Kernel: io_uring/rsrc.c io_sqe_buffers_unregister, v5.1 and later.
func Unregister(t *sched.Task, ring sched.ID) error {
	if !ringMark.On(t, ring, false) {
		return t.Refuse(abi.ENXIO, "io_sqe_buffers_unregister")
	}
	unpinAll(t, ring)
	return nil
}

func unpinAll(t *sched.Task, ring sched.ID) {
	for {
		f := ringTake.On(t, ring, sched.None{})
		if f.Folio == 0 {
			return
		}
		if t.Wrong(mutant.UnregisterKeeps) {
			continue
		}
		if t.Wrong(mutant.PinCountedAsMap) {
			folio.AddMaps(t, f.Folio, -f.Refs)
		}
		t.HoldN(f.Folio, f.Refs)
		folio.ReleaseN(t, f.Folio, f.Refs)
	}
}

// ringOps is what an io_uring answers to the rest of the kernel.
type ringOps struct{ inode.NoPages }

// Evict implements inode.FileOps. The buffers stay pinned: the kernel tears a
// closed ring down later, from a worker, and a seal asked for next is refused.
//
// Kernel: io_uring/io_uring.c io_uring_release, v5.1 and later.
// Differs: the worker never comes.
func (ringOps) Evict(t *sched.Task, ino sched.ID) {
	if r := inode.Of(t, ino).Info; !ringClose.On(t, r, sched.None{}) {
		sched.Free(t, r)
	}
}

// InFlight is an I/O that has begun and not ended: direct I/O, or one that a
// device does. It holds the pages it reads or writes.
type InFlight struct {
	Folios []sched.ID
	Refs   int32 // references for each
	Unseen bool  // nobody knows who it is: a recorded answer shows that it must be there
	Origin int64
}

// Clone returns an independent copy.
func (f *InFlight) Clone() sched.Object {
	c := *f
	c.Folios = slices.Clone(f.Folios)
	return &c
}

// Encode appends the canonical encoding.
func (f *InFlight) Encode(dst []byte) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(f.Folios)))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(f.Refs))
	for _, id := range f.Folios {
		dst = binary.LittleEndian.AppendUint32(dst, uint32(id))
	}
	return dst
}

var (
	flightAdd = sched.NewOp("bio_add_folio", sched.Write, func(f *InFlight, id sched.ID) sched.None {
		f.Folios = append(f.Folios, id)
		return sched.None{}
	})
	flightAt = sched.NewOp("bio_for_each_folio", sched.Read, func(f *InFlight, i int) sched.ID {
		if i >= len(f.Folios) {
			return 0
		}
		return f.Folios[i]
	})
	flightTake = sched.NewOp("bio_release_pages", sched.Write, func(f *InFlight, _ sched.None) sched.ID {
		n := len(f.Folios)
		if n == 0 {
			return 0
		}
		id := f.Folios[n-1]
		f.Folios = f.Folios[:n-1]
		return id
	})
)

// Begin begins I/O on a range of the caller's memory (bytes), into it if write, and
// returns what End ends.
//
// EFAULT: memory that is not there, or not for this.
//
// Kernel: mm/gup.c get_user_pages_fast, all versions.
func Begin(t *sched.Task, space sched.ID, addr, n uint64, write bool) (sched.ID, error) {
	io := sched.New(t, &InFlight{Refs: 1, Origin: t.Origin})
	for at := addr &^ (abi.PageSize - 1); at < addr+n; at += abi.PageSize {
		id, err := mm.GetUserPage(t, space, at, write, false)
		if err != nil {
			cause := t.Refusal
			End(t, io)
			t.Refusal = cause
			return 0, err
		}
		flightAdd.On(t, io, id)
		t.Drop(id)
	}
	return io, nil
}

// Written says that the device has written to all pages of an I/O; what differs for different
// contents.
func Written(t *sched.Task, io sched.ID, what uint64) {
	for i := 0; ; i++ {
		id := flightAt.On(t, io, i)
		if id == 0 {
			return
		}
		folio.Change(t, id, what)
	}
}

// HoldUnseen holds one folio for somebody whom nobody has seen, until End.
func HoldUnseen(t *sched.Task, id sched.ID) sched.ID {
	folio.Get(t, id)
	return sched.New(t, &InFlight{Folios: []sched.ID{id}, Refs: 1, Unseen: true, Origin: t.Origin})
}

// End ends I/O begun with Begin.
//
// Kernel: block/bio.c bio_release_pages, all versions.
func End(t *sched.Task, io sched.ID) {
	for {
		id := flightTake.On(t, io, sched.None{})
		if id == 0 {
			sched.Free(t, io)
			return
		}
		t.Hold(id)
		folio.Release(t, id)
	}
}
