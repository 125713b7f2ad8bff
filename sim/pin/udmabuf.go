package pin

import (
	"errors"
	"slices"

	"sealab/sim/abi"
	"sealab/sim/folio"
	"sealab/sim/inode"
	"sealab/sim/sched"
	"sealab/sim/shmem"
)

// ErrHugeDmabuf is returned for a dma-buf of huge pages, which is not modelled.
var ErrHugeDmabuf = errors.New("a dma-buf of a hugetlb memfd is not modelled")

// Dmabuf is memory of memfds that is made into one buffer for devices.
//
// Kernel: drivers/dma-buf/udmabuf.c udmabuf, v4.20 and later.
type Dmabuf struct{ Pages []Fixed }

// Clone returns an independent copy.
func (d *Dmabuf) Clone() sched.Object { return &Dmabuf{slices.Clone(d.Pages)} }

// Encode appends the canonical encoding.
func (d *Dmabuf) Encode(dst []byte) []byte { return encodeFixed(dst, d.Pages) }

var (
	dmabufAdd = sched.NewOp("ubuf->folios[]", sched.Write, func(d *Dmabuf, f Fixed) sched.None {
		d.Pages = append(d.Pages, f)
		return sched.None{}
	})
	dmabufTake = sched.NewOp("unpin_all_folios", sched.Write, func(d *Dmabuf, _ sched.None) Fixed {
		return takeFixed(&d.Pages)
	})
)

func init() {
	inode.Register(inode.Udmabuf, udmabufOps{})
	inode.Register(inode.Dmabuf, dmabufOps{})
}

// OpenUdmabuf opens /dev/udmabuf.
//
// ENOENT: the kernel does not have it.
//
// Kernel: drivers/dma-buf/udmabuf.c udmabuf_fops, v4.20 and later.
func OpenUdmabuf(t *sched.Task, mode inode.FMode, flags int32) (sched.ID, error) {
	if !t.Profile().Udmabuf {
		return 0, t.Refuse(abi.ENOENT, "CONFIG_UDMABUF")
	}
	ino := inode.New(t, inode.Inode{Kind: inode.Udmabuf, Name: "/dev/udmabuf", Mode: 0o600})
	return inode.Open(t, ino, mode, flags), nil
}

// Part is a range of a file that is to be in a dma-buf.
type Part struct {
	File         sched.ID // 0 for a descriptor that means nothing
	Offset, Size uint64   // bytes
}

// The parameters list_limit and size_limit_mb of the driver.
//
// Kernel: drivers/dma-buf/udmabuf.c list_limit and size_limit_mb, v4.20 and later.
const (
	maxParts       = 1024
	maxDmabufPages = 64 << 20 >> abi.PageShift
)

// CreateDmabuf makes a dma-buf of parts of memfds and opens it; it holds their pages until
// its last descriptor is closed.
//
// EINVAL: not whole pages, none, more than 64 MiB, behind the end of the file; a file
// without F_SEAL_SHRINK, or with F_SEAL_WRITE (and F_SEAL_FUTURE_WRITE, by the profile).
// EBADFD: a part that is not of a memfd.
//
// Kernel: drivers/dma-buf/udmabuf.c udmabuf_create, v4.20 and later.
func CreateDmabuf(t *sched.Task, parts []Part) (sched.ID, error) {
	if len(parts) > maxParts {
		return 0, t.Refuse(abi.EINVAL, "udmabuf list_limit", sched.Fact{Name: "parts", Value: int64(len(parts))})
	}
	pages := uint64(0)
	for _, p := range parts {
		switch pages += p.Size >> abi.PageShift; {
		case p.Offset&(abi.PageSize-1) != 0:
			return 0, t.Refuse(abi.EINVAL, "udmabuf alignment", sched.Fact{Name: "offset", Value: int64(p.Offset)})
		case p.Size&(abi.PageSize-1) != 0:
			return 0, t.Refuse(abi.EINVAL, "udmabuf alignment", sched.Fact{Name: "size", Value: int64(p.Size)})
		case pages > maxDmabufPages:
			return 0, t.Refuse(abi.EINVAL, "udmabuf size_limit_mb", sched.Fact{Name: "pages", Value: int64(pages)})
		}
	}
	if pages == 0 {
		return 0, t.Refuse(abi.EINVAL, "udmabuf_create", sched.Fact{Name: "pages"})
	}
	d := sched.New(t, &Dmabuf{})
	for _, p := range parts {
		if err := addPart(t, d, p); err != nil {
			cause := t.Refusal
			releaseDmabuf(t, d)
			t.Refusal = cause
			return 0, err
		}
	}
	ino := inode.New(t, inode.Inode{Kind: inode.Dmabuf, Name: "dma-buf", Mode: 0o600, Info: d})
	return inode.Open(t, ino, inode.Readable|inode.Writable, abi.ORdwr), nil
}

