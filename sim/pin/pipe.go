package pin

import (
	"encoding/binary"
	"slices"

	"sealab/sim/abi"
	"sealab/sim/folio"
	"sealab/sim/inode"
	"sealab/sim/mutant"
	"sealab/sim/sched"
)

// Buf is a pipe buffer: some bytes of a page, and a reference to it.
//
// Kernel: include/linux/pipe_fs_i.h pipe_buffer, all versions.
type Buf struct {
	Folio sched.ID // 0 for the page of zeros that everybody shares
	Off   int64    // bytes into the folio
	Len   int64    // bytes
	Merge bool     // a later write may add to it
	// Packet: a read takes this buffer as its last, and what it leaves of it is lost
	// (O_DIRECT).
	Packet bool
	Kind   Kind
	// Origin is the log line that put it there.
	Origin int64
}

// Pipe is a pipe's ring of buffers.
//
// Kernel: include/linux/pipe_fs_i.h pipe_inode_info, all versions.
type Pipe struct {
	Bufs    []Buf
	Slots   int   // how many buffers fit; 16 unless F_SETPIPE_SZ changed it
	Readers int32 // open files that can read
	Writers int32
	Lock    sched.ID // pipe->mutex
	Wait    sched.ID // the WaitQueue of readers and writers
}

// Clone returns an independent copy.
func (p *Pipe) Clone() sched.Object {
	c := *p
	c.Bufs = slices.Clone(p.Bufs)
	return &c
}

// Encode appends the canonical encoding.
func (p *Pipe) Encode(dst []byte) []byte {
	for _, n := range []int{len(p.Bufs), p.Slots, int(p.Readers), int(p.Writers), int(p.Lock), int(p.Wait)} {
		dst = binary.LittleEndian.AppendUint32(dst, uint32(n))
	}
	for _, b := range p.Bufs {
		bits := byte(0)
		if b.Merge {
			bits |= 1
		}
		if b.Packet {
			bits |= 2
		}
		dst = append(dst, byte(b.Kind), bits)
		dst = binary.LittleEndian.AppendUint32(dst, uint32(b.Folio))
		dst = binary.LittleEndian.AppendUint64(dst, uint64(b.Off))
		dst = binary.LittleEndian.AppendUint64(dst, uint64(b.Len))
	}
	return dst
}

// level is how full a pipe is and who uses it.
type level struct {
	bufs, slots      int
	readers, writers int32
	lock, wait       sched.ID
}

func (l level) full() bool { return l.bufs >= l.slots }

type endsArg struct{ readers, writers int32 }

var (
	pipeLevel = sched.NewOp("pipe_occupancy", sched.Read, func(p *Pipe, _ sched.None) level {
		return level{len(p.Bufs), p.Slots, p.Readers, p.Writers, p.Lock, p.Wait}
	})
	pipePeek = sched.NewOp("pipe_buf", sched.Read, func(p *Pipe, i int) Buf {
		if i < 0 {
			i += len(p.Bufs)
		}
		if i < 0 || i >= len(p.Bufs) {
			return Buf{}
		}
		return p.Bufs[i]
	})
	pipePush = sched.NewOp("pipe->head++", sched.Write, func(p *Pipe, b Buf) sched.None {
		p.Bufs = append(p.Bufs, b)
		return sched.None{}
	})
	// pipeTake takes bytes from the first buffer, and the buffer when none is left.
	pipeTake = sched.NewOp("pipe->tail", sched.Write, func(p *Pipe, n int64) (gone sched.ID) {
		b := &p.Bufs[0]
		b.Off, b.Len = b.Off+n, b.Len-n
		if b.Len > 0 {
			return 0
		}
		gone = b.Folio
		p.Bufs = slices.Delete(p.Bufs, 0, 1)
		return gone
	})
	// pipeGrow adds bytes to the last buffer.
	pipeGrow = sched.NewOp("pipe_buf_can_merge", sched.Write, func(p *Pipe, n int64) sched.None {
		p.Bufs[len(p.Bufs)-1].Len += n
		return sched.None{}
	})
	pipeEnds = sched.NewOp("pipe->readers", sched.Write, func(p *Pipe, a endsArg) endsArg {
		p.Readers, p.Writers = p.Readers+a.readers, p.Writers+a.writers
		return endsArg{p.Readers, p.Writers}
	})
	pipeResize = sched.NewOp("pipe_resize_ring", sched.Write, func(p *Pipe, slots int) bool {
		if len(p.Bufs) > slots {
			return false
		}
		p.Slots = slots
		return true
	})
)

// defaultSlots is the number of buffers of a new pipe.
//
// Kernel: include/linux/pipe_fs_i.h PIPE_DEF_BUFFERS, all versions.
const defaultSlots = 16

func init() { inode.Register(inode.Pipe, pipeOps{}) }

