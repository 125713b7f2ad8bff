package pin

import (
	"errors"

	"sealab/sim/abi"
	"sealab/sim/folio"
	"sealab/sim/inode"
	"sealab/sim/mm"
	"sealab/sim/mutant"
	"sealab/sim/sched"
	"sealab/sim/shmem"
)

// allSplice are the flags that splice, tee and vmsplice know.
const allSplice = abi.SpliceFMove | abi.SpliceFNonblock | abi.SpliceFMore | abi.SpliceFGift

// ErrSocket is returned for a splice from or to a socket, which is not modelled.
var ErrSocket = errors.New("a splice of a socket is not modelled")

// noOffset stands for an offset that was not given.
const noOffset = -1

// ends are the two files of a splice and what they are.
type ends struct {
	in, out         inode.Opened
	inPipe, outPipe sched.ID
	inFile, outFile sched.ID
	inKind, outKind inode.Kind
	nonblock        bool
}

func openEnds(t *sched.Task, in, out sched.ID, flags int64) ends {
	e := ends{in: inode.FileOf(t, in), out: inode.FileOf(t, out), inFile: in, outFile: out}
	e.inPipe, e.outPipe = pipeOf(t, e.in), pipeOf(t, e.out)
	e.inKind, e.outKind = inode.Of(t, e.in.Inode).Kind, inode.Of(t, e.out.Inode).Kind
	e.nonblock = flags&abi.SpliceFNonblock != 0 || t.Profile().SpliceNonblock &&
		(e.inPipe != 0 && e.in.Flags&abi.ONonblock != 0 || e.outPipe != 0 && e.out.Flags&abi.ONonblock != 0)
	return e
}

// Splice moves up to n bytes between two files, one of them a pipe at least,
// without copying them where it can. Offsets of -1 mean the file position, or a
// pipe.
//
// EINVAL: unknown flags, no pipe, the same pipe twice, or a file opened with
// O_APPEND. EBADF: not open for this. ESPIPE: an offset for a pipe. EAGAIN: nothing
// to take or no room, and not to wait. EPIPE: nobody reads. EPERM: sealed.
//
// Kernel: fs/splice.c do_splice, all versions.
func Splice(t *sched.Task, in sched.ID, offIn int64, out sched.ID, offOut, n, flags int64) (int64, error) {
	e := openEnds(t, in, out, flags)
	switch {
	case e.inKind == inode.Socket || e.outKind == inode.Socket:
		return 0, ErrSocket
	case e.inPipe != 0 && offIn != noOffset, e.outPipe != 0 && offOut != noOffset:
		return 0, t.Refuse(abi.ESPIPE, "__do_splice")
	case e.in.Mode&inode.Readable == 0 || e.out.Mode&inode.Writable == 0:
		return 0, t.Refuse(abi.EBADF, "do_splice")
	case e.inPipe != 0 && e.outPipe != 0:
		return pipeToPipe(t, e, n)
	case e.inPipe != 0:
		return pipeToFile(t, e, offOut, n)
	case e.outPipe != 0:
		return fileToPipe(t, e, offIn, n)
	}
	return 0, t.Refuse(abi.EINVAL, "do_splice", sched.Fact{Name: "pipes", Value: 0})
}

// CheckFlags refuses unknown flags of splice, tee and vmsplice with EINVAL.
func CheckFlags(t *sched.Task, flags int64) error {
	if unknown := flags &^ allSplice; unknown != 0 {
		return t.Refuse(abi.EINVAL, "SPLICE_F_ALL", sched.Fact{Name: "flags", Value: unknown})
	}
	return nil
}

// room waits until a pipe has a free buffer. The caller has the pipe's lock.
//
// Kernel: fs/splice.c wait_for_space, all versions.
func room(t *sched.Task, p sched.ID, nonblock bool) error {
	for {
		l := levelOf(t, p)
		switch {
		case l.readers == 0:
			return t.Refuse(abi.EPIPE, "wait_for_space")
		case !l.full():
			return nil
		case nonblock:
			return t.Refuse(abi.EAGAIN, "wait_for_space", sched.Fact{Name: "buffers in use", Value: int64(l.bufs)})
		}
		if err := await(t, l); err != nil {
			return err
		}
	}
}

// data waits until a pipe has a buffer; without one and without writers it
// returns false. The caller has the pipe's lock.
//
// Kernel: fs/splice.c splice_from_pipe_next, all versions.
func data(t *sched.Task, p sched.ID, nonblock bool) (bool, error) {
	for {
		l := levelOf(t, p)
		switch {
		case l.bufs > 0:
			return true, nil
		case l.writers == 0:
			return false, nil
		case nonblock:
			return false, t.Refuse(abi.EAGAIN, "splice_from_pipe_next")
		}
		if err := await(t, l); err != nil {
			return false, err
		}
	}
}

