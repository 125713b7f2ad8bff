package inode_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"sealab/sim/abi"
	"sealab/sim/folio"
	"sealab/sim/inode"
	"sealab/sim/profile"
	"sealab/sim/sched"
)

// fake notes what it is asked.
type fake struct{ said []string }

func (f *fake) Fault(*sched.Task, sched.ID, uint64, bool) (sched.ID, error) { return 0, nil }
func (f *fake) Punch(*sched.Task, sched.ID, int64, int64) error             { return nil }
func (f *fake) Reclaim(*sched.Task, sched.ID, sched.ID)                     {}
func (f *fake) Cached(*sched.Task, sched.ID, uint64) sched.ID               { return 0 }
func (f *fake) Release(*sched.Task, sched.ID)                               { f.said = append(f.said, "release") }
func (f *fake) Evict(*sched.Task, sched.ID)                                 { f.said = append(f.said, "evict") }

func machine(chooser sched.Chooser) *sched.Sched {
	p := profile.Newest()
	s := sched.NewSched(&p, sched.Clock{HZ: 250}, chooser)
	folio.Boot(s.World(), 1)
	return s
}

func run(tb testing.TB, s *sched.Sched, body func(*sched.Task)) {
	t := s.Spawn("test", body)
	require.NoError(tb, s.RunAll())
	require.Equal(tb, sched.Done, t.State())
	s.Reap(t)
}

func TestLifeOfAFile(tb *testing.T) {
	ops := &fake{}
	inode.Register(inode.Device, ops)
	defer inode.Register(inode.Device, nil)
	s := machine(nil)
	defer s.Stop()
	run(tb, s, func(t *sched.Task) {
		before := s.World().Encode(nil)
		t.Origin = 12
		ino := inode.New(t, inode.Inode{Kind: inode.Device, Name: "x", Mode: 0o600})
		require.EqualValues(tb, 12, sched.Peek[inode.Inode](s.World(), ino).Origin, "the line that made it")
		a := inode.Open(t, ino, inode.Readable|inode.Writable, abi.ORdwr)
		b := inode.Open(t, ino, inode.Readable, abi.ORdonly)

		inode.SetPos(t, a, 100)
		require.EqualValues(tb, 100, inode.Pos(t, a))
		require.Zero(tb, inode.Pos(t, b), "each open file has a position of its own")
		inode.SetFlags(t, a, abi.ORdwr|abi.OAppend)
		require.Equal(tb, inode.Opened{Inode: ino, Mode: inode.Readable | inode.Writable, Flags: abi.ORdwr | abi.OAppend},
			inode.FileOf(t, a))

		inode.GetFile(t, a)
		inode.PutFile(t, a)
		require.Empty(tb, ops.said)
		require.True(tb, inode.TryGetFile(t, a))
		inode.PutFile(t, a)
		inode.PutFile(t, a)
		require.Equal(tb, []string{"release"}, ops.said)
		inode.PutFile(t, b)
		require.Equal(tb, []string{"release", "release", "evict"}, ops.said)
		require.Equal(tb, before, s.World().Encode(nil), "nothing is left")
	})
}

func TestAttributes(tb *testing.T) {
	s := machine(nil)
	defer s.Stop()
	run(tb, s, func(t *sched.Task) {
		ino := inode.New(t, inode.Inode{Kind: inode.Shmem, Mode: 0o777})
		inode.Get(t, ino)
		i := inode.Of(t, ino)
		require.EqualValues(tb, 12, i.Shift)
		require.NotZero(tb, i.Map.Pages)
		t.Origin = 3
		inode.AddSeals(t, ino, abi.SealGrow)
		t.Origin = 4
		inode.AddSeals(t, ino, abi.SealGrow|abi.SealShrink)
		require.Equal(tb, abi.SealGrow|abi.SealShrink, inode.Seals(t, ino))
		sealed := sched.Peek[inode.Inode](s.World(), ino).Sealed
		require.EqualValues(tb, 3, sealed[2], "the line that added it first")
		require.EqualValues(tb, 4, sealed[1])
		inode.SetSize(t, ino, 5)
		require.EqualValues(tb, 5, inode.Size(t, ino))
		inode.SetMode(t, ino, 0o644)
		require.EqualValues(tb, 0o644, inode.Mode(t, ino))
		inode.Put(t, ino)
	})
}

