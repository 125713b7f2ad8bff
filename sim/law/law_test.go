package law_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sealab/sim/abi"
	"sealab/sim/folio"
	"sealab/sim/inode"
	"sealab/sim/kernel"
	"sealab/sim/law"
	"sealab/sim/mapping"
	"sealab/sim/mm"
	"sealab/sim/pin"
	"sealab/sim/profile"
	"sealab/sim/sched"
	"sealab/sim/xarray"
)

// boot is a machine with a process that has a mapped memfd at 3, a pipe at 4 and 5
// that holds its first page, and a sealed memfd at 6.
func boot() (*kernel.Kernel, *kernel.Proc) {
	k := kernel.Boot(kernel.Config{Profile: profile.Newest(), CPUs: 1})
	p := k.Spawn("a", 0)
	call := func(name, str string, args ...int64) {
		c := kernel.Call{Sys: kernel.SysByName(name), Str: str}
		copy(c.Args[:], args)
		if res, err := k.Call(p, c); err != nil || res.Errno != 0 {
			panic(fmt.Sprint(name, res, err))
		}
	}
	call("memfd_create", "file", 0, abi.MfdAllowSealing)
	call("write", "", 3, 0, 2*abi.PageSize)
	call("mmap", "", 0x10000000, 2*abi.PageSize, abi.ProtRead|abi.ProtWrite, abi.MapShared|abi.MapFixed|abi.MapPopulate, 3, 0)
	call("pipe2", "", 0, 0)
	call("splice", "", 3, 0, 5, -1, 100, 0)
	call("memfd_create", "sealed", 0, abi.MfdAllowSealing)
	call("write", "", 6, 0, abi.PageSize)
	call("fcntl", "", 6, abi.FAddSeals, int64(abi.SealWrite))
	return k, p
}

func inodeAt(k *kernel.Kernel, p *kernel.Proc, fd int64) *inode.Inode {
	w := k.S.World()
	return sched.Peek[inode.Inode](w, sched.Peek[inode.File](w, k.FileAt(p, fd)).Inode)
}

func folioOf(k *kernel.Kernel, i *inode.Inode, index uint64) (*folio.Folio, sched.ID) {
	tree := sched.Peek[mapping.Pages](k.S.World(), i.Map.Pages)
	id := sched.ID(tree.X.Load(index).Folio())
	return sched.Peek[folio.Folio](k.S.World(), id), id
}

