package abi

// Family is the set of words that one argument of a system call is made of.
type Family uint8

// The families. Those from FamilySeek on are numbers of which each has one name;
// the others are sets of bits.
const (
	FamilyProt    Family = iota // mmap, mprotect
	FamilyMap                   // mmap
	FamilyOpen                  // open, F_GETFL, F_SETFL
	FamilyPipe                  // pipe2, dup3: the words of open without an access mode
	FamilyFD                    // F_SETFD
	FamilyMemfd                 // memfd_create
	FamilySeals                 // F_ADD_SEALS
	FamilyFalloc                // fallocate
	FamilyMremap                // mremap
	FamilySplice                // splice, tee, vmsplice
	FamilyClone                 // clone
	FamilyRW                    // preadv2, pwritev2
	FamilyMsg                   // sendmsg, recvmsg
	FamilyWait                  // wait4, waitid
	FamilyMsync                 // msync
	FamilySeek                  // lseek
	FamilyMadvise               // madvise
	FamilyFcntl                 // fcntl
	FamilyIORing                // io_uring_register
	familyCount
)

// family says how strace prints one family.
type family struct {
	words   []word
	unknown string // what stands in the comment behind a number without a name
	zero    string // what stands for no bit at all
	number  bool   // a number with one name, not a set of bits

	// The bits of head are a number of their own, printed first, with names in
	// heads.
	head  uint64
	heads []word

	huge   string // the name of the shift of the top 6 of 32 bits, log2 of a page size
	signal bool   // the low byte is a signal, printed last
}

var families = [familyCount]family{
	FamilyProt:    {words: protWords, unknown: "PROT_???", zero: "PROT_NONE"},
	FamilyMap:     {words: mapWords, unknown: "MAP_???", head: MapType, heads: mapHeadWords, huge: "MAP_HUGE_SHIFT"},
	FamilyOpen:    {words: openWords, unknown: "O_???", head: OAccmode, heads: openHeadWords},
	FamilyPipe:    {words: openWords, unknown: "O_???", zero: "0"},
	FamilyFD:      {words: fdWords, unknown: "FD_???", zero: "0"},
	FamilyMemfd:   {words: memfdWords, unknown: "MFD_???", zero: "0", huge: "MFD_HUGE_SHIFT"},
	FamilySeals:   {words: sealWords, unknown: "F_SEAL_???", zero: "0"},
	FamilyFalloc:  {words: fallocWords, unknown: "FALLOC_FL_???", zero: "0"},
	FamilyMremap:  {words: mremapWords, unknown: "MREMAP_???", zero: "0"},
	FamilySplice:  {words: spliceWords, unknown: "SPLICE_F_???", zero: "0"},
	FamilyClone:   {words: cloneWords, unknown: "CLONE_???", zero: "0", signal: true},
	FamilyRW:      {words: rwWords, unknown: "RWF_???", zero: "0"},
	FamilyMsg:     {words: msgWords, unknown: "MSG_???", zero: "0"},
	FamilyWait:    {words: waitWords, unknown: "W???", zero: "0"},
	FamilyMsync:   {words: msyncWords, unknown: "MS_???", zero: "0"},
	FamilySeek:    {words: seekWords, unknown: "SEEK_???", number: true},
	FamilyMadvise: {words: madviseWords, unknown: "MADV_???", number: true},
	FamilyFcntl:   {words: fcntlWords, unknown: "F_???", number: true},
	FamilyIORing:  {words: ioringWords, unknown: "IORING_REGISTER_???", number: true},
}
