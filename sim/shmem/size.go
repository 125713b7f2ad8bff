package shmem

import (
	"math"

	"sealab/sim/abi"
	"sealab/sim/folio"
	"sealab/sim/inode"
	"sealab/sim/mapping"
	"sealab/sim/mutant"
	"sealab/sim/sched"
)

// Truncate sets the size of the file behind an open file, in bytes.
//
// EINVAL: a negative size, or not open for writing. EPERM: sealed against
// shrinking or growing; the compare is exact to the byte.
//
// Kernel: fs/open.c do_sys_ftruncate, all versions.
func Truncate(t *sched.Task, file sched.ID, size int64) error {
	if size < 0 {
		return t.Refuse(abi.EINVAL, "ftruncate length", sched.Fact{Name: "length", Value: size})
	}
	f := inode.FileOf(t, file)
	if f.Mode&inode.Writable == 0 {
		return t.RefuseBecause(abi.EINVAL, "ftruncate FMODE_WRITE", sched.Fact{}, file)
	}
	return TruncateInode(t, f.Inode, size)
}

// TruncateInode is Truncate of a file by its name, or by O_TRUNC.
//
// Kernel: mm/shmem.c shmem_setattr, all versions.
func TruncateInode(t *sched.Task, ino sched.ID, size int64) error {
	i := inode.Of(t, ino)
	t.DownWrite(i.Lock)
	err := setSize(t, ino, i, size)
	t.UpWrite(i.Lock)
	return err
}

func setSize(t *sched.Task, ino sched.ID, i inode.Fixed, size int64) error {
	old := inode.Size(t, ino)
	seals := inode.Seals(t, ino) &^ truncateIgnores(t)
	fact := sched.Fact{Name: "size", Value: old}
	if refusesTruncate(t, seals, size == old) {
		return t.RefuseBecause(abi.EPERM, "shmem_setattr", fact, ino)
	}
	if size < old && seals.Any(abi.SealShrink) {
		return t.RefuseBecause(abi.EPERM, "shmem_setattr F_SEAL_SHRINK", fact, ino)
	}
	if size > old && seals.Any(abi.SealGrow) {
		return t.RefuseBecause(abi.EPERM, "shmem_setattr F_SEAL_GROW", fact, ino)
	}
	if size != old {
		inode.SetSize(t, ino, size)
	}
	if size <= old && t.Wrong(mutant.TruncateKeepsEntries) {
		truncateRange(t, i.Map, size, -1)
	} else if size <= old {
		first := uint64(size+abi.PageSize-1) >> abi.PageShift
		i.Map.UnmapRange(t, first, math.MaxUint64, true)
		truncateRange(t, i.Map, size, -1)
		i.Map.UnmapRange(t, first, math.MaxUint64, true)
	}
	return nil
}

// Fallocate makes the pages of a byte range, or with FALLOC_FL_PUNCH_HOLE takes
// them away.
//
// EINVAL: a negative offset or no length. EOPNOTSUPP: another mode. EBADF: not
// open for writing. EFBIG: past the largest file size. EPERM: punching, and sealed
// against writing; or past the end and sealed against growing, even when the size
// is to be kept. ENOSPC: more than MaxPages.
//
// Kernel: fs/open.c vfs_fallocate and mm/shmem.c shmem_fallocate, all versions.
func Fallocate(t *sched.Task, file sched.ID, mode, off, n int64) error {
	if err := CheckFallocate(t, file, mode, off, n); err != nil {
		return err
	}
	if err := CheckFallocateMode(t, mode); err != nil {
		return err
	}
	f := inode.FileOf(t, file)
	i := inode.Of(t, f.Inode)
	t.DownWrite(i.Lock)
	var err error
	if mode&abi.FallocFlPunchHole != 0 {
		err = punch(t, f.Inode, i, off, off+n)
	} else {
		err = allocate(t, f.Inode, i, off, off+n, mode&abi.FallocFlKeepSize != 0)
	}
	t.UpWrite(i.Lock)
	return err
}

