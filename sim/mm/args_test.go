package mm_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"sealab/sim/abi"
	"sealab/sim/inode"
	"sealab/sim/mm"
	"sealab/sim/sched"
)

// TestArguments is what Linux 6.18.44 answered, one call after the other in one
// process that began with a page of a file of eight, shared and writable, at base.
func TestArguments(tb *testing.T) {
	const base = 0x700000000000
	const none, max = 0, ^uint64(0)
	at := func(n uint64) uint64 { return base + n*page }
	var t *sched.Task
	var m sched.ID
	munmap := func(a, n uint64) error { return mm.Unmap(t, m, a, n) }
	mprotect := func(a, n, prot uint64) error { return mm.Protect(t, m, a, n, prot) }
	madvise := func(a, n uint64, what int64) error { return mm.Advise(t, m, a, n, what) }
	msync := func(a, n, flags uint64) error { return mm.Sync(t, m, a, n, flags) }
	mlock := func(a, n uint64) error { return mm.Lock(t, m, a, n) }
	munlock := func(a, n uint64) error { return mm.Unlock(t, m, a, n) }
	mremap := func(a, old, n, flags, to uint64) error {
		_, err := mm.Remap(t, m, mm.RemapArgs{Addr: a, OldLen: old, NewLen: n, Flags: flags, NewAddr: to})
		return err
	}
	steps := []struct {
		name string
		call func() error
		want error
	}{
		{"munmap nothing", func() error { return munmap(base, 0) }, abi.EINVAL},
		{"munmap unaligned", func() error { return munmap(base+1, page) }, abi.EINVAL},
		{"munmap at the end", func() error { return munmap(max, page) }, abi.EINVAL},
		{"munmap behind user memory", func() error { return munmap(abi.TaskSize, page) }, abi.EINVAL},
		{"munmap across its end", func() error { return munmap(abi.TaskSize-page, 2*page) }, abi.EINVAL},
		{"munmap too much", func() error { return munmap(base, max) }, abi.EINVAL},
		{"mprotect nothing", func() error { return mprotect(base, 0, 3) }, nil},
		{"mprotect nothing, unaligned", func() error { return mprotect(base+1, 0, 3) }, abi.EINVAL},
		{"mprotect length wraps", func() error { return mprotect(base, max, 3) }, abi.ENOMEM},
		{"mprotect end wraps", func() error { return mprotect(base, max-page+1, 3) }, abi.ENOMEM},
		{"mprotect unknown bit", func() error { return mprotect(base, page, 0x10) }, abi.EINVAL},
		{"mprotect unknown bit of nothing", func() error { return mprotect(base, 0, 0x10) }, nil},
		{"mprotect grows down", func() error { return mprotect(base, page, abi.ProtGrowsdown|1) }, abi.EINVAL},
		{"mprotect grows both", func() error { return mprotect(base, page, abi.ProtGrowsdown|abi.ProtGrowsup) }, abi.EINVAL},
		{"mprotect grows, hole", func() error { return mprotect(at(16), page, abi.ProtGrowsdown|1) }, abi.ENOMEM},
		{"mprotect over a hole", func() error { return mprotect(base, 2*page, 3) }, abi.ENOMEM},
		{"madvise nothing", func() error { return madvise(base, 0, 4) }, nil},
		{"madvise nothing, unaligned", func() error { return madvise(base+1, 0, 4) }, abi.EINVAL},
		{"madvise length wraps", func() error { return madvise(base, max, 4) }, abi.EINVAL},
		{"madvise end wraps", func() error { return madvise(base, max-page+1, 4) }, abi.EINVAL},
		{"madvise unknown", func() error { return madvise(base, page, 99) }, abi.EINVAL},
		{"madvise unknown of nothing", func() error { return madvise(base, 0, 5) }, abi.EINVAL},
		{"MADV_FREE of a file", func() error { return madvise(base, page, abi.MadvFree) }, abi.EINVAL},
		{"MADV_COLD", func() error { return madvise(base, page, abi.MadvCold) }, nil},
		{"MADV_MERGEABLE", func() error { return madvise(base, page, abi.MadvMergeable) }, nil},
		{"MADV_WIPEONFORK of a file", func() error { return madvise(base, page, abi.MadvWipeonfork) }, abi.EINVAL},
		{"MADV_FREE of a hole", func() error { return madvise(at(1), page, abi.MadvFree) }, abi.ENOMEM},
		{"MADV_DONTNEED over a hole", func() error { return madvise(base, 4*page, abi.MadvDontneed) }, abi.ENOMEM},
		{"MADV_REMOVE of a hole", func() error { return madvise(at(16), page, abi.MadvRemove) }, abi.ENOMEM},
		{"MADV_POPULATE_READ unaligned", func() error { return madvise(base+1, page, 22) }, abi.EINVAL},
		{"msync no flag", func() error { return msync(base, page, 0) }, nil},
		{"msync unknown flag", func() error { return msync(base, page, 8) }, abi.EINVAL},
		{"msync both", func() error { return msync(base, page, 5) }, abi.EINVAL},
		{"msync length wraps", func() error { return msync(base, max, 4) }, nil},
		{"msync end wraps", func() error { return msync(base, max-page+1, 4) }, abi.ENOMEM},
		{"msync over a hole", func() error { return msync(base, 4*page, 4) }, abi.ENOMEM},
		{"mlock unaligned, hole", func() error { return mlock(base+1, page) }, abi.ENOMEM},
		{"mlock length wraps", func() error { return mlock(base, max) }, nil},
		{"mlock nothing", func() error { return mlock(at(16), 0) }, nil},
		{"mlock at the end", func() error { return mlock(max, 1) }, abi.EINVAL},
		{"munlock at the end", func() error { return munlock(max, page) }, abi.EINVAL},
		{"munlock a hole", func() error { return munlock(at(16), page) }, abi.ENOMEM},
		{"mremap to nothing", func() error { return mremap(base, page, 0, 1, none) }, abi.EINVAL},
		{"mremap unknown flag", func() error { return mremap(base, page, 2*page, 8, none) }, abi.EINVAL},
		{"mremap unaligned", func() error { return mremap(base+1, page, 2*page, 1, none) }, abi.EINVAL},
		{"mremap fixed, may not move", func() error { return mremap(base, page, 2*page, 2, at(8)) }, abi.EINVAL},
		{"mremap too long", func() error { return mremap(base, page, 1<<47, 1, none) }, abi.EINVAL},
		{"mremap length wraps", func() error { return mremap(base, page, max, 1, none) }, abi.EINVAL},
		{"mremap shrinks over a hole", func() error { return mremap(base, 2*page, page, 0, none) }, nil},
		{"mremap shrinks and moves", func() error { return mremap(base, 2*page, page, 3, at(32)) }, nil},
		{"mremap to an odd place", func() error { return mremap(at(32), page, page, 3, at(40)+1) }, abi.EINVAL},
		{"mremap more than is there", func() error { return mremap(at(32), 2*page, 4*page, 1, none) }, abi.EFAULT},
		{"mremap the same length", func() error { return mremap(at(32), 2*page, 2*page, 1, none) }, nil},
		{"mremap keeps more than is there", func() error { return mremap(at(32), 2*page, 2*page, 5, none) }, abi.EFAULT},
		{"mremap keeps and grows", func() error { return mremap(at(32), page, 2*page, 5, none) }, abi.EINVAL},
		{"mremap keeps, may not move", func() error { return mremap(at(32), page, page, 4, none) }, abi.EINVAL},
		{"mremap onto itself", func() error { return mremap(at(32), page, page, 3, at(32)) }, abi.EINVAL},
		{"mremap a hole", func() error { return mremap(at(100), page, page, 1, none) }, abi.EFAULT},
		{"mremap duplicates a hole", func() error { return mremap(at(100), 0, page, 1, none) }, abi.EFAULT},
		{"mremap shrinks a hole", func() error { return mremap(at(100), 2*page, page, 1, none) }, abi.EFAULT},
		{"mremap duplicates, may not move", func() error { return mremap(at(32), 0, page, 0, none) }, abi.ENOMEM},
	}
	s := machine(tb, "6.18.44")
	run(tb, s, func(task *sched.Task) {
		t, m = task, mm.New(task)
		_, err := mm.Map(t, m, mm.MapArgs{Addr: base, Len: page, Prot: abi.ProtRead | abi.ProtWrite,
			Flags: abi.MapSharedValidate | abi.MapFixed, File: newFile(t, inode.Shmem, 8, rw)})
		require.NoError(tb, err)
		for _, step := range steps {
			require.Equal(tb, step.want, step.call(), step.name)
		}
	})
}

