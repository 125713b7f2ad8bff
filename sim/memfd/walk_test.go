package memfd_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"sealab/sim/abi"
	"sealab/sim/folio"
	"sealab/sim/inode"
	"sealab/sim/mapping"
	"sealab/sim/memfd"
	"sealab/sim/profile"
	"sealab/sim/sched"
	"sealab/sim/shmem"
	"sealab/sim/xarray"
)

// swapOut puts a swap entry in the place of a page, as reclaim does.
func swapOut(t *sched.Task, f sched.ID, page uint64) {
	m := mapOf(t.Sched().World(), f)
	id := folioAt(t.Sched().World(), f, page)
	m.LockPages(t)
	m.Replace(t, page, 0, xarray.ValueEntry(7))
	m.UnlockPages(t)
	folio.Place(t, id, 0, 0)
	folio.Put(t, id)
}

// A page that is swapped out while the sealer waits is gone. Kernels of 4.20 to 5.16
// did not take its mark, and so waited to the end for nothing.
func TestSwappedOutMeanwhile(tb *testing.T) {
	cases := []struct {
		kernel string
		took   int64
		left   bool // a mark stays behind
	}{
		{"A", 10 * ms, false},
		{"B", 10 * ms, false},
		{"C", 150 * ms, true},
		{"D", 10 * ms, false},
		{"newest", 10 * ms, false},
	}
	for _, c := range cases {
		tb.Run(c.kernel, func(tb *testing.T) {
			s := machine(tb, kernelOf(tb, c.kernel), 1000)
			f := fileIn(tb, s, 3)
			unpin := pin(tb, s, f, 1)
			_, a := sealer(s, f, write)
			at(tb, s, 5*ms, func(t *sched.Task) {
				unpin(t)
				swapOut(t, f, 1)
			})
			require.NoError(tb, s.RunAll())
			require.NoError(tb, a.err)
			require.Equal(tb, c.took, a.took)
			require.Equal(tb, c.left, tagged(s.World(), f))
		})
	}
}

// The mark that is left behind costs the next attempt a look at all CPUs' batches.
func TestLeftMarkCostsTheNextAttempt(tb *testing.T) {
	s := machine(tb, kernelOf(tb, "C"), 1000)
	f := fileIn(tb, s, 2)
	unpin, other := pin(tb, s, f, 0), pin(tb, s, f, 1)
	_, a := sealer(s, f, write)
	at(tb, s, 5*ms, func(t *sched.Task) {
		unpin(t)
		swapOut(t, f, 0)
	})
	require.NoError(tb, s.RunAll())
	require.Equal(tb, abi.EBUSY, a.err)
	require.True(tb, tagged(s.World(), f))
	at(tb, s, s.Now(), other)
	_, b := sealer(s, f, write)
	require.NoError(tb, s.RunAll())
	require.NoError(tb, b.err)
	require.EqualValues(tb, 150*ms, b.took)
}

func TestOnlySwappedOut(tb *testing.T) {
	s := machine(tb, kernelOf(tb, "C"), 1000)
	f := fileIn(tb, s, 1)
	run(tb, s, func(t *sched.Task) {
		swapOut(t, f, 0)
		require.NoError(tb, memfd.AddSeals(t, f, uint64(write)))
		require.Zero(tb, s.Now())
	})
}

// large puts a folio of 2^order pages in a file, as a transparent huge page is.
func large(t *sched.Task, f sched.ID, index uint64, order uint8) {
	m := mapOf(t.Sched().World(), f)
	id := folio.Alloc(t, order, false)
	folio.GetN(t, id, 1<<order-1)
	m.LockPages(t)
	if err := m.Insert(t, index, order, id); err != nil {
		panic(err)
	}
	m.UnlockPages(t)
}

