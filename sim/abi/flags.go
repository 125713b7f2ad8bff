package abi

// What a mapping may be used for (mmap, mprotect).
const (
	ProtRead      = 0x1
	ProtWrite     = 0x2
	ProtExec      = 0x4
	ProtSem       = 0x8
	ProtGrowsdown = 0x01000000
	ProtGrowsup   = 0x02000000
)

// Kinds and flags of mmap. The low 4 bits are a number, the kind.
const (
	MapFile           = 0
	MapShared         = 1
	MapPrivate        = 2
	MapSharedValidate = 3
	MapDroppable      = 8
	MapFixed          = 0x10
	MapAnonymous      = 0x20
	Map32bit          = 0x40
	MapNoreserve      = 0x4000
	MapPopulate       = 0x8000
	MapNonblock       = 0x10000
	MapGrowsdown      = 0x100
	MapDenywrite      = 0x800
	MapExecutable     = 0x1000
	MapLocked         = 0x2000
	MapStack          = 0x20000
	MapHugetlb        = 0x40000
	MapSync           = 0x80000
	MapFixedNoreplace = 0x100000
)

// How a file is opened, and what F_GETFL returns. The low 2 bits are a number, the access mode.
const (
	ORdonly     = 0
	OWronly     = 1
	ORdwr       = 2
	OCreat      = 0o100
	OExcl       = 0o200
	ONoctty     = 0o400
	OTrunc      = 0o1000
	OAppend     = 0o2000
	ONonblock   = 0o4000
	OSync       = 0o4010000
	ODsync      = 0o10000
	OSyncBit    = 0o4000000
	ODirect     = 0o40000
	OLargefile  = 0o100000
	ONofollow   = 0o400000
	ONoatime    = 0o1000000
	OCloexec    = 0o2000000
	OPath       = 0o10000000
	OTmpfile    = 0o20200000
	OTmpfileBit = 0o20000000
	ODirectory  = 0o200000
	Fasync      = 0o20000
)

// Flags of a descriptor (F_SETFD).
const (
	FdCloexec = 1
)

// Flags of memfd_create; the top 6 bits are log2 of the huge page size.
const (
	MfdCloexec      = 0x1
	MfdAllowSealing = 0x2
	MfdHugetlb      = 0x4
	MfdNoexecSeal   = 0x8
	MfdExec         = 0x10
)

// Modes of fallocate.
const (
	FallocFlKeepSize      = 0x1
	FallocFlPunchHole     = 0x2
	FallocFlNoHideStale   = 0x4
	FallocFlCollapseRange = 0x8
	FallocFlZeroRange     = 0x10
	FallocFlInsertRange   = 0x20
	FallocFlUnshareRange  = 0x40
	FallocFlWriteZeroes   = 0x80
)

// Flags of mremap.
const (
	MremapMaymove   = 1
	MremapFixed     = 2
	MremapDontunmap = 4
)

// Flags of splice, tee and vmsplice.
const (
	SpliceFMove     = 1
	SpliceFNonblock = 2
	SpliceFMore     = 4
	SpliceFGift     = 8
)

// Flags of preadv2 and pwritev2.
const (
	RwfHipri     = 0x1
	RwfDsync     = 0x2
	RwfSync      = 0x4
	RwfNowait    = 0x8
	RwfAppend    = 0x10
	RwfNoappend  = 0x20
	RwfAtomic    = 0x40
	RwfDontcache = 0x80
)

// Flags of msync.
const (
	MsAsync      = 1
	MsInvalidate = 2
	MsSync       = 4
)

// Where lseek counts from.
const (
	SeekSet  = 0
	SeekCur  = 1
	SeekEnd  = 2
	SeekData = 3
	SeekHole = 4
)

// Other spellings of the same values.
const (
	MapAnon               = MapAnonymous
	ONdelay               = ONonblock
	OAsync                = Fasync
	ORsync                = OSync
	Wuntraced             = Wstopped
	FallocFlAllocateRange = 0
)

// Masks, shifts and limits inside the values above.
const (
	MapType      = 0xf
	OAccmode     = 0o3
	MapHugeShift = 26
	MfdHugeShift = 26
	MfdHugeMask  = 0x3f
	ProtNone     = 0
)

// Huge page sizes: log2 in the top 6 bits of flags.
const (
	MfdHuge64kb = 16 << 26
	MfdHuge2mb  = 21 << 26
	MfdHuge16mb = 24 << 26
	MfdHuge1gb  = 30 << 26
	MapHuge2mb  = 21 << 26
	MapHuge1gb  = 30 << 26
)

// Descriptors that stand for a directory, and flags of the calls that take one.
const (
	AtFdcwd           = -100
	AtSymlinkNofollow = 0x100
	AtRemovedir       = 0x200
	AtSymlinkFollow   = 0x400
	AtNoAutomount     = 0x800
	AtEmptyPath       = 0x1000
)

// Kinds of file lock.
const (
	FRdlck = 0
	FWrlck = 1
	FUnlck = 2
)

// File types and permission bits.
const (
	SIfmt  = 0o170000
	SIfreg = 0o100000
	SIfifo = 0o10000
	SIfdir = 0o40000
	SIrusr = 0o400
	SIwusr = 0o200
	SIxusr = 0o100
)
