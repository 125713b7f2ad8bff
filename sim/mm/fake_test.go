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

// fakeFile is a file system for tests: its page tree is a Go map in an object that
// the inode's Info names.
type fakeFile struct{}

type fakePages struct{ at map[uint64]sched.ID }

func (p *fakePages) Clone() sched.Object {
	c := &fakePages{map[uint64]sched.ID{}}
	for k, v := range p.at {
		c.at[k] = v
	}
	return c
}
func (p *fakePages) Encode(dst []byte) []byte { return dst }

var (
	fakeLoad  = sched.NewOp("fake load", sched.Read, func(p *fakePages, i uint64) sched.ID { return p.at[i] })
	fakeStore = sched.NewOp("fake store", sched.Write, func(p *fakePages, a [2]uint64) sched.None {
		if p.at[a[0]] = sched.ID(a[1]); a[1] == 0 {
			delete(p.at, a[0])
		}
		return sched.None{}
	})
)

func (fakeFile) Fault(t *sched.Task, ino sched.ID, pgoff uint64, _ bool) (sched.ID, error) {
	i := inode.Of(t, ino)
	if int64(pgoff) >= (inode.Size(t, ino)+abi.PageSize-1)>>abi.PageShift {
		return 0, t.Refuse(abi.EFAULT, "fake EOF")
	}
	t.Lock(i.Map.Lock)
	fo := fakeLoad.On(t, i.Info, pgoff)
	if fo == 0 {
		fo = folio.Alloc(t, i.Shift-abi.PageShift, false)
		folio.Place(t, fo, i.Map.Pages, pgoff)
		fakeStore.On(t, i.Info, [2]uint64{pgoff, uint64(fo)})
	}
	folio.Hold(t, fo)
	t.Unlock(i.Map.Lock)
	return fo, nil
}

// drop removes one page, in the order of a truncation.
func drop(t *sched.Task, ino sched.ID, pgoff uint64) {
	i := inode.Of(t, ino)
	i.Map.UnmapRange(t, pgoff, pgoff+1, false)
	t.Lock(i.Map.Lock)
	fo := fakeLoad.On(t, i.Info, pgoff)
	if fo != 0 {
		fakeStore.On(t, i.Info, [2]uint64{pgoff, 0})
		folio.Place(t, fo, 0, 0)
		t.Hold(fo)
	}
	t.Unlock(i.Map.Lock)
	i.Map.UnmapRange(t, pgoff, pgoff+1, false)
	if fo != 0 {
		folio.Release(t, fo)
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

func (fakeFile) Release(*sched.Task, sched.ID) {}

func (fakeFile) Evict(t *sched.Task, ino sched.ID) {
	info := inode.Of(t, ino).Info
	if info == 0 {
		return // shared anonymous memory
	}
	for at := int64(0); at < inode.Size(t, ino); at += abi.PageSize {
		drop(t, ino, uint64(at)>>abi.PageShift)
	}
	sched.Free(t, info)
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
	info := sched.New(t, &fakePages{map[uint64]sched.ID{}})
	ino := inode.New(t, inode.Inode{Kind: kind, Size: pages << shift, Shift: shift, Info: info})
	return inode.Open(t, ino, mode, 0)
}

const rw = inode.Readable | inode.Writable

// kernel returns a machine with the newest kernel's behaviour, or another's.
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
