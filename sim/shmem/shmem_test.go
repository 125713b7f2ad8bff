package shmem_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"sealab/sim/abi"
	"sealab/sim/folio"
	"sealab/sim/inode"
	"sealab/sim/mapping"
	"sealab/sim/profile"
	"sealab/sim/sched"
	"sealab/sim/shmem"
)

const page = abi.PageSize

// with runs a body with a file of a size and seals, on a kernel.
func with(tb testing.TB, kernel string, size int64, seals abi.Seals, body func(t *sched.Task, file, ino sched.ID)) {
	p, _, err := profile.Find(kernel)
	require.NoError(tb, err)
	s := sched.NewSched(&p, sched.Clock{HZ: 250}, nil)
	folio.Boot(s.World(), 1)
	defer s.Stop()
	t := s.Spawn("test", func(t *sched.Task) {
		ino := inode.New(t, inode.Inode{Kind: inode.Shmem, Mode: 0o777})
		f := inode.Open(t, ino, inode.Readable|inode.Writable, abi.ORdwr)
		if size > 0 {
			_, _, err := shmem.Write(t, f, 0, size, 1)
			require.NoError(tb, err)
		}
		inode.AddSeals(t, ino, seals)
		body(t, f, ino)
		inode.PutFile(t, f)
		folio.DrainAllBatches(t)
		require.Zero(tb, sched.Peek[folio.Frames](s.World(), folio.FramesID).Used, "pages are left over")
	})
	require.NoError(tb, s.RunAll())
	require.Equal(tb, sched.Done, t.State())
	require.Empty(tb, t.Held)
}

// content returns the stamp of a page, and false for a hole.
func content(t *sched.Task, ino sched.ID, index uint64) (uint64, bool) {
	id := inode.Of(t, ino).Map.Load(t, index).Folio()
	if id == 0 {
		return 0, false
	}
	return folio.Content(t, id), true
}

// What each seal refuses, and what it does not.
func TestSeals(tb *testing.T) {
	const none, grow, shrink, write, future = abi.Seals(0), abi.SealGrow, abi.SealShrink, abi.SealWrite, abi.SealFutureWrite
	const size = page + 904 // 5000 bytes
	const keep, punch = abi.FallocFlKeepSize, abi.FallocFlPunchHole | abi.FallocFlKeepSize
	wr := func(off, n int64) func(*sched.Task, sched.ID) error {
		return func(t *sched.Task, f sched.ID) error { _, _, err := shmem.Write(t, f, off, n, 2); return err }
	}
	tr := func(n int64) func(*sched.Task, sched.ID) error {
		return func(t *sched.Task, f sched.ID) error { return shmem.Truncate(t, f, n) }
	}
	fa := func(mode, off, n int64) func(*sched.Task, sched.ID) error {
		return func(t *sched.Task, f sched.ID) error { return shmem.Fallocate(t, f, mode, off, n) }
	}
	cases := []struct {
		name  string
		seals abi.Seals
		call  func(*sched.Task, sched.ID) error
		err   error
		size  int64 // afterwards
	}{
		{"write", none, wr(0, 10), nil, size},
		{"write, sealed", write, wr(0, 10), abi.EPERM, size},
		{"write, future writes sealed", future, wr(0, 10), abi.EPERM, size},
		{"write nothing, sealed", write | grow, wr(0, 0), nil, size},
		{"write inside, growing sealed", grow, wr(0, size), nil, size},
		{"write past the end, growing sealed", grow, wr(size, 1), abi.EPERM, size},
		{"write past the end", 0, wr(size, 1), nil, size + 1},
		{"write with shrinking sealed", shrink, wr(size, 10), nil, size + 10},

		{"shrink", write | grow, tr(100), nil, 100},
		{"shrink by a byte, sealed", shrink, tr(size - 1), abi.EPERM, size},
		{"same size, all sealed", shrink | grow | write, tr(size), nil, size},
		{"grow by a byte, sealed", grow, tr(size + 1), abi.EPERM, size},
		{"grow, writing sealed", write, tr(size + 1), nil, size + 1},
		{"negative", none, tr(-1), abi.EINVAL, size},

		{"fallocate inside, sealed", write | grow, fa(0, 0, page), nil, size},
		{"fallocate past the end, sealed", grow, fa(0, 0, size+1), abi.EPERM, size},
		{"fallocate past the end, keeping the size, sealed", grow, fa(keep, size, 1), abi.EPERM, size},
		{"fallocate past the end, keeping the size", write, fa(keep, 2*page, page), nil, size},
		{"fallocate past the end", write, fa(0, page, 2*page), nil, 3 * page},
		{"punch", none, fa(punch, 0, page), nil, size},
		{"punch, sealed", write, fa(punch, 0, page), abi.EPERM, size},
		{"punch, future writes sealed", future, fa(punch, 0, page), abi.EPERM, size},
		{"punch, size sealed", grow | shrink, fa(punch, 0, 9*page), nil, size},
		{"zero range, sealed: the mode comes first", write, fa(abi.FallocFlZeroRange, 0, page), abi.EOPNOTSUPP, size},
		{"collapse", none, fa(abi.FallocFlCollapseRange, 0, page), abi.EOPNOTSUPP, size},
		{"collapse, keeping the size", none, fa(abi.FallocFlCollapseRange|keep, 0, page), abi.EOPNOTSUPP, size},
		{"punch without keeping the size", none, fa(abi.FallocFlPunchHole, 0, page), abi.EOPNOTSUPP, size},
		{"no length", none, fa(0, 0, 0), abi.EINVAL, size},
		{"negative offset", none, fa(0, -1, 1), abi.EINVAL, size},
		{"too far", none, fa(0, math.MaxInt64, 1), abi.EFBIG, size},
		{"more than the model makes", none, fa(0, 0, (shmem.MaxPages+1)*page), abi.ENOSPC, size},
		{"write further than the model goes", none, wr(shmem.MaxIndex*page, 1), abi.ENOSPC, size},
		{"write at the end of the world", none, wr(math.MaxInt64, 1), abi.EFBIG, size},
	}
	for _, c := range cases {
		tb.Run(c.name, func(tb *testing.T) {
			with(tb, "newest", size, c.seals, func(t *sched.Task, f, ino sched.ID) {
				require.Equal(tb, c.err, c.call(t, f))
				require.Equal(tb, c.size, inode.Size(t, ino))
				if c.err != nil {
					require.NotEmpty(tb, t.Refusal.Check, "a refusal has a cause")
				}
			})
		})
	}
}

