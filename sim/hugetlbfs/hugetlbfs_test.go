package hugetlbfs_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"sealab/sim/abi"
	"sealab/sim/folio"
	"sealab/sim/hugetlbfs"
	"sealab/sim/inode"
	"sealab/sim/profile"
	"sealab/sim/sched"
)

const huge = abi.PMDSize

func with(tb testing.TB, kernel string, pages int64, seals abi.Seals, body func(t *sched.Task, file, ino sched.ID)) {
	p, _, err := profile.Find(kernel)
	require.NoError(tb, err)
	s := sched.NewSched(&p, sched.Clock{HZ: 250}, nil)
	folio.Boot(s.World(), 1)
	defer s.Stop()
	t := s.Spawn("test", func(t *sched.Task) {
		ino := inode.New(t, inode.Inode{Kind: inode.Hugetlb, Shift: abi.PMDShift, Mode: 0o777})
		f := inode.Open(t, ino, inode.Readable|inode.Writable, abi.ORdwr)
		if pages > 0 {
			require.NoError(tb, hugetlbfs.Fallocate(t, f, 0, 0, pages*huge))
		}
		inode.AddSeals(t, ino, seals)
		body(t, f, ino)
		inode.PutFile(t, f)
		require.Zero(tb, sched.Peek[folio.Frames](s.World(), folio.FramesID).Used, "pages are left over")
	})
	require.NoError(tb, s.RunAll())
	require.Equal(tb, sched.Done, t.State())
	require.Empty(tb, t.Held)
}

func TestSeals(tb *testing.T) {
	const none, grow, shrink, write, future = abi.Seals(0), abi.SealGrow, abi.SealShrink, abi.SealWrite, abi.SealFutureWrite
	const keep, punch = abi.FallocFlKeepSize, abi.FallocFlPunchHole | abi.FallocFlKeepSize
	tr := func(n int64) func(*sched.Task, sched.ID) error {
		return func(t *sched.Task, f sched.ID) error { return hugetlbfs.Truncate(t, f, n) }
	}
	fa := func(mode, off, n int64) func(*sched.Task, sched.ID) error {
		return func(t *sched.Task, f sched.ID) error { return hugetlbfs.Fallocate(t, f, mode, off, n) }
	}
	for _, c := range []struct {
		name  string
		seals abi.Seals
		call  func(*sched.Task, sched.ID) error
		err   error
		size  int64
		pages int64 // huge pages that are left
	}{
		{"shrink", write | grow, tr(huge), nil, huge, 1},
		{"shrink, sealed", shrink, tr(huge), abi.EPERM, 2 * huge, 2},
		{"grow", write | shrink, tr(3 * huge), nil, 3 * huge, 2},
		{"grow, sealed", grow, tr(3 * huge), abi.EPERM, 2 * huge, 2},
		{"an odd size comes first", shrink | grow, tr(5), abi.EINVAL, 2 * huge, 2},
		{"same size, sealed", shrink | grow, tr(2 * huge), nil, 2 * huge, 2},
		{"allocate", write, fa(0, 2*huge, 1), nil, 2*huge + 1, 3},
		{"allocate, keeping the size", write, fa(keep, 2*huge, 1), nil, 2 * huge, 3},
		{"allocate, sealed", grow, fa(keep, 2*huge, 1), abi.EPERM, 2 * huge, 2},
		{"allocate too much", none, fa(0, 0, math.MaxInt64-huge), abi.ENOSPC, 2 * huge, 2},
		{"punch a whole one", grow, fa(punch, 0, huge), nil, 2 * huge, 1},
		{"punch parts only", none, fa(punch, 1, 2*huge-2), nil, 2 * huge, 2},
		{"punch, sealed", write, fa(punch, 0, huge), abi.EPERM, 2 * huge, 2},
		{"punch, future writes sealed", future, fa(punch, 0, huge), abi.EPERM, 2 * huge, 2},
		{"no length", none, fa(0, 0, 0), abi.EINVAL, 2 * huge, 2},
	} {
		tb.Run(c.name, func(tb *testing.T) {
			with(tb, "newest", 2, c.seals, func(t *sched.Task, f, ino sched.ID) {
				require.Equal(tb, c.err, c.call(t, f))
				require.Equal(tb, c.size, inode.Size(t, ino))
				require.Equal(tb, c.pages<<abi.PMDOrder, inode.Of(t, ino).Map.NrPages(t))
			})
		})
	}
}

