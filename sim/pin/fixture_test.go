package pin_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"sealab/sim/abi"
	"sealab/sim/folio"
	"sealab/sim/inode"
	"sealab/sim/mapping"
	"sealab/sim/mm"
	"sealab/sim/pin"
	"sealab/sim/profile"
	"sealab/sim/sched"
	"sealab/sim/shmem"
)

const page = abi.PageSize

func machine(tb testing.TB, kernel string) *sched.Sched {
	p, _, err := profile.Find(kernel)
	require.NoError(tb, err)
	s := sched.NewSched(&p, sched.Clock{HZ: 250}, nil)
	folio.Boot(s.World(), 2)
	tb.Cleanup(s.Stop)
	return s
}

func run(tb testing.TB, s *sched.Sched, body func(*sched.Task)) {
	t := s.Spawn("test", body)
	require.NoError(tb, s.RunAll())
	require.Equal(tb, sched.Done, t.State(), "it waits for ever")
	require.Empty(tb, t.Held)
	s.Reap(t)
}

// newFile makes a file of tmpfs of so many bytes, none of its pages in a batch.
func newFile(t *sched.Task, size int64) sched.ID {
	ino := inode.New(t, inode.Inode{Kind: inode.Shmem, Name: "file", Mode: 0o777})
	f := inode.Open(t, ino, inode.Readable|inode.Writable, abi.ORdwr)
	if _, _, err := shmem.Write(t, f, 0, size, 1); err != nil {
		panic(err)
	}
	folio.DrainAllBatches(t)
	return f
}

// pageOf returns the folio at a page of a file.
func pageOf(t *sched.Task, f sched.ID, index uint64) sched.ID {
	return inode.Of(t, inode.FileOf(t, f).Inode).Map.Load(t, index).Folio()
}

// extra returns the references to a page of a file beyond the page cache's own.
func extra(t *sched.Task, f sched.ID, index uint64) int32 {
	id := pageOf(t, f, index)
	return folio.RefCount(t, id) - folio.MapCount(t, id) - 1
}

// buffers returns what is in a pipe, by one of its ends.
func buffers(t *sched.Task, end sched.ID) []pin.Buf {
	w := t.Sched().World()
	return sched.Peek[pin.Pipe](w, inode.Of(t, inode.FileOf(t, end).Inode).Info).Bufs
}

func pipeOf(t *sched.Task, end sched.ID) sched.ID {
	return inode.Of(t, inode.FileOf(t, end).Inode).Info
}

// memory maps a whole file, and returns the space and the address.
func memory(tb testing.TB, t *sched.Task, f sched.ID, prot, flags uint64) (space sched.ID, addr uint64) {
	space = mm.New(t)
	n := uint64(inode.Size(t, inode.FileOf(t, f).Inode))
	addr, err := mm.Map(t, space, mm.MapArgs{Len: n, Prot: prot, Flags: flags, File: f})
	require.NoError(tb, err)
	return space, addr
}

// holders lists who holds a folio.
func holders(s *sched.Sched, id sched.ID) (kinds []pin.Kind, refs int32) {
	pin.EachHolder(s.World(), func(h pin.Holder) {
		if h.Folio == id {
			kinds = append(kinds, h.Kind)
			refs += h.Refs
		}
	})
	return kinds, refs
}

func tree(s *sched.Sched, f sched.ID) *mapping.Pages {
	i := sched.Peek[inode.Inode](s.World(), sched.Peek[inode.File](s.World(), f).Inode)
	return sched.Peek[mapping.Pages](s.World(), i.Map.Pages)
}