func TestMay(tb *testing.T) {
	run(tb, machine(nil), func(t *sched.Task) {
		for _, c := range []struct {
			mode, need inode.FMode
			err        error
		}{
			{inode.Readable, inode.Readable, nil},
			{inode.Readable, inode.Writable, abi.EBADF},
			{inode.Readable, 0, nil},
			{inode.PathOnly, 0, abi.EBADF},
		} {
			require.Equal(tb, c.err, inode.Opened{Mode: c.mode}.May(t, c.need, "a check"))
		}
	})
}

// Whoever looks at an open file under RCU finds it there, though it is being closed.
func TestClosedUnderRCU(tb *testing.T) {
	s := machine(nil)
	defer s.Stop()
	f := sched.ID(0)
	run(tb, s, func(t *sched.Task) {
		f = inode.Open(t, inode.New(t, inode.Inode{Kind: inode.Anonymous}), inode.Readable, 0)
	})
	reader := s.Spawn("reader", func(t *sched.Task) {
		t.RCUReadLock()
		t.Park()
		require.False(tb, inode.TryGetFile(t, f), "it is on its way out")
		t.RCUReadUnlock()
	})
	closer := s.Spawn("closer", func(t *sched.Task) { inode.PutFile(t, f) })
	require.NoError(tb, s.RunAll())
	require.Equal(tb, sched.Waiting, closer.State())
	s.Start(reader)
	require.NoError(tb, s.RunAll())
	require.Equal(tb, sched.Done, closer.State())
	require.Nil(tb, s.World().Object(f))
}

func TestKinds(tb *testing.T) {
	names := map[string]bool{}
	for k := inode.Shmem; k <= inode.Ring; k++ {
		require.NotEmpty(tb, k.Phrase())
		names[k.String()] = true
		require.Equal(tb, k == inode.Shmem || k == inode.Hugetlb, k.Sealable())
	}
	require.Len(tb, names, int(inode.Ring))
}

func TestCopies(tb *testing.T) {
	i := &inode.Inode{Kind: inode.Shmem}
	for name, change := range map[string]func(*inode.Inode){
		"size": func(i *inode.Inode) { i.Size++ }, "mode": func(i *inode.Inode) { i.Mode = 0o400 },
		"seals": func(i *inode.Inode) { i.Seals = 1 }, "refs": func(i *inode.Inode) { i.Refs++ },
		"lock": func(i *inode.Inode) { i.Lock++ }, "info": func(i *inode.Inode) { i.Info++ },
		"map": func(i *inode.Inode) { i.Map.Pages++ }, "kind": func(i *inode.Inode) { i.Kind++ },
	} {
		c := i.Clone().(*inode.Inode)
		require.Equal(tb, i.Encode(nil), c.Encode(nil))
		change(c)
		require.NotEqual(tb, i.Encode(nil), c.Encode(nil), name)
	}
	f := &inode.File{Inode: 1}
	for name, change := range map[string]func(*inode.File){
		"inode": func(f *inode.File) { f.Inode++ }, "mode": func(f *inode.File) { f.Mode++ },
		"flags": func(f *inode.File) { f.Flags++ }, "pos": func(f *inode.File) { f.Pos++ },
		"refs": func(f *inode.File) { f.Refs++ },
	} {
		c := f.Clone().(*inode.File)
		require.Equal(tb, f.Encode(nil), c.Encode(nil))
		change(c)
		require.NotEqual(tb, f.Encode(nil), c.Encode(nil), name)
	}
}
