package profile

// AddOrder says which of two questions F_ADD_SEALS asks first.
type AddOrder uint8

const (
	FopFirst  AddOrder = iota // can the file be sealed at all: EINVAL before EPERM
	ModeFirst                 // is it open for writing: EPERM before EINVAL
)

// ArgWide says what happens to the upper half of a 64-bit argument of
// F_ADD_SEALS.
type ArgWide uint8

const (
	ArgWideEINVAL  ArgWide = iota // EINVAL if it is not 0
	ArgWideIgnored                // it is dropped unseen
)

// ExecImply says when F_SEAL_EXEC on an executable file adds the other seals.
type ExecImply uint8

const (
	ExecImplyNone        ExecImply = iota // there is no F_SEAL_EXEC
	ExecImplyAfterCheck                   // after the check for writers, so it is not made
	ExecImplyBeforeCheck                  // before it
)

// Noexec says what vm.memfd_noexec=2 does to memfd_create.
type Noexec uint8

const (
	NoexecAbsent  Noexec = iota // there is no such sysctl
	NoexecEINVAL                // EINVAL without a flag; MFD_EXEC passes
	NoexecEACCES                // EACCES without a flag and with MFD_EXEC
	NoexecImplied               // as if MFD_NOEXEC_SEAL was given; EACCES with MFD_EXEC
)

// PinTest says how the wait for pins tells that somebody holds a page.
type PinTest uint8

const (
	PinTestSubpage  PinTest = iota // references - mappings of one page of a folio, against 1
	PinTestTHPTotal                // of the whole folio, against 512 for a huge page and 1 for hugetlb
	PinTestFolio                   // of the whole folio, against its number of pages
	PinTestExpected                // against all that the kernel itself may hold
)

// Walk says how the page tree is walked.
type Walk uint8

const (
	WalkRCU         Walk = iota // radix tree under RCU; the lock only around a change of a tag
	WalkRadixLocked             // radix tree under its lock
	WalkXArray                  // XArray under its lock
)

// HugetlbRefs says how many references the page cache holds of a hugetlb folio.
type HugetlbRefs uint8

const (
	HugetlbRefsOne  HugetlbRefs = iota // one
	HugetlbRefsEach                    // one for each of its pages
)

// CountFlag says which mappings count as writable (i_mmap_writable).
type CountFlag uint8

const (
	CountShared         CountFlag = iota // each shared one of a writable descriptor
	CountSharedMayWrite                  // those of them that may still be made writable
)

// MmapCounter says when mmap asks whether writable mappings are denied.
type MmapCounter uint8

const (
	CounterBeforeHook  MmapCounter = iota // after unmapping what was there, before the file's mmap method
	CounterAfterHook                      // after the file's mmap method
	CounterBeforeUnmap                    // before anything is unmapped
)

// MmapSealCheck says where mmap looks at the seals.
type MmapSealCheck uint8

const (
	CheckInHook   MmapSealCheck = iota // in the file's mmap method, which a merge skips
	CheckInDoMmap                      // first of all
)

// WriteSealStrip says where a read-only shared mapping of a write-sealed file
// loses the right to become writable, so that it does not count.
type WriteSealStrip uint8

const (
	StripNone     WriteSealStrip = iota // nowhere
	StripInHook                         // in the file's mmap method
	StripInDoMmap                       // before the counter is asked
)

// Dontunmap says what MREMAP_DONTUNMAP takes.
type Dontunmap uint8

const (
	DontunmapNone        Dontunmap = iota // nothing: EINVAL
	DontunmapAnonPrivate                  // private anonymous mappings
	DontunmapAny                          // shared and file mappings too
)

// MadvRemove says which mappings MADV_REMOVE takes; others get EACCES.
type MadvRemove uint8

const (
	RemoveNeedsWrite    MadvRemove = iota // shared ones that are writable now
	RemoveNeedsMayWrite                   // shared ones that may be made writable
)

// PopulateGap is what MADV_POPULATE_READ and _WRITE do where nothing is mapped:
// they go on behind it and give ENOMEM at last, unless there is another error, or
// they stop at once.
type PopulateGap uint8

const (
	GapLast  PopulateGap = iota // ENOMEM, after the rest of the range
	GapFirst                    // ENOMEM, at once
)

// GrowWrite says what a write does that would cross the end of a file with
// F_SEAL_GROW.
type GrowWrite uint8

const (
	GrowShort GrowWrite = iota // it writes the pages before the end, and returns a short count
	GrowWhole                  // EPERM, unless a whole chunk (2 MiB) fits before the end
)

// ShmemHuge says how large the folios of tmpfs can be.
type ShmemHuge uint8

const (
	ShmemHugeNone ShmemHuge = iota // one page
	ShmemHugePMD                   // one page, or 512
	ShmemHugeAny                   // any power of two up to 512
)
