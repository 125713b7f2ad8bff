package inode

import (
	"encoding/binary"

	"sealab/sim/abi"
	"sealab/sim/mapping"
	"sealab/sim/sched"
)

// Kind says which file system answers for an inode.
type Kind uint8

const (
	Shmem     Kind = iota + 1 // a memfd, or a file of tmpfs
	Hugetlb                   // a memfd made with MFD_HUGETLB
	Regular                   // a file of any other file system: it has no seals
	Pipe                      // either end of a pipe
	Anonymous                 // something that is not modelled, and not known
	Directory                 // a directory
	Device                    // a character device
	Ring                      // an io_uring
	Tmpfs                     // a file of tmpfs that is not a memfd, and whose contents are not known
	Socket                    // one of a pair of AF_UNIX sockets
	Udmabuf                   // /dev/udmabuf
	Dmabuf                    // memory of memfds, made into a buffer for devices
	Sysctl                    // /proc/sys/vm/memfd_noexec
	Userfault                 // a userfaultfd
	kinds
)

func (k Kind) String() string {
	return [...]string{"none", "shmem", "hugetlbfs",
		"regular", "pipe", "anonymous", "directory", "device", "io_uring",
		"tmpfs", "socket", "udmabuf", "dma-buf", "sysctl", "userfaultfd"}[k]
}

// Phrase names a file of that kind in a sentence.
func (k Kind) Phrase() string {
	return [...]string{"nothing", "a file of tmpfs", "a file of hugetlbfs", "a file of another file system",
		"a pipe", "an unknown file", "a directory", "a device", "an io_uring", "a file of tmpfs",
		"a socket", "a device", "a dma-buf", "a sysctl", "a userfaultfd"}[k]
}

// Sealable says whether files of this kind have a seal word.
func (k Kind) Sealable() bool { return k == Shmem || k == Hugetlb }

// Inode is what all descriptors of a file share.
//
// Kernel: include/linux/fs.h inode, all versions.
// Kernel: include/linux/shmem_fs.h shmem_inode_info.seals, v3.17 and later.
type Inode struct {
	Kind  Kind
	Name  string    // as the program named it, for people
	Size  int64     // i_size, bytes
	Mode  uint16    // permission bits, such as 0777
	Seals abi.Seals // without meaning unless Kind.Sealable
	Refs  int32     // open files and mappings that keep it alive
	Shift uint8     // log2 of the page size in bytes: 12, or more for hugetlbfs

	Lock sched.ID        // i_rwsem
	Map  mapping.Mapping // zero for kinds without pages
	Info sched.ID        // what the file system keeps beside it, such as a pipe

	Origin int64    // the log line that made it
	Sealed [8]int64 // the log line that added each seal, by bit
}

// Clone returns an independent copy.
func (i *Inode) Clone() sched.Object { c := *i; return &c }

// Encode appends the canonical encoding.
func (i *Inode) Encode(dst []byte) []byte {
	dst = append(dst, byte(i.Kind), byte(i.Mode), byte(i.Mode>>8), byte(i.Seals), i.Shift)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(i.Size))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(i.Refs))
	m := i.Map
	for _, id := range [...]sched.ID{i.Lock, i.Info, m.Counter, m.Pages, m.Lock, m.Mmap, m.MmapLock} {
		dst = binary.LittleEndian.AppendUint32(dst, uint32(id))
	}
	return dst
}

// Fixed is what of an inode never changes.
type Fixed struct {
	Kind  Kind
	Shift uint8
	Lock  sched.ID
	Map   mapping.Mapping
	Info  sched.ID
}

type sealArg struct {
	seals abi.Seals
	line  int64
}

