package mm_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"sealab/sim/abi"
	"sealab/sim/folio"
	"sealab/sim/inode"
	"sealab/sim/mm"
	"sealab/sim/sched"
)

const page = abi.PageSize

// shared maps a whole file shared, and fails the test if it is refused.
func shared(tb testing.TB, t *sched.Task, m, file sched.ID, prot uint64) uint64 {
	addr, err := mm.Map(t, m, mm.MapArgs{Len: 3 * page, Prot: prot, Flags: abi.MapShared, File: file})
	require.NoError(tb, err)
	return addr
}

func TestCounterFollowsVMAs(tb *testing.T) {
	run(tb, machine(tb, ""), func(t *sched.Task) {
		m, file := mm.New(t), newFile(t, inode.Shmem, 3, rw)
		a := shared(tb, t, m, file, abi.ProtRead|abi.ProtWrite)
		require.EqualValues(tb, 1, counter(t, file))

		require.NoError(tb, mm.Protect(t, m, a+page, page, abi.ProtRead))
		require.EqualValues(tb, 3, counter(t, file), "mprotect of the middle page splits twice")
		require.NoError(tb, mm.Protect(t, m, a+page, page, abi.ProtRead|abi.ProtWrite))
		require.EqualValues(tb, 1, counter(t, file), "and back: all merge")

		require.NoError(tb, mm.Unmap(t, m, a+page, page))
		require.EqualValues(tb, 2, counter(t, file), "the middle page is gone")
		_, err := mm.Map(t, m, mm.MapArgs{Addr: a + page, Len: page, Off: page, File: file,
			Prot: abi.ProtRead | abi.ProtWrite, Flags: abi.MapShared | abi.MapFixed})
		require.NoError(tb, err)
		require.EqualValues(tb, 1, counter(t, file), "a mapping that fits fills the gap")
		require.Len(tb, layout(t, m), 1)

		child := mm.Fork(t, m)
		require.EqualValues(tb, 2, counter(t, file))
		mm.Put(t, m)
		require.EqualValues(tb, 1, counter(t, file))
		mm.Put(t, child)
		require.EqualValues(tb, 0, counter(t, file))
		inode.PutFile(t, file)
	})
}

func TestCountable(tb *testing.T) {
	cases := []struct {
		name  string
		mode  inode.FMode
		prot  uint64
		flags uint64
		want  int32
	}{
		{"read-write", rw, abi.ProtRead | abi.ProtWrite, abi.MapShared, 1},
		{"read-only of a writable descriptor", rw, abi.ProtRead, abi.MapShared, 1},
		{"PROT_NONE of a writable descriptor", rw, abi.ProtNone, abi.MapShared, 1},
		{"read-only of a read-only descriptor", inode.Readable, abi.ProtRead, abi.MapShared, 0},
		{"private writable", rw, abi.ProtRead | abi.ProtWrite, abi.MapPrivate, 0},
	}
	for _, c := range cases {
		tb.Run(c.name, func(tb *testing.T) {
			run(tb, machine(tb, ""), func(t *sched.Task) {
				m, file := mm.New(t), newFile(t, inode.Shmem, 1, c.mode)
				_, err := mm.Map(t, m, mm.MapArgs{Len: page, Prot: c.prot, Flags: c.flags, File: file})
				require.NoError(tb, err)
				require.Equal(tb, c.want, counter(t, file))
			})
		})
	}
}