// What the kernel thinks that the page cache itself holds of a large folio has
// changed several times, and with it which files could never be write-sealed.
func TestLargeFolios(tb *testing.T) {
	cases := []struct {
		kernel  string
		order   uint8
		huge    bool // a memfd of huge pages
		refused bool
	}{
		{"A", 9, false, true},
		{"B", 9, false, true},
		{"C", 9, false, true},
		{"D", 9, false, false},
		{"E", 9, false, false},
		{"G", 9, false, false},
		{"newest", 9, false, false},
		{"G", 4, false, false},
		{"newest", 4, false, false},
		{"E", 4, false, true}, // no such kernel makes folios of this size
		{"B", 9, true, false},
		{"C", 9, true, false},
		{"E", 9, true, false},
		{"F", 9, true, true},
		{"G", 9, true, false},
		{"newest", 9, true, false},
	}
	for _, c := range cases {
		s := machine(tb, kernelOf(tb, c.kernel), 1000)
		run(tb, s, func(t *sched.Task) {
			f := file(t, 0)
			if c.huge {
				var err error
				f, err = memfd.Create(t, "huge", abi.MfdHugetlb|abi.MfdAllowSealing, memfd.Options{})
				require.NoError(tb, err)
				inode.SetSize(t, inode.FileOf(t, f).Inode, abi.PMDSize)
				id, err := inode.Ops(inode.Hugetlb).Fault(t, inode.FileOf(t, f).Inode, 0, true)
				require.NoError(tb, err)
				folio.Release(t, id)
			} else {
				large(t, f, 0, c.order)
			}
			err := memfd.AddSeals(t, f, uint64(write))
			if c.refused {
				require.Equal(tb, abi.EBUSY, err, "%+v", c)
				require.EqualValues(tb, 150*ms, s.Now())
			} else {
				require.NoError(tb, err, "%+v", c)
				require.Zero(tb, s.Now())
			}
		})
	}
}

// A folio whose references are frozen for a moment, fewer than the kernel expects,
// is marked by some kernels only; but once marked it counts as pinned in all.
func TestTooFewReferences(tb *testing.T) {
	for _, strict := range []bool{false, true} {
		p := kernelOf(tb, "newest")
		p.TagTestStrict = strict
		s := machine(tb, p, 1000)
		f := fileIn(tb, s, 1)
		run(tb, s, func(t *sched.Task) {
			folio.AddMap(t, folioAt(s.World(), f, 0)) // 1 reference, 1 of it mapped: none for the cache
			err := memfd.AddSeals(t, f, uint64(write))
			require.Equal(tb, strict, err == abi.EBUSY)
		})
	}
}

// pauses is how often the first walk lets the lock of the tree go before its end.
func pauses(tb testing.TB, p profile.Profile, fill func(t *sched.Task, f sched.ID)) int {
	s := machine(tb, p, 1000)
	f := sched.ID(0)
	run(tb, s, func(t *sched.Task) {
		f = file(t, 0)
		fill(t, f)
		folio.DrainAllBatches(t)
	})
	c := &counts{}
	s.SetObserver(c)
	_, a := sealer(s, f, write)
	require.NoError(tb, s.RunAll())
	require.NoError(tb, a.err)
	return c.of("spin_lock") - 1
}

func TestWalkLetsOthersIn(tb *testing.T) {
	pages := func(n int64) func(*sched.Task, sched.ID) {
		return func(t *sched.Task, f sched.ID) {
			_, _, err := shmem.Write(t, f, 0, n*abi.PageSize, 1)
			require.NoError(tb, err)
		}
	}
	swapped := func(t *sched.Task, f sched.ID) {
		pages(8)(t, f)
		for i := range uint64(8) {
			swapOut(t, f, i)
		}
	}
	hugeOnes := func(t *sched.Task, f sched.ID) {
		for i := range uint64(3) {
			large(t, f, i<<9, 9)
		}
	}
	with := func(change func(*profile.Profile)) profile.Profile {
		p := kernelOf(tb, "newest")
		p.Batch = 4
		change(&p)
		return p
	}
	require.Equal(tb, 1, pauses(tb, with(func(p *profile.Profile) { p.Batch = 4096 }), pages(5000)))
	require.Equal(tb, 0, pauses(tb, with(func(p *profile.Profile) { p.Batch = 0 }), pages(50)))
	require.Equal(tb, 2, pauses(tb, with(func(p *profile.Profile) {}), pages(8)))
	require.Equal(tb, 2, pauses(tb, with(func(p *profile.Profile) { p.BatchCountsValues = true }), swapped))
	require.Equal(tb, 0, pauses(tb, with(func(p *profile.Profile) { p.BatchCountsValues = false }), swapped))
	require.Equal(tb, 0, pauses(tb, with(func(p *profile.Profile) { p.BatchWeighted = false }), hugeOnes))
	require.Equal(tb, 3, pauses(tb, with(func(p *profile.Profile) { p.BatchWeighted = true }), hugeOnes))
}

