package mm

import (
	"encoding/binary"
	"errors"
	"slices"

	"sealab/sim/abi"
	"sealab/sim/inode"
	"sealab/sim/sched"
)

// Uffd is a userfaultfd: tasks that miss a page of memory registered with it wait in it, until
// somebody brings the page.
//
// Kernel: fs/userfaultfd.c userfaultfd_ctx, v4.3 and later.
type Uffd struct {
	MM      sched.ID // the memory of who made it
	Ready   bool     // UFFDIO_API has been called
	Refs    int32    // the open file, and tasks that wait
	Faults  []Missing
	Queue   sched.ID // where tasks wait for pages
	Readers sched.ID // where tasks wait for something to read
}

// Missing is a fault that waits.
type Missing struct {
	Addr uint64   // of the page
	Task sched.ID // the Sleeper
	Told bool     // read has told of it
}

// Clone returns an independent copy.
func (u *Uffd) Clone() sched.Object {
	c := *u
	c.Faults = slices.Clone(u.Faults)
	return &c
}

// Encode appends the canonical encoding.
func (u *Uffd) Encode(dst []byte) []byte {
	dst = append(dst, bit(u.Ready))
	for _, n := range [...]uint32{uint32(u.MM), uint32(u.Refs), uint32(u.Queue), uint32(u.Readers)} {
		dst = binary.LittleEndian.AppendUint32(dst, n)
	}
	for _, f := range u.Faults {
		dst = binary.LittleEndian.AppendUint64(append(dst, bit(f.Told)), f.Addr)
		dst = binary.LittleEndian.AppendUint32(dst, uint32(f.Task))
	}
	return dst
}

// uffdParts names the parts of a Uffd.
type uffdParts struct {
	mm, queue, readers sched.ID
	ready              bool
}

var (
	uffdOf = sched.NewOp("userfaultfd_ctx", sched.Read, func(u *Uffd, _ sched.None) uffdParts {
		return uffdParts{u.MM, u.Queue, u.Readers, u.Ready}
	})
	// uffdReady says whether UFFDIO_API had been called before.
	uffdReady = sched.NewOp("ctx->features", sched.Write, func(u *Uffd, _ sched.None) bool {
		was := u.Ready
		u.Ready = true
		return was
	})
	uffdRefs = sched.NewOp("userfaultfd_ctx_get", sched.Write, func(u *Uffd, n int32) int32 {
		u.Refs += n
		return u.Refs
	})
	uffdQueue = sched.NewOp("fault_pending_wqh", sched.Write, func(u *Uffd, m Missing) sched.None {
		u.Faults = append(u.Faults, m)
		return sched.None{}
	})
	uffdWaits = sched.NewOp("uwq.waken", sched.Read, func(u *Uffd, task sched.ID) bool {
		return slices.ContainsFunc(u.Faults, func(m Missing) bool { return m.Task == task })
	})
	uffdLeave = sched.NewOp("list_del uwq", sched.Write, func(u *Uffd, task sched.ID) sched.None {
		u.Faults = slices.DeleteFunc(u.Faults, func(m Missing) bool { return m.Task == task })
		return sched.None{}
	})
	uffdWake = sched.NewOp("__wake_userfault", sched.Write, func(u *Uffd, r area) sched.None {
		u.Faults = slices.DeleteFunc(u.Faults, func(m Missing) bool { return r.start <= m.Addr && m.Addr < r.end })
		return sched.None{}
	})
	uffdTake = sched.NewOp("find_userfault", sched.Write, func(u *Uffd, _ sched.None) bool {
		for i := range u.Faults {
			if !u.Faults[i].Told {
				u.Faults[i].Told = true
				return true
			}
		}
		return false
	})
)

// area is a range of addresses.
type area struct{ start, end uint64 }

// errMissing says that a page is missing that a userfaultfd is to bring.
var errMissing = errors.New("a page is missing")

// missing says whether a page that is in no page table is to be brought by the userfaultfd of
// its VMA: of a file, one that is not there either, and not behind the end.
//
// Kernel: include/linux/userfaultfd_k.h userfaultfd_missing, v4.3 and later.
func missing(t *sched.Task, v VMA, addr uint64) bool {
	if v.File == 0 {
		return true
	}
	i, at := inode.Of(t, v.Inode), v.FilePage(addr)
	return int64(at)<<abi.PageShift < inode.Size(t, v.Inode) && i.Map.Load(t, at).Folio() == 0
}

// awaitPage waits, without mmap_lock, until somebody has brought a page, or the memory is no
// longer registered. A signal that kills ends the wait: EFAULT.
//
// Kernel: fs/userfaultfd.c handle_userfault, v4.3 and later.
// Differs: a plain access is made again after any signal that is handled.
func awaitPage(t *sched.Task, s space, v VMA, addr uint64) error {
	u := uffdOf.On(t, v.Uffd, sched.None{})
	uffdRefs.On(t, v.Uffd, 1)
	uffdQueue.On(t, v.Uffd, Missing{Addr: addr &^ (abi.PageSize - 1), Task: t.Sleep})
	must := getPTE.On(t, s.table, v.slot(addr)).Folio == 0
	t.UpRead(s.lock)
	ok := true
	if must {
		t.WakeUp(u.readers)
		ok = t.WaitEvent(u.queue, sched.Killable, func() bool { return !uffdWaits.On(t, v.Uffd, t.Sleep) })
	}
	uffdLeave.On(t, v.Uffd, t.Sleep)
	putUffd(t, v.Uffd)
	t.DownRead(s.lock)
	if !ok {
		return t.Refuse(abi.EFAULT, "handle_userfault", sched.Fact{Name: "address", Value: int64(addr)})
	}
	return nil
}

func putUffd(t *sched.Task, id sched.ID) {
	u := uffdOf.On(t, id, sched.None{})
	if uffdRefs.On(t, id, -1) == 0 {
		for _, part := range [...]sched.ID{u.queue, u.readers, id} {
			sched.Free(t, part)
		}
		ungrab(t, u.mm)
	}
}

// wakeFaults lets those go on that wait for pages of a range.
//
// Kernel: fs/userfaultfd.c wake_userfault, v4.3 and later.
func wakeFaults(t *sched.Task, id sched.ID, r area) {
	u := uffdOf.On(t, id, sched.None{})
	uffdWake.On(t, id, r)
	t.WakeUp(u.queue)
}