// Each law, broken by hand.
func TestBroken(tb *testing.T) {
	k, _ := boot()
	require.Empty(tb, law.Broken(k.S))
	for _, c := range []struct {
		says  string
		spoil func(k *kernel.Kernel, p *kernel.Proc, file, sealed *inode.Inode)
	}{
		{"references", func(k *kernel.Kernel, _ *kernel.Proc, file, _ *inode.Inode) { f, _ := folioOf(k, file, 0); f.Refs++ }},
		{"references", func(k *kernel.Kernel, p *kernel.Proc, _, _ *inode.Inode) {
			pipe := sched.Peek[pin.Pipe](k.S.World(), inodeAt(k, p, 4).Info)
			pipe.Bufs = nil
		}},
		{"references", func(k *kernel.Kernel, _ *kernel.Proc, file, _ *inode.Inode) {
			sched.Peek[mapping.Pages](k.S.World(), file.Map.Pages).X.Store(1, 0)
		}},
		{"map count", func(k *kernel.Kernel, _ *kernel.Proc, file, _ *inode.Inode) {
			f, _ := folioOf(k, file, 1)
			f.Maps, f.Refs = f.Maps+1, f.Refs+1
		}},
		{"nrpages", func(k *kernel.Kernel, _ *kernel.Proc, file, _ *inode.Inode) {
			sched.Peek[mapping.Pages](k.S.World(), file.Map.Pages).Nr++
		}},
		{"countable", func(k *kernel.Kernel, _ *kernel.Proc, file, _ *inode.Inode) {
			sched.Peek[mapping.Counter](k.S.World(), file.Map.Counter).N = 0
		}},
		{"countable", func(k *kernel.Kernel, _ *kernel.Proc, file, _ *inode.Inode) {
			sched.Peek[mapping.Counter](k.S.World(), file.Map.Counter).N = 2
		}},
		{"without a seal and without a sealer", func(k *kernel.Kernel, _ *kernel.Proc, file, _ *inode.Inode) {
			sched.Peek[mapping.Counter](k.S.World(), file.Map.Counter).N = -1
		}},
		{"denied more than once", func(k *kernel.Kernel, _ *kernel.Proc, _, sealed *inode.Inode) {
			sched.Peek[mapping.Counter](k.S.World(), sealed.Map.Counter).N = -2
		}},
		{"F_SEAL_WRITE is set", func(k *kernel.Kernel, _ *kernel.Proc, _, sealed *inode.Inode) {
			sched.Peek[mapping.Counter](k.S.World(), sealed.Map.Counter).N = 0
		}},
		{"F_SEAL_WRITE is set", func(_ *kernel.Kernel, _ *kernel.Proc, file, _ *inode.Inode) { file.Seals = abi.SealWrite }},
		{"tagged", func(k *kernel.Kernel, _ *kernel.Proc, file, _ *inode.Inode) {
			sched.Peek[mapping.Pages](k.S.World(), file.Map.Pages).X.SetMark(0, mapping.TagToWrite)
		}},
		{"i_rwsem", func(k *kernel.Kernel, _ *kernel.Proc, file, _ *inode.Inode) {
			sched.Peek[sched.RWSem](k.S.World(), file.Lock).Readers = 1
		}},
		{"i_pages is left behind by task 9", func(k *kernel.Kernel, _ *kernel.Proc, file, _ *inode.Inode) {
			sched.Peek[sched.SpinLock](k.S.World(), file.Map.Lock).Owner = 9
		}},
		{"RCU", func(k *kernel.Kernel, _ *kernel.Proc, _, _ *inode.Inode) {
			sched.Peek[sched.RCU](k.S.World(), sched.RCUID).Readers = 1
		}},
		{"open file", func(k *kernel.Kernel, p *kernel.Proc, _, _ *inode.Inode) {
			sched.Peek[inode.File](k.S.World(), k.FileAt(p, 3)).Refs++
		}},
		{"open files", func(_ *kernel.Kernel, _ *kernel.Proc, file, _ *inode.Inode) { file.Refs++ }},
		{"reverse map lacks", func(k *kernel.Kernel, _ *kernel.Proc, file, _ *inode.Inode) {
			sched.Peek[mapping.Mmap](k.S.World(), file.Map.Mmap).Users = nil
		}},
		{"no process has", func(k *kernel.Kernel, _ *kernel.Proc, file, _ *inode.Inode) {
			m := sched.Peek[mapping.Mmap](k.S.World(), file.Map.Mmap)
			m.Users = append(m.Users, mapping.User{MM: 1, Start: 4096})
		}},
		{"is idle and holds", func(_ *kernel.Kernel, p *kernel.Proc, _, _ *inode.Inode) { p.Task.Hold(1) }},
	} {
		k, p := boot()
		c.spoil(k, p, inodeAt(k, p, 3), inodeAt(k, p, 6))
		wrong := law.Broken(k.S)
		require.NotEmpty(tb, wrong, c.says)
		require.Contains(tb, fmt.Sprint(wrong), c.says)
	}
}

// In the middle of a call, what a task has on the way is its own.
func TestInTheMiddle(tb *testing.T) {
	k, p := boot()
	k.Submit(p, &kernel.Call{Sys: kernel.SysByName("munmap"), Args: [6]int64{0x10000000, 2 * abi.PageSize}})
	steps := 0
	for ; p.Busy(); steps++ {
		require.NoError(tb, k.S.RunFor(1))
		require.Empty(tb, law.Broken(k.S), "step %d", steps)
	}
	require.Greater(tb, steps, 10)
}