func TestMapRefusals(tb *testing.T) {
	const shared, private, fixed = abi.MapShared, abi.MapPrivate, abi.MapFixed
	const anon = abi.MapAnonymous | private
	cases := []struct {
		name string
		args mm.MapArgs
		mode inode.FMode // of a file, 0 for none
		want error
	}{
		{"unaligned offset", mm.MapArgs{Len: page, Off: 1, Flags: anon}, 0, abi.EINVAL},
		{"no length", mm.MapArgs{Flags: anon}, 0, abi.EINVAL},
		{"no type", mm.MapArgs{Len: page, Flags: abi.MapAnonymous}, 0, abi.EINVAL},
		{"length wraps", mm.MapArgs{Len: ^uint64(0), Flags: anon}, 0, abi.ENOMEM},
		{"too long", mm.MapArgs{Len: 1 << 47, Flags: anon}, 0, abi.ENOMEM},
		{"fixed unaligned", mm.MapArgs{Addr: 0x12345, Len: page, Flags: anon | fixed}, 0, abi.EINVAL},
		{"fixed too high", mm.MapArgs{Addr: abi.TaskSize, Len: page, Flags: anon | fixed}, 0, abi.ENOMEM},
		{"validate anonymous", mm.MapArgs{Len: page, Flags: abi.MapSharedValidate | abi.MapAnonymous}, 0, abi.EINVAL},
		{"offset overflow", mm.MapArgs{Len: page, Off: 1<<63 - page, Flags: shared}, rw, abi.EOVERFLOW},
		{"no type, file", mm.MapArgs{Len: page}, rw, abi.EINVAL},
		{"write-only", mm.MapArgs{Len: page, Flags: shared}, inode.Writable, abi.EACCES},
		{"write-only, private", mm.MapArgs{Len: page, Flags: private}, inode.Writable, abi.EACCES},
		{"read-only, writable", mm.MapArgs{Len: page, Prot: abi.ProtWrite, Flags: shared}, inode.Readable, abi.EACCES},
		{"unknown flag", mm.MapArgs{Len: page, Flags: abi.MapSharedValidate | 1<<24}, rw, abi.EOPNOTSUPP},
		{"unknown flag, plain", mm.MapArgs{Len: page, Flags: shared | 1<<25}, rw, nil},
	}
	for _, c := range cases {
		tb.Run(c.name, func(tb *testing.T) {
			run(tb, machine(tb, ""), func(t *sched.Task) {
				m := mm.New(t)
				if c.mode != 0 {
					c.args.File = newFile(t, inode.Shmem, 1, c.mode)
				}
				_, err := mm.Map(t, m, c.args)
				require.Equal(tb, c.want, err)
				if c.mode != 0 && c.want != nil {
					require.Zero(tb, counter(t, c.args.File), "nothing stays counted")
				}
			})
		})
	}
}

func TestSealedMap(tb *testing.T) {
	const old = "5.10.0"
	cases := []struct {
		name, release string
		seals         abi.Seals
		prot          uint64
		want          error
		counted       int32
	}{
		{"FUTURE_WRITE, read-write", "", abi.SealFutureWrite, abi.ProtWrite, abi.EPERM, 0},
		{"FUTURE_WRITE, read-only", "", abi.SealFutureWrite, abi.ProtRead, nil, 0},
		{"FUTURE_WRITE, read-only, old", old, abi.SealFutureWrite, abi.ProtRead, nil, 1},
		{"FUTURE_WRITE, read-write, old", old, abi.SealFutureWrite, abi.ProtWrite, abi.EPERM, 0},
		{"WRITE, read-write", "", abi.SealWrite, abi.ProtWrite, abi.EPERM, -1},
		{"WRITE, read-only", "", abi.SealWrite, abi.ProtRead, nil, -1},
		{"WRITE, read-only, old", old, abi.SealWrite, abi.ProtRead, abi.EPERM, -1},
		{"being sealed, read-only", "", 0, abi.ProtRead, abi.EPERM, -1},
	}
	for _, c := range cases {
		tb.Run(c.name, func(tb *testing.T) {
			run(tb, machine(tb, c.release), func(t *sched.Task) {
				m, file := mm.New(t), newFile(t, inode.Shmem, 1, rw)
				if c.counted < 0 {
					require.NoError(tb, mapOf(t, file).DenyWritable(t))
				}
				inode.AddSeals(t, inode.FileOf(t, file).Inode, c.seals)
				addr, err := mm.Map(t, m, mm.MapArgs{Len: page, Prot: c.prot, Flags: abi.MapShared, File: file})
				require.Equal(tb, c.want, err)
				require.Equal(tb, c.counted, counter(t, file))
				if err == nil {
					require.Equal(tb, abi.EACCES, mm.Protect(t, m, addr, page, abi.ProtWrite))
				}
			})
		})
	}
}

// The loophole: a mapping that merges with an old one is not checked.
func TestFutureWriteMerge(tb *testing.T) {
	for release, want := range map[string]error{"": abi.EPERM, "5.10.0": nil} {
		run(tb, machine(tb, release), func(t *sched.Task) {
			m, file := mm.New(t), newFile(t, inode.Shmem, 2, rw)
			args := mm.MapArgs{Len: page, Prot: abi.ProtWrite, Flags: abi.MapShared, File: file}
			addr, err := mm.Map(t, m, args)
			require.NoError(tb, err)
			inode.AddSeals(t, inode.FileOf(t, file).Inode, abi.SealFutureWrite)
			args.Addr, args.Off = addr+page, page
			_, err = mm.Map(t, m, args)
			require.Equal(tb, want, err, "kernel %q", release)
		})
	}
}

