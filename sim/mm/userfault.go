package mm

import (
	"math"

	"sealab/sim/abi"
	"sealab/sim/folio"
	"sealab/sim/inode"
	"sealab/sim/sched"
)

func init() { inode.Register(inode.Userfault, uffdOps{}) }

// NewUffd makes a userfaultfd for a memory and opens it; the reference is the caller's.
//
// ENOSYS: the kernel does not have it. EINVAL: unknown flags.
//
// Kernel: fs/userfaultfd.c new_userfaultfd, v5.18 and later (SYSCALL_DEFINE1 before).
func NewUffd(t *sched.Task, mm sched.ID, flags int64) (sched.ID, error) {
	if !t.Profile().Userfaultfd {
		return 0, t.Refuse(abi.ENOSYS, "userfaultfd")
	}
	if flags&^(abi.OCloexec|abi.ONonblock|abi.UffdUserModeOnly) != 0 {
		return 0, t.Refuse(abi.EINVAL, "new_userfaultfd", sched.Fact{Name: "flags", Value: flags})
	}
	grab.On(t, mm, 1)
	u := sched.New(t, &Uffd{MM: mm, Refs: 1,
		Queue:   sched.New(t, &sched.WaitQueue{Label: "fault_wqh"}),
		Readers: sched.New(t, &sched.WaitQueue{Label: "fd_wqh"}),
	})
	ino := inode.New(t, inode.Inode{Kind: inode.Userfault, Name: "userfaultfd", Mode: 0o600, Info: u})
	return inode.Open(t, ino, inode.Readable|inode.Writable, int32(abi.ORdwr|flags&abi.ONonblock)), nil
}

// UffdCall is an ioctl of a userfaultfd.
type UffdCall struct {
	Uffd       sched.ID // the Info of its inode
	Command    int64    // abi.UffdioAPI …
	Start, Len uint64   // the range in bytes; of UFFDIO_API, the version and the features
	Mode       int64
	Src        uint64 // of UFFDIO_COPY
}

// Uffdio makes one.
//
// EINVAL: before UFFDIO_API, or that a second time; a range that is not of whole pages, empty, or
// not mapped; an unknown mode. EPERM: UFFDIO_REGISTER of what can never be written. EBUSY: it is
// registered with another. ENOENT: UFFDIO_COPY and UFFDIO_ZEROPAGE where nothing is registered.
// EEXIST: where there is a page. EFAULT: behind the end of the file, or from nowhere. EAGAIN: only
// a part was done. ErrForeign: not modelled, such as UFFDIO_REGISTER_MODE_WP.
//
// Kernel: fs/userfaultfd.c userfaultfd_ioctl, v4.3 and later.
func Uffdio(t *sched.Task, c UffdCall) error {
	u := uffdOf.On(t, c.Uffd, sched.None{})
	if c.Command == abi.UffdioAPI {
		switch {
		case c.Start != abi.UffdAPI:
			return t.Refuse(abi.EINVAL, "userfaultfd_api", sched.Fact{Name: "api", Value: int64(c.Start)})
		case c.Len != 0:
			return ErrForeign
		case uffdReady.On(t, c.Uffd, sched.None{}):
			return t.Refuse(abi.EINVAL, "userfaultfd_api, called before")
		}
		return nil
	}
	if !u.ready {
		return t.Refuse(abi.EINVAL, "userfaultfd_is_initialized")
	}
	if c.Command == abi.UffdioRegister {
		const known = abi.UffdioRegisterModeMissing | abi.UffdioRegisterModeWp | abi.UffdioRegisterModeMinor
		switch {
		case c.Mode == 0 || c.Mode&^known != 0:
			return t.Refuse(abi.EINVAL, "userfaultfd_register", sched.Fact{Name: "mode", Value: c.Mode})
		case c.Mode != abi.UffdioRegisterModeMissing:
			return ErrForeign
		}
	}
	end := c.Start + c.Len
	if unaligned(c.Start|c.Len) || c.Len == 0 || c.Start < minAddr || end > abi.TaskSize || end < c.Start {
		return t.Refuse(abi.EINVAL, "validate_range",
			sched.Fact{Name: "start", Value: int64(c.Start)}, sched.Fact{Name: "length", Value: int64(c.Len)})
	}
	if !tryGet.On(t, u.mm, sched.None{}) {
		return t.Refuse(abi.ESRCH, "mmget_not_zero")
	}
	defer Put(t, u.mm)
	s := open(t, u.mm)
	switch r := (area{c.Start, end}); c.Command {
	case abi.UffdioRegister:
		return register(t, s, c.Uffd, r)
	case abi.UffdioUnregister:
		return unregister(t, s, c.Uffd, r)
	case abi.UffdioWake:
		wakeFaults(t, c.Uffd, r)
		return nil
	case abi.UffdioCopy, abi.UffdioZeropage:
		return c.bring(t, s, r)
	}
	return ErrForeign
}

