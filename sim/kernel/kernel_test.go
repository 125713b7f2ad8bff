package kernel_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"sealab/sim/abi"
	"sealab/sim/inode"
	"sealab/sim/kernel"
	"sealab/sim/law"
	"sealab/sim/mm"
	"sealab/sim/profile"
	"sealab/sim/sched"
)

func TestTable(tb *testing.T) {
	require.Zero(tb, kernel.SysByName("reboot"))
	for s := kernel.Sys(1); s.Name() != "tgkill"; s++ {
		require.Equal(tb, s, kernel.SysByName(s.Name()))
	}
	k := kernel.Boot(kernel.Config{Profile: profile.Newest()})
	defer k.S.Stop()
	require.Equal(tb, 2, k.Config().CPUs)
	require.Equal(tb, 250, k.Config().HZ)
	_, err := k.Call(k.Spawn("a", 0), kernel.Call{})
	require.ErrorIs(tb, err, kernel.ErrNotModelled)
}

// Two threads share their descriptors, so one may close what the other is using, at
// any step of it.
func TestClosedMeanwhile(tb *testing.T) {
	calls := []kernel.Call{
		{Sys: kernel.SysByName("fcntl"), Args: [6]int64{3, abi.FGetSeals}},
		{Sys: kernel.SysByName("fcntl"), Args: [6]int64{3, abi.FDupfd}},
		{Sys: kernel.SysByName("fcntl"), Args: [6]int64{3, abi.FSetfd, 1}},
		{Sys: kernel.SysByName("write"), Args: [6]int64{3, 0, 1}},
		{Sys: kernel.SysByName("dup3"), Args: [6]int64{3, 8}},
		{Sys: kernel.SysByName("close"), Args: [6]int64{3}},
		{Sys: kernel.SysByName("close_range"), Args: [6]int64{3, 9}},
		{Sys: kernel.SysByName("clone")},
		{Sys: kernel.SysByName("execve")},
		{Sys: kernel.SysByName("openat"), Str: "/proc/self/fd/3", Args: [6]int64{abi.AtFdcwd, 0, abi.ORdwr}},
	}
	for i, call := range calls {
		for seed := range uint64(60) {
			s := play(tb, "newest", `
				memfd_create 0 0 'x' = 3
				clone CLONE_FILES|CLONE_VM 't' = ?`)
			s.k.S.SetChooser(sched.NewRandom(seed))
			c, closing := call, kernel.Call{Sys: kernel.SysByName("close"), Args: [6]int64{3}}
			s.k.Submit(s.procs["a"], &c)
			s.k.Submit(s.procs["t"], &closing)
			require.NoError(tb, s.k.S.RunAll())
			s.k.S.SetChooser(nil)
			require.Empty(tb, law.Broken(s.k.S), "call %d, seed %d", i, seed)
			s.end()
			s.k.S.Stop()
		}
	}
}

func TestTooManyDescriptors(tb *testing.T) {
	s := play(tb, "newest", `
		memfd_create 0 0 'x' = 3
		fcntl 3 F_DUPFD 1048575 = 1048575
		fcntl 3 F_DUPFD 1048575 = EMFILE
		fcntl 3 F_DUPFD 1048576 = EINVAL
		dup2 3 1048576 = EBADF`)
	s.end()
}

// A machine at rest can be copied, and both go on by themselves.
func TestSnapshot(tb *testing.T) {
	s := play(tb, "newest", `
		memfd_create 0 MFD_ALLOW_SEALING 'x' = 3
		write 3 0 1p = 1p
		clone 0 'b' = ?
		clone 0 'gone' = ?
		gone: exit = 0`)
	snap := s.k.Snapshot()
	s.play(`fcntl 3 F_ADD_SEALS F_SEAL_WRITE = 0
		b: write 3 0 1 = EPERM`)
	for range 2 {
		k, procs := snap.Restore()
		require.Len(tb, procs, 2)
		require.Equal(tb, s.k.S.Now(), k.S.Now())
		other := &script{tb: tb, k: k, procs: map[string]*kernel.Proc{"a": procs[0], "b": procs[1]}}
		other.play(`fcntl 3 F_GET_SEALS = 0
			b: write 3 0 1 = 1`)
		other.end()
		k.S.Stop()
	}
	s.end()
	busy := play(tb, "newest", ``)
	busy.k.Submit(busy.procs["a"], &kernel.Call{Sys: kernel.SysByName("fsync")})
	require.Panics(tb, func() { busy.k.Snapshot() })
	require.Panics(tb, func() { busy.k.Submit(busy.procs["a"], &kernel.Call{}) })
}

func TestWaitsForEver(tb *testing.T) {
	s := play(tb, "newest", `pipe2 0 0 = 0`)
	a := s.procs["a"]
	_, err := s.k.Call(a, kernel.Call{Sys: kernel.SysByName("read"), Args: [6]int64{3, 0, 1}})
	require.ErrorContains(tb, err, "waits for ever")
	require.True(tb, a.Busy())
	require.Panics(tb, func() { s.k.Do(func(t *sched.Task) { t.Park() }) }, "the driver must not wait")
	b := s.k.Replace(a)
	s.procs["a"] = b
	s.play(`write 4 0 5 = 5
		read 3 0 9 = 5`)
}

