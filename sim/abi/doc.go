// Package abi is what a program sees of Linux on x86-64: numbers and names of
// errors, seals, flags, commands and signals, in the spelling that C and strace
// use.
//
// Go names follow the C names by word: F_SEAL_FUTURE_WRITE is SealFutureWrite,
// MAP_SHARED is MapShared, O_RDWR is ORdwr; errors and signals keep theirs. Const
// finds a value by the C name, FormatFlags prints an argument as strace does, and
// ParseFlags reads it back.
//
// A word is a C name. A family is the set of words that one argument is made of.
//
// The package knows nothing about what the numbers do, and depends on no other.
// Other architectures are not modelled: their numbers differ.
package abi

// Sizes and limits of x86-64 with 4-level page tables, in bytes unless stated.
const (
	PageShift = 12             // log2 of PageSize
	PageSize  = 1 << PageShift // a base page

	// MaxRWCount is the most that one read or write moves.
	//
	// Kernel: include/linux/fs.h MAX_RW_COUNT, all versions.
	MaxRWCount = 0x7fffffff &^ (PageSize - 1)

	// TaskSize is the first address behind what a process can map.
	//
	// Kernel: arch/x86/include/asm/page_64_types.h TASK_SIZE_MAX, all versions.
	TaskSize = 1<<47 - PageSize

	// MaxFileSize is the largest size of a file (MAX_LFS_FILESIZE).
	MaxFileSize = 1<<63 - 1

	PMDShift = 21            // log2 of PMDSize
	PMDSize  = 1 << PMDShift // a huge page in one page table entry
	PMDOrder = PMDShift - PageShift
)
