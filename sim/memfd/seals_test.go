package memfd_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"sealab/sim/abi"
	"sealab/sim/folio"
	"sealab/sim/inode"
	"sealab/sim/memfd"
	"sealab/sim/profile"
	"sealab/sim/sched"
)

const (
	grow, shrink, write = abi.SealGrow, abi.SealShrink, abi.SealWrite
	seal, future, exec  = abi.SealSeal, abi.SealFutureWrite, abi.SealExec
)

// opened makes an inode and opens it.
func opened(t *sched.Task, i inode.Inode, mode inode.FMode) sched.ID {
	return inode.Open(t, inode.New(t, i), mode, 0)
}

func TestOrderOfChecks(tb *testing.T) {
	const rw, ro = inode.Readable | inode.Writable, inode.Readable
	sealable := inode.Inode{Kind: inode.Shmem}
	sealed := inode.Inode{Kind: inode.Shmem, Seals: seal}
	huge := inode.Inode{Kind: inode.Hugetlb, Shift: abi.PMDShift}
	regular := inode.Inode{Kind: inode.Regular}
	cases := []struct {
		name   string
		kernel string
		file   inode.Inode
		mode   inode.FMode
		arg    uint64
		err    error
		check  string
	}{
		{"not open for writing", "newest", sealable, ro, 8, abi.EPERM, "FMODE_WRITE"},
		{"unknown bit", "newest", sealable, rw, 0x40, abi.EINVAL, "F_ALL_SEALS"},
		{"unknown bit among known ones", "newest", sealable, rw, 0x44, abi.EINVAL, "F_ALL_SEALS"},
		{"a file without seals", "newest", regular, rw, 8, abi.EINVAL, "memfd_file_seals_ptr"},
		{"sealed against seals", "newest", sealed, rw, 8, abi.EPERM, "F_SEAL_SEAL"},
		{"no seal at all", "newest", sealable, rw, 0, nil, ""},
		{"no seal at all, sealed", "newest", sealed, rw, 0, abi.EPERM, "F_SEAL_SEAL"},

		{"mode before bits", "newest", sealable, ro, 0x40, abi.EPERM, "FMODE_WRITE"},
		{"bits before F_SEAL_SEAL", "newest", sealed, rw, 0x40, abi.EINVAL, "F_ALL_SEALS"},
		{"bits before kind", "newest", regular, rw, 0x40, abi.EINVAL, "F_ALL_SEALS"},
		{"mode before kind", "newest", regular, ro, 8, abi.EPERM, "FMODE_WRITE"},
		{"4.19: mode before kind", "B", regular, ro, 8, abi.EPERM, "FMODE_WRITE"},
		{"4.14: kind before mode", "A", regular, ro, 8, abi.EINVAL, "memfd_file_seals_ptr"},
		{"4.14: kind before bits", "A", regular, rw, 0x40, abi.EINVAL, "memfd_file_seals_ptr"},
		{"4.14: mode before bits", "A", sealable, ro, 0x40, abi.EPERM, "FMODE_WRITE"},
		{"4.14: huge pages cannot be sealed", "A", huge, rw, 4, abi.EINVAL, "memfd_file_seals_ptr"},
		{"4.19: they can", "B", huge, rw, 4, nil, ""},

		{"wide argument ignored", "6.6.0", sealable, rw, 1<<32 | 4, nil, ""},
		{"wide argument ignored, sign", "newest", sealable, rw, 0xffffffff00000004, nil, ""},
		{"wide argument refused", "6.1.0", sealable, rw, 1<<32 | 4, abi.EINVAL, "fcntl argument width"},
		{"wide argument before mode", "A", sealable, ro, 1 << 63, abi.EINVAL, "fcntl argument width"},
		{"wide argument before kind", "A", regular, ro, 1 << 63, abi.EINVAL, "fcntl argument width"},

		{"F_SEAL_FUTURE_WRITE before 5.1", "5.0.0", sealable, rw, 0x14, abi.EINVAL, "F_ALL_SEALS"},
		{"F_SEAL_FUTURE_WRITE", "5.1.0", sealable, rw, 0x14, nil, ""},
		{"F_SEAL_EXEC before 6.3", "6.2.0", sealable, rw, 0x24, abi.EINVAL, "F_ALL_SEALS"},
		{"F_SEAL_EXEC", "6.3.0", sealable, rw, 0x24, nil, ""},
	}
	for _, c := range cases {
		tb.Run(c.name, func(tb *testing.T) {
			s := machine(tb, kernelOf(tb, c.kernel), 250)
			run(tb, s, func(t *sched.Task) {
				f := opened(t, c.file, c.mode)
				require.Equal(tb, c.err, memfd.AddSeals(t, f, c.arg))
				require.Equal(tb, c.check, t.Refusal.Check)
				require.Zero(tb, s.Now(), "it waited")
				if c.file.Kind != inode.Regular {
					want := c.file.Seals
					if c.err == nil {
						want |= abi.Seals(c.arg)
					}
					require.Equal(tb, want, sealsOf(s.World(), f), "all of them, or none")
				}
				inode.PutFile(t, f)
			})
		})
	}
}