// addPart checks the seals of a file and takes its pages: with the inode locked, if the
// kernel does so, and else with F_ADD_SEALS coming in between if it likes.
//
// Kernel: drivers/dma-buf/udmabuf.c check_memfd_seals and udmabuf_pin_folios, v4.20 and later.
func addPart(t *sched.Task, d sched.ID, p Part) error {
	if p.File == 0 {
		return t.Refuse(abi.EBADFD, "udmabuf fget")
	}
	id := inode.FileOf(t, p.File).Inode
	i := inode.Of(t, id)
	if i.Kind == inode.Hugetlb {
		return ErrHugeDmabuf
	}
	if t.Profile().UdmabufLock {
		t.DownRead(i.Lock)
		defer t.UpRead(i.Lock)
	}
	if err := checkSeals(t, id, i.Kind); err != nil {
		return err
	}
	for at := p.Offset >> abi.PageShift; at < (p.Offset+p.Size)>>abi.PageShift; at++ {
		if at >= uint64(inode.Size(t, id)+abi.PageSize-1)>>abi.PageShift {
			return t.RefuseBecause(abi.EINVAL, "shmem_get_folio_gfp", sched.Fact{Name: "page", Value: int64(at)}, id)
		}
		f, refs := shmem.GetFolio(t, i.Map, at), int32(1)
		if t.Profile().UdmabufPins && folio.ShapeOf(t, f).Order == 0 {
			refs = int32(t.Profile().PinBias)
			folio.HoldN(t, f, refs-1)
		}
		dmabufAdd.On(t, d, Fixed{f, refs, t.Origin})
		t.DropN(f, refs)
	}
	return nil
}

// checkSeals refuses a file that could shrink, or that must not be written.
func checkSeals(t *sched.Task, id sched.ID, kind inode.Kind) error {
	if kind != inode.Shmem && kind != inode.Tmpfs {
		return t.RefuseBecause(abi.EBADFD, "shmem_file", sched.Fact{}, id)
	}
	have := inode.Seals(t, id)
	denied := abi.SealWrite
	if t.Profile().UdmabufFutureWrite {
		denied |= abi.SealFutureWrite
	}
	fact := sched.Fact{Name: "seals", Value: int64(have)}
	switch {
	case !have.Has(abi.SealShrink):
		return t.RefuseBecause(abi.EINVAL, "SEALS_WANTED", fact, id)
	case have.Any(denied):
		return t.RefuseBecause(abi.EINVAL, "SEALS_DENIED", fact, id)
	}
	return nil
}

// releaseDmabuf lets all pages go.
//
// Kernel: drivers/dma-buf/udmabuf.c release_udmabuf, v4.20 and later.
func releaseDmabuf(t *sched.Task, d sched.ID) {
	for {
		f := dmabufTake.On(t, d, sched.None{})
		if f.Folio == 0 {
			sched.Free(t, d)
			return
		}
		t.HoldN(f.Folio, f.Refs)
		folio.ReleaseN(t, f.Folio, f.Refs)
	}
}

// udmabufOps is what /dev/udmabuf answers to the rest of the kernel.
type udmabufOps struct{ inode.NoPages }

// dmabufOps is what a dma-buf does.
type dmabufOps struct{ inode.NoPages }

// Evict implements inode.FileOps.
//
// Kernel: drivers/dma-buf/dma-buf.c dma_buf_release, v4.20 and later.
func (dmabufOps) Evict(t *sched.Task, ino sched.ID) { releaseDmabuf(t, inode.Of(t, ino).Info) }
