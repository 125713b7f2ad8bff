package mm

import (
	"sealab/sim/abi"
	"sealab/sim/folio"
	"sealab/sim/inode"
	"sealab/sim/sched"
)

// Fault is what happens when a program touches an address that its page table
// does not let it touch: the page is found or made, and an entry for it put in.
// Touching alone changes no content; see CopyTo.
//
// EFAULT stands for the signals SIGSEGV (nothing is mapped there, or not for this)
// and SIGBUS (past the end of the file).
//
// Kernel: arch/x86/mm/fault.c do_user_addr_fault, all versions.
func Fault(t *sched.Task, mm sched.ID, addr uint64, write bool) error {
	s := open(t, mm)
	t.DownRead(s.lock)
	_, err := faultAt(t, s, addr, write)
	t.UpRead(s.lock)
	return err
}

// faultAt is Fault under mmap_lock; it returns the VMA.
func faultAt(t *sched.Task, s space, addr uint64, write bool) (VMA, error) {
	need := vmAccess
	if write {
		need = VMWrite
	}
	for {
		v := s.at(t, addr)
		if !v.OK() || v.Flags&need == 0 {
			return v, t.RefuseBecause(abi.EFAULT, noAccess, sched.Fact{Name: "address", Value: int64(addr)}, s.id)
		}
		err := handleFault(t, s, v, addr, write)
		if err == errMissing {
			if err = awaitPage(t, s, v, addr); err == nil {
				continue
			}
		}
		return v, err
	}
}

// noAccess is the check that refuses an access that no mapping allows. What other checks
// refuse is a SIGBUS to a program, this is a SIGSEGV.
const noAccess = "access_error"

// handleFault puts an entry for an address of the VMA in the page table, or makes
// the one there writable. Whether the VMA permits it has been tested. Another task
// may take the entry away at once.
//
// Kernel: mm/memory.c handle_mm_fault, all versions.
func handleFault(t *sched.Task, s space, v VMA, addr uint64, write bool) error {
	page := v.slot(addr)
	e := getPTE.On(t, s.table, page)
	if e.Folio != 0 {
		if !write || e.Write {
			return nil
		}
		return writeProtected(t, s, v, Entry{page, e})
	}
	if n := entryCount.On(t, s.table, sched.None{}); n >= maxEntries {
		return t.Refuse(abi.ENOMEM, "model limit", sched.Fact{Name: "page table entries", Value: int64(n)})
	}
	ops := v.ops(t)
	if v.Uffd != 0 && missing(t, v, addr) {
		return errMissing
	}
	if ops == nil {
		anonFault(t, s, v, page, write)
		return nil
	}
	if !write {
		faultAround(t, s, v, page, ops)
	}
	for {
		fo, err := ops.Fault(t, v.Inode, v.PgOff+page-v.Start>>abi.PageShift, write && !v.Private())
		if err != nil {
			return err
		}
		if write && v.Private() {
			copyOnWrite(t, s, v, page, fo)
			return nil
		}
		e := Entry{page, PTE{Folio: fo, Write: v.Flags&VMWrite != 0 && !v.Private(), Dirty: write}}
		if install(t, s, e, inode.Of(t, v.Inode).Map.Pages) {
			return nil
		}
	}
}

// aroundPages is how many pages are looked at around one that is read.
//
// Kernel: mm/memory.c fault_around_pages, v3.15 and later.
const aroundPages = 16

// faultAround puts in entries for the pages beside one that the file has in memory, as far
// as there are none.
//
// Kernel: mm/memory.c do_fault_around, v3.15 and later.
// Differs: the page itself comes last, and not with the others; each is put in by itself.
func faultAround(t *sched.Task, s space, v VMA, page uint64, ops inode.FileOps) {
	first := max(page&^(aroundPages-1), v.Start>>abi.PageShift)
	end := min(page&^(aroundPages-1)+aroundPages, v.End>>abi.PageShift)
	for at := first; at < end; at++ {
		if at == page {
			continue
		}
		fo := ops.Cached(t, v.Inode, v.PgOff+at-v.Start>>abi.PageShift)
		if fo != 0 {
			e := Entry{at, PTE{Folio: fo, Write: v.Flags&VMWrite != 0 && !v.Private()}}
			install(t, s, e, inode.Of(t, v.Inode).Map.Pages)
		}
	}
}

// ops returns who answers for the VMA's file: nil for private memory, and for
// files whose content is not modelled.
func (v VMA) ops(t *sched.Task) inode.FileOps {
	if v.File == 0 {
		return nil
	}
	return inode.Ops(inode.Of(t, v.Inode).Kind)
}

