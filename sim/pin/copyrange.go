package pin

import (
	"math"

	"sealab/sim/abi"
	"sealab/sim/inode"
	"sealab/sim/sched"
)

// badOffset is how a driver gives an offset of -1 that is really there: -1 itself means none.
const badOffset = math.MinInt64

// CopyRange copies up to n bytes from one file of tmpfs to another, or to another
// place in the same file. Offsets of -1 mean the file position. Nothing is shared:
// the copy goes through a pipe of the task's own, as in Sendfile.
//
// EINVAL: unknown flags, not regular files, a negative offset, or ranges of one file
// that overlap. EBADF: not open for this, or with O_APPEND. EXDEV: tmpfs and
// hugetlbfs. EOVERFLOW: a range that wraps around. EFBIG: to behind the last byte
// that a file can have. EPERM: sealed.
//
// Kernel: fs/read_write.c vfs_copy_file_range and generic_copy_file_checks, v5.19 and later.
func CopyRange(t *sched.Task, in sched.ID, offIn int64, out sched.ID, offOut, n, flags int64) (int64, error) {
	e := openEnds(t, in, out, 0)
	if flags != 0 {
		return 0, t.Refuse(abi.EINVAL, "vfs_copy_file_range", sched.Fact{Name: "flags", Value: flags})
	}
	from, to := startOf(t, in, offIn), startOf(t, out, offOut)
	some, err := checkCopy(t, e, from, to, uint64(n))
	if err != nil || some == 0 {
		return 0, err
	}
	done, err := fileToFile(t, e, from, to, some)
	if offIn == noOffset && done > 0 {
		inode.SetPos(t, in, from+done)
	}
	if offOut == noOffset && done > 0 {
		inode.SetPos(t, out, to+done)
	}
	return done, err
}

// startOf is where in an open file a copy begins.
func startOf(t *sched.Task, file sched.ID, off int64) int64 {
	switch off {
	case noOffset:
		return inode.Pos(t, file)
	case badOffset:
		return -1
	}
	return off
}

// checkCopy refuses what cannot be copied, and returns how much of the rest there is
// to copy.
func checkCopy(t *sched.Task, e ends, from, to int64, n uint64) (int64, error) {
	switch {
	case e.inPipe != 0 || e.outPipe != 0:
		return 0, t.Refuse(abi.EINVAL, "generic_file_rw_checks S_ISREG")
	case e.in.Mode&inode.Readable == 0 || e.out.Mode&inode.Writable == 0 || e.out.Flags&abi.OAppend != 0:
		return 0, t.Refuse(abi.EBADF, "generic_file_rw_checks")
	case e.inKind != e.outKind:
		return 0, t.Refuse(abi.EXDEV, "generic_copy_file_checks")
	case uint64(from)+n < n || uint64(to)+n < n:
		return 0, t.Refuse(abi.EOVERFLOW, "generic_copy_file_checks", sched.Fact{Name: "length", Value: int64(n)})
	}
	n = min(n, uint64(max(0, inode.Size(t, e.in.Inode)-from))) // negative offsets are refused below
	switch {
	case to == math.MaxInt64:
		return 0, t.Refuse(abi.EFBIG, "generic_write_check_limits", sched.Fact{Name: "offset", Value: to})
	case from < 0 || to < 0:
		return 0, t.Refuse(abi.EINVAL, "rw_verify_area", sched.Fact{Name: "offset", Value: min(from, to)})
	}
	some := int64(min(n, uint64(math.MaxInt64-to)))
	if e.in.Inode == e.out.Inode && to+some > from && to < from+some {
		return 0, t.RefuseBecause(abi.EINVAL, "generic_copy_file_checks overlap",
			sched.Fact{Name: "length", Value: some}, e.in.Inode)
	}
	return min(some, abi.MaxRWCount), nil
}
