package inode

import (
	"encoding/binary"

	"sealab/sim/abi"
	"sealab/sim/folio"
	"sealab/sim/sched"
)

// FMode says what an open file may be used for.
type FMode uint8

const (
	Readable FMode = 1 << iota // opened for reading
	Writable                   // opened for writing
	PathOnly                   // O_PATH: it names the file and no more
)

// File is an open file: what one open() made, shared by all descriptors that
// were duplicated from it.
//
// Kernel: include/linux/fs.h file, all versions.
type File struct {
	Inode sched.ID
	Mode  FMode
	Flags int32 // O_APPEND, O_NONBLOCK, O_DIRECT … as opened
	Pos   int64 // bytes
	Refs  int32 // descriptors, mappings and calls in progress

	Origin int64 // the log line that opened it
}

// Clone returns an independent copy.
func (f *File) Clone() sched.Object { c := *f; return &c }

// Encode appends the canonical encoding.
func (f *File) Encode(dst []byte) []byte {
	dst = append(dst, byte(f.Mode))
	for _, x := range []int32{int32(f.Inode), f.Flags, f.Refs} {
		dst = binary.LittleEndian.AppendUint32(dst, uint32(x))
	}
	return binary.LittleEndian.AppendUint64(dst, uint64(f.Pos))
}

// Opened is what of an open file never changes.
type Opened struct {
	Inode sched.ID
	Mode  FMode
	Flags int32
}

var (
	opened = sched.NewOp("fdget", sched.Read,
		func(f *File, _ sched.None) Opened { return Opened{f.Inode, f.Mode, f.Flags} })
	posRead = sched.NewOp("f_pos", sched.Read, func(f *File, _ sched.None) int64 { return f.Pos })
	posSet  = sched.NewOp("f_pos =", sched.Write, func(f *File, n int64) sched.None {
		f.Pos = n
		return sched.None{}
	})
	fileRef = sched.NewOp("get_file", sched.Write, func(f *File, n int32) int32 {
		f.Refs += n
		return f.Refs
	})
	tryFileRef = sched.NewOp("get_file_rcu", sched.Write, func(f *File, _ sched.None) bool {
		if f.Refs == 0 {
			return false
		}
		f.Refs++
		return true
	})
	setFlags = sched.NewOp("setfl", sched.Write, func(f *File, flags int32) sched.None {
		f.Flags = flags
		return sched.None{}
	})
)

// Open makes an open file with one reference, the caller's, which keeps the
// inode alive.
//
// Kernel: fs/file_table.c alloc_file, all versions.
func Open(t *sched.Task, ino sched.ID, mode FMode, flags int32) sched.ID {
	Get(t, ino)
	return sched.New(t, &File{Inode: ino, Mode: mode, Flags: flags, Refs: 1, Origin: t.Origin})
}

// FileOf reads what never changes of an open file (its flags change only by
// F_SETFL).
func FileOf(t *sched.Task, id sched.ID) Opened { return opened.On(t, id, sched.None{}) }

// Pos reads the file position in bytes.
func Pos(t *sched.Task, id sched.ID) int64 { return posRead.On(t, id, sched.None{}) }

// SetPos moves the file position (bytes, >= 0).
func SetPos(t *sched.Task, id sched.ID, pos int64) { posSet.On(t, id, pos) }

// SetFlags changes the flags that F_SETFL may change.
//
// Kernel: fs/fcntl.c setfl, all versions.
func SetFlags(t *sched.Task, id sched.ID, flags int32) { setFlags.On(t, id, flags) }

// GetFile adds a reference to an open file.
//
// Kernel: include/linux/fs.h get_file, all versions.
func GetFile(t *sched.Task, id sched.ID) { fileRef.On(t, id, 1) }

// TryGetFile adds one unless the file is being closed. The caller is in an RCU read
// section that began before it found the file.
//
// Kernel: fs/file.c get_file_rcu, v3.17 and later.
func TryGetFile(t *sched.Task, id sched.ID) bool { return tryFileRef.On(t, id, sched.None{}) }

// PutFile gives one back; the last one closes the file. Its memory stays until
// nobody can be looking at it any more.
//
// Kernel: fs/file_table.c fput, all versions.
// Differs: the file is closed at once, not when the task returns to user space, and
// the closer itself waits for those who look.
func PutFile(t *sched.Task, id sched.ID) {
	if fileRef.On(t, id, -1) > 0 {
		return
	}
	f := FileOf(t, id)
	if ops := Ops(Of(t, f.Inode).Kind); ops != nil {
		ops.Release(t, id)
	}
	t.SynchronizeRCU()
	sched.Free(t, id)
	Put(t, f.Inode)
}

// FileOps is what a kind of file does. Sizes and offsets are bytes, page offsets
// are pages of abi.PageSize.
//
// Kernel: include/linux/fs.h file_operations, all versions.
type FileOps interface {
	// Fault returns the folio that backs file page pgoff for a mapping of the
	// file, with a reference that the task holds (folio.Hold); for a write,
	// missing pages are made. EFAULT stands for SIGBUS: past the end of file.
	Fault(t *sched.Task, ino sched.ID, pgoff uint64, write bool) (sched.ID, error)
	// Cached returns the folio of file page pgoff if it is in memory, has its bytes and does not
	// lie past the end of the file, with a reference that the task holds; or 0.
	Cached(t *sched.Task, ino sched.ID, pgoff uint64) sched.ID
	// Punch removes the pages of a byte range, for MADV_REMOVE.
	Punch(t *sched.Task, file sched.ID, off, n int64) error
	// Reclaim takes a folio, which the task has taken off the LRU list and holds, out of
	// memory if it can, or puts it back. The reference is given back.
	Reclaim(t *sched.Task, ino, folio sched.ID)
	// Release is called when the last reference to an open file goes.
	Release(t *sched.Task, file sched.ID)
	// Evict is called when the last user of an inode goes: it gives back all pages.
	Evict(t *sched.Task, ino sched.ID)
}

// NoPages answers for a file that cannot be mapped, so that nobody asks for a page of it. Those who
// embed it say what they do when they are closed.
type NoPages struct{}

// Fault implements FileOps.
func (NoPages) Fault(t *sched.Task, _ sched.ID, _ uint64, _ bool) (sched.ID, error) {
	return 0, t.Refuse(abi.EFAULT, "file_operations.mmap")
}

// Cached implements FileOps.
func (NoPages) Cached(*sched.Task, sched.ID, uint64) sched.ID { return 0 }

// Punch implements FileOps.
func (NoPages) Punch(t *sched.Task, _ sched.ID, _, _ int64) error {
	return t.Refuse(abi.EOPNOTSUPP, "file_operations.fallocate")
}

// Reclaim implements FileOps.
func (NoPages) Reclaim(t *sched.Task, _, id sched.ID) { folio.Release(t, id) }

// Release implements FileOps.
func (NoPages) Release(*sched.Task, sched.ID) {}

// Evict implements FileOps.
func (NoPages) Evict(*sched.Task, sched.ID) {}

var registry [kinds]FileOps

// Register says who answers for a kind of file. Packages call it when they are
// initialised; it never changes afterwards.
func Register(k Kind, ops FileOps) { registry[k] = ops }

// Ops returns who answers for a kind of file, nil if nobody does.
func Ops(k Kind) FileOps { return registry[k] }

// May returns EBADF unless the open file may be used as asked.
func (o Opened) May(t *sched.Task, need FMode, check string) error {
	if o.Mode&PathOnly != 0 || o.Mode&need != need {
		return t.Refuse(abi.EBADF, check)
	}
	return nil
}