func TestGetSeals(tb *testing.T) {
	for _, c := range []struct {
		kernel string
		kind   inode.Kind
		err    error
	}{
		{"newest", inode.Shmem, nil},
		{"newest", inode.Hugetlb, nil},
		{"A", inode.Hugetlb, abi.EINVAL},
		{"newest", inode.Regular, abi.EINVAL},
		{"newest", inode.Pipe, abi.EINVAL},
	} {
		run(tb, machine(tb, kernelOf(tb, c.kernel), 250), func(t *sched.Task) {
			got, err := memfd.GetSeals(t, opened(t, inode.Inode{Kind: c.kind, Seals: seal | grow}, inode.Readable))
			require.Equal(tb, c.err, err, c.kind)
			if err == nil {
				require.Equal(tb, seal|grow, got)
			}
		})
	}
}

// Only F_SEAL_WRITE asks who is writing, and only once.
func TestWhoIsAsked(tb *testing.T) {
	s := newest(tb)
	f := fileIn(tb, s, 1)
	pin(tb, s, f, 0)
	run(tb, s, func(t *sched.Task) {
		m := mapOf(s.World(), f)
		require.NoError(tb, m.MapWritable(t)) // a mapping that may become writable
		require.NoError(tb, memfd.AddSeals(t, f, uint64(grow|shrink|future)))

		require.Equal(tb, abi.EBUSY, memfd.AddSeals(t, f, uint64(write)))
		require.Equal(tb, "mapping_deny_writable", t.Refusal.Check)
		require.EqualValues(tb, 1, t.Refusal.Facts[0].Value)
		require.False(tb, tagged(s.World(), f), "no page was looked at")
		m.UnmapWritable(t)
		require.Zero(tb, s.Now())

		require.Equal(tb, abi.EBUSY, memfd.AddSeals(t, f, uint64(write|seal)))
		require.Equal(tb, "memfd_wait_for_pins", t.Refusal.Check)
		require.Equal(tb, folioAt(s.World(), f, 0), t.Refusal.Objects[1])
		require.EqualValues(tb, 150*ms, s.Now())
		require.Equal(tb, grow|shrink|future, sealsOf(s.World(), f), "all of them, or none")
		require.Zero(tb, counter(s.World(), f), "and mappings are allowed again")
		require.False(tb, tagged(s.World(), f))

		folio.Put(t, folioAt(s.World(), f, 0))
		require.NoError(tb, memfd.AddSeals(t, f, uint64(write)))
		require.EqualValues(tb, -1, counter(s.World(), f))
		require.Equal(tb, abi.EPERM, m.MapWritable(t))

		folio.Get(t, folioAt(s.World(), f, 0))
		require.NoError(tb, memfd.AddSeals(t, f, uint64(write|seal)), "it is set already: nobody is asked again")
		require.EqualValues(tb, 150*ms, s.Now())
		require.EqualValues(tb, -1, counter(s.World(), f), "and denied only once")
	})
}