// register makes a userfaultfd responsible for the missing pages of a range.
//
// Kernel: fs/userfaultfd.c userfaultfd_register, v4.3 and later.
func register(t *sched.Task, s space, id sched.ID, r area) error {
	t.DownWrite(s.lock)
	defer t.UpWrite(s.lock)
	if v := s.find(t, r.start); !v.OK() || v.Start >= r.end {
		return t.Refuse(abi.EINVAL, "userfaultfd_register of a hole",
			sched.Fact{Name: "start", Value: int64(r.start)})
	}
	for v := s.find(t, r.start); v.OK() && v.Start < r.end; v = s.find(t, v.End) {
		fact := sched.Fact{Name: "address", Value: int64(v.Start)}
		switch known, err := canUserfault(t, v); {
		case err != nil:
			return err
		case !known:
			return t.RefuseBecause(abi.EINVAL, "vma_can_userfault", fact, v.File)
		case t.Profile().UffdNeedsMayWrite && v.Flags&VMMayWrite == 0:
			return t.RefuseBecause(abi.EPERM, "userfaultfd_register VM_MAYWRITE", fact, v.File)
		case v.Uffd != 0 && v.Uffd != id:
			return t.Refuse(abi.EBUSY, "userfaultfd_register", fact)
		}
	}
	return setUffd(t, s, r, func(sched.ID) sched.ID { return id })
}

// canUserfault says whether memory can be registered.
//
// Kernel: include/linux/userfaultfd_k.h vma_can_userfault, v4.11 and later.
func canUserfault(t *sched.Task, v VMA) (bool, error) {
	switch {
	case v.File == 0 && v.Flags&VMShared == 0:
		return true, nil
	case v.File == 0 || v.Flags&VMHugetlb != 0:
		return false, ErrForeign
	}
	kind := inode.Of(t, v.Inode).Kind
	if kind == inode.Anonymous || kind == inode.Tmpfs {
		return false, ErrForeign
	}
	return kind == inode.Shmem && t.Profile().UffdShmem, nil
}

// setUffd gives the VMAs of a range what change makes of their userfaultfd.
func setUffd(t *sched.Task, s space, r area, change func(sched.ID) sched.ID) error {
	for at := r.start; at < r.end; {
		v := s.find(t, at)
		if !v.OK() || v.Start >= r.end {
			break
		}
		mid := v.cut(max(v.Start, at), min(v.End, r.end))
		at = mid.End
		if mid.Uffd = change(v.Uffd); mid.Uffd == v.Uffd {
			continue
		}
		if _, err := become(t, s, v, mid); err != nil {
			return err
		}
	}
	return nil
}

// unregister undoes register, and lets those go on that wait.
//
// Kernel: fs/userfaultfd.c userfaultfd_unregister, v4.3 and later.
func unregister(t *sched.Task, s space, id sched.ID, r area) error {
	t.DownWrite(s.lock)
	defer t.UpWrite(s.lock)
	if v := s.find(t, r.start); !v.OK() || v.Start >= r.end {
		return t.Refuse(abi.EINVAL, "userfaultfd_unregister of a hole",
			sched.Fact{Name: "start", Value: int64(r.start)})
	}
	err := setUffd(t, s, r, func(sched.ID) sched.ID { return 0 })
	wakeFaults(t, id, r)
	return err
}

// Filler is what a FileOps does in addition for UFFDIO_COPY.
type Filler interface {
	// Fill makes a page of a file with that content, and returns it with a reference that the
	// task holds. EFAULT: behind the end. EEXIST: there is one.
	Fill(t *sched.Task, ino sched.ID, pgoff, content uint64) (sched.ID, error)
}

// bring puts pages in a range, and wakes those who wait for them.
//
// Kernel: mm/userfaultfd.c mfill_atomic, v6.4 and later (mcopy_atomic before).
// Differs: what is copied is read first.
func (c *UffdCall) bring(t *sched.Task, s space, r area) error {
	if c.Mode&^abi.UffdioCopyModeDontwake != 0 {
		if c.Command == abi.UffdioCopy && c.Mode&^3 == 0 {
			return ErrForeign // UFFDIO_COPY_MODE_WP
		}
		return t.Refuse(abi.EINVAL, "userfaultfd_copy", sched.Fact{Name: "mode", Value: c.Mode})
	}
	done := r.start
	var err error
	for ; done < r.end && err == nil; done += abi.PageSize {
		err = c.bringPage(t, s, done)
	}
	if err != nil {
		done -= abi.PageSize
	}
	if done > r.start && c.Mode&abi.UffdioCopyModeDontwake == 0 {
		wakeFaults(t, c.Uffd, area{r.start, done})
	}
	if err != nil && err != ErrForeign && done > r.start {
		return t.Refuse(abi.EAGAIN, "mfill_atomic", sched.Fact{Name: "copied", Value: int64(done - r.start)})
	}
	return err
}

