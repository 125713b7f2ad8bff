package mm_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"sealab/sim/abi"
	"sealab/sim/folio"
	"sealab/sim/inode"
	"sealab/sim/mapping"
	"sealab/sim/mm"
	"sealab/sim/profile"
	"sealab/sim/sched"
)

// fakeFile is a file system for tests: sizes, holes and faults, and nothing else.
type fakeFile struct{}

func (fakeFile) Fault(t *sched.Task, ino sched.ID, pgoff uint64, _ bool) (sched.ID, error) {
	i := inode.Of(t, ino)
	if int64(pgoff) >= (inode.Size(t, ino)+abi.PageSize-1)>>abi.PageShift {
		return 0, t.Refuse(abi.EFAULT, "fake end of file")
	}
	order := i.Shift - abi.PageShift
	i.Map.LockPages(t)
	fo := i.Map.Load(t, pgoff).Folio()
	if fo == 0 {
		fo = folio.Alloc(t, order, false)
		folio.GetN(t, fo, 1<<order-1)
		if err := i.Map.Insert(t, pgoff, order, fo); err != nil {
			panic(err)
		}
		folio.AddLRU(t, fo)
	}
	folio.Hold(t, fo)
	i.Map.UnlockPages(t)
	return fo, nil
}

// drop removes one page, in the order of a truncation.
func drop(t *sched.Task, ino sched.ID, pgoff uint64) {
	m := inode.Of(t, ino).Map
	m.UnmapRange(t, pgoff, pgoff+1, false)
	m.LockPages(t)
	f := m.Load(t, pgoff)
	if f.Folio() != 0 {
		m.Remove(t, f, 1<<f.Order)
	}
	m.UnlockPages(t)
	m.UnmapRange(t, pgoff, pgoff+1, false)
	if f.Folio() != 0 {
		for range 1 << f.Order {
			folio.Release(t, f.Folio())
		}
	}
}

func (fakeFile) Punch(t *sched.Task, file sched.ID, off, n int64) error {
	ino := inode.FileOf(t, file).Inode
	if inode.Seals(t, ino).Any(abi.SealsAnyWrite) {
		return t.Refuse(abi.EPERM, "fake F_SEAL_WRITE")
	}
	for at := off; at < off+n && at < inode.Size(t, ino); at += abi.PageSize {
		drop(t, ino, uint64(at)>>abi.PageShift)
	}
	return nil
}

func (fakeFile) Cached(*sched.Task, sched.ID, uint64) sched.ID { return 0 }

func (fakeFile) Release(*sched.Task, sched.ID) {}

func (fakeFile) Reclaim(t *sched.Task, _, id sched.ID) { folio.Release(t, id) }

func (fakeFile) Evict(t *sched.Task, ino sched.ID) {
	m := inode.Of(t, ino).Map
	for f := m.Find(t, 0, 1<<52); f.OK; f = m.Find(t, 0, 1<<52) {
		drop(t, ino, f.Index)
	}
}

func init() {
	inode.Register(inode.Shmem, fakeFile{})
	inode.Register(inode.Hugetlb, fakeFile{})
}

// newFile makes a file of so many pages and an open file for it.
func newFile(t *sched.Task, kind inode.Kind, pages int64, mode inode.FMode) sched.ID {
	shift := uint8(abi.PageShift)
	if kind == inode.Hugetlb {
		shift = abi.PMDShift
	}
	ino := inode.New(t, inode.Inode{Kind: kind, Size: pages << shift, Shift: shift})
	return inode.Open(t, ino, mode, 0)
}

const rw = inode.Readable | inode.Writable

// machine returns a machine with the newest kernel's behaviour, or another's.
func machine(tb testing.TB, release string) *sched.Sched {
	p := profile.Newest()
	if release != "" {
		var err error
		p, _, err = profile.ForRelease(release)
		require.NoError(tb, err)
	}
	s := sched.NewSched(&p, sched.Clock{HZ: 250}, nil)
	folio.Boot(s.World(), 2)
	tb.Cleanup(s.Stop)
	return s
}

// run runs a task to its end.
func run(tb testing.TB, s *sched.Sched, body func(*sched.Task)) {
	t := s.Spawn("test", body)
	require.NoError(tb, s.RunAll())
	require.Equal(tb, sched.Done, t.State())
	require.Empty(tb, t.Held, "references that the task still holds")
}

// counter reads i_mmap_writable of an open file's inode.
func counter(t *sched.Task, file sched.ID) int32 { return mapOf(t, file).Writable(t) }

func mapOf(t *sched.Task, file sched.ID) mapping.Mapping {
	return inode.Of(t, inode.FileOf(t, file).Inode).Map
}

// layout prints the VMAs, a line each.
func layout(t *sched.Task, id sched.ID) (lines []string) {
	mm.EachVMA(t.Sched().World(), id, func(v mm.VMA) { lines = append(lines, v.String()) })
	return lines
}