// fileToPipe puts pages of a file into a pipe.
//
// Kernel: fs/splice.c splice_file_to_pipe, all versions.
func fileToPipe(t *sched.Task, e ends, off, n int64) (int64, error) {
	pos := off
	if off == noOffset {
		pos = inode.Pos(t, e.inFile)
	}
	done, err := filePages(t, e, pos, n)
	if err == nil && off == noOffset && done > 0 {
		inode.SetPos(t, e.inFile, pos+done)
	}
	return done, err
}

func filePages(t *sched.Task, e ends, pos, n int64) (done int64, err error) {
	if pos < 0 || pos+n < 0 {
		return 0, t.Refuse(abi.EINVAL, "rw_verify_area", sched.Fact{Name: "offset", Value: pos})
	}
	if e.inKind != inode.Shmem {
		return 0, t.Refuse(abi.EINVAL, "splice_read")
	}
	l := levelOf(t, e.outPipe)
	t.MutexLock(l.lock)
	if err = room(t, e.outPipe, e.nonblock); err == nil {
		done = spliceRead(t, e, pos, n)
	}
	t.MutexUnlock(l.lock)
	if done > 0 {
		t.WakeUp(l.wait)
	}
	return done, err
}

// spliceRead hands references of the page cache to the pipe, which has room for at
// least one. A hole becomes the page of zeros, or in older kernels a real page.
//
// Kernel: mm/shmem.c shmem_file_splice_read, v6.5 and later.
// Kernel: fs/splice.c generic_file_splice_read, before v6.5.
func spliceRead(t *sched.Task, e ends, pos, n int64) (done int64) {
	i := inode.Of(t, e.in.Inode)
	l := levelOf(t, e.outPipe)
	n = min(n, int64(l.slots-l.bufs)*abi.PageSize)
	for done < n && !levelOf(t, e.outPipe).full() {
		at := pos + done
		size := inode.Size(t, e.in.Inode)
		if at >= size {
			break
		}
		in := at & (abi.PageSize - 1)
		step := min(n-done, size-at, abi.PageSize-in)
		index := uint64(at) >> abi.PageShift
		id := shmem.Data(t, i.Map, index)
		if id == 0 && t.Profile().SpliceHolePins {
			id = shmem.GetFolio(t, i.Map, index)
		}
		if id != 0 && t.Wrong(mutant.SpliceCopies) {
			folio.Release(t, id)
			id = 0
		}
		push(t, e.outPipe, Buf{Folio: id, Off: in, Len: step, Kind: KindSplice})
		done += step
	}
	return done
}

// pipeToFile writes what is in a pipe to a file: for tmpfs it copies.
//
// Kernel: fs/splice.c iter_file_splice_write, all versions.
func pipeToFile(t *sched.Task, e ends, off, n int64) (done int64, err error) {
	if e.out.Flags&abi.OAppend != 0 {
		return 0, t.Refuse(abi.EINVAL, "do_splice O_APPEND")
	}
	pos := off
	if off == noOffset {
		pos = inode.Pos(t, e.outFile)
	}
	if pos < 0 || pos+n < 0 {
		return 0, t.Refuse(abi.EINVAL, "rw_verify_area", sched.Fact{Name: "offset", Value: pos})
	}
	if e.outKind != inode.Shmem {
		return 0, t.Refuse(abi.EINVAL, "splice_write")
	}
	l := levelOf(t, e.inPipe)
	t.MutexLock(l.lock)
	if some, derr := data(t, e.inPipe, e.nonblock); some {
		done, err = writeBufs(t, e, pos, n)
	} else {
		err = derr
	}
	t.MutexUnlock(l.lock)
	if done > 0 {
		t.WakeUp(l.wait)
		if off == noOffset {
			inode.SetPos(t, e.outFile, pos+done)
		}
	}
	return done, err
}

// writeBufs writes up to n bytes of a pipe's buffers with one write, and takes
// what was written.
func writeBufs(t *sched.Task, e ends, pos, n int64) (int64, error) {
	have := int64(0)
	what := uint64(0)
	for i := 0; have < n; i++ {
		b := pipePeek.On(t, e.inPipe, i)
		if b.Len == 0 {
			break
		}
		what ^= uint64(b.Folio)<<16 ^ uint64(b.Off)
		have += min(b.Len, n-have)
	}
	done, _, err := shmem.Write(t, e.outFile, pos, have, what)
	for left := done; left > 0; {
		step := min(left, pipePeek.On(t, e.inPipe, 0).Len)
		take(t, e.inPipe, step)
		left -= step
	}
	return done, err
}

// pipeToPipe moves buffers from one pipe to another; a part of one is shared.
//
// Kernel: fs/splice.c splice_pipe_to_pipe, all versions.
func pipeToPipe(t *sched.Task, e ends, n int64) (done int64, err error) {
	if e.inPipe == e.outPipe {
		return 0, t.Refuse(abi.EINVAL, "do_splice", sched.Fact{Name: "pipes", Value: 1})
	}
	unlock, some, err := lockBoth(t, e)
	for some && err == nil && done < n {
		l, b := levelOf(t, e.outPipe), pipePeek.On(t, e.inPipe, 0)
		if l.readers == 0 || l.full() || b.Len == 0 {
			break
		}
		step := min(b.Len, n-done)
		share(t, e.outPipe, b, step, b.Kind)
		take(t, e.inPipe, step)
		done += step
	}
	unlock(done > 0)
	return done, err
}

