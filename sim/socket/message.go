package socket

import (
	"slices"

	"sealab/sim/abi"
	"sealab/sim/sched"
)

// What the model keeps in a queue: less than what makes a sender wait with the usual
// net.core.wmem_default (212,992 bytes) and net.unix.max_dgram_qlen (10).
const (
	maxMessage  = 32 << 10 // bytes
	maxBytes    = 64 << 10
	maxMessages = 64
	maxDgrams   = 10
)

// permit is whether a socket may send: an errno, or 0 and what it is.
type permit struct {
	errno abi.Errno
	check string
	end
	strange bool
}

// arrival is whether a message has been taken in.
type arrival struct {
	full, dead bool
	wait       sched.ID
}

// Got is what has been received.
type Got struct {
	N      int64    // bytes
	Rights sched.ID // open files that came along, 0 for none; to be Taken or Dropped
	Cut    bool     // the packet was longer (MSG_TRUNC)
}

// taken is how an attempt to receive went.
type taken struct {
	Got
	done    bool // there is something to return
	errno   abi.Errno
	strange bool
}

var (
	// sockMaySend asks the sender's end, and tells its error if there is one.
	sockMaySend = sched.NewOp("unix_stream_sendmsg", sched.Write, func(s *Socket, _ sched.None) (p permit) {
		p.end, p.strange = end{s.Type, s.Peer, s.Wait}, s.Strange
		switch {
		case s.Type == abi.SockSeqpacket && s.Reset:
			s.Reset = false
			p.errno, p.check = abi.ECONNRESET, "sock_error"
		case s.Type == abi.SockDgram && s.Alone:
			p.errno, p.check = abi.ENOTCONN, "unix_peer_get"
		case s.Alone:
			p.errno, p.check = abi.EPIPE, "SEND_SHUTDOWN"
		}
		return p
	})
	sockPush = sched.NewOp("skb_queue_tail", sched.Write, func(s *Socket, m Message) arrival {
		a := arrival{dead: s.Dead, wait: s.Wait}
		bytes, most := m.Len, maxMessages
		for _, q := range s.Queue {
			bytes += q.Len
		}
		if s.Type == abi.SockDgram {
			most = maxDgrams
		}
		if a.full = m.Len > maxMessage || bytes > maxBytes || len(s.Queue) >= most; !a.full && !a.dead {
			s.Queue = append(s.Queue, m)
		}
		return a
	})
	// sockRefused notes that the other end of a datagram socket was found closed.
	sockRefused = sched.NewOp("unix_peer =", sched.Write, func(s *Socket, _ sched.None) sched.None {
		s.Alone = true
		return sched.None{}
	})
	sockTake = sched.NewOp("skb_unlink", sched.Write, func(s *Socket, n int64) taken {
		x := taken{strange: s.Strange, done: true}
		switch {
		case s.Strange:
		case s.Type == abi.SockStream && len(s.Queue) > 0:
			x.Got = s.bytes(n)
		case s.Reset:
			s.Reset = false
			x.errno = abi.ECONNRESET
		case len(s.Queue) > 0:
			m := s.Queue[0]
			s.Queue = slices.Delete(s.Queue, 0, 1)
			x.Got = Got{min(n, m.Len), m.Rights, m.Len > n}
		default:
			x.done = s.Alone && s.Type != abi.SockDgram
		}
		return x
	})
)

// bytes takes up to n bytes of a stream: across messages, but nothing behind one that had
// files with it.
//
// Kernel: net/unix/af_unix.c unix_stream_read_generic, all versions.
func (s *Socket) bytes(n int64) (g Got) {
	for len(s.Queue) > 0 && g.N < n {
		m := &s.Queue[0]
		step := min(n-g.N, m.Len)
		g.N, m.Len = g.N+step, m.Len-step
		if m.Rights != 0 {
			g.Rights, m.Rights = m.Rights, 0
		}
		if m.Len > 0 {
			break
		}
		if s.Queue = slices.Delete(s.Queue, 0, 1); g.Rights != 0 {
			break
		}
	}
	return g
}

// Send sends n bytes with open files, a bundle that it takes over (0 for none). A stream
// takes no empty message: what it came with is dropped.
//
// EPIPE: the other end is closed. ECONNRESET: it was closed without reading all, and this
// is told once. ECONNREFUSED, and from then on ENOTCONN: the same of datagrams.
// ErrNotModelled: it would have to wait.
//
// Kernel: net/unix/af_unix.c unix_stream_sendmsg, unix_seqpacket_sendmsg and unix_dgram_sendmsg, all versions.
func Send(t *sched.Task, s sched.ID, n int64, rights sched.ID) (int64, error) {
	p := sockMaySend.On(t, s, sched.None{})
	switch {
	case p.strange:
		Drop(t, rights)
		return 0, ErrNotModelled
	case p.errno != 0:
		Drop(t, rights)
		return 0, t.Refuse(p.errno, p.check)
	case n == 0 && p.kind == abi.SockStream:
		Drop(t, rights)
		return 0, nil
	}
	a := sockPush.On(t, p.peer, Message{n, rights, t.Origin})
	switch {
	case a.dead:
		Drop(t, rights)
		if p.kind == abi.SockDgram {
			sockRefused.On(t, s, sched.None{})
			purge(t, s)
			return 0, t.Refuse(abi.ECONNREFUSED, "SOCK_DEAD")
		}
		return 0, t.Refuse(abi.EPIPE, "SOCK_DEAD")
	case a.full:
		Drop(t, rights)
		return 0, ErrNotModelled
	}
	t.WakeUp(a.wait)
	return n, nil
}

// Receive receives up to n bytes (> 0); it waits for some unless nonblock. No bytes mean
// that the other end is closed, or an empty packet.
//
// EAGAIN: nothing there, and not to wait. ECONNRESET: the other end was closed without
// reading all; told once. ERESTARTSYS: the task is being killed.
//
// Kernel: net/unix/af_unix.c unix_stream_read_generic and __unix_dgram_recvmsg, all versions.
// Differs: readers of a stream take turns by what they take, not by a lock of their own;
// a signal that has a handler does not end the wait.
func Receive(t *sched.Task, s sched.ID, n int64, nonblock bool) (Got, error) {
	x := sockTake.On(t, s, n)
	if !x.done && nonblock {
		return Got{}, t.Refuse(abi.EAGAIN, "unix_stream_data_wait")
	}
	if !x.done {
		wait := sockEnd.On(t, s, sched.None{}).wait
		ok := t.WaitEvent(wait, sched.Killable, func() bool {
			x = sockTake.On(t, s, n)
			return x.done
		})
		if !ok {
			return Got{}, t.Refuse(abi.ERESTARTSYS, "unix_stream_data_wait")
		}
	}
	switch {
	case x.strange:
		return Got{}, ErrNotModelled
	case x.errno != 0:
		return Got{}, t.Refuse(x.errno, "sock_error")
	}
	return x.Got, nil
}