func TestSealedAgainstSealsDoesNotWait(tb *testing.T) {
	s := newest(tb)
	f := fileIn(tb, s, 1)
	pin(tb, s, f, 0)
	run(tb, s, func(t *sched.Task) {
		require.NoError(tb, memfd.AddSeals(t, f, uint64(seal)))
		require.Equal(tb, abi.EPERM, memfd.AddSeals(t, f, uint64(write)))
		require.Zero(tb, s.Now())
	})
}

// F_SEAL_EXEC on a file that can be executed brings four seals with it. Whether the
// one against writing is then earned as it must be depends on the kernel.
func TestExecImplies(tb *testing.T) {
	const all = exec | shrink | grow | write | future
	cases := []struct {
		name    string
		how     profile.ExecImply
		mode    uint16
		mapped  bool
		pinned  bool
		err     error
		seals   abi.Seals
		counter int32
		took    int64
	}{
		{"not executable", profile.ExecImplyBeforeCheck, 0o644, true, true, nil, exec, 1, 0},
		{"executable", profile.ExecImplyBeforeCheck, 0o711, false, false, nil, all, -1, 0},
		{"executable and mapped", profile.ExecImplyBeforeCheck, 0o777, true, false, abi.EBUSY, 0, 1, 0},
		{"executable and pinned", profile.ExecImplyBeforeCheck, 0o700, false, true, abi.EBUSY, 0, 0, 150 * ms},
		{"unchecked, mapped", profile.ExecImplyAfterCheck, 0o777, true, false, nil, all, 1, 0},
		{"unchecked, pinned", profile.ExecImplyAfterCheck, 0o777, false, true, nil, all, 0, 0},
		{"unchecked, not executable", profile.ExecImplyAfterCheck, 0o666, true, true, nil, exec, 1, 0},
		{"no implication", profile.ExecImplyNone, 0o777, true, true, nil, exec, 1, 0},
	}
	for _, c := range cases {
		tb.Run(c.name, func(tb *testing.T) {
			p := kernelOf(tb, "newest")
			p.ExecImply = c.how
			s := machine(tb, p, 1000)
			f := fileIn(tb, s, 1)
			if c.pinned {
				pin(tb, s, f, 0)
			}
			run(tb, s, func(t *sched.Task) {
				inode.SetMode(t, inode.FileOf(t, f).Inode, c.mode)
				if c.mapped {
					require.NoError(tb, mapOf(s.World(), f).MapWritable(t))
				}
				require.Equal(tb, c.err, memfd.AddSeals(t, f, uint64(exec)))
				require.Equal(tb, c.seals, sealsOf(s.World(), f))
				require.Equal(tb, c.counter, counter(s.World(), f))
				require.Equal(tb, c.took, s.Now())
				if c.how == profile.ExecImplyAfterCheck && c.err == nil && c.seals.Has(write) {
					require.NoError(tb, memfd.AddSeals(t, f, uint64(write)), "it is too late to ask")
					require.Equal(tb, c.counter, counter(s.World(), f))
				}
			})
		})
	}
}

// Seals are the file's: added through one descriptor they hold for all, and only
// one that is open for writing may add them.
func TestSealsBelongToTheFile(tb *testing.T) {
	run(tb, newest(tb), func(t *sched.Task) {
		f := file(t, 1)
		ino := inode.FileOf(t, f).Inode
		again := inode.Open(t, ino, inode.Writable, abi.OWronly)
		readOnly := inode.Open(t, ino, inode.Readable, abi.ORdonly)
		require.NoError(tb, memfd.AddSeals(t, again, uint64(grow)))
		require.Equal(tb, abi.EPERM, memfd.AddSeals(t, readOnly, uint64(shrink)))
		for _, g := range []sched.ID{f, again, readOnly} {
			seals, err := memfd.GetSeals(t, g)
			require.NoError(tb, err)
			require.Equal(tb, grow, seals)
		}
	})
}
