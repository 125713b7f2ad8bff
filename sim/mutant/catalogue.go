package mutant

// The wrong kernels, by what they get wrong.
const (
	NoInodeLock Mutant = iota + 1
	DenyBeforeLock
	DenyForgotten
	NeverBusy
	NoRollback
	RollbackTwice
	AllowedAfterwards
	MaskBeforeWait
	SomeNotAll
	SealsReplace
	SealSealIgnored
	SealSealRepeats
	SealSealNothing
	BitsUnchecked
	BitsBeforeMode
	SealSealBeforeBits
	ModeUnchecked
	WriteAgainWaits
	GetWaits
	AddReturnsMask
	ExecImpliesWriteOnly
	ExecImpliesAlways
	FutureWriteBusy
	GrowBusy

	NoWait
	DrainForgotten
	DrainLocalOnly
	DrainAfterTag
	LastScan3
	LastScan5
	DelaysHalf
	DelaysDouble
	LastScanLeavesTags
	LastScanForgives
	FirstScanDecides
	CleanStaysMarked
	HeldLosesMark
	OneMark
	MarkAll
	ExtraOffByOne
	MapsNotCounted
	PinCountedAsMap
	KillIgnored
	AnySignalEnds
	KillRefuses
	WaitUnlocked

	AlwaysSealable
	NoexecNotSealed
	NameOneLonger
	LongName
	SlashInName
	CloexecForgotten
	CreateFlagsUnchecked
	ExecBothAllowed

	ReadOnlyNotCounted
	AllSharedCounted
	PrivateCounted
	ForkNotCounted
	SplitNotCounted
	MergeNotCounted
	MunmapKeepsCount
	MoveNotCounted
	FailedMmapCounts
	DeniedIgnored
	MprotectUnchecked
	ReadOnlyMayWrite
	MmapIgnoresWrite
	MmapIgnoresFutureWrite
	SealedMmapEACCES
	KeepsMayWrite
	NoUpgrade
	MmapPastEnd
	PrivateRefused
	MadvRemoveUnchecked
	TruncateKeepsEntries

	WriteUnlocked
	WriteIgnoresWrite
	WriteIgnoresFutureWrite
	WriteIgnoresGrow
	GrowByBytes
	GrowNeverShort
	EmptyWriteRefused
	TruncateIgnoresShrink
	TruncateIgnoresGrow
	ShrinkRefusesSame
	GrowRefusesSame
	TruncateRefusedByWrite
	OpenTruncates
	FallocateIgnoresGrow
	KeepSizeMayGrow
	FallocateRefusedByWrite
	PunchIgnoresWrite
	PunchIgnoresFutureWrite
	ChmodIgnoresExec
	ChmodRefused
	ShortMovesWhole
	HugetlbIgnoresShrink
	HugetlbIgnoresGrow
	ReadLocks

	SpliceCopies
	PipeKeepsPage
	UnregisterKeeps
	SplitLosesTag

	count // one more than the last
)

// About is what is to be said of a mutant.
type About struct {
	Mutant
	Name      string // as it is written: "no-inode-lock"
	Behaviour int    // the behaviour that it violates, by its number in docs/behaviours.md; 0 for none of them
	Sentence  string // what it does, without a full stop
}

// part is a part of the kernel and what can be wrong in it.
type part struct {
	title string
	all   []About
}