func TestReadOnly(tb *testing.T) {
	with(tb, "newest", 1, 0, func(t *sched.Task, _, ino sched.ID) {
		ro := inode.Open(t, ino, inode.Readable, abi.ORdonly)
		require.Equal(tb, abi.EINVAL, hugetlbfs.Truncate(t, ro, 0))
		require.Equal(tb, abi.EBADF, hugetlbfs.Fallocate(t, ro, 0, 0, 1))
		inode.PutFile(t, ro)
	})
}

// The page cache took one reference of a huge page, and since 6.7 takes one for each
// of its pages.
func TestCacheReferences(tb *testing.T) {
	for kernel, refs := range map[string]int32{"6.6.0": 1, "6.7.0": 512, "newest": 512} {
		with(tb, kernel, 0, 0, func(t *sched.Task, f, ino sched.ID) {
			ops := inode.Ops(inode.Hugetlb)
			_, err := ops.Fault(t, ino, 0, true)
			require.Equal(tb, abi.EFAULT, err, "behind the end")
			require.NoError(tb, hugetlbfs.Truncate(t, f, huge))
			id, err := ops.Fault(t, ino, 77, false)
			require.NoError(tb, err, "any of its pages leads to it")
			require.EqualValues(tb, 512, folio.ShapeOf(t, id).NrPages())
			require.Equal(tb, refs+1, folio.RefCount(t, id), kernel)
			folio.Release(t, id)
			require.NoError(tb, ops.Punch(t, f, 0, huge))
			require.Zero(tb, inode.Of(t, ino).Map.NrPages(t))
		})
	}
}

// Two tasks that fault at once get the same page.
func TestFaultRace(tb *testing.T) {
	for seed := range uint64(50) {
		p := profile.Newest()
		s := sched.NewSched(&p, sched.Clock{HZ: 250}, sched.NewRandom(seed))
		folio.Boot(s.World(), 1)
		ino := sched.ID(0)
		s.Spawn("boot", func(t *sched.Task) {
			ino = inode.New(t, inode.Inode{Kind: inode.Hugetlb, Shift: abi.PMDShift, Size: huge})
			var got [2]sched.ID
			for i := range got {
				s.Spawn("fault", func(t *sched.Task) {
					got[i], _ = inode.Ops(inode.Hugetlb).Fault(t, ino, 0, true)
					t.Drop(got[i])
				})
			}
			for got[0] == 0 || got[1] == 0 {
				t.CondResched()
			}
			require.Equal(tb, got[0], got[1])
			require.EqualValues(tb, 512+2, folio.RefCount(t, got[0]))
			require.EqualValues(tb, 1, sched.Peek[folio.Frames](s.World(), folio.FramesID).Used)
		})
		require.NoError(tb, s.RunAll())
		s.Stop()
	}
}

// The size of a file of huge pages is asked before its seals; and a hole can only be
// as large as a page.
func Example() {
	p := profile.Newest()
	s := sched.NewSched(&p, sched.Clock{HZ: 250}, nil)
	defer s.Stop()
	folio.Boot(s.World(), 1)
	s.Spawn("story", func(t *sched.Task) {
		ino := inode.New(t, inode.Inode{Kind: inode.Hugetlb, Shift: 21, Size: 4 << 20})
		f := inode.Open(t, ino, inode.Writable, abi.OWronly)
		inode.AddSeals(t, ino, abi.SealShrink)
		fmt.Println("to 1 MiB:", hugetlbfs.Truncate(t, f, 1<<20))
		fmt.Println("to 2 MiB:", hugetlbfs.Truncate(t, f, 2<<20))
		fmt.Println("to 6 MiB:", hugetlbfs.Truncate(t, f, 6<<20))
	})
	_ = s.RunAll()
	// Output:
	// to 1 MiB: EINVAL (Invalid argument)
	// to 2 MiB: EPERM (Operation not permitted)
	// to 6 MiB: <nil>
}