// CheckFallocate is what of Fallocate is refused whatever the file holds.
//
// Kernel: fs/open.c vfs_fallocate, all versions.
func CheckFallocate(t *sched.Task, file sched.ID, mode, off, n int64) error {
	switch {
	case off < 0 || n <= 0:
		return t.Refuse(abi.EINVAL, "vfs_fallocate range", sched.Fact{Name: "length", Value: n})
	case !validMode(mode):
		return t.Refuse(abi.EOPNOTSUPP, "vfs_fallocate mode", sched.Fact{Name: "mode", Value: mode})
	case inode.FileOf(t, file).Mode&inode.Writable == 0:
		return t.RefuseBecause(abi.EBADF, "vfs_fallocate FMODE_WRITE", sched.Fact{}, file)
	case off > math.MaxInt64-n:
		return t.Refuse(abi.EFBIG, "vfs_fallocate s_maxbytes")
	}
	return nil
}

// CheckFallocateMode refuses the modes that files in memory do not have.
//
// Kernel: mm/shmem.c shmem_fallocate, all versions.
func CheckFallocateMode(t *sched.Task, mode int64) error {
	const known = abi.FallocFlPunchHole | abi.FallocFlKeepSize
	if mode&^known != 0 {
		return t.Refuse(abi.EOPNOTSUPP, "shmem_fallocate mode", sched.Fact{Name: "mode", Value: mode})
	}
	return nil
}

// validMode says whether the modes may be combined, whatever the file system.
func validMode(mode int64) bool {
	const keep, hole = abi.FallocFlKeepSize, abi.FallocFlPunchHole
	switch mode &^ keep {
	case 0, abi.FallocFlZeroRange, abi.FallocFlUnshareRange:
		return true
	case hole:
		return mode&keep != 0
	case abi.FallocFlCollapseRange, abi.FallocFlInsertRange, abi.FallocFlWriteZeroes:
		return mode&keep == 0
	}
	return false
}

// punch removes the pages of [start, end), in bytes, in the file and in every
// process that maps it.
func punch(t *sched.Task, ino sched.ID, i inode.Fixed, start, end int64) error {
	if seals := inode.Seals(t, ino) &^ punchIgnores(t); seals.Any(abi.SealWrite | abi.SealFutureWrite) {
		return t.RefuseBecause(abi.EPERM, "shmem_fallocate F_SEAL_WRITE",
			sched.Fact{Name: "seals", Value: int64(seals)}, ino)
	}
	punchUnsealed(t, i, start, end)
	return nil
}

// punchUnsealed is punch when the seals allow it.
func punchUnsealed(t *sched.Task, i inode.Fixed, start, end int64) {
	first, last := uint64(start+abi.PageSize-1)>>abi.PageShift, uint64(end)>>abi.PageShift
	switch {
	case last == 0: // the last whole page of the hole would be number -1: all to the end is unmapped
		i.Map.UnmapRange(t, first, math.MaxUint64, false)
	case first < last:
		i.Map.UnmapRange(t, first, last, false)
	}
	truncateRange(t, i.Map, start, end)
	if first < last { // what was touched again meanwhile
		i.Map.UnmapRange(t, first, last, false)
	}
}

// allocate makes the pages of [start, end), in bytes.
func allocate(t *sched.Task, ino sched.ID, i inode.Fixed, start, end int64, keepSize bool) error {
	size := inode.Size(t, ino)
	if t.Wrong(mutant.FallocateRefusedByWrite) && inode.Seals(t, ino).Any(abi.SealWrite) {
		return t.RefuseBecause(abi.EPERM, "shmem_fallocate F_SEAL_WRITE", sched.Fact{}, ino)
	}
	if seals := inode.Seals(t, ino) &^ allocateIgnores(t, keepSize); seals.Any(abi.SealGrow) && end > size {
		return t.RefuseBecause(abi.EPERM, "shmem_fallocate F_SEAL_GROW", sched.Fact{Name: "size", Value: size}, ino)
	}
	first, last := uint64(start)>>abi.PageShift, uint64(end+abi.PageSize-1)>>abi.PageShift
	if last-first > MaxPages {
		return t.Refuse(abi.ENOSPC, "model limit", sched.Fact{Name: "pages", Value: int64(last - first)})
	}
	for index := first; index < last; index++ {
		folio.Release(t, reserve(t, i.Map, index))
		t.CondResched()
	}
	if !keepSize && end > size {
		inode.SetSize(t, ino, end)
	}
	return nil
}