// between is a chooser that lets another task do all it has to when the sealer does
// not hold the lock of the page tree in the middle of its walk.
type between struct {
	sched.First
	lock    *sched.SpinLock
	seen    *counts
	paused  bool
	resched bool // what it answers to need_resched
}

// Next implements sched.Chooser.
func (b *between) Next(v *sched.View) int {
	b.paused = b.paused || b.lock.Owner == 0 && b.seen.of("xas_find") >= 2
	for i, t := range v.Runnable {
		if (t.Name == "other") == b.paused {
			return i
		}
	}
	return b.First.Next(v)
}

// Choose implements sched.Chooser.
func (b *between) Choose(n int, _ string) int {
	if b.resched {
		return n - 1
	}
	return 0
}

// A page that comes, or is pinned, behind the walk is never looked at.
func TestBehindTheWalk(tb *testing.T) {
	for _, kernel := range []string{"newest", "C", "B", "4.19.81"} {
		tb.Run(kernel, func(tb *testing.T) {
			p := kernelOf(tb, kernel)
			p.Batch = min(p.Batch, 2)
			s := machine(tb, p, 1000)
			f := sched.ID(0)
			run(tb, s, func(t *sched.Task) {
				f = file(t, 0)
				_, _, err := shmem.Write(t, f, 8*abi.PageSize, 8*abi.PageSize, 1)
				require.NoError(tb, err)
				folio.DrainAllBatches(t)
			})
			lock := sched.Peek[sched.SpinLock](s.World(), mapOf(s.World(), f).Lock)
			seen := &counts{}
			s.SetObserver(seen)
			s.SetChooser(&between{lock: lock, seen: seen, resched: p.Batch == 0})
			_, a := sealer(s, f, write)
			s.Spawn("other", func(t *sched.Task) {
				id, err := inode.Ops(inode.Shmem).Fault(t, inode.FileOf(t, f).Inode, 0, false)
				require.NoError(tb, err)
				t.Drop(id) // and keeps it
				i := sched.Peek[inode.Inode](s.World(), inode.FileOf(t, f).Inode)
				require.NotZero(tb, sched.Peek[sched.RWSem](s.World(), i.Lock).Writer, "in the middle of the call")
				require.Zero(tb, i.Seals)
			})
			require.NoError(tb, s.RunAll())
			require.NoError(tb, a.err, "page 0 is pinned, and was not there when the walk began")
			require.Zero(tb, a.took)
		})
	}
}

// The last page of the largest file is looked at too, and ends the walk.
func TestLastIndex(tb *testing.T) {
	s := newest(tb)
	f := fileIn(tb, s, 0)
	run(tb, s, func(t *sched.Task) {
		m := mapOf(s.World(), f)
		id := folio.Alloc(t, 0, false)
		m.LockPages(t)
		require.NoError(tb, m.Insert(t, ^uint64(0), 0, id))
		m.UnlockPages(t)
		folio.Get(t, id)
		require.Equal(tb, abi.EBUSY, memfd.AddSeals(t, f, uint64(write)))
		folio.Put(t, id)
		require.NoError(tb, memfd.AddSeals(t, f, uint64(write)))
		require.False(tb, m.Tagged(t, mapping.TagToWrite))
	})
}