// install puts a new entry in, with the reference that the task holds, unless
// there is one by now. It says false if a file's folio has left its page tree
// meanwhile (tree, 0 for private memory), so that another must be looked for.
//
// Kernel: mm/memory.c finish_fault, v4.10 and later.
// Differs: the folio is not locked; its place is looked at again under the lock
// of the page table, which whoever removes it takes afterwards.
func install(t *sched.Task, s space, e Entry, tree sched.ID) bool {
	t.Lock(s.ptl)
	if getPTE.On(t, s.table, e.Page).Folio != 0 {
		t.Unlock(s.ptl)
		folio.Release(t, e.Folio)
		return true
	}
	if tree != 0 && folio.ShapeOf(t, e.Folio).Pages != tree {
		t.Unlock(s.ptl)
		folio.Release(t, e.Folio)
		return false
	}
	folio.AddMap(t, e.Folio)
	t.Drop(e.Folio)
	setPTE.On(t, s.table, e)
	t.Unlock(s.ptl)
	return true
}

// prepareAnon notes that a private VMA has private pages that were written.
//
// Kernel: mm/rmap.c anon_vma_prepare, all versions.
func prepareAnon(t *sched.Task, s space, v VMA) {
	if !v.Anon && v.Private() {
		anonPrepare.On(t, s.id, v.Start)
	}
}

// newAnon returns a fresh private folio, which the task holds.
//
// Kernel: mm/memory.c folio_prealloc, v6.8 and later (alloc_page_vma before).
func newAnon(t *sched.Task, v VMA) sched.ID {
	fo := folio.Alloc(t, v.Shift-abi.PageShift, true)
	t.Hold(fo)
	return fo
}

// anonFault puts in a fresh page of zeros. After a read it is not writable, and
// fork does not copy it.
//
// Kernel: mm/memory.c do_anonymous_page, all versions.
// Differs: also for a read, where the kernel shows the one page of zeros.
func anonFault(t *sched.Task, s space, v VMA, page uint64, write bool) {
	if write {
		prepareAnon(t, s, v)
	}
	fo := newAnon(t, v)
	folio.AddLRU(t, fo)
	e := PTE{Folio: fo, Write: write && v.Flags&VMWrite != 0, Dirty: write, Anon: true, Own: true}
	install(t, s, Entry{page, e}, 0)
}

// copyOnWrite puts in a private copy of a file's folio, which the task holds and
// here gives back.
//
// Kernel: mm/memory.c do_cow_fault, all versions.
func copyOnWrite(t *sched.Task, s space, v VMA, page uint64, fo sched.ID) {
	prepareAnon(t, s, v)
	c := newAnon(t, v)
	folio.CopyContent(t, c, folio.Content(t, fo))
	if v.Shift == abi.PageShift {
		folio.AddLRU(t, c)
	}
	install(t, s, Entry{page, PTE{Folio: c, Write: v.Flags&VMWrite != 0, Dirty: true, Anon: true, Own: true}}, 0)
	folio.Release(t, fo)
}

// writeProtected makes an entry writable as far as the VMA is. A private page that
// anybody else might still see is replaced by a copy.
//
// Kernel: mm/memory.c do_wp_page, all versions.
func writeProtected(t *sched.Task, s space, v VMA, e Entry) error {
	if !v.Private() || e.Anon && (e.Own || unshared(t, e.Folio)) {
		prepareAnon(t, s, v)
		t.Lock(s.ptl)
		if getPTE.On(t, s.table, e.Page) == e.PTE {
			e.Write, e.Dirty, e.Own = v.Flags&VMWrite != 0, true, e.Anon
			setPTE.On(t, s.table, e)
		}
		t.Unlock(s.ptl)
		return nil
	}
	prepareAnon(t, s, v)
	c := newAnon(t, v)
	if v.Shift == abi.PageShift {
		folio.AddLRU(t, c)
	}
	t.Lock(s.ptl)
	if getPTE.On(t, s.table, e.Page) != e.PTE {
		t.Unlock(s.ptl)
		folio.Release(t, c)
		return nil
	}
	folio.CopyContent(t, c, folio.Content(t, e.Folio))
	folio.RemoveMap(t, e.Folio, e.Dirty)
	t.Hold(e.Folio)
	folio.AddMap(t, c)
	t.Drop(c)
	setPTE.On(t, s.table, Entry{e.Page, PTE{Folio: c, Write: v.Flags&VMWrite != 0, Dirty: true, Anon: true, Own: true}})
	t.Unlock(s.ptl)
	folio.Release(t, e.Folio)
	return nil
}

// unshared says whether nobody else refers to a private folio.
//
// Kernel: mm/memory.c wp_can_reuse_anon_folio, v6.4 and later (inside do_wp_page before).
func unshared(t *sched.Task, fo sched.ID) bool {
	folio.DrainBatch(t, t.ThisCPU())
	return folio.RefCount(t, fo) == 1
}
