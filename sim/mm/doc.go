// Package mm models a process's memory: its mappings (VMAs), its page table, and
// the system calls that change them.
//
// For sealing two things of it matter. A countable mapping (a shared one that may
// become writable) counts in the file's i_mmap_writable, and F_SEAL_WRITE refuses
// at once while there is any. And page table entries hold references to folios,
// each balanced by one in the map count, except for a moment while they are being
// taken away.
//
// # Vocabulary
//
//   - VMA: a run of pages mapped alike. Neighbours that could be one VMA are
//     merged; a call that changes a part of one splits it. Each VMA counts by
//     itself, so unmapping the middle page of three leaves a count of two.
//   - VM_MAYWRITE: the mapping may become writable by mprotect. It is lost when the
//     file was opened read-only, or is sealed against writing.
//   - private, anonymous: of a private mapping of a file, a page is the file's until
//     it is written; then it is a copy, and no longer the file's business.
//   - zap: to take entries out of a page table. The gather keeps their references
//     until all are out, and only then gives them back.
//
// # Locks
//
//	mmap_lock                  writers: mmap, munmap, mprotect, mremap, madvise, mlock, fork
//	                           readers: faults and everything that copies
//	  Mapping.MmapLock         to link a VMA in the file's reverse map
//	    page table lock        one for the whole table; the kernel has one for each part
//
// A truncation takes MmapLock and the page table lock without mmap_lock; so an
// entry may vanish at any time unless the page table lock is held.
//
// # Invariants
//
//   - VMAs do not overlap, are ordered and not empty; neighbours that the kernel would
//     merge are merged by the calls that merge in the kernel.
//   - an entry lies inside a VMA and has one reference and one map count.
//   - every VMA of a file is in the file's reverse map, and has a reference to the
//     open file; the file's counter is the number of countable VMAs, plus one for
//     each mmap in the middle of its work, or is below 0 when there is none.
//
// # Not modelled
//
// Limits of memory, of locked memory and of address space (the caller is taken for
// privileged), protection keys, guard regions, private memory in swap, the stack and heap
// as growing mappings, and the shared zero page (reading fresh private memory makes
// a page at once). A write with mmap_lock held for the whole of munmap stands for the
// kernel's going over to reading half-way. A killed task does not leave the queue for
// mmap_lock early.
package mm
