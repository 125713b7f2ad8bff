package mm

import (
	"encoding/binary"

	"github.com/google/btree"

	"sealab/sim/abi"
	"sealab/sim/sched"
)

// MM is a process's memory: its VMAs, and the names of its page table and locks.
// Tasks of one process, and processes made with CLONE_VM, share one.
//
// Kernel: include/linux/mm_types.h mm_struct, all versions.
// Differs: a B-tree; the kernel's is a red-black tree before v6.1, a maple tree since.
type MM struct {
	Users int32    // mm_users: tasks that use it, and calls that look into it
	Lock  sched.ID // mmap_lock, a RWSem
	Table sched.ID // a PageTable
	PTL   sched.ID // the SpinLock of Table
	Grabs int32    // userfaultfds that know it, and may outlive it
	Gone  bool     // its users are gone, and all is unmapped

	vmas *btree.BTreeG[VMA] // by Start
}

// degree of the B-trees: nodes of about a kilobyte.
const degree = 8

func beforeVMA(a, b VMA) bool { return a.Start < b.Start }

// Clone returns an independent copy, in constant time. Two copies of one MM must
// not be made at the same time.
func (m *MM) Clone() sched.Object {
	c := *m
	c.vmas = m.vmas.Clone()
	return &c
}

// Encode appends the canonical encoding.
func (m *MM) Encode(dst []byte) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, uint32(m.Users))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(m.Grabs)<<1|uint32(bit(m.Gone)))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(m.vmas.Len()))
	m.vmas.Ascend(func(v VMA) bool {
		dst = v.encode(dst)
		return true
	})
	return dst
}

func bit(b bool) byte {
	if b {
		return 1
	}
	return 0
}

// find returns the first VMA that ends behind an address.
func (m *MM) find(addr uint64) (found VMA) {
	m.vmas.DescendLessOrEqual(VMA{Start: addr}, func(v VMA) bool {
		found = v
		return false
	})
	if found.End > addr {
		return found
	}
	found = VMA{}
	m.vmas.AscendGreaterOrEqual(VMA{Start: addr}, func(v VMA) bool {
		found = v
		return false
	})
	return found
}

// gap is a question for a free place: so many bytes, a multiple of the alignment,
// below a limit.
type gap struct{ size, align, below uint64 }

// minAddr is the lowest address that the search offers, in bytes.
//
// Kernel: security/min_addr.c mmap_min_addr, all versions.
const minAddr = 1 << 16

// freeBelow returns the highest free place, 0 if there is none.
func (m *MM) freeBelow(g gap) (addr uint64) {
	end := g.below
	fits := func(low uint64) bool {
		if end < low || end-low < g.size {
			return false
		}
		addr = (end - g.size) &^ (g.align - 1)
		return addr >= low
	}
	done := false
	m.vmas.DescendLessOrEqual(VMA{Start: g.below}, func(v VMA) bool {
		done = fits(max(v.End, minAddr))
		end = min(end, v.Start)
		return !done
	})
	if done || fits(minAddr) {
		return addr
	}
	return 0
}