// NewPipe makes a pipe and opens both its ends, whose references are the caller's.
//
// Kernel: fs/pipe.c create_pipe_files, all versions.
func NewPipe(t *sched.Task, flags int32) (r, w sched.ID) {
	p := sched.New(t, &Pipe{
		Slots: defaultSlots, Readers: 1, Writers: 1,
		Lock: sched.New(t, &sched.Mutex{Label: "pipe->mutex"}),
		Wait: sched.New(t, &sched.WaitQueue{Label: "pipe->wait"}),
	})
	ino := inode.New(t, inode.Inode{Kind: inode.Pipe, Name: "pipe", Mode: 0o600, Info: p})
	r = inode.Open(t, ino, inode.Readable, flags|abi.ORdonly)
	w = inode.Open(t, ino, inode.Writable, flags|abi.OWronly)
	return r, w
}

// OpenPipe opens a pipe once more, by its name in /proc; its reference is the
// caller's. Unlike a FIFO it does not wait for the other end.
//
// Kernel: fs/pipe.c fifo_open, all versions.
func OpenPipe(t *sched.Task, ino sched.ID, mode inode.FMode, flags int32) sched.ID {
	var a endsArg
	if mode&inode.Readable != 0 {
		a.readers = 1
	}
	if mode&inode.Writable != 0 {
		a.writers = 1
	}
	p := inode.Of(t, ino).Info
	pipeEnds.On(t, p, a)
	t.WakeUp(levelOf(t, p).wait)
	return inode.Open(t, ino, mode, flags)
}

// pipeOf returns the pipe that an open file is an end of, 0 for another file.
func pipeOf(t *sched.Task, f inode.Opened) sched.ID {
	if i := inode.Of(t, f.Inode); i.Kind == inode.Pipe {
		return i.Info
	}
	return 0
}

func levelOf(t *sched.Task, p sched.ID) level { return pipeLevel.On(t, p, sched.None{}) }

// take takes n bytes from the first buffer; its reference goes when it is empty.
func take(t *sched.Task, p sched.ID, n int64) {
	if gone := pipeTake.On(t, p, n); gone != 0 && !t.Wrong(mutant.PipeKeepsPage) {
		t.Hold(gone)
		folio.Release(t, gone)
	}
}

// push adds a buffer, and hands a reference that the task holds over to it.
func push(t *sched.Task, p sched.ID, b Buf) {
	b.Origin = t.Origin
	pipePush.On(t, p, b)
	if b.Folio != 0 {
		t.Drop(b.Folio)
	}
}

// await sleeps until something changes about a pipe, letting its lock go.
//
// ERESTARTSYS: the task is being killed.
//
// Kernel: fs/pipe.c pipe_wait_readable, all versions.
// Differs: a signal that has a handler does not end the wait.
func await(t *sched.Task, l level) error {
	t.PrepareToWait(l.wait)
	t.MutexUnlock(l.lock)
	t.Schedule(sched.Killable)
	t.FinishWait(l.wait)
	t.MutexLock(l.lock)
	if t.FatalSignalPending() {
		return t.Refuse(abi.ERESTARTSYS, "pipe_wait_readable")
	}
	return nil
}

// ReadPipe reads up to n bytes, at least one unless all writers are gone.
//
// EAGAIN: nothing there, and not to wait.
//
// Kernel: fs/pipe.c pipe_read, all versions.
func ReadPipe(t *sched.Task, p sched.ID, n int64, nonblock bool) (done int64, err error) {
	if n == 0 {
		return 0, nil
	}
	l := levelOf(t, p)
	t.MutexLock(l.lock)
	for done == 0 {
		done = takeBytes(t, p, n)
		if done > 0 {
			break
		}
		if l = levelOf(t, p); l.writers == 0 {
			break
		}
		if nonblock {
			err = t.Refuse(abi.EAGAIN, "pipe_read")
			break
		}
		if err = await(t, l); err != nil {
			break
		}
	}
	t.MutexUnlock(l.lock)
	if done > 0 {
		t.WakeUp(l.wait)
	}
	return done, err
}

// takeBytes takes up to n bytes, and no more than to the end of the first packet.
func takeBytes(t *sched.Task, p sched.ID, n int64) (done int64) {
	for done < n {
		b := pipePeek.On(t, p, 0)
		if b.Len == 0 {
			break
		}
		step := min(n-done, b.Len)
		done += step
		if b.Packet {
			take(t, p, b.Len)
			break
		}
		take(t, p, step)
	}
	return done
}

// EmptyPipes takes everything out of the pipes that hold a page of a page tree, and
// says whether there was any. It is for a driver, and looks at a world that stands
// still.
func EmptyPipes(t *sched.Task, pages sched.ID) (some bool) {
	w := t.Sched().World()
	var full []sched.ID
	EachHolder(w, func(h Holder) {
		f := sched.Peek[folio.Folio](w, h.Folio)
		if pages != 0 && f != nil && f.Pages == pages && sched.Peek[Pipe](w, h.Object) != nil {
			full = append(full, h.Object)
		}
	})
	for _, p := range full {
		for b := pipePeek.On(t, p, 0); b.Len > 0; b = pipePeek.On(t, p, 0) {
			take(t, p, b.Len)
		}
	}
	return len(full) > 0
}

