package shmem

import (
	"math"

	"sealab/sim/abi"
	"sealab/sim/folio"
	"sealab/sim/inode"
	"sealab/sim/mutant"
	"sealab/sim/profile"
	"sealab/sim/sched"
)

// Read reads up to n bytes at offset pos and returns how many there were: none
// behind the end. Each page is held while it is copied, without any other lock;
// holes read as zeros and stay holes.
//
// Kernel: mm/shmem.c shmem_file_read_iter, all versions.
func Read(t *sched.Task, ino sched.ID, pos, n int64) int64 {
	i := inode.Of(t, ino)
	m := i.Map
	if t.Wrong(mutant.ReadLocks) {
		t.DownRead(i.Lock)
		defer t.UpRead(i.Lock)
	}
	done := int64(0)
	for done < n {
		size := inode.Size(t, ino)
		at := pos + done
		if at >= size {
			break
		}
		step := min(n-done, size-at, abi.PageSize-at&(abi.PageSize-1))
		if id := Data(t, m, uint64(at)>>abi.PageShift); id != 0 {
			folio.Content(t, id)
			folio.Release(t, id)
		}
		done += step
	}
	return done
}

// Write writes n bytes at offset pos, or at the end for an open file with
// O_APPEND, and returns how many were written and where writing ended. what
// differs for different contents.
//
// EPERM: sealed against writing, or against growing and past the end; a write
// that crosses the end may be short instead. EFBIG: too far out. ENOSPC: past the
// model's limit.
//
// Kernel: mm/shmem.c shmem_file_write_iter, v6.6 and later (generic_file_write_iter before).
func Write(t *sched.Task, file sched.ID, pos, n int64, what uint64) (done, end int64, err error) {
	return write(t, inode.FileOf(t, file), pos, n, what)
}

// Append is Write at the end, whatever the open file says.
//
// Kernel: include/linux/fs.h kiocb_set_rw_flags, v4.16 and later.
func Append(t *sched.Task, file sched.ID, n int64, what uint64) (done, end int64, err error) {
	f := inode.FileOf(t, file)
	f.Flags |= abi.OAppend
	return write(t, f, 0, n, what)
}

func write(t *sched.Task, f inode.Opened, pos, n int64, what uint64) (done, end int64, err error) {
	i := inode.Of(t, f.Inode)
	if t.Wrong(mutant.WriteUnlocked) {
		return writeLocked(t, f, i, pos, n, what)
	}
	t.DownWrite(i.Lock)
	done, end, err = writeLocked(t, f, i, pos, n, what)
	t.UpWrite(i.Lock)
	if t.Wrong(mutant.ShortMovesWhole) {
		end += n - done
	}
	return done, end, err
}

func writeLocked(t *sched.Task, f inode.Opened, i inode.Fixed, pos, n int64, what uint64) (int64, int64, error) {
	if err := refusedAtOnce(t, f.Inode, pos, n); err != nil {
		return 0, pos, err
	}
	if n == 0 {
		return 0, pos, nil // before any seal is looked at
	}
	if f.Flags&abi.OAppend != 0 {
		pos = inode.Size(t, f.Inode)
	}
	if pos == math.MaxInt64 {
		return 0, pos, t.Refuse(abi.EFBIG, "generic_write_checks")
	}
	n = min(n, math.MaxInt64-pos)
	done := int64(0)
	for done < n {
		at := pos + done
		chunk := min(n-done, chunkSize(t)-at&(chunkSize(t)-1))
		chunk = cutAtEnd(t, f.Inode, at, chunk)
		if err := writeBegin(t, f.Inode, at, chunk); err != nil {
			if done > 0 {
				break
			}
			return 0, pos, err
		}
		writePages(t, f.Inode, i, at, chunk, what)
		done += chunk
	}
	return done, pos + done, nil
}

// chunkSize is how much is written at a time: what of it fits before the end of a
// file with F_SEAL_GROW is written, unless the chunk crosses the end.
//
// Kernel: mm/filemap.c generic_perform_write, all versions.
func chunkSize(t *sched.Task) int64 {
	if t.Profile().GrowWrite == profile.GrowWhole {
		return abi.PageSize << abi.PMDOrder
	}
	return abi.PageSize
}

// writeBegin asks the seals before a chunk is written.
//
// Kernel: mm/shmem.c shmem_write_begin, v3.17 and later.
func writeBegin(t *sched.Task, ino sched.ID, at, chunk int64) error {
	if at>>abi.PageShift >= MaxIndex {
		return t.Refuse(abi.ENOSPC, "model limit", sched.Fact{Name: "offset", Value: at})
	}
	seals := inode.Seals(t, ino) &^ writeIgnores(t)
	if !seals.Any(abi.SealWrite | abi.SealFutureWrite | abi.SealGrow) {
		return nil
	}
	if seals.Any(abi.SealWrite | abi.SealFutureWrite) {
		return t.RefuseBecause(abi.EPERM, "shmem_write_begin F_SEAL_WRITE",
			sched.Fact{Name: "seals", Value: int64(seals)}, ino)
	}
	if size := inode.Size(t, ino); at+chunk > size {
		return t.RefuseBecause(abi.EPERM, "shmem_write_begin F_SEAL_GROW", sched.Fact{Name: "size", Value: size}, ino)
	}
	return nil
}

// writePages copies a chunk into the pages, one after the other.
func writePages(t *sched.Task, ino sched.ID, i inode.Fixed, at, chunk int64, what uint64) {
	for end := at + chunk; at < end; {
		step := min(end-at, abi.PageSize-at&(abi.PageSize-1))
		id := GetFolio(t, i.Map, uint64(at)>>abi.PageShift)
		folio.Change(t, id, what^uint64(at)<<13^uint64(step))
		if at += step; at > inode.Size(t, ino) {
			inode.SetSize(t, ino, at)
		}
		folio.Release(t, id)
	}
}
