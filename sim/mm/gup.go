package mm

import (
	"errors"

	"sealab/sim/abi"
	"sealab/sim/folio"
	"sealab/sim/sched"
)

// GetUserPage returns the folio at an address, with a reference that the task
// holds: for vmsplice, direct I/O, AIO and io_uring. With write, private memory is
// copied first if somebody shares it; with longterm, private memory is copied from
// the file even for reading.
//
// EFAULT: nothing is mapped there, or not for this, or past the end of file.
//
// Kernel: mm/gup.c get_user_pages_fast, all versions.
func GetUserPage(t *sched.Task, mm sched.ID, addr uint64, write, longterm bool) (sched.ID, error) {
	if fo := fastPage(t, open(t, mm), addr, write, longterm); fo != 0 {
		return fo, nil
	}
	return remotePage(t, mm, addr, write, longterm)
}

// fastPage takes what the page table has at an address, without mmap_lock. What the
// VMA permits is not asked: on x86 an entry that may be written or executed may be
// read, so a PROT_WRITE or PROT_EXEC mapping is read here once it has been touched.
//
// Kernel: mm/gup.c gup_fast_pte_range, v4.14 and later (gup_pte_range before).
// Differs: a CPU with protection keys keeps PROT_EXEC memory from being read.
func fastPage(t *sched.Task, s space, addr uint64, write, longterm bool) sched.ID {
	v := s.at(t, addr)
	if !v.OK() || v.Flags&(VMRead|VMWrite|VMExec) == 0 {
		return 0
	}
	return followPage(t, s, v, addr, write, longterm && v.Private() && v.Flags&VMMayWrite != 0)
}

// remotePage is GetUserPage for another process's memory, which goes by the VMA.
//
// Kernel: mm/gup.c get_user_pages_remote, v4.6 and later.
func remotePage(t *sched.Task, mm sched.ID, addr uint64, write, longterm bool) (sched.ID, error) {
	s := open(t, mm)
	t.DownRead(s.lock)
	fo, err := getUserPage(t, s, addr, write, longterm)
	t.UpRead(s.lock)
	return fo, err
}

// getUserPage is remotePage under mmap_lock.
//
// Kernel: mm/gup.c __get_user_pages, all versions.
func getUserPage(t *sched.Task, s space, addr uint64, write, longterm bool) (sched.ID, error) {
	for {
		v := s.at(t, addr)
		if err := checkFlags(t, s, v, addr, write); err != nil {
			return 0, err
		}
		fo, err := faultedPage(t, s, v, addr, write, longterm && v.Private() && v.Flags&VMMayWrite != 0)
		if err == errMissing {
			err = awaitPage(t, s, v, addr)
		}
		if fo != 0 || err != nil {
			return fo, err
		}
	}
}

// faultedPage returns the folio at an address of a VMA, faulted in if need be.
func faultedPage(t *sched.Task, s space, v VMA, addr uint64, write, unshare bool) (sched.ID, error) {
	for {
		if fo := followPage(t, s, v, addr, write, unshare); fo != 0 {
			return fo, nil
		}
		if err := handleFault(t, s, v, addr, write || unshare); err != nil {
			return 0, err
		}
	}
}

// checkFlags says whether a VMA may be got at for reading or writing.
//
// Kernel: mm/gup.c check_vma_flags, v3.11 and later.
func checkFlags(t *sched.Task, s space, v VMA, addr uint64, write bool) error {
	need := VMRead
	if write {
		need = VMWrite
	}
	if v.OK() && v.Flags&need != 0 {
		return nil
	}
	return t.RefuseBecause(abi.EFAULT, "check_vma_flags", sched.Fact{Name: "address", Value: int64(addr)}, s.id)
}

// followPage returns the folio of an entry with a reference that the task holds,
// or 0 if there is no entry that will do.
//
// Kernel: mm/gup.c follow_page_pte, v3.16 and later.
func followPage(t *sched.Task, s space, v VMA, addr uint64, write, unshare bool) (fo sched.ID) {
	t.Lock(s.ptl)
	e := getPTE.On(t, s.table, v.slot(addr))
	if e.Folio != 0 && (!write || e.Write) && (!unshare || e.Own) {
		fo = e.Folio
		folio.Hold(t, fo)
	}
	t.Unlock(s.ptl)
	return fo
}