func TestExit(tb *testing.T) {
	s := play(tb, "newest", `clone 0 'b' = ?`)
	b := s.procs["b"]
	s.k.Submit(b, &kernel.Call{Sys: kernel.SysByName("exit")})
	require.NoError(tb, s.k.S.RunFor(3))
	require.True(tb, b.Busy(), "it is on its way out")
	require.NoError(tb, s.k.S.Run())
	require.False(tb, b.Busy())
	require.True(tb, b.Gone())
	res, err := b.Result()
	require.NoError(tb, err)
	require.Zero(tb, res)
	s.k.Reap(b)
	require.Equal(tb, []*kernel.Proc{s.procs["a"]}, s.k.Procs())
	s.end()
}

// What a driver does to a machine whose log shows that the world is so.
func TestDriver(tb *testing.T) {
	s := play(tb, "newest", `
		memfd_create 0 MFD_ALLOW_SEALING 'x' = 3
		clone 0 'b' = ?`)
	a, b := s.procs["a"], s.procs["b"]
	require.True(tb, s.k.MoveFD(a, 3, 7))
	require.False(tb, s.k.MoveFD(a, 3, 8), "there is nothing any more")
	require.False(tb, s.k.MoveFD(a, 7, -1))
	require.Equal(tb, inode.Shmem, s.k.KindOf(s.k.FileAt(a, 7)))
	s.k.OpenOther(a, 9, kernel.Other{Kind: inode.Anonymous, Name: "socket", Mode: inode.Readable})
	require.True(tb, s.k.MoveFD(a, 7, 9), "what is not ours gives way")
	s.k.OpenOther(a, 3, kernel.Other{Kind: inode.Regular, Name: "file", Mode: inode.Readable})
	require.False(tb, s.k.MoveFD(a, 9, 3), "what is known does not")
	s.k.OpenOther(a, 9, kernel.Other{Kind: inode.Anonymous, Name: "another", Mode: inode.Readable})
	s.k.OpenOther(a, -1, kernel.Other{Kind: inode.Anonymous, Name: "nowhere", Mode: inode.Readable})
	require.Equal(tb, inode.Anonymous, s.k.KindOf(s.k.FileAt(a, 9)))
	require.Zero(tb, s.k.FileAt(a, 12))

	file := s.k.FileAt(b, 3)
	s.k.SendFile(file, a, 5, true)
	s.k.SendFile(file, a, 5, false)
	s.k.SendFile(file, a, -1, false)
	s.play(`fcntl 5 F_ADD_SEALS F_SEAL_GROW = 0
		b: fcntl 3 F_GET_SEALS = F_SEAL_GROW
		read 3 0 1 = -
		fcntl 3 F_GET_SEALS = EINVAL
		read 9 0 1 = -
		splice 9 -1 5 0 1 0 = ?`)

	s.k.MakeTmpfs(s.k.FileAt(a, 3))
	s.play(`fcntl 3 F_GET_SEALS = F_SEAL_SEAL`)

	require.False(tb, s.k.Mapped(a, 0x10000000, 0x10001000))
	require.True(tb, s.k.MapOther(a, 0x10000000, 0x10001000, false))
	require.True(tb, s.k.Mapped(a, 0x10000000, 0x10001000))
	require.False(tb, s.k.MapOther(a, 0x10000000, 0x10001000, false))
	require.True(tb, s.k.MapOther(a, 0x10000000, 0x10001000, true))
	addr := s.k.MapAnywhere(a, abi.PageSize)
	require.True(tb, s.k.Mapped(a, addr, addr+1))
	s.k.Unmap(a, addr, abi.PageSize)
	require.False(tb, mm.Lookup(s.k.S.World(), a.MM, addr).OK())
	s.k.CloseFD(a, 9)
	require.Zero(tb, s.k.FileAt(a, 9))

	s.play(`b: fcntl 3 F_GET_SEALS = F_SEAL_GROW`)
	require.Zero(tb, s.k.HoldPage(a, 44, 1))
	require.Zero(tb, s.k.HoldPage(a, 3, 1), "a file without pages of ours")
	require.Zero(tb, s.k.HoldPage(a, 5, 1), "an empty file")
	s.end()
}

func TestHoldPage(tb *testing.T) {
	s := play(tb, "newest", `
		memfd_create 0 MFD_ALLOW_SEALING 'x' = 3
		ftruncate 3 1p = 0`)
	a := s.procs["a"]
	for range 2 { // a hole first, then a page
		io := s.k.HoldPage(a, 3, 1)
		s.play(`fcntl 3 F_ADD_SEALS F_SEAL_WRITE = EBUSY @150`)
		s.k.LetGo(io)
	}
	require.Positive(tb, s.k.Folios())
	s.play(`fcntl 3 F_ADD_SEALS F_SEAL_WRITE = 0 @0`)
	s.end()
}

func TestEncoding(tb *testing.T) {
	f := &kernel.FDTable{Slots: []kernel.FD{{}, {File: 4}}, Users: 1}
	for name, change := range map[string]func(*kernel.FDTable){
		"file": func(f *kernel.FDTable) { f.Slots[1].File++ }, "cloexec": func(f *kernel.FDTable) { f.Slots[1].CloExec = true },
		"users": func(f *kernel.FDTable) { f.Users++ }, "place": func(f *kernel.FDTable) { f.Slots[0].File = 1 },
	} {
		c := f.Clone().(*kernel.FDTable)
		require.Equal(tb, f.Encode(nil), c.Encode(nil))
		change(c)
		require.NotEqual(tb, f.Encode(nil), c.Encode(nil), name)
	}
}