// A refused mmap with MAP_FIXED has removed what was there, on old kernels.
func TestFixedRefused(tb *testing.T) {
	for release, want := range map[string]int{"": 1, "5.10.0": 0} {
		run(tb, machine(tb, release), func(t *sched.Task) {
			m, file := mm.New(t), newFile(t, inode.Shmem, 1, rw)
			addr, err := mm.Map(t, m, mm.MapArgs{Len: page, Prot: abi.ProtRead, Flags: abi.MapPrivate | abi.MapAnonymous})
			require.NoError(tb, err)
			require.NoError(tb, mapOf(t, file).DenyWritable(t))
			_, err = mm.Map(t, m, mm.MapArgs{Addr: addr, Len: page, Prot: abi.ProtWrite,
				Flags: abi.MapShared | abi.MapFixed, File: file})
			require.Equal(tb, abi.EPERM, err)
			require.Len(tb, layout(t, m), want, "kernel %q", release)
		})
	}
}

// What /proc/kpagecount says of one page: see the recorded page states.
func TestMapCounts(tb *testing.T) {
	run(tb, machine(tb, ""), func(t *sched.Task) {
		m, file := mm.New(t), newFile(t, inode.Shmem, 1, rw)
		mapIt := func(flags uint64) uint64 {
			a, err := mm.Map(t, m, mm.MapArgs{Len: page, Prot: abi.ProtRead | abi.ProtWrite, Flags: flags, File: file})
			require.NoError(tb, err)
			return a
		}
		touch := func(id sched.ID, addr uint64, write bool) { require.NoError(tb, mm.Fault(t, id, addr, write)) }
		a := mapIt(abi.MapShared)
		touch(m, a, true)
		fo, err := mm.GetUserPage(t, m, a, false, false)
		require.NoError(tb, err)
		folio.Release(t, fo)
		expect := func(n int32, why string) { require.Equal(tb, n, folio.MapCount(t, fo), why) }
		expect(1, "shared, written")
		b := mapIt(abi.MapShared)
		expect(1, "a second mapping, untouched")
		touch(m, b, false)
		expect(2, "and read")
		c := mapIt(abi.MapPrivate)
		touch(m, c, false)
		expect(3, "a private one, read")
		touch(m, c, true)
		expect(2, "copied on write")
		child := mm.Fork(t, m)
		expect(2, "fork does not copy entries of shared files")
		touch(child, a, false)
		touch(child, b, false)
		expect(4, "until the child reads them")
		mm.Put(t, child)
		expect(2, "the child is gone")
		require.NoError(tb, mm.Unmap(t, m, 0, abi.TaskSize))
		expect(0, "all unmapped")
		folio.DrainAllBatches(t)
		require.EqualValues(tb, 1, folio.RefCount(t, fo), "only the page cache has it")
		drop(t, inode.FileOf(t, file).Inode, 0)
	})
}

func TestRemap(tb *testing.T) {
	run(tb, machine(tb, ""), func(t *sched.Task) {
		m, file := mm.New(t), newFile(t, inode.Shmem, 3, rw)
		a := shared(tb, t, m, file, abi.ProtRead|abi.ProtWrite)
		require.NoError(tb, mm.Fault(t, m, a+page, true))
		move := func(r mm.RemapArgs) uint64 {
			got, err := mm.Remap(t, m, r)
			require.NoError(tb, err)
			return got
		}
		b := move(mm.RemapArgs{Addr: a, OldLen: 0, NewLen: 3 * page, Flags: abi.MremapMaymove})
		require.EqualValues(tb, 2, counter(t, file), "old length 0 duplicates")
		require.NoError(tb, mm.Unmap(t, m, b, 3*page))

		_, err := mm.Map(t, m, mm.MapArgs{Addr: a + 3*page, Len: page, Flags: abi.MapPrivate | abi.MapAnonymous})
		require.NoError(tb, err)
		c := move(mm.RemapArgs{Addr: a, OldLen: 3 * page, NewLen: 4 * page, Flags: abi.MremapMaymove})
		require.NotEqual(tb, a, c)
		require.EqualValues(tb, 1, counter(t, file), "moved")
		var at []uint64
		mm.EachPTE(t.Sched().World(), m, func(e mm.Entry) { at = append(at, e.Page*page) })
		require.Equal(tb, []uint64{c + page}, at, "the entry moved along")

		require.Equal(tb, c, move(mm.RemapArgs{Addr: c, OldLen: 4 * page, NewLen: page}), "shrunk in place")
		require.Equal(tb, c, move(mm.RemapArgs{Addr: c, OldLen: page, NewLen: 2 * page}), "grown in place")
		d := move(mm.RemapArgs{Addr: c, OldLen: 2 * page, NewLen: 2 * page,
			Flags: abi.MremapMaymove | abi.MremapDontunmap})
		require.EqualValues(tb, 2, counter(t, file), "both stay")
		_, err = mm.Remap(t, m, mm.RemapArgs{Addr: d, OldLen: 3 * page, NewLen: 4 * page, Flags: abi.MremapMaymove})
		require.Equal(tb, abi.EFAULT, err, "longer than the mapping")
		mm.Put(t, m)
		require.Zero(tb, counter(t, file))
		inode.PutFile(t, file)
	})
}