// WritePipe writes n bytes; without waiting, as many as fit.
//
// EPIPE: nobody reads. EAGAIN: full, and not to wait.
//
// Kernel: fs/pipe.c pipe_write, all versions.
func WritePipe(t *sched.Task, p sched.ID, n int64, nonblock bool) (int64, error) {
	return writePipe(t, p, n, nonblock, false)
}

// WritePackets is WritePipe through a descriptor opened with O_DIRECT: each page of
// what is written is a packet.
//
// Kernel: fs/pipe.c pipe_write, all versions.
func WritePackets(t *sched.Task, p sched.ID, n int64, nonblock bool) (int64, error) {
	return writePipe(t, p, n, nonblock, true)
}

func writePipe(t *sched.Task, p sched.ID, n int64, nonblock, packets bool) (done int64, err error) {
	if n == 0 {
		return 0, nil
	}
	l := levelOf(t, p)
	t.MutexLock(l.lock)
	if last := pipePeek.On(t, p, -1); last.Merge && levelOf(t, p).readers > 0 {
		// The odd bytes go where the last write left room, if they all fit.
		if part := n & (abi.PageSize - 1); part > 0 && last.Off+last.Len+part <= abi.PageSize {
			pipeGrow.On(t, p, part)
			done = part
		}
	}
	for done < n {
		l = levelOf(t, p)
		if l.readers == 0 {
			if done == 0 {
				err = t.Refuse(abi.EPIPE, "pipe_write")
			}
			break
		}
		if !l.full() {
			step := min(n-done, abi.PageSize)
			id := folio.Alloc(t, 0, true)
			t.Hold(id)
			push(t, p, Buf{Folio: id, Len: step, Merge: !packets, Packet: packets, Kind: KindData})
			done += step
			continue
		}
		if nonblock {
			if done == 0 {
				err = t.Refuse(abi.EAGAIN, "pipe_write", sched.Fact{Name: "buffers in use", Value: int64(l.bufs)})
			}
			break
		}
		t.WakeUp(l.wait)
		if err = await(t, l); err != nil {
			break
		}
	}
	t.MutexUnlock(l.lock)
	if done > 0 {
		t.WakeUp(l.wait)
	}
	return done, err
}

// PipeSize returns how many bytes a pipe holds when every buffer is a full page.
func PipeSize(t *sched.Task, p sched.ID) int64 { return int64(levelOf(t, p).slots) * abi.PageSize }

// ResizePipe makes room for so many bytes, rounded up to a power of two of pages,
// and returns the new size.
//
// EINVAL: none or too many. EBUSY: more buffers are in use. EPERM: more than 1 MiB.
//
// Kernel: fs/pipe.c pipe_set_size, all versions.
func ResizePipe(t *sched.Task, p sched.ID, bytes int64) (int64, error) {
	if bytes < 0 || bytes > 1<<31 {
		return 0, t.Refuse(abi.EINVAL, "round_pipe_size")
	}
	size := int64(abi.PageSize)
	for size < bytes {
		size *= 2
	}
	l := levelOf(t, p)
	t.MutexLock(l.lock)
	ok := pipeResize.On(t, p, int(size/abi.PageSize))
	t.MutexUnlock(l.lock)
	if !ok {
		return 0, t.Refuse(abi.EBUSY, "pipe_resize_ring", sched.Fact{Name: "buffers in use", Value: int64(l.bufs)})
	}
	return size, nil
}

// pipeOps is what a pipe answers to the rest of the kernel.
type pipeOps struct{ inode.NoPages }

// Release implements inode.FileOps.
//
// Kernel: fs/pipe.c pipe_release, all versions.
func (pipeOps) Release(t *sched.Task, file sched.ID) {
	f := inode.FileOf(t, file)
	p := pipeOf(t, f)
	var a endsArg
	if f.Mode&inode.Readable != 0 {
		a.readers = -1
	}
	if f.Mode&inode.Writable != 0 {
		a.writers = -1
	}
	pipeEnds.On(t, p, a)
	t.WakeUp(levelOf(t, p).wait)
}

// Evict implements inode.FileOps.
//
// Kernel: fs/pipe.c free_pipe_info, all versions.
func (pipeOps) Evict(t *sched.Task, ino sched.ID) {
	p := inode.Of(t, ino).Info
	l := levelOf(t, p)
	for b := pipePeek.On(t, p, 0); b.Len > 0; b = pipePeek.On(t, p, 0) {
		take(t, p, b.Len)
	}
	sched.Free(t, l.lock)
	sched.Free(t, l.wait)
	sched.Free(t, p)
}