//tidy:table one line a mutant
var parts = []part{
	{"F_ADD_SEALS", []About{
		{NoInodeLock, "no-inode-lock", 0, "F_ADD_SEALS does not take the inode lock"},
		{DenyBeforeLock, "deny-before-lock", 0,
			"the counter is tested and denied before the inode lock is taken: EBUSY comes before EPERM"},
		{DenyForgotten, "deny-forgotten", 0,
			"the counter is tested but not made negative, so mappings can come during the wait"},
		{NeverBusy, "never-busy", 76, "countable mappings do not keep F_SEAL_WRITE away"},
		{NoRollback, "no-rollback", 0, "after EBUSY from the wait, mappings stay denied"},
		{RollbackTwice, "rollback-twice", 0, "after EBUSY from the wait, the counter is incremented twice"},
		{AllowedAfterwards, "allowed-afterwards", 66, "after success, mappings are no longer denied"},
		{MaskBeforeWait, "mask-before-wait", 0,
			"the seals are set before the wait for pins, and taken back if that fails"},
		{SomeNotAll, "some-not-all", 29,
			"when F_SEAL_WRITE is refused with EBUSY, the other seals are set all the same"},
		{SealsReplace, "seals-replace", 23, "new seals replace the old ones"},
		{SealSealIgnored, "seal-seal-ignored", 25, "F_SEAL_SEAL does not keep seals from being added"},
		{SealSealRepeats, "seal-seal-repeats", 26,
			"after F_SEAL_SEAL, seals that are there already can be added again"},
		{SealSealNothing, "seal-seal-nothing", 27, "after F_SEAL_SEAL, adding no seal succeeds"},
		{BitsUnchecked, "bits-unchecked", 31, "unknown seals are accepted and kept"},
		{BitsBeforeMode, "bits-before-mode", 33, "unknown seals are looked for before the descriptor is"},
		{SealSealBeforeBits, "seal-seal-before-bits", 34, "F_SEAL_SEAL is looked at before unknown seals are"},
		{ModeUnchecked, "mode-unchecked", 39, "seals can be added through a read-only descriptor"},
		{WriteAgainWaits, "write-again-waits", 24, "F_SEAL_WRITE that is there already is checked again"},
		{GetWaits, "get-waits", 0, "F_GET_SEALS takes the inode lock"},
		{AddReturnsMask, "add-returns-mask", 0, "F_ADD_SEALS returns the seals, not 0"},
		{ExecImpliesWriteOnly, "exec-implies-write-only", 98,
			"F_SEAL_EXEC on an executable file brings F_SEAL_WRITE alone"},
		{ExecImpliesAlways, "exec-implies-always", 96,
			"F_SEAL_EXEC brings the other seals on a file that is not executable too"},
		{FutureWriteBusy, "future-write-busy", 88,
			"F_SEAL_FUTURE_WRITE is refused while there are countable mappings"},
		{GrowBusy, "grow-busy", 79, "F_SEAL_GROW is refused while there are countable mappings"},
	}},
	{"the wait for pins", []About{
		{NoWait, "no-wait", 85, "nobody looks for pages that are held"},
		{DrainForgotten, "drain-forgotten", 0, "no batch is emptied, neither before the first look nor after it"},
		{DrainLocalOnly, "drain-local-only", 0, "only the sealing CPU's batch is emptied"},
		{DrainAfterTag, "drain-after-tag", 0,
			"the sealing CPU's batch is emptied after the first look, not before it"},
		{LastScan3, "last-scan-3", 0, "the fourth look is the last, after 70 ms"},
		{LastScan5, "last-scan-5", 0, "the sixth look is the last, after 310 ms"},
		{DelaysHalf, "delays-half", 0, "each sleep is half as long"},
		{DelaysDouble, "delays-double", 0, "each sleep is twice as long"},
		{LastScanLeavesTags, "last-scan-leaves-tags", 0, "the last look leaves the marks of pages that are held"},
		{LastScanForgives, "last-scan-forgives", 0,
			"the last look finds pages that are held, and the seal is set all the same"},
		{FirstScanDecides, "first-scan-decides", 0, "a page that is held after the drain is EBUSY at once"},
		{CleanStaysMarked, "clean-stays-marked", 0, "only the last look takes marks away"},
		{HeldLosesMark, "held-loses-mark", 0, "every look takes every mark away"},
		{OneMark, "one-mark", 0, "only the first page that is held is marked"},
		{MarkAll, "mark-all", 0, "every page is marked"},
		{ExtraOffByOne, "extra-off-by-one", 0, "one reference too many is not noticed"},
		{MapsNotCounted, "maps-not-counted", 0,
			"references of page table entries are taken for those of somebody else"},
		{PinCountedAsMap, "pin-counted-as-map", 0, "each reference that a pin takes is counted as a mapping too"},
		{KillIgnored, "kill-ignored", 0, "a fatal signal does not end the wait"},
		{AnySignalEnds, "any-signal-ends", 0, "any signal ends the wait"},
		{KillRefuses, "kill-refuses", 0, "a fatal signal ends the wait with EBUSY, without a last look"},
		{WaitUnlocked, "wait-unlocked", 0, "the inode lock is let go for the wait"},
	}},
	{"memfd_create", []About{
		{AlwaysSealable, "always-sealable", 21, "a memfd can be sealed without MFD_ALLOW_SEALING"},
		{NoexecNotSealed, "noexec-not-sealed", 100, "MFD_NOEXEC_SEAL does not add F_SEAL_EXEC"},
		{NameOneLonger, "name-one-longer", 3, "a name of 250 bytes is accepted"},
		{LongName, "long-name", 3, "a name that is too long is ENAMETOOLONG"},
		{SlashInName, "slash-in-name", 0, "a name with a slash is refused"},
		{CloexecForgotten, "cloexec-forgotten", 7, "MFD_CLOEXEC does nothing"},
		{CreateFlagsUnchecked, "create-flags-unchecked", 5, "unknown flags of memfd_create are ignored"},
		{ExecBothAllowed, "exec-both-allowed", 8, "MFD_EXEC and MFD_NOEXEC_SEAL can be given together"},
	}},
	{"mappings", []About{
		{ReadOnlyNotCounted, "read-only-not-counted", 78, "a shared mapping counts only while it is writable"},
		{AllSharedCounted, "all-shared-counted", 0, "shared mappings of a read-only descriptor count too"},
		{PrivateCounted, "private-counted", 80, "private mappings count too"},
		{ForkNotCounted, "fork-not-counted", 0, "a mapping that fork copies is not counted"},
		{SplitNotCounted, "split-not-counted", 83, "a mapping that is split still counts once"},
		{MergeNotCounted, "merge-not-counted", 84, "mappings that become one still count as several"},
		{MunmapKeepsCount, "munmap-keeps-count", 81, "munmap leaves the mapping counted"},
		{MoveNotCounted, "move-not-counted", 0, "a mapping that mremap moves is no longer counted"},
		{FailedMmapCounts, "failed-mmap-counts", 0, "an mmap that fails stays counted"},
		{DeniedIgnored, "denied-ignored", 0, "mmap does not ask whether countable mappings are denied"},
		{MprotectUnchecked, "mprotect-unchecked", 70, "mprotect makes any mapping writable"},
		{ReadOnlyMayWrite, "read-only-may-write", 70,
			"a shared mapping of a read-only descriptor may be made writable"},
		{MmapIgnoresWrite, "mmap-ignores-write", 66, "mmap does not look at F_SEAL_WRITE"},
		{MmapIgnoresFutureWrite, "mmap-ignores-future-write", 90, "mmap does not look at F_SEAL_FUTURE_WRITE"},
		{SealedMmapEACCES, "sealed-mmap-eacces", 66, "a writable shared mapping of a write-sealed file is EACCES"},
		{KeepsMayWrite, "keeps-may-write", 91, "a read-only mapping of a write-sealed file may be made writable"},
		{NoUpgrade, "no-upgrade", 92, "a shared mapping that was not made writable never can be, and does not count"},
		{MmapPastEnd, "mmap-past-end", 0, "an mmap of pages behind the end of the file is EINVAL"},
		{PrivateRefused, "private-refused", 71, "private writable mappings of a write-sealed file are refused"},
		{MadvRemoveUnchecked, "madv-remove-unchecked", 73, "MADV_REMOVE does not look at seals"},
		{TruncateKeepsEntries, "truncate-keeps-entries", 0,
			"ftruncate leaves pages that were cut off in the page tables"},
	}},
	{"files", []About{
		{WriteUnlocked, "write-unlocked", 0, "write does not take the inode lock"},
		{WriteIgnoresWrite, "write-ignores-write", 63, "write does not look at F_SEAL_WRITE"},
		{WriteIgnoresFutureWrite, "write-ignores-future-write", 89, "write does not look at F_SEAL_FUTURE_WRITE"},
		{WriteIgnoresGrow, "write-ignores-grow", 54, "write does not look at F_SEAL_GROW"},
		{GrowByBytes, "grow-by-bytes", 60, "a write across the end under F_SEAL_GROW goes on to the last byte"},
		{GrowNeverShort, "grow-never-short", 59, "a write across the end under F_SEAL_GROW is refused as a whole"},
		{EmptyWriteRefused, "empty-write-refused", 65,
			"a write of no bytes is refused by F_SEAL_WRITE, and at the end by F_SEAL_GROW"},
		{TruncateIgnoresShrink, "truncate-ignores-shrink", 43, "ftruncate does not look at F_SEAL_SHRINK"},
		{TruncateIgnoresGrow, "truncate-ignores-grow", 49, "ftruncate does not look at F_SEAL_GROW"},
		{ShrinkRefusesSame, "shrink-refuses-same", 44, "F_SEAL_SHRINK refuses ftruncate to the same size"},
		{GrowRefusesSame, "grow-refuses-same", 62, "F_SEAL_GROW refuses ftruncate to the same size"},
		{TruncateRefusedByWrite, "truncate-refused-by-write", 74, "F_SEAL_WRITE refuses ftruncate"},
		{OpenTruncates, "open-truncates", 47, "O_TRUNC does not look at seals"},
		{FallocateIgnoresGrow, "fallocate-ignores-grow", 52, "fallocate does not look at F_SEAL_GROW"},
		{KeepSizeMayGrow, "keep-size-may-grow", 52,
			"F_SEAL_GROW lets fallocate past the end with FALLOC_FL_KEEP_SIZE"},
		{FallocateRefusedByWrite, "fallocate-refused-by-write", 74, "F_SEAL_WRITE refuses fallocate"},
		{PunchIgnoresWrite, "punch-ignores-write", 73, "punching does not look at F_SEAL_WRITE"},
		{PunchIgnoresFutureWrite, "punch-ignores-future-write", 89, "punching does not look at F_SEAL_FUTURE_WRITE"},
		{ChmodIgnoresExec, "chmod-ignores-exec", 97, "chmod does not look at F_SEAL_EXEC"},
		{ChmodRefused, "chmod-refused", 97, "F_SEAL_EXEC refuses every chmod"},
		{ShortMovesWhole, "short-moves-whole", 61, "a short write moves the file position as if it were a whole one"},
		{HugetlbIgnoresShrink, "hugetlb-ignores-shrink", 19,
			"ftruncate of huge pages does not look at F_SEAL_SHRINK"},
		{HugetlbIgnoresGrow, "hugetlb-ignores-grow", 19, "ftruncate of huge pages does not look at F_SEAL_GROW"},
		{ReadLocks, "read-locks", 0, "read takes the inode lock"},
	}},
	{"who holds pages", []About{
		{SpliceCopies, "splice-copies", 85, "splice from a file to a pipe copies, so the pipe holds no page"},
		{PipeKeepsPage, "pipe-keeps-page", 86, "what is read from a pipe leaves the page held"},
		{UnregisterKeeps, "unregister-keeps", 86, "io_uring buffers stay held when they are unregistered"},
		{SplitLosesTag, "split-loses-tag", 0, "pages of a large folio that is split lose its tags, but for the first"},
	}},
}

// catalogue is the mutants of all parts, in the order of their numbers.
var catalogue = func() (all []About) {
	for _, p := range parts {
		all = append(all, p.all...)
	}
	return all
}()

// Part returns the title of the part of the kernel that a mutant is in.
func (m Mutant) Part() string {
	for _, p := range parts {
		if m <= p.all[len(p.all)-1].Mutant {
			return p.title
		}
	}
	return ""
}