var (
	nameOf = sched.NewOp("d_name", sched.Read, func(i *Inode, _ sched.None) string { return i.Name })
	fixed  = sched.NewOp("file_inode", sched.Read, func(i *Inode, _ sched.None) Fixed {
		return Fixed{i.Kind, i.Shift, i.Lock, i.Map, i.Info}
	})
	readSeals = sched.NewOp("memfd_file_seals", sched.Read, func(i *Inode, _ sched.None) abi.Seals { return i.Seals })
	addSeals  = sched.NewOp("*file_seals |= seals", sched.Write, func(i *Inode, a sealArg) sched.None {
		for bit := range i.Sealed {
			if a.seals&^i.Seals&(1<<bit) != 0 {
				i.Sealed[bit] = a.line
			}
		}
		i.Seals |= a.seals
		return sched.None{}
	})
	replaceSeals = sched.NewOp("*file_seals =", sched.Write, func(i *Inode, s abi.Seals) sched.None {
		i.Seals = s
		return sched.None{}
	})
	sizeRead  = sched.NewOp("i_size_read", sched.Read, func(i *Inode, _ sched.None) int64 { return i.Size })
	sizeWrite = sched.NewOp("i_size_write", sched.Write, func(i *Inode, n int64) sched.None {
		i.Size = n
		return sched.None{}
	})
	modeRead  = sched.NewOp("i_mode", sched.Read, func(i *Inode, _ sched.None) uint16 { return i.Mode })
	modeWrite = sched.NewOp("setattr_copy", sched.Write, func(i *Inode, m uint16) sched.None {
		i.Mode = m
		return sched.None{}
	})
	hold = sched.NewOp("ihold", sched.Write, func(i *Inode, n int32) int32 {
		i.Refs += n
		return i.Refs
	})
)

// Of reads what never changes of an inode.
func Of(t *sched.Task, id sched.ID) Fixed { return fixed.On(t, id, sched.None{}) }

// NameOf reads the name that the program gave to a memfd.
func NameOf(t *sched.Task, id sched.ID) string { return nameOf.On(t, id, sched.None{}) }

// Seals reads the seal word, without any lock.
//
// Kernel: mm/memfd.c memfd_file_seals_ptr, v4.16 and later.
func Seals(t *sched.Task, id sched.ID) abi.Seals { return readSeals.On(t, id, sched.None{}) }

// AddSeals sets bits of the seal word; none is ever cleared. The caller holds the
// inode lock for writing.
//
// Kernel: mm/memfd.c memfd_add_seals, v3.17 and later.
func AddSeals(t *sched.Task, id sched.ID, s abi.Seals) {
	addSeals.On(t, id, sealArg{s, t.Origin})
}

// ReplaceSeals sets the whole seal word, which only a wrong kernel does.
func ReplaceSeals(t *sched.Task, id sched.ID, s abi.Seals) { replaceSeals.On(t, id, s) }

// Size reads the size in bytes.
//
// Kernel: include/linux/fs.h i_size_read, all versions.
func Size(t *sched.Task, id sched.ID) int64 { return sizeRead.On(t, id, sched.None{}) }

// SetSize changes the size (bytes, >= 0). The caller holds the inode lock.
//
// Kernel: include/linux/fs.h i_size_write, all versions.
func SetSize(t *sched.Task, id sched.ID, n int64) { sizeWrite.On(t, id, n) }

// Mode reads the permission bits.
func Mode(t *sched.Task, id sched.ID) uint16 { return modeRead.On(t, id, sched.None{}) }

// SetMode changes the permission bits. The caller holds the inode lock.
//
// Kernel: fs/attr.c setattr_copy, all versions.
func SetMode(t *sched.Task, id sched.ID, m uint16) { modeWrite.On(t, id, m) }

// New makes an inode without users. Sealable kinds and regular files get a
// mapping; every kind gets a lock.
func New(t *sched.Task, i Inode) sched.ID {
	i.Lock = sched.New(t, &sched.RWSem{Label: "i_rwsem"})
	if i.Shift == 0 {
		i.Shift = abi.PageShift
	}
	if i.Kind.Sealable() || i.Kind == Regular {
		i.Map = mapping.New(t)
	}
	if i.Origin == 0 {
		i.Origin = t.Origin
	}
	return sched.New(t, &i)
}

// Get keeps an inode alive for one more user.
//
// Kernel: fs/inode.c ihold, all versions.
func Get(t *sched.Task, id sched.ID) { hold.On(t, id, 1) }

// Put lets an inode go; its last user's leaving evicts it.
//
// Kernel: fs/inode.c iput, all versions.
func Put(t *sched.Task, id sched.ID) {
	if hold.On(t, id, -1) > 0 {
		return
	}
	i := Of(t, id)
	if ops := Ops(i.Kind); ops != nil {
		ops.Evict(t, id)
	}
	if i.Map.Pages != 0 {
		i.Map.Free(t)
	}
	sched.Free(t, i.Lock)
	sched.Free(t, id)
}