// CopyTo writes n bytes at addr, as the program itself or the kernel on its behalf
// does (copy_to_user): page by page, without references. what says what is written,
// and differs for different bytes. It returns how many bytes were written before
// the first page that could not be, and EFAULT if there were none.
//
// Kernel: include/linux/uaccess.h copy_to_user, all versions.
func CopyTo(t *sched.Task, mm sched.ID, addr, n, what uint64) (done uint64, err error) {
	done, _, err = access(t, mm, addr, n, what, true)
	return done, err
}

// CopyFrom reads n bytes at addr. It returns how many bytes were read before the
// first page that could not be, a stamp of their content, and EFAULT if there were
// none.
//
// Kernel: include/linux/uaccess.h copy_from_user, all versions.
func CopyFrom(t *sched.Task, mm sched.ID, addr, n uint64) (done, content uint64, err error) {
	return access(t, mm, addr, n, 0, false)
}

// ErrForeign says that what is done to memory is not modelled: it is of a file whose content
// is not, or a userfaultfd has it.
var ErrForeign = errors.New("memory that is not modelled")

// access is CopyTo and CopyFrom.
func access(t *sched.Task, mm sched.ID, addr, n, what uint64, write bool) (done, content uint64, err error) {
	s := open(t, mm)
	for done < n {
		at := addr + done
		c, err := accessPage(t, s, at, what, write)
		if err != nil && done > 0 {
			break
		}
		if err != nil {
			return 0, 0, err
		}
		content = folio.Stamp(content, c)
		done += min(n-done, abi.PageSize-at%abi.PageSize)
	}
	return done, content, nil
}

// accessPage reads or writes inside one page. The lock of the page table stands
// for the hardware, which does not let an entry go in the middle of an access.
func accessPage(t *sched.Task, s space, addr, what uint64, write bool) (content uint64, err error) {
	t.DownRead(s.lock)
	for {
		var v VMA
		if v, err = faultAt(t, s, addr, write); err != nil {
			break
		}
		if v.File != 0 && v.ops(t) == nil {
			err = ErrForeign
			break
		}
		t.Lock(s.ptl)
		e := getPTE.On(t, s.table, v.slot(addr))
		ok := e.Folio != 0 && (!write || e.Write)
		if ok && write {
			folio.Change(t, e.Folio, what)
		} else if ok {
			content = folio.Content(t, e.Folio)
		}
		t.Unlock(s.ptl)
		if ok {
			break
		}
	}
	t.UpRead(s.lock)
	return content, err
}

// WriteRemote writes n bytes at addr in any process's memory, as process_vm_writev
// does: page by page, with a reference for the length of each copy. The results are
// those of CopyTo.
//
// Kernel: mm/process_vm_access.c process_vm_rw_single_vec, all versions.
// Differs: one page at a time, not up to 16.
func WriteRemote(t *sched.Task, mm sched.ID, addr, n, what uint64) (done uint64, err error) {
	done, _, err = accessRemote(t, mm, addr, n, what, true)
	return done, err
}

// ReadRemote reads n bytes at addr in any process's memory, as process_vm_readv
// does. The results are those of CopyFrom.
//
// Kernel: mm/process_vm_access.c process_vm_rw_single_vec, all versions.
func ReadRemote(t *sched.Task, mm sched.ID, addr, n uint64) (done, content uint64, err error) {
	return accessRemote(t, mm, addr, n, 0, false)
}

func accessRemote(t *sched.Task, mm sched.ID, addr, n, what uint64, write bool) (done, content uint64, err error) {
	for done < n {
		at := addr + done
		fo, err := remotePage(t, mm, at, write, false)
		if err != nil && done > 0 {
			break
		}
		if err != nil {
			return 0, 0, err
		}
		if write {
			folio.Change(t, fo, what)
		} else {
			content = folio.Stamp(content, folio.Content(t, fo))
		}
		folio.Release(t, fo)
		done += min(n-done, abi.PageSize-at%abi.PageSize)
	}
	return done, content, nil
}
