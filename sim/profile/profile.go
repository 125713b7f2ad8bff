package profile

import (
	"sealab/sim/abi"
	"sealab/sim/mutant"
)

// Profile is one kernel's behaviour, a field for each thing in which kernels
// differ. The comment of a field tells what user space notices, and which
// kernels do what; a version stands for mainline, "stable" for releases made
// from older ones (see changes). The zero Profile is no kernel: use ForRelease
// or Newest. Profiles can be compared with ==.
type Profile struct {
	// Release is the kernel that the profile was made for, as it was asked for; ""
	// if by hand. It decides nothing.
	Release string

	// F_ADD_SEALS. Kernel: mm/memfd.c memfd_add_seals.

	AddOrder       AddOrder  // which error comes first: for a read-only descriptor that cannot be sealed
	ArgWide        ArgWide   // bits 32 to 63 of the argument: EINVAL to 6.4, then ignored
	Seals          abi.Seals // the known seals, others are EINVAL: F_SEAL_FUTURE_WRITE from 5.1, F_SEAL_EXEC from 6.3
	ExecImply      ExecImply // whether F_SEAL_EXEC refuses while there are writers: not to 7.0, from 7.1 and in stable
	HugetlbSealing bool      // whether files on hugetlbfs can be sealed: from 4.16

	// memfd_create. Kernel: mm/memfd.c memfd_create.

	MemfdFlags        uint32 // the known flags but for sizes of huge pages
	NoexecSealUnseals bool   // MFD_NOEXEC_SEAL allows sealing without MFD_ALLOW_SEALING: from 6.3
	MemfdNoexec       Noexec // what vm.memfd_noexec=2 does: nothing to 6.2, EINVAL, EACCES in 6.5, milder from 6.6
	NoexecHierarchy   bool   // vm.memfd_noexec is the largest of all enclosing pid namespaces: from 6.6

	// The wait for pins. Kernel: mm/memfd.c memfd_tag_pins, memfd_wait_for_pins.

	PinTest           PinTest     // which pages look pinned: a huge page always, to 5.16
	TagTestStrict     bool        // fewer references than expected look pinned too, in the first pass: from 5.17
	WalkTag           Walk        // how the first pass walks the tree: XArray from 4.20
	WalkWait          Walk        // how the later ones do
	Batch             int         // entries between pauses, 0: as the CPU is wanted: 4096 from 4.20
	BatchWeighted     bool        // a huge page counts 512 in it: 5.17 to 6.8
	BatchCountsValues bool        // an entry that is no page counts too: not in 4.20 to 5.16
	ValueClearsMark   bool        // a page that was swapped out loses its mark: not in 4.20 to 5.16
	HugetlbRefs       HugetlbRefs // references of the page cache on a hugetlb folio: one for each page from 6.7
	SwapCacheExpected bool        // a page that is in the swap cache too does not look pinned: from 6.19
	StrayWakeEndsWait bool        // any wake-up of the sleeping task makes the next look the last: all kernels
	TimerWheel        bool        // a sleep ends at a wheel boundary, up to a tick later or more: from 4.8
	HZ                int         // ticks a second, a choice of whoever built the kernel

	NodeShift int // a node of the page tree has 2^NodeShift slots: 6, or 4 with CONFIG_BASE_SMALL

	// Batches of pages on their way to the LRU list. Kernel: mm/swap.c folio_add_lru.

	LRUBatch       int  // pages of a CPU's batch: 14, 15 from 4.16, 31 from 6.9
	LRUDrainFirst  bool // it is emptied before a page is added to a full one, not after: to 4.6
	LRULargeBypass bool // a large folio empties it: from 4.7

	// Mappings. Kernel: mm/mmap.c do_mmap and mmap_region, mm/vma.c.

	CountFlag          CountFlag      // a read-only mapping under F_SEAL_FUTURE_WRITE blocks F_SEAL_WRITE: to 6.6
	MmapCounter        MmapCounter    // a refused mmap with MAP_FIXED has removed what was there: to 6.11
	MmapSealCheck      MmapSealCheck  // an mmap that is merged gets round F_SEAL_FUTURE_WRITE: to 6.13
	WriteSealStrip     WriteSealStrip // read-only mappings of a write-sealed file are allowed: from 6.7, not in 6.12.0
	FutureWriteCOWBug  bool           // under F_SEAL_FUTURE_WRITE fork shares private mappings: 5.1 to 5.4
	HugetlbFutureWrite bool           // mmap of a hugetlb memfd obeys F_SEAL_FUTURE_WRITE: from 5.13
	MapSharedValidate  bool           // MAP_SHARED_VALIDATE is known: from 4.15
	MapFixedNoreplace  bool           // MAP_FIXED_NOREPLACE is known, not taken for a hint: from 4.17
	MremapDontunmap    Dontunmap      // what MREMAP_DONTUNMAP takes: private anonymous from 5.7, all from 5.13
	MadvRemove         MadvRemove     // MADV_REMOVE through a read-only mapping: EACCES to 6.6
	MadvPageout        bool           // MADV_COLD and MADV_PAGEOUT are known: from 5.4
	MadvPopulate       bool           // MADV_POPULATE_READ and _WRITE are known: from 5.14
	PopulateGap        PopulateGap    // what they do over a gap
	TransparentHuge    bool           // CONFIG_TRANSPARENT_HUGEPAGE; PREEMPT_RT excludes it
	Hugetlbfs          bool           // CONFIG_HUGETLBFS; user-mode Linux has none
	Userfaultfd        bool           // there is userfaultfd: from 4.3
	UffdShmem          bool           // it takes memory of tmpfs, not only anonymous: from 4.11
	UffdNeedsMayWrite  bool           // userfaultfd refuses mappings that cannot become writable, with EPERM: from 4.20
	DelayedRmap        bool           // munmap drops the map count of written pages late, with the reference: from 6.2

	// Files. Kernel: mm/shmem.c, mm/filemap.c generic_perform_write, fs/splice.c.

	GrowWrite GrowWrite // a write across the end under F_SEAL_GROW: EPERM or short
	// WriteFaultsFirst: a write touches its buffer before it looks at seals: to 6.14
	WriteFaultsFirst bool
	ODirect          bool      // O_DIRECT is accepted on tmpfs: from 6.6
	SpliceHolePins   bool      // splicing a hole into a pipe makes a page and holds it: to 5.17
	SpliceNonblock   bool      // splice and tee do not wait for a pipe with O_NONBLOCK: from 5.1
	SendfilePins     bool      // sendfile into a pipe holds pages instead of copying: from 5.12
	RWFAppend        bool      // preadv2 and pwritev2 know RWF_APPEND and what is older: from 4.16
	CopyFileRange    bool      // copy_file_range is as it is since 5.19
	FallocFatalOnly  bool      // fallocate is interrupted by fatal signals only, not by any with EINTR: from 6.11
	ShmemHuge        ShmemHuge // sizes of folios: 512 pages from 4.8, others from 6.11
	HwpoisonKeeps    bool      // a page with a memory error stays in the file and held: from 5.16

	// Who holds pages. Kernel: mm/gup.c, io_uring/rsrc.c, drivers/dma-buf/udmabuf.c.

	PinBias            int  // references that a pin of a small page takes: 1, 1024 from 5.7
	IOUring            bool // there is io_uring: from 5.1
	IOUringExitWakes   bool // closing a ring wakes its task from the wait for pins: seen on 5.10, not on 6.1
	RingsStay          bool // an io_uring cannot be sent in a message: from 6.7
	Udmabuf            bool // there is udmabuf: from 4.20
	UdmabufFutureWrite bool // it refuses files with F_SEAL_FUTURE_WRITE: from 6.13
	UdmabufLock        bool // it cannot race with F_ADD_SEALS: from 6.13
	UdmabufPins        bool // it takes pins, not references: from 6.11

	// Mutants are places where the kernel is wrong: no release of Linux has any.
	Mutants mutant.Set
}

