package shmem

import (
	"math"

	"sealab/sim/abi"
	"sealab/sim/folio"
	"sealab/sim/inode"
	"sealab/sim/mm"
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
	done, _ := ReadTo(t, ino, pos, n, Buffer{}) // no buffer, no EFAULT
	return done
}

// Buffer is memory that a read or write copies to or from. The zero Buffer is there, whatever
// it is.
type Buffer struct {
	MM   sched.ID
	Addr uint64
}

// ReadTo is Read into a buffer, which may have to be faulted in while a page is held. The count is
// short where the buffer ends. EFAULT: there is no buffer.
//
// Kernel: mm/shmem.c shmem_file_read_iter, all versions.
func ReadTo(t *sched.Task, ino sched.ID, pos, n int64, b Buffer) (int64, error) {
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
		id, content := Data(t, m, uint64(at)>>abi.PageShift), uint64(0)
		if id != 0 {
			content = folio.Content(t, id)
		}
		copied, err := step, error(nil)
		if b.MM != 0 {
			got, bad := mm.CopyTo(t, b.MM, b.Addr+uint64(done), uint64(step), content)
			copied, err = int64(got), bad
		}
		if id != 0 {
			folio.Release(t, id)
		}
		if done += copied; copied < step {
			if done > 0 && err == abi.EFAULT {
				err = nil
			}
			return done, err
		}
	}
	return done, nil
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
	return write(t, inode.FileOf(t, file), pos, n, source{what: what})
}

// WriteFrom is Write from a buffer, which may have to be faulted in with the inode locked. The
// count is short where the buffer ends. EFAULT: there is no buffer; whether that is found
// before EPERM is up to the profile.
func WriteFrom(t *sched.Task, file sched.ID, pos, n int64, b Buffer, what uint64) (done, end int64, err error) {
	return write(t, inode.FileOf(t, file), pos, n, source{b, what})
}

// source is where written bytes come from; without a buffer, what says what they are.
type source struct {
	Buffer
	what uint64
}

// take reads up to n bytes of the source, done bytes into it.
//
// Kernel: include/linux/uio.h fault_in_iov_iter_readable, v5.16 and later (iov_iter_fault_in_readable before).
// Differs: the bytes are read when they are faulted in.
func (s *source) take(t *sched.Task, done, n int64) (int64, error) {
	if s.MM == 0 {
		return n, nil
	}
	got, content, err := mm.CopyFrom(t, s.MM, s.Addr+uint64(done), uint64(n))
	s.what = content
	return int64(got), err
}

// Append is Write at the end, whatever the open file says.
//
// Kernel: include/linux/fs.h kiocb_set_rw_flags, v4.16 and later.
func Append(t *sched.Task, file sched.ID, n int64, what uint64) (done, end int64, err error) {
	f := inode.FileOf(t, file)
	f.Flags |= abi.OAppend
	return write(t, f, 0, n, source{what: what})
}

func write(t *sched.Task, f inode.Opened, pos, n int64, what source) (done, end int64, err error) {
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

func writeLocked(t *sched.Task, f inode.Opened, i inode.Fixed, pos, n int64, what source) (int64, int64, error) {
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
		wrote, err := writeChunk(t, f.Inode, i, at, done, chunk, what)
		if err != nil {
			if done > 0 {
				break
			}
			return 0, pos, err
		}
		done += wrote
	}
	return done, pos + done, nil
}

// writeChunk writes a chunk, or less of it where its source ends, and returns how much.
//
// Kernel: mm/filemap.c generic_perform_write, all versions.
func writeChunk(t *sched.Task, ino sched.ID, i inode.Fixed, at, done, chunk int64, from source) (n int64, err error) {
	n = chunk
	if t.Profile().WriteFaultsFirst {
		if n, err = from.take(t, done, chunk); err != nil {
			return 0, err
		}
	}
	if err := writeBegin(t, ino, at, chunk); err != nil {
		return 0, err
	}
	if from.MM != 0 && !t.Profile().WriteFaultsFirst {
		// The page is made, and let go while the buffer is faulted in. The end of an attempt that has
		// copied nothing makes the file as long as its offset, and that is not undone.
		folio.Release(t, GetFolio(t, i.Map, uint64(at)>>abi.PageShift))
		if at > inode.Size(t, ino) {
			inode.SetSize(t, ino, at)
		}
		if n, err = from.take(t, done, min(chunk, abi.PageSize-at&(abi.PageSize-1))); err != nil {
			return 0, err
		}
	}
	writePages(t, ino, i, at, n, from.what)
	return n, nil
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
