package shmem

import (
	"math"

	"sealab/sim/abi"
	"sealab/sim/inode"
	"sealab/sim/mutant"
	"sealab/sim/sched"
)

// What kernels with a mutant do. Read the other files first: without mutants nothing
// here happens.

// ignored returns the seal that a mutant makes a call ignore.
func ignored(t *sched.Task, m mutant.Mutant, s abi.Seals) abi.Seals {
	if t.Wrong(m) {
		return s
	}
	return 0
}

func writeIgnores(t *sched.Task) abi.Seals {
	return ignored(t, mutant.WriteIgnoresWrite, abi.SealWrite) |
		ignored(t, mutant.WriteIgnoresFutureWrite, abi.SealFutureWrite) |
		ignored(t, mutant.WriteIgnoresGrow, abi.SealGrow)
}

func truncateIgnores(t *sched.Task) abi.Seals {
	return ignored(t, mutant.TruncateIgnoresShrink, abi.SealShrink) |
		ignored(t, mutant.TruncateIgnoresGrow, abi.SealGrow)
}

func punchIgnores(t *sched.Task) abi.Seals {
	return ignored(t, mutant.PunchIgnoresWrite, abi.SealWrite) |
		ignored(t, mutant.PunchIgnoresFutureWrite, abi.SealFutureWrite)
}

func allocateIgnores(t *sched.Task, keepSize bool) abi.Seals {
	if keepSize && t.Wrong(mutant.KeepSizeMayGrow) {
		return abi.SealGrow
	}
	return ignored(t, mutant.FallocateIgnoresGrow, abi.SealGrow)
}

// refusesTruncate says whether a truncation is refused that the seals allow.
func refusesTruncate(t *sched.Task, seals abi.Seals, same bool) bool {
	return same && (t.Wrong(mutant.ShrinkRefusesSame) && seals.Any(abi.SealShrink) ||
		t.Wrong(mutant.GrowRefusesSame) && seals.Any(abi.SealGrow)) ||
		t.Wrong(mutant.TruncateRefusedByWrite) && seals.Any(abi.SealWrite)
}

// refusedAtOnce refuses writes that the seals allow, in whole or in part.
func refusedAtOnce(t *sched.Task, ino sched.ID, pos, n int64) error {
	whole, empty := t.Wrong(mutant.GrowNeverShort), n == 0 && t.Wrong(mutant.EmptyWriteRefused)
	if !whole && !empty {
		return nil
	}
	seals, size := inode.Seals(t, ino), inode.Size(t, ino)
	across := seals.Any(abi.SealGrow) && (whole && n > 0 && pos > size-n || empty && pos >= size)
	if across || empty && seals.Any(abi.SealWrite|abi.SealFutureWrite) {
		return t.RefuseBecause(abi.EPERM, "shmem_write_begin", sched.Fact{Name: "size", Value: size}, ino)
	}
	return nil
}

// cutAtEnd makes a chunk end where the file does.
func cutAtEnd(t *sched.Task, ino sched.ID, at, chunk int64) int64 {
	if !t.Wrong(mutant.GrowByBytes) || !inode.Seals(t, ino).Any(abi.SealGrow) {
		return chunk
	}
	if room := inode.Size(t, ino) - at; room > 0 {
		return min(chunk, room)
	}
	return chunk
}

// TruncateUnsealed makes a file empty whatever its seals say, which only a wrong kernel
// does.
func TruncateUnsealed(t *sched.Task, ino sched.ID) error {
	i := inode.Of(t, ino)
	t.DownWrite(i.Lock)
	inode.SetSize(t, ino, 0)
	i.Map.UnmapRange(t, 0, math.MaxUint64, true)
	truncateRange(t, i.Map, 0, -1)
	t.UpWrite(i.Lock)
	return nil
}
