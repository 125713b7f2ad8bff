package pin

import (
	"math"

	"sealab/sim/abi"
	"sealab/sim/folio"
	"sealab/sim/inode"
	"sealab/sim/sched"
	"sealab/sim/shmem"
)

// Sendfile sends up to n bytes of a file to another file, from an offset or, if
// that is -1, from the file position. A pipe gets the pages themselves, or in
// older kernels copies.
//
// EBADF: not open for this. ESPIPE: an offset for a pipe. EINVAL: from a pipe, a
// bad offset, or to a file opened with O_APPEND. EPERM: sealed. The order in which
// these are found is that of Linux 6.18.44.
//
// Kernel: fs/read_write.c do_sendfile, all versions.
func Sendfile(t *sched.Task, out, in sched.ID, off, n int64) (done int64, err error) {
	e := openEnds(t, in, out, 0)
	if err := CheckSendfile(t, in, off, n); err != nil {
		return 0, err
	}
	pos := off
	if off == noOffset {
		pos = inode.Pos(t, in)
	}
	switch {
	case pos < 0 || pos > math.MaxInt64-n:
		return 0, t.Refuse(abi.EINVAL, "rw_verify_area", sched.Fact{Name: "offset", Value: pos})
	case e.out.Mode&inode.Writable == 0:
		return 0, t.Refuse(abi.EBADF, "do_sendfile")
	case e.outPipe == 0 && e.out.Flags&abi.OAppend != 0:
		return 0, t.Refuse(abi.EINVAL, "do_sendfile O_APPEND")
	case e.outPipe == 0 && e.inPipe != 0:
		return 0, t.Refuse(abi.EINVAL, "splice_direct_to_actor FMODE_LSEEK")
	}
	e.nonblock = e.out.Flags&abi.ONonblock != 0
	switch {
	case (n == 0 || e.inKind != inode.Shmem) && e.outPipe != 0 && t.Profile().SendfilePins:
		if err := awaitRoom(t, e); err != nil || n == 0 {
			return 0, err
		}
	case n == 0:
		return 0, nil
	}
	switch {
	case e.inKind != inode.Shmem:
		return 0, t.Refuse(abi.EINVAL, "splice_read")
	case e.outPipe != 0 && t.Profile().SendfilePins:
		done, err = filePages(t, e, pos, n)
	case e.outPipe != 0:
		fillHoles(t, e, pos, n)
		if done = shmem.Read(t, e.in.Inode, pos, n); done > 0 {
			done, err = WritePipe(t, e.outPipe, done, e.nonblock)
		}
	default:
		done, err = fileToFile(t, e, pos, noOffset, n)
	}
	if off == noOffset && done > 0 {
		inode.SetPos(t, in, pos+done)
	}
	return done, err
}

// awaitRoom waits until the pipe has room: it is asked for even where nothing is to
// be sent, or can be.
func awaitRoom(t *sched.Task, e ends) error {
	l := levelOf(t, e.outPipe)
	t.MutexLock(l.lock)
	err := room(t, e.outPipe, e.nonblock)
	t.MutexUnlock(l.lock)
	return err
}

// CheckSendfile refuses a file that cannot be sent from, before the other one is
// looked at.
//
// Kernel: fs/read_write.c do_sendfile, all versions.
func CheckSendfile(t *sched.Task, in sched.ID, off, n int64) error {
	f := inode.FileOf(t, in)
	switch {
	case f.Mode&inode.Readable == 0:
		return t.Refuse(abi.EBADF, "do_sendfile")
	case off != noOffset && pipeOf(t, f) != 0:
		return t.Refuse(abi.ESPIPE, "do_sendfile")
	case n < 0, off != noOffset && off < 0:
		return t.Refuse(abi.EINVAL, "rw_verify_area", sched.Fact{Name: "offset", Value: off})
	}
	return nil
}

// fillHoles makes the pages that an older sendfile reads: not knowing that a user's
// buffer is behind it, tmpfs fills the holes.
//
// Kernel: mm/shmem.c shmem_file_read_iter, before v5.18.
func fillHoles(t *sched.Task, e ends, pos, n int64) {
	if !t.Profile().SpliceHolePins || e.inKind != inode.Shmem || pos < 0 {
		return
	}
	end := min(pos+min(n, math.MaxInt64-pos), inode.Size(t, e.in.Inode))
	i := inode.Of(t, e.in.Inode)
	for at := pos; at < end; at = (at | (abi.PageSize - 1)) + 1 {
		folio.Release(t, shmem.GetFolio(t, i.Map, uint64(at)>>abi.PageShift))
	}
}

// fileToFile copies from one file of tmpfs to another, through a pipe of 16 pages
// of the task's own; a place of -1 is the file position. A file that is sent to its
// own end grows on the way.
//
// Kernel: fs/splice.c do_splice_direct, all versions.
// Differs: the task holds one page at a time instead of the pipe's 16.
func fileToFile(t *sched.Task, e ends, pos, place, n int64) (done int64, err error) {
	for done < n && err == nil {
		at := pos + done
		some := min(n-done, defaultSlots*abi.PageSize-at&(abi.PageSize-1))
		fillHoles(t, e, at, some)
		have := shmem.Read(t, e.in.Inode, at, some)
		if have == 0 {
			break
		}
		if e.outKind != inode.Shmem {
			return 0, t.Refuse(abi.EINVAL, "splice_write")
		}
		to := place + done
		if place == noOffset {
			to = inode.Pos(t, e.outFile)
		}
		wrote, end, werr := shmem.Write(t, e.outFile, to, have, uint64(at)<<20^uint64(e.in.Inode))
		if err = werr; err == nil && place == noOffset {
			inode.SetPos(t, e.outFile, end)
		}
		if done += wrote; wrote < have {
			break
		}
	}
	if done > 0 {
		return done, nil
	}
	return 0, err
}
