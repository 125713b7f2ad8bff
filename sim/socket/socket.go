package socket

import (
	"encoding/binary"
	"errors"
	"slices"

	"sealab/sim/abi"
	"sealab/sim/inode"
	"sealab/sim/sched"
)

// ErrNotModelled is returned for what the model cannot do; see the package's doc.
var ErrNotModelled = errors.New("not modelled")

// Socket is one end of a pair.
//
// Kernel: include/net/af_unix.h unix_sock, all versions.
type Socket struct {
	Type  int64    // abi.SockStream, abi.SockDgram or abi.SockSeqpacket
	Peer  sched.ID // the other end
	Queue []Message
	Wait  sched.ID // the WaitQueue of those who receive here
	Refs  int32    // the inode, as long as it is there, and the other end

	Dead    bool // its last descriptor is closed
	Alone   bool // the other end's is, or has been found to be
	Reset   bool // what it had sent was not read: ECONNRESET is to be told, once
	Strange bool // nothing is known of what is in it
}

// Message is what one call has sent and nobody has received yet.
//
// Kernel: include/net/af_unix.h unix_skb_parms, all versions.
type Message struct {
	Len    int64    // bytes that are left of it
	Rights sched.ID // the Rights that come with its first byte, 0 for none
	Origin int64    // the log line that sent it
}

// Rights are open files on their way.
//
// Kernel: include/net/scm.h scm_fp_list, all versions.
type Rights struct{ Files []sched.ID }

// Clone returns an independent copy.
func (s *Socket) Clone() sched.Object {
	c := *s
	c.Queue = slices.Clone(s.Queue)
	return &c
}

// Encode appends the canonical encoding.
func (s *Socket) Encode(dst []byte) []byte {
	bits := byte(0)
	for i, on := range [...]bool{s.Dead, s.Alone, s.Reset, s.Strange} {
		if on {
			bits |= 1 << i
		}
	}
	dst = append(dst, bits, byte(s.Type))
	for _, n := range [...]uint32{uint32(s.Peer), uint32(s.Wait), uint32(s.Refs), uint32(len(s.Queue))} {
		dst = binary.LittleEndian.AppendUint32(dst, n)
	}
	for _, m := range s.Queue {
		dst = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint64(dst, uint64(m.Len)), uint32(m.Rights))
	}
	return dst
}

// Clone returns an independent copy.
func (r *Rights) Clone() sched.Object { return &Rights{slices.Clone(r.Files)} }

// Encode appends the canonical encoding.
func (r *Rights) Encode(dst []byte) []byte {
	for _, f := range r.Files {
		dst = binary.LittleEndian.AppendUint32(dst, uint32(f))
	}
	return dst
}

// end is what of a socket a call needs to know.
type end struct {
	kind       int64
	peer, wait sched.ID
}

var (
	sockEnd = sched.NewOp("unix_peer", sched.Read, func(s *Socket, _ sched.None) end {
		return end{s.Type, s.Peer, s.Wait}
	})
	// sockPair ties a new socket to its other end.
	sockPair = sched.NewOp("unix_socketpair", sched.Write, func(s *Socket, peer sched.ID) sched.None {
		s.Peer = peer
		return sched.None{}
	})
	sockPut = sched.NewOp("sock_put", sched.Write, func(s *Socket, _ sched.None) int32 {
		s.Refs--
		return s.Refs
	})
	// sockDie closes one end, and says whether bytes were in it that nobody read. Messages
	// without any do not count: Linux 6.18.44 answers so, and no other was asked.
	sockDie = sched.NewOp("sock_orphan", sched.Write, func(s *Socket, _ sched.None) bool {
		s.Dead = true
		return slices.ContainsFunc(s.Queue, func(m Message) bool { return m.Len > 0 })
	})
	// sockHangUp tells one end that the other is closed.
	sockHangUp = sched.NewOp("sk_shutdown", sched.Write, func(s *Socket, reset bool) sched.None {
		if s.Type != abi.SockDgram {
			s.Alone, s.Reset = true, s.Reset || reset
		}
		return sched.None{}
	})
	// sockDrop takes a whole message out.
	sockDrop = sched.NewOp("skb_queue_purge", sched.Write, func(s *Socket, _ sched.None) (m Message) {
		if len(s.Queue) > 0 {
			m = s.Queue[0]
			s.Queue = slices.Delete(s.Queue, 0, 1)
		}
		return m
	})
	sockLose = sched.NewOp("lose", sched.Write, func(s *Socket, _ sched.None) sched.ID {
		s.Strange = true
		return s.Peer
	})
	rightsTake = sched.NewOp("scm_detach_fds", sched.Write, func(r *Rights, _ sched.None) sched.ID {
		if len(r.Files) == 0 {
			return 0
		}
		f := r.Files[0]
		r.Files = slices.Delete(r.Files, 0, 1)
		return f
	})
)

