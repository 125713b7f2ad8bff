package mm

import (
	"sealab/sim/folio"
	"sealab/sim/inode"
	"sealab/sim/mutant"
	"sealab/sim/sched"
)

// Fork returns a copy of the memory for a child, with one user. Mappings with
// VM_DONTCOPY are left out. Countable mappings are counted again without asking:
// the parent's being there proves that they are allowed.
//
// Entries are copied only for VMAs that had private pages; the child finds file
// pages again by faults.
//
// Kernel: mm/mmap.c dup_mmap, v6.18 and later (kernel/fork.c before).
func Fork(t *sched.Task, mm sched.ID) sched.ID {
	child := New(t)
	old, s := open(t, mm), open(t, child)
	t.DownWrite(old.lock)
	t.DownWrite(s.lock)
	for v := old.find(t, 0); v.OK(); v = old.find(t, v.End) {
		if v.Flags&VMDontCopy != 0 {
			continue
		}
		c := v
		c.Flags &^= VMLocked
		c.Uffd = 0
		wipe := v.Flags&VMWipeOnFork != 0
		c.Anon = c.Anon && !wipe
		if c.File != 0 {
			inode.GetFile(t, c.File)
		}
		link(t, s, c)
		uncount(t, mutant.ForkNotCounted, c)
		if c.Anon {
			copyEntries(t, old, s, v)
		}
	}
	t.UpWrite(s.lock)
	t.UpWrite(old.lock)
	return child
}

// copyEntries gives the child the entries of a VMA. Private pages are shared from
// now on, and whoever writes first makes a copy.
//
// Kernel: mm/memory.c copy_page_range, all versions.
// Differs: a private page with a long-term pin is shared too, where the kernel of
// v5.11 and later copies it at once.
func copyEntries(t *sched.Task, old, s space, v VMA) {
	r := pages{first: v.slot(v.Start), end: v.slot(v.End-1) + 1}
	t.Lock(s.ptl)
	t.Lock(old.ptl)
	for {
		e := nextPTE.On(t, old.table, r)
		if e.Folio == 0 {
			break
		}
		if v.Private() && v.Flags&VMMayWrite != 0 && (e.Write || e.Own) { // is_cow_mapping
			e.Write, e.Own = false, false
			setPTE.On(t, old.table, e)
		}
		folio.Hold(t, e.Folio)
		folio.AddMap(t, e.Folio)
		t.Drop(e.Folio)
		e.Dirty = false
		setPTE.On(t, s.table, e)
		r.first = e.Page + 1
	}
	t.Unlock(old.ptl)
	t.Unlock(s.ptl)
}