func TestReadOnlyFile(tb *testing.T) {
	with(tb, "newest", page, 0, func(t *sched.Task, _, ino sched.ID) {
		ro := inode.Open(t, ino, inode.Readable, abi.ORdonly)
		require.Equal(tb, abi.EINVAL, shmem.Truncate(t, ro, 0))
		require.Equal(tb, abi.EBADF, shmem.Fallocate(t, ro, 0, 0, 1))
		require.Equal(tb, abi.EOPNOTSUPP, shmem.Fallocate(t, ro, abi.FallocFlPunchHole, 0, 1), "the mode comes first")
		inode.PutFile(t, ro)
	})
}

// A write across the end of a file that must not grow: what comes of it depends on
// how much the kernel copies at a time.
func TestGrowingWrite(tb *testing.T) {
	for _, c := range []struct {
		kernel string
		done   int64
		err    error
	}{
		{"6.1.192", page, nil}, {"6.12.107", 0, abi.EPERM}, {"6.18.44", page, nil}, {"7.2.13", 0, abi.EPERM},
	} {
		with(tb, c.kernel, page+100, abi.SealGrow, func(t *sched.Task, f, ino sched.ID) {
			done, end, err := shmem.Write(t, f, 0, 2*page, 2)
			require.Equal(tb, c.err, err, c.kernel)
			require.Equal(tb, c.done, done, c.kernel)
			require.Equal(tb, c.done, end)
			require.EqualValues(tb, page+100, inode.Size(t, ino))
		})
	}
}

func TestAppend(tb *testing.T) {
	with(tb, "newest", 100, 0, func(t *sched.Task, f, ino sched.ID) {
		inode.SetFlags(t, f, abi.OAppend)
		done, end, err := shmem.Write(t, f, 5, 10, 2)
		require.NoError(tb, err)
		require.EqualValues(tb, 10, done)
		require.EqualValues(tb, 110, end)
		require.EqualValues(tb, 110, inode.Size(t, ino))
	})
}

