package hugetlbfs

import (
	"math"

	"sealab/sim/abi"
	"sealab/sim/folio"
	"sealab/sim/inode"
	"sealab/sim/mutant"
	"sealab/sim/sched"
	"sealab/sim/shmem"
)

func init() { inode.Register(inode.Hugetlb, ops{}) }

// maxHuge bounds the huge pages that one call makes.
const maxHuge = 1 << 16

// Truncate sets the size of the file behind an open file, in bytes.
//
// EINVAL: not a multiple of the page size, which is asked before any seal; or not
// open for writing. EPERM: sealed against shrinking or growing.
//
// Kernel: fs/hugetlbfs/inode.c hugetlbfs_setattr, all versions.
func Truncate(t *sched.Task, file sched.ID, size int64) error {
	f := inode.FileOf(t, file)
	if f.Mode&inode.Writable == 0 {
		return t.RefuseBecause(abi.EINVAL, "ftruncate FMODE_WRITE", sched.Fact{}, file)
	}
	return TruncateInode(t, f.Inode, size)
}

// TruncateInode is Truncate of a file by its name, or by O_TRUNC.
//
// Kernel: fs/hugetlbfs/inode.c hugetlbfs_setattr, all versions.
func TruncateInode(t *sched.Task, ino sched.ID, size int64) error {
	i := inode.Of(t, ino)
	t.DownWrite(i.Lock)
	err := setSize(t, ino, i, size)
	t.UpWrite(i.Lock)
	return err
}

func setSize(t *sched.Task, ino sched.ID, i inode.Fixed, size int64) error {
	if size&(1<<i.Shift-1) != 0 {
		return t.RefuseBecause(abi.EINVAL, "hugetlbfs_setattr huge_page_mask",
			sched.Fact{Name: "size", Value: size}, ino)
	}
	old, seals := inode.Size(t, ino), inode.Seals(t, ino)
	fact := sched.Fact{Name: "size", Value: old}
	if size < old && seals.Any(abi.SealShrink) && !t.Wrong(mutant.HugetlbIgnoresShrink) {
		return t.RefuseBecause(abi.EPERM, "hugetlbfs_setattr F_SEAL_SHRINK", fact, ino)
	}
	if size > old && seals.Any(abi.SealGrow) && !t.Wrong(mutant.HugetlbIgnoresGrow) {
		return t.RefuseBecause(abi.EPERM, "hugetlbfs_setattr F_SEAL_GROW", fact, ino)
	}
	inode.SetSize(t, ino, size)
	if size < old {
		first := uint64(size) >> abi.PageShift
		i.Map.UnmapRange(t, first, math.MaxUint64, true)
		remove(t, i, first, math.MaxUint64)
		i.Map.UnmapRange(t, first, math.MaxUint64, true) // what was touched again meanwhile
	}
	return nil
}

