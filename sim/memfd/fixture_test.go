package memfd_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"sealab/sim/abi"
	"sealab/sim/folio"
	_ "sealab/sim/hugetlbfs" // answers for memfds of huge pages
	"sealab/sim/inode"
	"sealab/sim/mapping"
	"sealab/sim/memfd"
	"sealab/sim/profile"
	"sealab/sim/sched"
	"sealab/sim/shmem"
)

// ms is a virtual millisecond.
const ms = 1_000_000

// kernelOf returns the profile of a named kernel or release.
func kernelOf(tb testing.TB, id string) profile.Profile {
	p, _, err := profile.Find(id)
	require.NoError(tb, err)
	return p
}

// machine returns a machine of two CPUs whose timers fire as many jiffies later as
// was asked for.
func machine(tb testing.TB, p profile.Profile, hz int) *sched.Sched {
	s := sched.NewSched(&p, sched.Clock{HZ: hz}, nil)
	folio.Boot(s.World(), 2)
	tb.Cleanup(s.Stop)
	return s
}

// newest is a machine with the newest kernel, and 1000 jiffies a second so that the
// looks of the wait are at 0, 10, 30, 70 and 150 ms.
func newest(tb testing.TB) *sched.Sched { return machine(tb, kernelOf(tb, "newest"), 1000) }

// run runs a task to its end, on CPU 0.
func run(tb testing.TB, s *sched.Sched, body func(*sched.Task)) {
	t := s.Spawn("test", body)
	require.NoError(tb, s.RunAll())
	require.Equal(tb, sched.Done, t.State(), "it waits for ever")
	require.Empty(tb, t.Held, "references that the task still holds")
	s.Reap(t)
}

// file makes a memfd that can be sealed, with so many pages, none in a batch.
func file(t *sched.Task, pages int64) sched.ID {
	f, err := memfd.Create(t, "file", abi.MfdAllowSealing, memfd.Options{})
	if err != nil {
		panic(err)
	}
	if _, _, err := shmem.Write(t, f, 0, pages*abi.PageSize, 1); err != nil {
		panic(err)
	}
	folio.DrainAllBatches(t)
	return f
}

// fileIn is file in a machine that stands still.
func fileIn(tb testing.TB, s *sched.Sched, pages int64) (f sched.ID) {
	run(tb, s, func(t *sched.Task) { f = file(t, pages) })
	return f
}

func mapOf(w *sched.World, f sched.ID) mapping.Mapping {
	return sched.Peek[inode.Inode](w, sched.Peek[inode.File](w, f).Inode).Map
}

func sealsOf(w *sched.World, f sched.ID) abi.Seals {
	return sched.Peek[inode.Inode](w, sched.Peek[inode.File](w, f).Inode).Seals
}

// folioAt returns the folio at a page of a file.
func folioAt(w *sched.World, f sched.ID, page uint64) sched.ID {
	_, e, _, _ := sched.Peek[mapping.Pages](w, mapOf(w, f).Pages).X.FindFrom(page, page)
	return sched.ID(e.Folio())
}

// counter is i_mmap_writable, and tagged whether any page is marked.
func counter(w *sched.World, f sched.ID) int32 {
	return sched.Peek[mapping.Counter](w, mapOf(w, f).Counter).N
}

func tagged(w *sched.World, f sched.ID) bool {
	return sched.Peek[mapping.Pages](w, mapOf(w, f).Pages).X.Marked(mapping.TagToWrite)
}

// answer is what a sealer got, and how long it took.
type answer struct {
	err   error
	check string
	took  int64 // virtual ns
}

// sealer starts a task that adds seals; the answer is there when it is done.
func sealer(s *sched.Sched, f sched.ID, seals abi.Seals) (*sched.Task, *answer) {
	a := &answer{}
	return s.Spawn("sealer", func(t *sched.Task) {
		start := s.Now()
		a.err = memfd.AddSeals(t, f, uint64(seals))
		a.check, a.took = t.Refusal.Check, s.Now()-start
	}), a
}

// at lets the machine run until a time (ns) and then a task do something.
func at(tb testing.TB, s *sched.Sched, now int64, body func(*sched.Task)) {
	require.NoError(tb, s.RunUntil(now))
	t := s.Spawn("other", body)
	t.CPU = 1
	require.NoError(tb, s.Run())
}

// pin takes a reference that nobody but the test knows of.
func pin(tb testing.TB, s *sched.Sched, f sched.ID, page uint64) (unpin func(*sched.Task)) {
	id := folioAt(s.World(), f, page)
	at(tb, s, s.Now(), func(t *sched.Task) { folio.Get(t, id) })
	return func(t *sched.Task) { folio.Put(t, id) }
}