// share adds a part of another pipe's buffer to a pipe, with a reference of its
// own.
func share(t *sched.Task, p sched.ID, b Buf, n int64, kind Kind) {
	if b.Folio != 0 {
		folio.Hold(t, b.Folio)
	}
	push(t, p, Buf{Folio: b.Folio, Off: b.Off, Len: n, Packet: b.Packet, Kind: kind})
}

// lockBoth waits until there is something to take from one pipe and room in the
// other, and locks both, the one with the lower name first. some is false when
// there is nothing to take and nobody will write.
//
// Kernel: fs/splice.c ipipe_prep and opipe_prep, all versions.
func lockBoth(t *sched.Task, e ends) (unlock func(wake bool), some bool, err error) {
	in, out := levelOf(t, e.inPipe), levelOf(t, e.outPipe)
	first, second := in, out
	if e.outPipe < e.inPipe {
		first, second = out, in
	}
	unlock = func(wake bool) {
		t.MutexUnlock(second.lock)
		t.MutexUnlock(first.lock)
		if wake {
			t.WakeUp(in.wait)
			t.WakeUp(out.wait)
		}
	}
	for {
		t.MutexLock(in.lock)
		some, err = data(t, e.inPipe, e.nonblock)
		t.MutexUnlock(in.lock)
		if some && err == nil {
			t.MutexLock(out.lock)
			err = room(t, e.outPipe, e.nonblock)
			t.MutexUnlock(out.lock)
		}
		t.MutexLock(first.lock)
		t.MutexLock(second.lock)
		if err != nil || !some || levelOf(t, e.inPipe).bufs > 0 {
			return unlock, some, err
		}
		t.MutexUnlock(second.lock)
		t.MutexUnlock(first.lock)
	}
}

// Tee puts up to n bytes of one pipe into another as well, sharing the pages.
//
// EINVAL: not two different pipes. EBADF: not open for this. EAGAIN: nothing to
// take or no room, and not to wait.
//
// Kernel: fs/splice.c do_tee, all versions.
func Tee(t *sched.Task, in, out sched.ID, n, flags int64) (done int64, err error) {
	e := openEnds(t, in, out, flags)
	if e.in.Mode&inode.Readable == 0 || e.out.Mode&inode.Writable == 0 {
		return 0, t.Refuse(abi.EBADF, "do_tee")
	}
	if e.inPipe == 0 || e.outPipe == 0 || e.inPipe == e.outPipe {
		return 0, t.Refuse(abi.EINVAL, "do_tee")
	}
	unlock, some, err := lockBoth(t, e)
	for i := 0; some && err == nil && done < n; i++ {
		l, b := levelOf(t, e.outPipe), pipePeek.On(t, e.inPipe, i)
		if l.readers == 0 || l.full() || b.Len == 0 {
			break
		}
		step := min(b.Len, n-done)
		share(t, e.outPipe, b, step, KindTee)
		done += step
	}
	unlock(done > 0)
	return done, err
}

// Piece is a piece of a process's memory.
type Piece struct{ Base, Len uint64 }

// Vmsplice puts pages of the caller's memory into a pipe, and returns how many
// bytes of them.
//
// EFAULT: the first page cannot be read. EAGAIN: no room, and not to wait. EPIPE:
// nobody reads.
//
// Kernel: fs/splice.c vmsplice_to_pipe, all versions.
func Vmsplice(t *sched.Task, space, pipe sched.ID,
	each func(i int) (Piece, bool), flags int64) (done int64, err error) {
	l := levelOf(t, pipe)
	t.MutexLock(l.lock)
	if err = room(t, pipe, flags&abi.SpliceFNonblock != 0); err == nil {
		done, err = userPages(t, space, pipe, each)
	}
	t.MutexUnlock(l.lock)
	if done > 0 {
		t.WakeUp(l.wait)
		return done, nil
	}
	return done, err
}

// userPages adds one buffer for each page of each piece, until the pipe is full.
//
// Kernel: fs/splice.c iter_to_pipe, v4.9 and later.
func userPages(t *sched.Task, space, pipe sched.ID, each func(i int) (Piece, bool)) (done int64, err error) {
	for i := 0; ; i++ {
		v, ok := each(i)
		if !ok {
			return done, nil
		}
		for v.Len > 0 {
			if levelOf(t, pipe).full() {
				return done, nil
			}
			in := v.Base & (abi.PageSize - 1)
			step := min(v.Len, abi.PageSize-in)
			id, err := mm.GetUserPage(t, space, v.Base, false, false)
			if err != nil {
				return done, err
			}
			push(t, pipe, Buf{Folio: id, Off: int64(in), Len: int64(step), Kind: KindVmsplice})
			v.Base, v.Len = v.Base+step, v.Len-step
			done += int64(step)
		}
	}
}