// Fallocate makes the huge pages of a byte range, or with FALLOC_FL_PUNCH_HOLE
// takes those that lie wholly in it away. Its errors are those of shmem.Fallocate.
//
// Kernel: fs/hugetlbfs/inode.c hugetlbfs_fallocate, v4.3 and later.
func Fallocate(t *sched.Task, file sched.ID, mode, off, n int64) error {
	if err := shmem.CheckFallocate(t, file, mode, off, n); err != nil {
		return err
	}
	if err := shmem.CheckFallocateMode(t, mode); err != nil {
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

func punch(t *sched.Task, ino sched.ID, i inode.Fixed, start, end int64) error {
	if seals := inode.Seals(t, ino); seals.Any(abi.SealWrite | abi.SealFutureWrite) {
		return t.RefuseBecause(abi.EPERM, "hugetlbfs_punch_hole F_SEAL_WRITE",
			sched.Fact{Name: "seals", Value: int64(seals)}, ino)
	}
	up := i.Shift - abi.PageShift
	first := uint64(start+1<<i.Shift-1) >> i.Shift << up
	behind := uint64(end) >> i.Shift << up
	if first < behind {
		i.Map.UnmapRange(t, first, behind, true)
		remove(t, i, first, behind-1)
		i.Map.UnmapRange(t, first, behind, true)
	}
	return nil
}

func allocate(t *sched.Task, ino sched.ID, i inode.Fixed, start, end int64, keepSize bool) error {
	size := inode.Size(t, ino)
	if seals := inode.Seals(t, ino); seals.Any(abi.SealGrow) && end > size {
		return t.RefuseBecause(abi.EPERM, "hugetlbfs_fallocate F_SEAL_GROW", sched.Fact{Name: "size", Value: size}, ino)
	}
	first, behind := uint64(start)>>i.Shift, uint64(end+1<<i.Shift-1)>>i.Shift
	if behind-first > maxHuge {
		return t.Refuse(abi.ENOSPC, "model limit", sched.Fact{Name: "huge pages", Value: int64(behind - first)})
	}
	for n := first; n < behind; n++ {
		folio.Release(t, getFolio(t, i, n<<(i.Shift-abi.PageShift)))
	}
	if !keepSize && end > size {
		inode.SetSize(t, ino, end)
	}
	return nil
}

// refs is how many references the page cache takes of a huge page.
func refs(t *sched.Task, i inode.Fixed) int32 {
	return t.Profile().CacheRefs(i.Shift-abi.PageShift, true)
}

// getFolio returns the huge page at a page index (a multiple of its pages), made if
// there is none, with a reference that the task holds.
//
// Kernel: mm/hugetlb.c hugetlb_no_page, all versions.
func getFolio(t *sched.Task, i inode.Fixed, index uint64) sched.ID {
	order := i.Shift - abi.PageShift
	for {
		if id := shmem.Lookup(t, i.Map, index); id != 0 {
			return id
		}
		id := folio.Alloc(t, order, false)
		t.Hold(id)
		folio.HoldN(t, id, refs(t, i))
		i.Map.LockPages(t)
		err := i.Map.Insert(t, index, order, id)
		if err == nil {
			t.DropN(id, refs(t, i))
		}
		i.Map.UnlockPages(t)
		if err == nil {
			return id
		}
		folio.ReleaseN(t, id, refs(t, i)+1)
	}
}

// remove takes the pages of [first, last] out of the tree.
//
// Kernel: fs/hugetlbfs/inode.c remove_inode_hugepages, all versions.
func remove(t *sched.Task, i inode.Fixed, first, last uint64) {
	for {
		i.Map.LockPages(t)
		f := i.Map.Find(t, first, last)
		if f.OK {
			i.Map.Remove(t, f, refs(t, i))
		}
		i.Map.UnlockPages(t)
		if !f.OK {
			return
		}
		folio.ReleaseN(t, f.Folio(), refs(t, i))
		first = f.Index + 1
	}
}

// ops is what hugetlbfs answers to the rest of the kernel.
type ops struct{}

// Fault implements inode.FileOps.
//
// Kernel: mm/hugetlb.c hugetlb_fault, all versions.
func (ops) Fault(t *sched.Task, ino sched.ID, pgoff uint64, _ bool) (sched.ID, error) {
	i := inode.Of(t, ino)
	up := i.Shift - abi.PageShift
	index := pgoff >> up << up
	// A page that is there, behind the end, is found; only to make one the size is asked.
	if there := i.Map.Load(t, index).Folio(); there == 0 && int64(pgoff)<<abi.PageShift >= inode.Size(t, ino) {
		return 0, t.RefuseBecause(abi.EFAULT, "hugetlb_fault",
			sched.Fact{Name: "page index", Value: int64(pgoff)}, ino)
	}
	return getFolio(t, i, index), nil
}

// Punch implements inode.FileOps.
func (ops) Punch(t *sched.Task, file sched.ID, off, n int64) error {
	return Fallocate(t, file, abi.FallocFlKeepSize|abi.FallocFlPunchHole, off, n)
}

// Cached implements inode.FileOps: no fault brings in more than it must.
func (ops) Cached(*sched.Task, sched.ID, uint64) sched.ID { return 0 }

// Reclaim implements inode.FileOps: it has nothing on an LRU list.
func (ops) Reclaim(t *sched.Task, _, id sched.ID) { folio.Release(t, id) }

// Release implements inode.FileOps.
func (ops) Release(*sched.Task, sched.ID) {}

// Evict implements inode.FileOps.
//
// Kernel: fs/hugetlbfs/inode.c hugetlbfs_evict_inode, all versions.
func (ops) Evict(t *sched.Task, ino sched.ID) { remove(t, inode.Of(t, ino), 0, math.MaxUint64) }
