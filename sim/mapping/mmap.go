package mapping

import (
	"encoding/binary"
	"slices"

	"sealab/sim/sched"
)

// User is one place where a process maps the file.
type User struct {
	MM     sched.ID // the process's address space
	Start  uint64   // first address, a multiple of the page size
	End    uint64   // first address behind it
	PgOff  uint64   // the file page at Start
	Shared bool     // MAP_SHARED, as the program asked
}

// compare orders users by address space and address.
func (u User) compare(v User) int {
	if u.MM != v.MM {
		return int(u.MM) - int(v.MM)
	}
	if u.Start < v.Start {
		return -1
	}
	if u.Start > v.Start {
		return 1
	}
	return 0
}

// Mmap is the reverse map: every place where the file is mapped.
//
// Kernel: include/linux/fs.h address_space.i_mmap, all versions.
// Differs: an ordered list instead of an interval tree.
type Mmap struct{ Users []User }

// Clone returns an independent copy.
func (m *Mmap) Clone() sched.Object { return &Mmap{slices.Clone(m.Users)} }

// Encode appends the canonical encoding.
func (m *Mmap) Encode(dst []byte) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(m.Users)))
	for _, u := range m.Users {
		dst = binary.LittleEndian.AppendUint32(dst, uint32(u.MM))
		for _, x := range []uint64{u.Start, u.End, u.PgOff} {
			dst = binary.LittleEndian.AppendUint64(dst, x)
		}
	}
	return dst
}

var (
	mmapInsert = sched.NewOp("vma_interval_tree_insert", sched.Write, func(m *Mmap, u User) sched.None {
		i, found := slices.BinarySearchFunc(m.Users, u, User.compare)
		if found {
			panic("mapping: the same mapping is linked twice")
		}
		m.Users = slices.Insert(m.Users, i, u)
		return sched.None{}
	})
	mmapRemove = sched.NewOp("vma_interval_tree_remove", sched.Write, func(m *Mmap, u User) sched.None {
		i, found := slices.BinarySearchFunc(m.Users, u, User.compare)
		if !found || m.Users[i] != u {
			panic("mapping: a mapping is unlinked that is not linked")
		}
		m.Users = slices.Delete(m.Users, i, i+1)
		return sched.None{}
	})
	// mmapNext returns the first user at or behind a place in the order, or a zero
	// User.
	mmapNext = sched.NewOp("vma_interval_tree_iter_next", sched.Read, func(m *Mmap, from User) User {
		i, _ := slices.BinarySearchFunc(m.Users, from, User.compare)
		if i == len(m.Users) {
			return User{}
		}
		return m.Users[i]
	})
)

// Link adds a place where the file is mapped. The caller holds MmapLock for
// writing.
//
// Kernel: mm/vma.c __vma_link_file, all versions.
func (m Mapping) Link(t *sched.Task, u User) { mmapInsert.On(t, m.Mmap, u) }

// Unlink removes one. The caller holds MmapLock for writing.
//
// Kernel: mm/vma.c __remove_shared_vm_struct, all versions.
func (m Mapping) Unlink(t *sched.Task, u User) { mmapRemove.On(t, m.Mmap, u) }

// Zapper drops the page table entries of one address space that show file pages
// in [start, end) by address; package mm provides it. With evenCows, private
// copies go too.
type Zapper func(t *sched.Task, mm sched.ID, start, end uint64, evenCows bool)

// Zap is set by package mm when it is initialised, and never changed.
var Zap Zapper

// UnmapRange drops the page table entries, in every process, of the file's pages
// from first up to but not including end.
//
// Kernel: mm/memory.c unmap_mapping_pages, all versions.
func (m Mapping) UnmapRange(t *sched.Task, first, end uint64, evenCows bool) {
	t.DownRead(m.MmapLock)
	for u := mmapNext.On(t, m.Mmap, User{}); u.MM != 0; {
		lo, hi := max(first, u.PgOff), min(end, u.PgOff+(u.End-u.Start)>>12)
		if lo < hi {
			Zap(t, u.MM, u.Start+(lo-u.PgOff)<<12, u.Start+(hi-u.PgOff)<<12, evenCows)
		}
		u.Start++
		u = mmapNext.On(t, m.Mmap, u)
	}
	t.UpRead(m.MmapLock)
}
