package memfd_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sealab/sim/abi"
	"sealab/sim/inode"
	"sealab/sim/memfd"
	"sealab/sim/sched"
)

func TestCreate(tb *testing.T) {
	const sealing, huge = abi.MfdAllowSealing, abi.MfdHugetlb
	const noexec, exec = abi.MfdNoexecSeal, abi.MfdExec
	cases := []struct {
		name   string
		kernel string
		flags  uint32
		err    error
		seals  abi.Seals
		mode   uint16
		shift  uint8
	}{
		{"plain", "newest", 0, nil, abi.SealSeal, 0o777, 12},
		{"sealing", "newest", sealing, nil, 0, 0o777, 12},
		{"executable", "newest", exec, nil, abi.SealSeal, 0o777, 12},
		{"noexec alone allows sealing", "newest", noexec, nil, abi.SealExec, 0o666, 12},
		{"noexec and sealing", "newest", noexec | sealing, nil, abi.SealExec, 0o666, 12},
		{"both", "newest", noexec | exec, abi.EINVAL, 0, 0, 0},
		{"unknown", "newest", 0x20, abi.EINVAL, 0, 0, 0},
		{"size without huge pages", "newest", abi.MfdHuge2mb, abi.EINVAL, 0, 0, 0},
		{"noexec before 6.3", "6.2.0", noexec, abi.EINVAL, 0, 0, 0},
		{"exec before 6.3", "6.2.0", exec, abi.EINVAL, 0, 0, 0},
		{"huge pages", "newest", huge, nil, abi.SealSeal, 0o777, 21},
		{"huge pages, sealing", "B", huge | sealing, nil, 0, 0o777, 21},
		{"huge pages of 1 GiB", "newest", huge | 30<<26, nil, abi.SealSeal, 0o777, 30},
		{"huge pages of a size that is not there", "newest", huge | abi.MfdHuge64kb, abi.ENODEV, 0, 0, 0},
		{"huge pages, sealing, 4.14", "A", huge | sealing, abi.EINVAL, 0, 0, 0},
		{"huge pages, 4.14", "A", huge, nil, abi.SealSeal, 0o777, 21},
		{"huge pages before 4.14", "4.13.0", huge, abi.EINVAL, 0, 0, 0},
	}
	for _, c := range cases {
		tb.Run(c.name, func(tb *testing.T) {
			s := machine(tb, kernelOf(tb, c.kernel), 250)
			run(tb, s, func(t *sched.Task) {
				f, err := memfd.Create(t, "x", c.flags, memfd.Options{})
				require.Equal(tb, c.err, err)
				if err != nil {
					require.NotEmpty(tb, t.Refusal.Check)
					return
				}
				i := sched.Peek[inode.Inode](s.World(), inode.FileOf(t, f).Inode)
				require.Equal(tb, c.seals, i.Seals)
				require.Equal(tb, c.mode, i.Mode)
				require.Equal(tb, c.shift, i.Shift)
				require.Equal(tb, inode.Readable|inode.Writable, inode.FileOf(t, f).Mode)
				inode.PutFile(t, f)
			})
		})
	}
}

func TestCreateName(tb *testing.T) {
	run(tb, newest(tb), func(t *sched.Task) {
		_, err := memfd.Create(t, strings.Repeat("x", 249), 0, memfd.Options{})
		require.NoError(tb, err)
		_, err = memfd.Create(t, strings.Repeat("x", 250), 0, memfd.Options{})
		require.Equal(tb, abi.EINVAL, err)
		require.Equal(tb, "MFD_NAME_MAX_LEN", t.Refusal.Check)
		_, err = memfd.Create(t, strings.Repeat("x", 250), 1<<20, memfd.Options{})
		require.Equal(tb, abi.EINVAL, err)
		require.Equal(tb, "MFD_ALL_FLAGS", t.Refusal.Check, "flags before the name")
		f, err := memfd.Create(t, "", abi.MfdHugetlb, memfd.Options{HugeShift: 30})
		require.NoError(tb, err, "the name may be empty")
		require.EqualValues(tb, 30, inode.Of(t, inode.FileOf(t, f).Inode).Shift, "the machine's default size")
	})
}

func TestNoexecSealMightNotUnseal(tb *testing.T) {
	p := kernelOf(tb, "newest")
	p.NoexecSealUnseals = false
	s := machine(tb, p, 250)
	run(tb, s, func(t *sched.Task) {
		f, err := memfd.Create(t, "x", abi.MfdNoexecSeal, memfd.Options{})
		require.NoError(tb, err)
		require.Equal(tb, abi.SealSeal|abi.SealExec, sealsOf(s.World(), f))
		f, err = memfd.Create(t, "x", abi.MfdNoexecSeal|abi.MfdAllowSealing, memfd.Options{})
		require.NoError(tb, err)
		require.Equal(tb, abi.SealExec, sealsOf(s.World(), f))
	})
}

// vm.memfd_noexec, by kernel, level and flag: the errno, or the seals of the file.
func TestMemfdNoexec(tb *testing.T) {
	const none, exec, noexec = 0, abi.MfdExec, abi.MfdNoexecSeal
	const plain, sealed = abi.SealSeal, abi.SealExec
	cases := []struct {
		kernel string
		level  int
		flags  uint32
		err    error
		seals  abi.Seals
	}{
		{"6.2.0", 2, none, nil, plain}, // there is no such sysctl

		{"6.3.0", 0, none, nil, plain},
		{"6.3.0", 1, none, nil, sealed},
		{"6.3.0", 1, exec, nil, plain},
		{"6.3.0", 2, none, abi.EINVAL, 0},
		{"6.3.0", 2, exec, nil, plain},
		{"6.3.0", 2, noexec, nil, sealed},

		{"6.5.0", 1, none, nil, sealed},
		{"6.5.0", 2, none, abi.EACCES, 0},
		{"6.5.0", 2, exec, abi.EACCES, 0},
		{"6.5.0", 2, noexec, nil, sealed},

		{"newest", 0, none, nil, plain},
		{"newest", 1, none, nil, sealed},
		{"newest", 1, exec, nil, plain},
		{"newest", 2, none, nil, sealed},
		{"newest", 2, exec, abi.EACCES, 0},
		{"newest", 2, noexec, nil, sealed},
	}
	for _, c := range cases {
		s := machine(tb, kernelOf(tb, c.kernel), 250)
		run(tb, s, func(t *sched.Task) {
			f, err := memfd.Create(t, "x", c.flags, memfd.Options{Noexec: c.level})
			require.Equal(tb, c.err, err, "%+v", c)
			if err == nil {
				require.Equal(tb, c.seals, sealsOf(s.World(), f), "%+v", c)
			}
		})
	}
}