var (
	names = sched.NewOp("current->mm", sched.Read, func(m *MM, _ sched.None) space {
		return space{lock: m.Lock, table: m.Table, ptl: m.PTL, grabbed: m.Grabs > 0}
	})
	// tryGet adds a user unless there is none.
	tryGet = sched.NewOp("mmget_not_zero", sched.Write, func(m *MM, _ sched.None) bool {
		if m.Users == 0 {
			return false
		}
		m.Users++
		return true
	})
	// grab says whether the memory is of no use any more.
	grab = sched.NewOp("mm_count", sched.Write, func(m *MM, n int32) bool {
		m.Grabs += n
		return m.Gone && m.Grabs == 0
	})
	exited = sched.NewOp("mmdrop", sched.Write, func(m *MM, _ sched.None) bool {
		m.Gone = true
		return m.Grabs == 0
	})
	users = sched.NewOp("mm_users", sched.Write, func(m *MM, n int32) int32 {
		m.Users += n
		return m.Users
	})
	findVMA = sched.NewOp("find_vma", sched.Read, func(m *MM, addr uint64) VMA { return m.find(addr) })
	prevVMA = sched.NewOp("vma_prev", sched.Read, func(m *MM, addr uint64) (found VMA) {
		if addr == 0 {
			return VMA{}
		}
		m.vmas.DescendLessOrEqual(VMA{Start: addr - 1}, func(v VMA) bool {
			found = v
			return false
		})
		return found
	})
	storeVMA = sched.NewOp("vma_iter_store", sched.Write, func(m *MM, v VMA) sched.None {
		m.vmas.ReplaceOrInsert(v)
		return sched.None{}
	})
	clearVMA = sched.NewOp("vma_iter_clear", sched.Write, func(m *MM, start uint64) sched.None {
		if _, found := m.vmas.Delete(VMA{Start: start}); !found {
			panic("mm: a VMA is removed that is not there")
		}
		return sched.None{}
	})
	anonPrepare = sched.NewOp("anon_vma_prepare", sched.Write, func(m *MM, start uint64) sched.None {
		if v, found := m.vmas.Get(VMA{Start: start}); found {
			v.Anon = true
			m.vmas.ReplaceOrInsert(v)
		}
		return sched.None{}
	})
	mapCount = sched.NewOp("map_count", sched.Read, func(m *MM, _ sched.None) int { return m.vmas.Len() })
	freeArea = sched.NewOp("vm_unmapped_area", sched.Read, func(m *MM, g gap) uint64 { return m.freeBelow(g) })
)

// space names the parts of an MM. It is a value that tasks pass about.
type space struct {
	id, lock, table, ptl sched.ID
	grabbed              bool // somebody may ask for it when it is gone
}

func open(t *sched.Task, mm sched.ID) space {
	s := names.On(t, mm, sched.None{})
	s.id = mm
	return s
}

func (s space) find(t *sched.Task, addr uint64) VMA { return findVMA.On(t, s.id, addr) }

// at returns the VMA that an address lies in, or none.
func (s space) at(t *sched.Task, addr uint64) VMA {
	if v := s.find(t, addr); v.Start <= addr {
		return v
	}
	return VMA{}
}

// Create puts empty memory with one user in a world.
//
// Kernel: kernel/fork.c mm_alloc, all versions.
func Create(w *sched.World) sched.ID { return create(w.Add) }

func create(add func(sched.Object) sched.ID) sched.ID {
	return add(&MM{
		Users: 1,
		Lock:  add(&sched.RWSem{Label: "mmap_lock"}),
		Table: add(newPageTable()),
		PTL:   add(&sched.SpinLock{Label: "page_table_lock"}),
		vmas:  btree.NewG(degree, beforeVMA),
	})
}

// New is Create for a task.
func New(t *sched.Task) sched.ID {
	return create(func(o sched.Object) sched.ID { return sched.New(t, o) })
}

// Get keeps the memory for one more user.
//
// Kernel: include/linux/sched/mm.h mmget, v4.11 and later (atomic_inc before).
func Get(t *sched.Task, mm sched.ID) { users.On(t, mm, 1) }

// Put lets one user go; with the last, everything is unmapped and the memory is
// gone.
//
// Kernel: kernel/fork.c mmput, all versions.
func Put(t *sched.Task, mm sched.ID) {
	if users.On(t, mm, -1) > 0 {
		return
	}
	s := open(t, mm)
	exitMmap(t, s)
	if !s.grabbed || exited.On(t, mm, sched.None{}) {
		s.free(t)
	}
}

func (s space) free(t *sched.Task) {
	for _, id := range [...]sched.ID{s.lock, s.table, s.ptl, s.id} {
		sched.Free(t, id)
	}
}

// ungrab lets go of memory that may be gone.
//
// Kernel: include/linux/sched/mm.h mmdrop, all versions.
func ungrab(t *sched.Task, mm sched.ID) {
	if grab.On(t, mm, -1) {
		open(t, mm).free(t)
	}
}

// Exit unmaps everything, as exec does, and leaves the users as they are.
func Exit(t *sched.Task, mm sched.ID) { exitMmap(t, open(t, mm)) }

// exitMmap unmaps everything at once: first all entries, then all VMAs.
//
// Kernel: mm/mmap.c exit_mmap, all versions.
func exitMmap(t *sched.Task, s space) {
	t.DownWrite(s.lock)
	unmapRegion(t, s, 0, abi.TaskSize)
	t.UpWrite(s.lock)
}
