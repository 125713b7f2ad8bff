package mm

import (
	"encoding/binary"
	"fmt"

	"sealab/sim/abi"
	"sealab/sim/mapping"
	"sealab/sim/sched"
)

// Flags say how a VMA may be used. The values are those of x86-64.
//
// Kernel: include/linux/mm.h VM_READ, all versions.
type Flags uint32

// The flags that are modelled.
const (
	VMRead       Flags = 0x1
	VMWrite      Flags = 0x2
	VMExec       Flags = 0x4
	VMShared     Flags = 0x8 // MAP_SHARED of a file open for writing
	VMMayRead    Flags = 0x10
	VMMayWrite   Flags = 0x20 // mprotect may make it writable
	VMMayExec    Flags = 0x40
	VMMayShare   Flags = 0x80 // MAP_SHARED, as the program asked
	VMLocked     Flags = 0x2000
	VMSeqRead    Flags = 0x8000
	VMRandRead   Flags = 0x10000
	VMDontCopy   Flags = 0x20000 // fork leaves it out
	VMDontExpand Flags = 0x40000 // mremap does not make it longer; never merged
	VMAccount    Flags = 0x100000
	VMNoReserve  Flags = 0x200000
	VMHugetlb    Flags = 0x400000
	VMWipeOnFork Flags = 0x2000000
	VMDontDump   Flags = 0x4000000
	VMHugePage   Flags = 0x20000000
	VMNoHugePage Flags = 0x40000000
	VMMergeable  Flags = 0x80000000

	vmAccess = VMRead | VMWrite | VMExec
	// mayShift is how far VM_MAYREAD is from VM_READ, and so on.
	mayShift = 4
)

// VMA is a run of pages that are mapped alike. It is a value.
//
// Kernel: include/linux/mm_types.h vm_area_struct, all versions.
type VMA struct {
	Start uint64 // first address, a multiple of the page size
	End   uint64 // first address behind it; 0 in the zero VMA, which stands for none
	PgOff uint64 // the file page at Start; for private memory without a file, Start's own page number
	Flags Flags
	File  sched.ID // the open file, which it has a reference to; 0 for none
	Inode sched.ID // the file's inode
	Shift uint8    // log2 of the page size in bytes: 12, or more for hugetlbfs
	Anon  bool     // it has had private pages, so a fork copies its entries
	Uffd  sched.ID // the userfaultfd that is told of missing pages; 0 for none

	Origin int64 // the log line that made it
}

// Len returns the length in bytes.
func (v VMA) Len() uint64 { return v.End - v.Start }

// OK says whether there is a VMA.
func (v VMA) OK() bool { return v.End != 0 }

// Private says whether a write goes to a copy.
func (v VMA) Private() bool { return v.Flags&VMShared == 0 }

// FilePage returns the file page, or for private memory the page number, that
// lies at an address inside the VMA.
func (v VMA) FilePage(addr uint64) uint64 {
	return v.PgOff + (addr-v.Start)>>abi.PageShift
}

// slot returns the number of the page table entry for an address: the number of
// the first base page of the page that it lies in.
func (v VMA) slot(addr uint64) uint64 {
	return addr >> v.Shift << (v.Shift - abi.PageShift)
}

// user is the VMA as the file's reverse map knows it.
func (v VMA) user(mm sched.ID) mapping.User {
	return mapping.User{MM: mm, Start: v.Start, End: v.End, PgOff: v.PgOff, Shared: v.Flags&VMMayShare != 0}
}

// cut returns the part of the VMA from start up to but not including end.
func (v VMA) cut(start, end uint64) VMA {
	v.PgOff = v.FilePage(start)
	v.Start, v.End = start, end
	return v
}

// joins says whether w, which follows v in memory, could be part of the same VMA.
//
// Kernel: mm/vma.c can_vma_merge_after, all versions.
// Differs: private pages of different origin do not keep VMAs apart.
func (v VMA) joins(w VMA) bool {
	return v.OK() && w.OK() && v.End == w.Start && v.Flags == w.Flags && v.File == w.File && v.Uffd == w.Uffd &&
		v.FilePage(v.End) == w.PgOff && v.Flags&VMDontExpand == 0
}

// String prints the VMA as a line of /proc/PID/maps begins.
func (v VMA) String() string {
	b := [4]byte{'-', '-', '-', 'p'}
	for i, f := range [...]Flags{VMRead, VMWrite, VMExec} {
		if v.Flags&f != 0 {
			b[i] = "rwx"[i]
		}
	}
	if v.Flags&VMMayShare != 0 {
		b[3] = 's'
	}
	off := v.PgOff << abi.PageShift
	if v.File == 0 {
		off = 0
	}
	return fmt.Sprintf("%x-%x %s %08x", v.Start, v.End, b[:], off)
}

// encode appends the canonical encoding, without Origin.
func (v VMA) encode(dst []byte) []byte {
	for _, x := range [...]uint64{v.Start, v.End, v.PgOff} {
		dst = binary.LittleEndian.AppendUint64(dst, x)
	}
	for _, x := range [...]uint32{uint32(v.Flags), uint32(v.File), uint32(v.Uffd)} {
		dst = binary.LittleEndian.AppendUint32(dst, x)
	}
	if v.Anon {
		return append(dst, 1)
	}
	return append(dst, 0)
}