func TestHugetlb(tb *testing.T) {
	run(tb, machine(tb, ""), func(t *sched.Task) {
		m, file := mm.New(t), newFile(t, inode.Hugetlb, 2, rw)
		a, err := mm.Map(t, m, mm.MapArgs{Len: page, Prot: abi.ProtRead | abi.ProtWrite, Flags: abi.MapShared, File: file})
		require.NoError(tb, err)
		require.Zero(tb, a%abi.PMDSize)
		require.Equal(tb, abi.EINVAL, mm.Unmap(t, m, a, page), "not a whole huge page")
		fo, err := mm.GetUserPage(t, m, a+5*page, true, true)
		require.NoError(tb, err)
		require.EqualValues(tb, 1, folio.MapCount(t, fo))
		require.NoError(tb, mm.Unmap(t, m, a, abi.PMDSize))
		require.Zero(tb, folio.MapCount(t, fo))
		folio.Release(t, fo)
		inode.PutFile(t, file)
	})
}

func TestRemoveAndPopulate(tb *testing.T) {
	run(tb, machine(tb, ""), func(t *sched.Task) {
		m, file := mm.New(t), newFile(t, inode.Shmem, 2, rw)
		a := shared(tb, t, m, file, abi.ProtRead)
		advise := func(n uint64, what int64) error { return mm.Advise(t, m, a, n, what) }
		require.NoError(tb, advise(2*page, abi.MadvPopulateRead))
		require.Equal(tb, abi.EFAULT, advise(3*page, abi.MadvPopulateRead), "past the end of file")
		require.Equal(tb, abi.EINVAL, advise(page, abi.MadvPopulateWrite), "not writable")
		require.Equal(tb, abi.ENOMEM, advise(4*page, abi.MadvDontneed), "a hole behind")
		require.NoError(tb, advise(2*page, abi.MadvPopulateRead))
		require.NoError(tb, advise(page, abi.MadvRemove), "VM_MAYWRITE is enough")
		n := 0
		mm.EachPTE(t.Sched().World(), m, func(mm.Entry) { n++ })
		require.Equal(tb, 1, n, "the hole's page went from the page table")
		require.NoError(tb, mm.LockOnFault(t, m, a, page))
		require.Equal(tb, abi.EINVAL, advise(page, abi.MadvRemove), "VM_LOCKED")
		require.Equal(tb, abi.ENOMEM, mm.Lock(t, m, a, 3*page), "a page past the end of file")
		require.NoError(tb, mm.Unlock(t, m, a, 3*page))
		require.Len(tb, layout(t, m), 1)
		mm.Put(t, m)
		inode.PutFile(t, file)
	})
}

func TestUserAccess(tb *testing.T) {
	run(tb, machine(tb, ""), func(t *sched.Task) {
		m, file := mm.New(t), newFile(t, inode.Shmem, 2, rw)
		a := shared(tb, t, m, file, abi.ProtRead|abi.ProtWrite)
		done, err := mm.CopyTo(t, m, a+100, 3*page, 7)
		require.NoError(tb, err)
		require.EqualValues(tb, 2*page-100, done, "up to the end of file")
		_, before, err := mm.CopyFrom(t, m, a, page)
		require.NoError(tb, err)
		private, err := mm.Map(t, m, mm.MapArgs{Len: page, Prot: abi.ProtRead | abi.ProtWrite,
			Flags: abi.MapPrivate, File: file})
		require.NoError(tb, err)
		_, err = mm.WriteRemote(t, m, private, 8, 9)
		require.NoError(tb, err)
		_, after, err := mm.CopyFrom(t, m, a, page)
		require.NoError(tb, err)
		require.Equal(tb, before, after, "a private write does not reach the file")
		require.NoError(tb, mm.Protect(t, m, a, 3*page, abi.ProtRead))
		_, err = mm.CopyTo(t, m, a, 1, 1)
		require.Equal(tb, abi.EFAULT, err)
		_, err = mm.GetUserPage(t, m, a, true, true)
		require.Equal(tb, abi.EFAULT, err)
		_, err = mm.WriteRemote(t, m, 0xffffffffffffffff, 1, 1)
		require.Equal(tb, abi.EFAULT, err)
		mm.Put(t, m)
		inode.PutFile(t, file)
	})
}