// F_SEAL_WRITE alone does not freeze a file: it can still be cut off and grown again.
func TestCutAndRegrown(tb *testing.T) {
	with(tb, "newest", 2*page, abi.SealWrite, func(t *sched.Task, f, ino sched.ID) {
		first, _ := content(t, ino, 0)
		require.NoError(tb, shmem.Truncate(t, f, page+1))
		tail, ok := content(t, ino, 1)
		require.True(tb, ok, "its first byte stays")
		require.NoError(tb, shmem.Truncate(t, f, page))
		_, ok = content(t, ino, 1)
		require.False(tb, ok)
		require.NoError(tb, shmem.Truncate(t, f, 2*page))
		_, ok = content(t, ino, 1)
		require.False(tb, ok, "it reads as zeros now")
		require.NotZero(tb, tail)
		again, _ := content(t, ino, 0)
		require.Equal(tb, first, again)
	})
}

func TestPunchZeroesParts(tb *testing.T) {
	const punch = abi.FallocFlPunchHole | abi.FallocFlKeepSize
	with(tb, "newest", 4*page, 0, func(t *sched.Task, f, ino sched.ID) {
		var before [4]uint64
		for i := range before {
			before[i], _ = content(t, ino, uint64(i))
		}
		require.NoError(tb, shmem.Fallocate(t, f, punch, page-10, page+20), "parts of 0 and 2, and all of 1")
		now, _ := content(t, ino, 0)
		require.NotEqual(tb, before[0], now)
		_, ok := content(t, ino, 1)
		require.False(tb, ok)
		now, _ = content(t, ino, 2)
		require.NotEqual(tb, before[2], now)
		now, _ = content(t, ino, 3)
		require.Equal(tb, before[3], now)

		require.NoError(tb, shmem.Fallocate(t, f, punch, 3*page+10, 20), "inside one page")
		after, ok := content(t, ino, 3)
		require.True(tb, ok)
		require.NotEqual(tb, before[3], after)
		require.EqualValues(tb, 4*page, shmem.Read(t, ino, 0, 9*page))
		require.Zero(tb, shmem.Read(t, ino, 4*page, 1), "nothing behind the end")
		require.EqualValues(tb, 5, shmem.Read(t, ino, 4*page-5, 100))
	})
}

// Whoever looks a page up holds it, and lets it go: a reader is a pin for a moment.
func TestLookup(tb *testing.T) {
	with(tb, "newest", page, 0, func(t *sched.Task, f, ino sched.ID) {
		m := inode.Of(t, ino).Map
		require.Zero(tb, shmem.Lookup(t, m, 7))
		id := shmem.Lookup(t, m, 0)
		require.Equal(tb, []sched.Held{{ID: id, N: 1}}, t.Held)
		require.Equal(tb, id, shmem.Data(t, m, 0))
		folio.ReleaseN(t, id, 2)

		require.NoError(tb, shmem.Fallocate(t, f, 0, page, page))
		require.NotZero(tb, m.Load(t, 1).Folio(), "fallocate made a page")
		require.Zero(tb, shmem.Data(t, m, 1), "that has no bytes yet")
	})
}

// A page that leaves the file between being found and being held is given back.
func TestLookupRaces(tb *testing.T) {
	for seed := range uint64(400) {
		p := profile.Newest()
		s := sched.NewSched(&p, sched.Clock{HZ: 250}, nil)
		folio.Boot(s.World(), 2)
		f := sched.ID(0)
		s.Spawn("boot", func(t *sched.Task) {
			ino := inode.New(t, inode.Inode{Kind: inode.Shmem})
			f = inode.Open(t, ino, inode.Readable|inode.Writable, 0)
			_, _, err := shmem.Write(t, f, 0, page, 1)
			require.NoError(tb, err)
		})
		require.NoError(tb, s.RunAll())
		s.SetChooser(sched.NewRandom(seed))
		ino := sched.Peek[inode.File](s.World(), f).Inode
		s.Spawn("reader", func(t *sched.Task) {
			m := inode.Of(t, ino).Map
			tree := sched.Peek[mapping.Pages](s.World(), m.Pages)
			for range 3 {
				require.LessOrEqual(tb, shmem.Read(t, ino, 0, page), int64(page))
				if id := shmem.Lookup(t, m, 0); id != 0 {
					require.Equal(tb, uint32(id), tree.X.Load(0).Folio(), "what is found was there when it was held")
					folio.Release(t, id)
				}
			}
		})
		s.Spawn("cutter", func(t *sched.Task) {
			for range 2 {
				folio.DrainAllBatches(t)
				require.NoError(tb, shmem.Truncate(t, f, 0))
				_, _, err := shmem.Write(t, f, 0, page, 2)
				require.NoError(tb, err)
			}
		})
		for range 2 {
			s.Spawn("maker", func(t *sched.Task) {
				id := shmem.GetFolio(t, inode.Of(t, ino).Map, 1)
				require.NotZero(tb, id)
				folio.Release(t, id)
			})
		}
		require.NoError(tb, s.RunAll())
		s.SetChooser(nil)
		s.Spawn("end", func(t *sched.Task) {
			inode.PutFile(t, f)
			folio.DrainAllBatches(t)
		})
		require.NoError(tb, s.RunAll())
		require.Zero(tb, sched.Peek[folio.Frames](s.World(), folio.FramesID).Used, "seed %d", seed)
		s.Stop()
	}
}