// TestPlaces is where Linux 6.18.44 put things.
func TestPlaces(tb *testing.T) {
	run(tb, machine(tb, "6.18.44"), func(t *sched.Task) {
		m := mm.New(t)
		place := func(a mm.MapArgs) uint64 {
			a.Flags |= abi.MapPrivate | abi.MapAnonymous
			got, err := mm.Map(t, m, a)
			require.NoError(tb, err)
			return got
		}
		require.EqualValues(tb, 0x10000, place(mm.MapArgs{Addr: 0x1000, Len: page}), "not below mmap_min_addr")
		require.EqualValues(tb, 0x20000, place(mm.MapArgs{Addr: 0x20fff, Len: page}), "a wish is rounded down")
		top := place(mm.MapArgs{Len: page})
		require.Equal(tb, top-2*page, place(mm.MapArgs{Len: 2 * page}), "from the top down")
		require.Equal(tb, top-3*page, place(mm.MapArgs{Addr: 0x20000, Len: page}), "a wish for a used place is dropped")
		require.EqualValues(tb, 0x30000, place(mm.MapArgs{Place: 0x30000, Len: page}))
		_, err := mm.Map(t, m, mm.MapArgs{Addr: 0x20000, Len: page,
			Flags: abi.MapPrivate | abi.MapAnonymous | abi.MapFixedNoreplace})
		require.Equal(tb, abi.EEXIST, err)
	})
}