// Chmod changes the permission bits of the file behind an open file.
//
// EPERM: sealed with F_SEAL_EXEC, and an executable bit would change.
//
// Kernel: mm/shmem.c shmem_setattr, v6.3 and later.
func Chmod(t *sched.Task, ino sched.ID, mode uint16) error {
	i := inode.Of(t, ino)
	t.DownWrite(i.Lock)
	defer t.UpWrite(i.Lock)
	old := inode.Mode(t, ino)
	changes := ((old^mode)&0o111 != 0 || t.Wrong(mutant.ChmodRefused)) && !t.Wrong(mutant.ChmodIgnoresExec)
	if i.Kind == inode.Shmem && inode.Seals(t, ino).Any(abi.SealExec) && changes {
		return t.RefuseBecause(abi.EPERM, "shmem_setattr F_SEAL_EXEC", sched.Fact{Name: "mode", Value: int64(old)}, ino)
	}
	inode.SetMode(t, ino, mode&0o7777)
	return nil
}

// Seek returns the offset that lseek goes to from pos, in bytes.
//
// EINVAL: before the start, or an unknown whence. ENXIO: SEEK_DATA or SEEK_HOLE
// from behind the end, or no data follows.
//
// Kernel: mm/shmem.c shmem_file_llseek, all versions.
func Seek(t *sched.Task, ino sched.ID, pos, off, whence int64) (int64, error) {
	i := inode.Of(t, ino)
	switch whence {
	case abi.SeekSet:
		pos = 0
	case abi.SeekCur:
	case abi.SeekEnd:
		pos = inode.Size(t, ino)
	case abi.SeekData, abi.SeekHole:
		if i.Kind == inode.Hugetlb {
			return seekPlain(t, ino, off, whence == abi.SeekData)
		}
		t.DownWrite(i.Lock)
		at, err := seekHoleData(t, ino, i, off, whence == abi.SeekData)
		t.UpWrite(i.Lock)
		return at, err
	default:
		return 0, t.Refuse(abi.EINVAL, "lseek whence", sched.Fact{Name: "whence", Value: whence})
	}
	if off > 0 && pos > math.MaxInt64-off {
		return 0, t.Refuse(abi.EOVERFLOW, "generic_file_llseek")
	}
	if pos+off < 0 {
		return 0, t.Refuse(abi.EINVAL, "vfs_setpos", sched.Fact{Name: "offset", Value: pos + off})
	}
	return pos + off, nil
}

// seekPlain is SEEK_DATA and SEEK_HOLE of a file that knows no holes.
//
// Kernel: fs/read_write.c default_llseek, all versions.
func seekPlain(t *sched.Task, ino sched.ID, off int64, data bool) (int64, error) {
	size := inode.Size(t, ino)
	if off < 0 || off >= size {
		return 0, t.RefuseBecause(abi.ENXIO, "default_llseek", sched.Fact{Name: "size", Value: size}, ino)
	}
	if data {
		return off, nil
	}
	return size, nil
}

// findData returns the first entry with bytes in [from, last]: a folio that is up to
// date, or a swap entry.
//
// Kernel: mm/filemap.c folio_seek_hole_data, v5.12 and later.
// Kernel: mm/shmem.c shmem_seek_hole_data, before v5.12.
func findData(t *sched.Task, i inode.Fixed, from, last uint64) mapping.Found {
	for {
		f := i.Map.Find(t, from, last)
		if id := f.Folio(); id == 0 || folio.Uptodate(t, id) {
			return f
		}
		if from = f.Index + 1<<f.Order; from > last {
			return mapping.Found{}
		}
	}
}

func seekHoleData(t *sched.Task, ino sched.ID, i inode.Fixed, off int64, data bool) (int64, error) {
	size := inode.Size(t, ino)
	if off < 0 || off >= size {
		return 0, t.RefuseBecause(abi.ENXIO, "mapping_seek_hole_data", sched.Fact{Name: "size", Value: size}, ino)
	}
	for at := off; at < size; {
		index := uint64(at) >> abi.PageShift
		f := findData(t, i, index, uint64(size-1)>>abi.PageShift)
		here := f.OK && f.Index <= index
		switch {
		case here == data:
			return at, nil
		case data && !f.OK:
			at = size
		case data:
			at = int64(f.Index) << abi.PageShift
		default:
			at = int64(f.Index+1<<f.Order) << abi.PageShift
		}
	}
	if data {
		return 0, t.RefuseBecause(abi.ENXIO, "mapping_seek_hole_data", sched.Fact{Name: "size", Value: size}, ino)
	}
	return size, nil
}