// bringPage puts one page in.
func (c *UffdCall) bringPage(t *sched.Task, s space, addr uint64) error {
	t.DownRead(s.lock)
	_, err := c.target(t, s, addr)
	t.UpRead(s.lock)
	if err != nil {
		return err
	}
	content := uint64(0)
	if c.Command == abi.UffdioCopy {
		if content, err = accessPage(t, s, c.Src+addr-c.Start, 0, false); err != nil {
			return err
		}
	}
	t.DownRead(s.lock)
	defer t.UpRead(s.lock)
	v, err := c.target(t, s, addr)
	if err != nil {
		return err
	}
	pte := PTE{Write: v.Flags&VMWrite != 0, Dirty: true}
	if !v.Private() {
		if pte.Folio, err = v.ops(t).(Filler).Fill(t, v.Inode, v.FilePage(addr), content); err != nil {
			return err
		}
	} else {
		prepareAnon(t, s, v)
		pte.Folio, pte.Anon, pte.Own = newAnon(t, v), true, true
		pte.Write = pte.Write && c.Command == abi.UffdioCopy
		folio.CopyContent(t, pte.Folio, content)
		folio.AddLRU(t, pte.Folio)
	}
	return installNew(t, s, Entry{v.slot(addr), pte})
}

// target finds the VMA that a page is brought to.
//
// Kernel: mm/userfaultfd.c find_dst_vma, v5.0 and later.
func (c *UffdCall) target(t *sched.Task, s space, addr uint64) (VMA, error) {
	v := s.at(t, addr)
	if !v.OK() || v.Uffd == 0 || c.Start < v.Start || c.Start+c.Len > v.End {
		return v, t.Refuse(abi.ENOENT, "find_dst_vma", sched.Fact{Name: "address", Value: int64(addr)})
	}
	if v.File != 0 && v.Private() && int64(v.FilePage(addr))<<abi.PageShift >= inode.Size(t, v.Inode) {
		return v, t.RefuseBecause(abi.EFAULT, "mfill_file_over_size",
			sched.Fact{Name: "address", Value: int64(addr)}, v.Inode)
	}
	return v, nil
}

// installNew puts an entry in where there is none. EEXIST: there is one.
//
// Kernel: mm/userfaultfd.c mfill_atomic_install_pte, v6.4 and later.
func installNew(t *sched.Task, s space, e Entry) error {
	t.Lock(s.ptl)
	if getPTE.On(t, s.table, e.Page).Folio != 0 {
		t.Unlock(s.ptl)
		folio.Release(t, e.Folio)
		return t.Refuse(abi.EEXIST, "mfill_atomic_install_pte",
			sched.Fact{Name: "address", Value: int64(e.Page << abi.PageShift)})
	}
	folio.AddMap(t, e.Folio)
	t.Drop(e.Folio)
	setPTE.On(t, s.table, e)
	t.Unlock(s.ptl)
	return nil
}

// EventSize is what read returns for each fault: bytes of struct uffd_msg.
const EventSize = 32

// ReadUffd tells of faults that wait, each once: EventSize bytes for each, and as many as there is
// room for. It waits for the first.
//
// EINVAL: no room for one, or before UFFDIO_API. EAGAIN: there is none, with O_NONBLOCK.
// ERESTARTSYS: a signal.
//
// Kernel: fs/userfaultfd.c userfaultfd_read_iter, v6.9 and later (userfaultfd_read before).
func ReadUffd(t *sched.Task, id sched.ID, n int64, nonblock bool) (int64, error) {
	u := uffdOf.On(t, id, sched.None{})
	if !u.ready {
		return 0, t.Refuse(abi.EINVAL, "userfaultfd_is_initialized")
	}
	if n < EventSize {
		return 0, t.Refuse(abi.EINVAL, "userfaultfd_read", sched.Fact{Name: "bytes", Value: n})
	}
	take := func() bool { return uffdTake.On(t, id, sched.None{}) }
	switch {
	case nonblock && !take():
		return 0, t.Refuse(abi.EAGAIN, "userfaultfd_read")
	case !nonblock && !t.WaitEvent(u.readers, sched.Interruptible, take):
		return 0, t.Refuse(abi.ERESTARTSYS, "userfaultfd_read")
	}
	done := int64(EventSize)
	for n-done >= EventSize && take() {
		done += EventSize
	}
	return done, nil
}

// uffdOps is what a userfaultfd answers to the rest of the kernel.
type uffdOps struct{ inode.NoPages }

// Release implements inode.FileOps: nothing is registered any more, and who waits goes on.
//
// Kernel: fs/userfaultfd.c userfaultfd_release, v4.3 and later.
func (uffdOps) Release(t *sched.Task, file sched.ID) {
	id := inode.Of(t, inode.FileOf(t, file).Inode).Info
	u := uffdOf.On(t, id, sched.None{})
	if tryGet.On(t, u.mm, sched.None{}) {
		s := open(t, u.mm)
		t.DownWrite(s.lock)
		_ = setUffd(t, s, area{0, abi.TaskSize}, func(old sched.ID) sched.ID { // it splits nothing
			if old == id {
				return 0
			}
			return old
		})
		t.UpWrite(s.lock)
		Put(t, u.mm)
	}
	wakeFaults(t, id, area{0, math.MaxUint64})
}

// Evict implements inode.FileOps.
func (uffdOps) Evict(t *sched.Task, ino sched.ID) { putUffd(t, inode.Of(t, ino).Info) }