// ReadOnlyAfterWriteSeal says whether a shared mapping with PROT_READ, made
// through a writable descriptor, is allowed once F_SEAL_WRITE is set.
func (p *Profile) ReadOnlyAfterWriteSeal() bool {
	switch p.WriteSealStrip {
	case StripInDoMmap:
		return true
	case StripInHook:
		return p.MmapCounter == CounterAfterHook
	}
	return false
}

// FutureWriteLoophole says whether a new writable mapping gets round
// F_SEAL_FUTURE_WRITE when it is merged with an old one.
func (p *Profile) FutureWriteLoophole() bool {
	return p.Seals.Has(abi.SealFutureWrite) && p.MmapSealCheck == CheckInHook
}

// CacheRefs returns how many references the page cache holds of a folio of
// 1<<order pages.
//
// Kernel: mm/filemap.c __filemap_add_folio, all versions.
func (p *Profile) CacheRefs(order uint8, hugetlb bool) int32 {
	if hugetlb && p.HugetlbRefs == HugetlbRefsOne {
		return 1
	}
	return 1 << order
}

// ExpectedCacheRefs returns how many references the wait for pins takes for
// those of the page cache. Where it differs from CacheRefs the folio always
// looks pinned.
//
// Kernel: mm/memfd.c memfd_wait_for_pins, all versions.
func (p *Profile) ExpectedCacheRefs(order uint8, hugetlb bool) int32 {
	switch p.PinTest {
	case PinTestSubpage:
		return 1
	case PinTestTHPTotal:
		if hugetlb || order != abi.PMDOrder {
			return 1
		}
	}
	return 1 << order
}

// Unit returns the kernel's word for what the page cache is made of: "page" or
// "folio".
func (p *Profile) Unit() string {
	if p.PinTest >= PinTestFolio {
		return "folio"
	}
	return "page"
}
