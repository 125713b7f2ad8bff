package memfd

import (
	"strings"

	"sealab/sim/abi"
	"sealab/sim/inode"
	"sealab/sim/mutant"
	"sealab/sim/profile"
	"sealab/sim/sched"
)

// nameMax is the longest name in bytes: what fits in a file name behind "memfd:".
//
// Kernel: mm/memfd.c MFD_NAME_MAX_LEN, v3.17 and later.
const nameMax = 249

// Options are what of memfd_create is not in its arguments.
type Options struct {
	// Noexec is vm.memfd_noexec of the caller's pid namespace, 0 to 2.
	Noexec int
	// HugeShift is log2 of the default huge page size in bytes; 0 means 21.
	HugeShift uint8
	// BadName says that the name lies where the caller cannot read.
	BadName bool
}

// Create makes a memfd and opens it for reading and writing; the open file's
// reference is the caller's. The order of the checks: flags, sysctl, name.
//
// EFAULT: the name cannot be read. EINVAL: an unknown flag, flags that exclude each other, or a name longer than
// 249 bytes. EACCES: vm.memfd_noexec forbids it.
//
// Kernel: mm/memfd.c memfd_create, v4.17 and later.
// Kernel: mm/shmem.c memfd_create, v3.17 to v4.16.
func Create(t *sched.Task, name string, flags uint32, o Options) (sched.ID, error) {
	flags, err := checkFlags(t, flags, o)
	if err != nil {
		return 0, err
	}
	if o.BadName {
		return 0, t.Refuse(abi.EFAULT, "strncpy_from_user")
	}
	if err := checkName(t, name); err != nil {
		return 0, err
	}
	i := inode.Inode{Kind: inode.Shmem, Name: name, Mode: 0o777, Seals: abi.SealSeal}
	if flags&abi.MfdHugetlb != 0 {
		if !t.Profile().Hugetlbfs {
			return 0, t.Refuse(abi.ENOSYS, "hugetlb_file_setup CONFIG_HUGETLBFS")
		}
		i.Kind, i.Shift = inode.Hugetlb, hugeShift(flags, o)
		if i.Shift != 21 && i.Shift != 30 {
			return 0, t.Refuse(abi.ENODEV, "hugetlb_file_setup",
				sched.Fact{Name: "log2 of the page size", Value: int64(i.Shift)})
		}
	}
	if flags&abi.MfdNoexecSeal != 0 {
		i.Mode = 0o666
		if !t.Wrong(mutant.NoexecNotSealed) {
			i.Seals |= abi.SealExec
		}
	}
	if flags&abi.MfdAllowSealing != 0 || t.Wrong(mutant.AlwaysSealable) ||
		flags&abi.MfdNoexecSeal != 0 && t.Profile().NoexecSealUnseals {
		i.Seals &^= abi.SealSeal
	}
	ino := inode.New(t, i)
	return inode.Open(t, ino, inode.Readable|inode.Writable, abi.ORdwr|abi.OLargefile), nil
}

// checkName refuses a name that is too long.
func checkName(t *sched.Task, name string) error {
	longest, errno := nameMax, abi.EINVAL
	if t.Wrong(mutant.NameOneLonger) {
		longest++
	}
	if t.Wrong(mutant.LongName) {
		errno = abi.ENAMETOOLONG
	}
	if len(name) > longest || t.Wrong(mutant.SlashInName) && strings.Contains(name, "/") {
		return t.Refuse(errno, "MFD_NAME_MAX_LEN", sched.Fact{Name: "bytes of the name", Value: int64(len(name))})
	}
	return nil
}

// hugeShift returns log2 of the huge page size that the flags ask for.
func hugeShift(flags uint32, o Options) uint8 {
	if s := uint8(flags >> abi.MfdHugeShift & abi.MfdHugeMask); s != 0 {
		return s
	}
	if o.HugeShift != 0 {
		return o.HugeShift
	}
	return 21
}

// checkFlags refuses what this kernel does not know, and adds what
// vm.memfd_noexec asks for.
//
// Kernel: mm/memfd.c sanitize_flags and check_sysctl_memfd_noexec, v6.6 and later.
func checkFlags(t *sched.Task, flags uint32, o Options) (uint32, error) {
	p := t.Profile()
	known := p.MemfdFlags
	if flags&abi.MfdHugetlb != 0 && known&abi.MfdHugetlb != 0 {
		known |= abi.MfdHugeMask << abi.MfdHugeShift
		if !p.HugetlbSealing {
			known &^= abi.MfdAllowSealing
		}
	}
	if unknown := flags &^ known; unknown != 0 && !t.Wrong(mutant.CreateFlagsUnchecked) {
		return 0, t.Refuse(abi.EINVAL, "MFD_ALL_FLAGS", sched.Fact{Name: "flags", Value: int64(unknown)})
	}
	const exec = abi.MfdExec | abi.MfdNoexecSeal
	if flags&exec == exec && !t.Wrong(mutant.ExecBothAllowed) {
		return 0, t.Refuse(abi.EINVAL, "MFD_EXEC with MFD_NOEXEC_SEAL")
	}
	return applyNoexec(t, flags, o.Noexec)
}

// applyNoexec is what vm.memfd_noexec (0 to 2) makes of the flags.
//
// Kernel: mm/memfd.c check_sysctl_memfd_noexec, v6.3 and later.
func applyNoexec(t *sched.Task, flags uint32, level int) (uint32, error) {
	p := t.Profile()
	none := flags&(abi.MfdExec|abi.MfdNoexecSeal) == 0
	if p.MemfdNoexec == profile.NoexecAbsent || level == 0 {
		return flags, nil
	}
	if none && (level == 1 || p.MemfdNoexec == profile.NoexecImplied) {
		return flags | abi.MfdNoexecSeal, nil
	}
	refused := abi.Errno(0)
	switch {
	case level == 1 || flags&abi.MfdNoexecSeal != 0:
	case p.MemfdNoexec == profile.NoexecEINVAL && none:
		refused = abi.EINVAL
	case p.MemfdNoexec != profile.NoexecEINVAL:
		refused = abi.EACCES
	}
	if refused != 0 {
		return 0, t.Refuse(refused, "check_sysctl_memfd_noexec",
			sched.Fact{Name: "vm.memfd_noexec", Value: int64(level)})
	}
	return flags, nil
}