func init() { inode.Register(inode.Socket, socketOps{}) }

// NewPair makes two sockets of a type, tied to each other, and opens both; their
// references are the caller's. flags may have O_NONBLOCK.
//
// Kernel: net/socket.c __sys_socketpair and net/unix/af_unix.c unix_socketpair, all versions.
func NewPair(t *sched.Task, kind int64, flags int32) (a, b sched.ID) {
	s := [2]sched.ID{newSocket(t, kind), newSocket(t, kind)}
	sockPair.On(t, s[0], s[1])
	sockPair.On(t, s[1], s[0])
	var files [2]sched.ID
	for i := range s {
		ino := inode.New(t, inode.Inode{Kind: inode.Socket, Name: "socket", Mode: 0o777, Info: s[i]})
		files[i] = inode.Open(t, ino, inode.Readable|inode.Writable, abi.ORdwr|flags)
	}
	return files[0], files[1]
}

func newSocket(t *sched.Task, kind int64) sched.ID {
	wait := sched.New(t, &sched.WaitQueue{Label: "sk->sk_wq"})
	return sched.New(t, &Socket{Type: kind, Wait: wait, Refs: 2})
}

// NewRights makes a bundle of open files, whose references it takes over.
//
// Kernel: net/core/scm.c scm_fp_copy, all versions.
func NewRights(t *sched.Task, files []sched.ID) sched.ID { return sched.New(t, &Rights{files}) }

// Take takes the next open file out of a bundle, whose reference is the caller's from
// then on. It returns 0, and the bundle is gone, when there are no more.
//
// Kernel: net/core/scm.c scm_detach_fds, all versions.
func Take(t *sched.Task, rights sched.ID) sched.ID {
	f := rightsTake.On(t, rights, sched.None{})
	if f == 0 {
		sched.Free(t, rights)
	}
	return f
}

// Drop closes what is left in a bundle; 0 stands for none.
//
// Kernel: net/core/scm.c __scm_destroy, all versions.
func Drop(t *sched.Task, rights sched.ID) {
	for rights != 0 {
		f := Take(t, rights)
		if f == 0 {
			break
		}
		t.Later = append(t.Later, f)
	}
	settle(t)
}

// settle closes the files that are to be closed. One may be a socket with files in it, and so
// on: they are closed one after another, however deep they lie.
//
// Kernel: fs/file_table.c delayed_fput, v3.6 and later.
func settle(t *sched.Task) {
	if t.Settling {
		return
	}
	t.Settling = true
	for len(t.Later) > 0 {
		f := t.Later[0]
		t.Later = t.Later[1:]
		inode.PutFile(t, f)
	}
	t.Settling = false
}

// Lose says that a call which is not modelled has done something to a pair: whatever is
// asked of either end from now on is not modelled either.
func Lose(t *sched.Task, s sched.ID) {
	peer := sockLose.On(t, s, sched.None{})
	sockLose.On(t, peer, sched.None{})
	for _, x := range [...]sched.ID{s, peer} {
		purge(t, x)
		t.WakeUp(sockEnd.On(t, x, sched.None{}).wait)
	}
}

// purge drops what is in a queue.
func purge(t *sched.Task, s sched.ID) {
	for m := sockDrop.On(t, s, sched.None{}); m != (Message{}); m = sockDrop.On(t, s, sched.None{}) {
		Drop(t, m.Rights)
	}
}

// put gives back a reference to a socket.
//
// Kernel: include/net/sock.h sock_put, all versions.
func put(t *sched.Task, s sched.ID) {
	if sockPut.On(t, s, sched.None{}) == 0 {
		sched.Free(t, sockEnd.On(t, s, sched.None{}).wait)
		sched.Free(t, s)
	}
}

// socketOps is what a socket answers to the rest of the kernel.
type socketOps struct{ inode.NoPages }

// Evict implements inode.FileOps: what was sent here and not received is dropped, and
// the other end is told.
//
// Kernel: net/unix/af_unix.c unix_release_sock, all versions.
func (socketOps) Evict(t *sched.Task, ino sched.ID) {
	s := inode.Of(t, ino).Info
	unread := sockDie.On(t, s, sched.None{})
	e := sockEnd.On(t, s, sched.None{})
	sockHangUp.On(t, e.peer, unread)
	t.WakeUp(sockEnd.On(t, e.peer, sched.None{}).wait)
	purge(t, s)
	put(t, e.peer)
	put(t, s)
}
