package memfd

import (
	"sealab/sim/abi"
	"sealab/sim/inode"
	"sealab/sim/mutant"
	"sealab/sim/profile"
	"sealab/sim/sched"
)

// AddSeals adds seals to the file behind an open file: all of them, or on any
// error none. arg is the whole argument of fcntl, 64 bits of it.
//
// EPERM: not open for writing, or sealed against seals. EINVAL: an unknown bit,
// or a file that cannot be sealed. EBUSY: F_SEAL_WRITE, and somebody may still
// write. It may sleep for about 150 ms of virtual time with the inode lock held,
// and only a fatal signal shortens that.
//
// Kernel: mm/memfd.c memfd_add_seals, v4.17 and later.
// Kernel: mm/shmem.c shmem_add_seals, v3.17 to v4.16.
func AddSeals(t *sched.Task, file sched.ID, arg uint64) error {
	p := t.Profile()
	f := inode.FileOf(t, file)
	ino := inode.Of(t, f.Inode)
	seals := abi.Seals(arg)
	if p.ArgWide == profile.ArgWideEINVAL && arg>>32 != 0 {
		return t.Refuse(abi.EINVAL, "fcntl argument width", sched.Fact{Name: "argument", Value: int64(arg)})
	}
	if p.AddOrder == profile.FopFirst && !sealable(p, ino.Kind) {
		return t.RefuseBecause(abi.EINVAL, "memfd_file_seals_ptr", sched.Fact{}, f.Inode)
	}
	if err := asksFirst(t, f.Inode, seals); err != nil {
		return err
	}
	if f.Mode&inode.Writable == 0 && !t.Wrong(mutant.ModeUnchecked) {
		return t.RefuseBecause(abi.EPERM, "FMODE_WRITE", sched.Fact{}, file)
	}
	if err := checkBits(t, seals); err != nil {
		return err
	}
	if t.Wrong(mutant.NoInodeLock) || t.Wrong(mutant.DenyBeforeLock) {
		return addElsewise(t, f.Inode, ino, seals)
	}
	t.DownWrite(ino.Lock)
	err := addLocked(t, f.Inode, ino, seals)
	t.UpWrite(ino.Lock)
	return err
}

// checkBits refuses seals that this kernel does not know.
func checkBits(t *sched.Task, seals abi.Seals) error {
	unknown := seals &^ t.Profile().Seals
	if unknown == 0 || t.Wrong(mutant.BitsUnchecked) {
		return nil
	}
	return t.Refuse(abi.EINVAL, "F_ALL_SEALS", sched.Fact{Name: "unknown seals", Value: int64(unknown)})
}

// sealable says whether this kernel seals files of this kind.
func sealable(p *profile.Profile, k inode.Kind) bool {
	return k == inode.Shmem || k == inode.Tmpfs || k == inode.Hugetlb && p.HugetlbSealing
}

// addLocked is the part under the inode lock.
func addLocked(t *sched.Task, id sched.ID, ino inode.Fixed, seals abi.Seals) error {
	p := t.Profile()
	if !sealable(p, ino.Kind) {
		return t.RefuseBecause(abi.EINVAL, "memfd_file_seals_ptr", sched.Fact{}, id)
	}
	have := inode.Seals(t, id)
	if have&abi.SealSeal != 0 && !sealSealForgiven(t, have, seals) {
		return t.RefuseBecause(abi.EPERM, "F_SEAL_SEAL", sched.Fact{Name: "seals", Value: int64(have)}, id)
	}
	if p.ExecImply == profile.ExecImplyBeforeCheck {
		seals = implied(t, id, seals)
	}
	if err := otherSealsCheck(t, ino, seals); err != nil {
		return err
	}
	if seals&abi.SealWrite != 0 && (have&abi.SealWrite == 0 || t.Wrong(mutant.WriteAgainWaits)) {
		setEarly(t, id, seals)
		if err := keepWritersOut(t, ino); err != nil {
			refusedElsewise(t, id, have, seals)
			return err
		}
	}
	if p.ExecImply == profile.ExecImplyAfterCheck {
		seals = implied(t, id, seals)
	}
	if t.Wrong(mutant.SealsReplace) {
		inode.ReplaceSeals(t, id, seals)
		return nil
	}
	inode.AddSeals(t, id, seals)
	return nil
}

// keepWritersOut denies countable mappings from now on, and makes sure that nobody
// else can write either.
func keepWritersOut(t *sched.Task, ino inode.Fixed) error {
	if err := ino.Map.DenyWritable(t); err != nil {
		return err
	}
	err := waitForPins(t, ino)
	if err != nil && !t.Wrong(mutant.NoRollback) || err == nil && t.Wrong(mutant.AllowedAfterwards) {
		ino.Map.AllowWritable(t)
	}
	if err != nil && t.Wrong(mutant.RollbackTwice) {
		ino.Map.AllowWritable(t)
	}
	return err
}

// implied adds the seals that F_SEAL_EXEC brings with it: a file that can be
// executed now, and for ever, must not change either.
//
// Kernel: mm/memfd.c memfd_add_seals, v6.3 and later.
func implied(t *sched.Task, id sched.ID, seals abi.Seals) abi.Seals {
	if seals&abi.SealExec == 0 || inode.Mode(t, id)&0o111 == 0 && !t.Wrong(mutant.ExecImpliesAlways) {
		return seals
	}
	seals |= abi.SealWrite
	if !t.Wrong(mutant.ExecImpliesWriteOnly) {
		seals |= abi.SealShrink | abi.SealGrow | abi.SealFutureWrite
	}
	return seals
}

// GetSeals returns the seals of the file behind an open file, without waiting
// for anybody, or EINVAL if it cannot have any.
//
// Kernel: mm/memfd.c memfd_get_seals, v3.17 and later.
func GetSeals(t *sched.Task, file sched.ID) (abi.Seals, error) {
	f := inode.FileOf(t, file)
	if !sealable(t.Profile(), inode.Of(t, f.Inode).Kind) {
		return 0, t.RefuseBecause(abi.EINVAL, "memfd_file_seals_ptr", sched.Fact{}, f.Inode)
	}
	if t.Wrong(mutant.GetWaits) {
		return getLocked(t, f.Inode), nil
	}
	return inode.Seals(t, f.Inode), nil
}