// A page table entry must lie in a mapping.
func TestEntryFits(tb *testing.T) {
	k, p := boot()
	k.Do(func(t *sched.Task) {
		require.NoError(tb, mm.Protect(t, p.MM, 0x10000000, abi.PageSize, abi.ProtRead))
	})
	require.Empty(tb, law.Broken(k.S), "mprotect takes the right to write from the entry too")
}

func TestHistory(tb *testing.T) {
	k, p := boot()
	file, sealed := inodeAt(k, p, 3), inodeAt(k, p, 6)
	var h law.History
	require.Empty(tb, h.Look(k.S))
	f, _ := folioOf(k, file, 0)
	f.Content++
	require.Empty(tb, h.Look(k.S), "it is not sealed")
	g, _ := folioOf(k, sealed, 0)
	g.Content++
	require.Contains(tb, fmt.Sprint(h.Look(k.S)), "sealed: bytes changed")
	require.Empty(tb, h.Look(k.S), "once is enough")
	sealed.Size = 100
	g.Content++
	require.Empty(tb, h.Look(k.S), "the end of the file lies in that page")
	sealed.Seals = 0
	require.Contains(tb, fmt.Sprint(h.Look(k.S)), "lost F_SEAL_WRITE")
}

// Kernels that let F_SEAL_EXEC imply F_SEAL_WRITE unchecked are the known exception.
func TestExcepted(tb *testing.T) {
	k, p := boot()
	file := inodeAt(k, p, 3)
	file.Seals = abi.SealExec | abi.SealsExecImplied
	require.NotEmpty(tb, law.Broken(k.S))
	k.S.Profile.ExecImply = profile.ExecImplyAfterCheck
	require.Empty(tb, law.Broken(k.S))
	require.False(tb, law.Excepted(k.S.Profile, inodeAt(k, p, 6)))
}

// What a kernel of 4.20 to 5.16 leaves behind is no broken law of the model.
func TestLeftMark(tb *testing.T) {
	k, p := boot()
	k.S.Profile.ValueClearsMark = false
	tree := sched.Peek[mapping.Pages](k.S.World(), inodeAt(k, p, 3).Map.Pages)
	tree.X.Store(9, xarray.ValueEntry(uint64(k.S.World().Add(&folio.Slot{}))))
	tree.X.SetMark(9, mapping.TagToWrite)
	require.Empty(tb, law.Broken(k.S))
	tree.X.Store(10, xarray.ValueEntry(1<<20))
	require.Contains(tb, fmt.Sprint(law.Broken(k.S)), "what its slot has is gone")
}

func TestLeft(tb *testing.T) {
	k, p := boot()
	require.NotEmpty(tb, law.Left(k.S))
	_, err := k.Call(p, kernel.Call{Sys: kernel.SysByName("exit_group")})
	require.NoError(tb, err)
	require.Empty(tb, law.Left(k.S))
	page := sched.ID(0)
	k.Do(func(t *sched.Task) { page = folio.Alloc(t, 0, true) })
	require.NotEmpty(tb, law.Left(k.S))
	k.Do(func(t *sched.Task) { folio.Put(t, page) })
	require.Empty(tb, law.Left(k.S))
	k.S.World().Add(&pin.Ring{})
	require.NotEmpty(tb, law.Left(k.S))
}

// The laws can be asked at any moment; a broken one is a sentence.
func Example() {
	k, p := boot()
	fmt.Println("broken:", law.Broken(k.S))
	f, id := folioOf(k, inodeAt(k, p, 6), 0)
	f.Refs++ // as if somebody forgot to give a reference back
	for _, wrong := range law.Broken(k.S) {
		fmt.Println(strings.Replace(wrong, fmt.Sprint("folio ", id), "the page", 1))
	}
	// Output:
	// broken: []
	// the page has 2 references: 1 of the page cache, 0 of page tables and 0 held make 1
}