func TestSeek(tb *testing.T) {
	with(tb, "newest", page, 0, func(t *sched.Task, f, ino sched.ID) {
		_, _, err := shmem.Write(t, f, 3*page, 10, 1) // data, hole, hole, data, end
		require.NoError(tb, err)
		for _, c := range []struct {
			pos, off, whence, want int64
			err                    error
		}{
			{7, 5, abi.SeekSet, 5, nil}, {7, 5, abi.SeekCur, 12, nil}, {7, -8, abi.SeekCur, 0, abi.EINVAL},
			{7, 5, abi.SeekEnd, 3*page + 15, nil}, {7, 5, 99, 0, abi.EINVAL},
			{1, math.MaxInt64, abi.SeekCur, 0, abi.EOVERFLOW},
			{0, 0, abi.SeekData, 0, nil}, {0, 5, abi.SeekData, 5, nil}, {0, page, abi.SeekData, 3 * page, nil},
			{0, 0, abi.SeekHole, page, nil}, {0, page + 1, abi.SeekHole, page + 1, nil},
			{0, 3 * page, abi.SeekHole, 3*page + 10, nil}, {0, 3*page + 10, abi.SeekHole, 0, abi.ENXIO},
			{0, -1, abi.SeekData, 0, abi.ENXIO}, {0, 9 * page, abi.SeekData, 0, abi.ENXIO},
		} {
			got, err := shmem.Seek(t, ino, c.pos, c.off, c.whence)
			require.Equal(tb, c.err, err, "%+v", c)
			require.Equal(tb, c.want, got, "%+v", c)
		}
		require.NoError(tb, shmem.Truncate(t, f, 5*page))
		_, err = shmem.Seek(t, ino, 0, 4*page, abi.SeekData)
		require.Equal(tb, abi.ENXIO, err, "only a hole follows")
	})
}

func TestChmod(tb *testing.T) {
	with(tb, "newest", 0, abi.SealExec, func(t *sched.Task, _, ino sched.ID) {
		require.Equal(tb, abi.EPERM, shmem.Chmod(t, ino, 0o666))
		require.Equal(tb, abi.EPERM, shmem.Chmod(t, ino, 0o776))
		require.NoError(tb, shmem.Chmod(t, ino, 0o511), "other bits are free")
		require.EqualValues(tb, 0o511, inode.Mode(t, ino))
	})
	with(tb, "newest", 0, 0, func(t *sched.Task, _, ino sched.ID) {
		require.NoError(tb, shmem.Chmod(t, ino, 0o170644))
		require.EqualValues(tb, 0o644, inode.Mode(t, ino))
	})
}

func TestFaults(tb *testing.T) {
	with(tb, "newest", page+1, 0, func(t *sched.Task, f, ino sched.ID) {
		ops := inode.Ops(inode.Shmem)
		id, err := ops.Fault(t, ino, 1, false)
		require.NoError(tb, err, "the page that the end lies in")
		folio.Release(t, id)
		_, err = ops.Fault(t, ino, 2, true)
		require.Equal(tb, abi.EFAULT, err)
		require.NoError(tb, ops.Punch(t, f, 0, page))
		_, ok := content(t, ino, 0)
		require.False(tb, ok)
	})
}
