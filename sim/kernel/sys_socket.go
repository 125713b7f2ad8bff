package kernel

import (
	"errors"

	"sealab/sim/abi"
	"sealab/sim/inode"
	"sealab/sim/sched"
	"sealab/sim/socket"
)

// What a socket type is made of.
//
// Kernel: include/linux/net.h SOCK_TYPE_MASK and SOCK_MAX, all versions.
// Kernel: include/net/scm.h SCM_MAX_FD, all versions.
const (
	sockTypeMask = 0xf
	sockMax      = 11
	scmMaxFD     = 253
)

// sysSocketpair is socketpair(family, type, protocol, fds).
//
// Kernel: net/socket.c __sys_socketpair and net/unix/af_unix.c unix_create, all versions.
func sysSocketpair(t *sched.Task, p *Proc, c *Call, r *Result) (int64, error) {
	family, kind, protocol := c.Args[0], c.Args[1]&sockTypeMask, c.Args[2]
	flags := c.Args[1] &^ sockTypeMask
	fact := sched.Fact{Name: "type", Value: c.Args[1]}
	switch {
	case flags&^(abi.SockCloexec|abi.SockNonblock) != 0, kind >= sockMax:
		return 0, t.Refuse(abi.EINVAL, "__sys_socketpair", fact)
	case family != abi.AfUnix:
		return 0, ErrNotModelled
	case protocol != 0 && protocol != abi.AfUnix:
		return 0, t.Refuse(abi.EPROTONOSUPPORT, "unix_create", sched.Fact{Name: "protocol", Value: protocol})
	case kind == abi.SockRaw:
		kind = abi.SockDgram
	case kind != abi.SockStream && kind != abi.SockDgram && kind != abi.SockSeqpacket:
		return 0, t.Refuse(abi.ESOCKTNOSUPPORT, "unix_create", fact)
	}
	a, b := socket.NewPair(t, kind, int32(flags&abi.SockNonblock))
	var err error
	if r.Pair[0], err = p.install(t, a, 0, flags&abi.SockCloexec != 0); err != nil {
		inode.PutFile(t, b)
		return 0, err
	}
	r.Pair[1], err = p.install(t, b, 0, flags&abi.SockCloexec != 0)
	return 0, err
}

// openSocket finds the socket of a call.
//
// Kernel: net/socket.c sockfd_lookup_light, all versions.
func (p *Proc) openSocket(t *sched.Task, fd int64) (io, error) {
	x, err := p.openIO(t, fd, 0, "sockfd_lookup_light")
	switch {
	case err != nil:
		return x, err
	case x.i.Kind == inode.Anonymous:
		return x, ErrNotModelled
	case x.i.Kind != inode.Socket:
		return x, t.RefuseBecause(abi.ENOTSOCK, "sock_from_file", sched.Fact{Name: "descriptor", Value: fd}, x.f.Inode)
	}
	return x, nil
}

// lose gives a socket up, after a call that is not modelled.
func (x *io) lose(t *sched.Task) error {
	socket.Lose(t, x.i.Info)
	return ErrNotModelled
}

// The flags with which sending and receiving are modelled.
const (
	sendFlags = abi.MsgDontwait | abi.MsgNosignal | abi.MsgCmsgCloexec
	recvFlags = sendFlags
)

// sysSend is sendto(fd, buffer, length, flags) with Args[2] bytes and flags in Args[1], and
// sendmsg with the sum of its lengths and Call.FDs. Args[3] is not 0 where there is an
// address, or a control message that is not modelled.
//
// Kernel: net/socket.c ____sys_sendmsg, all versions.
func sysSend(t *sched.Task, p *Proc, c *Call, _ *Result) (int64, error) {
	x, err := p.openSocket(t, c.Args[0])
	if err != nil {
		return 0, err
	}
	if c.Args[3] != 0 || c.Args[1]&^sendFlags != 0 {
		return 0, x.lose(t)
	}
	if len(c.FDs) > scmMaxFD {
		return 0, t.Refuse(abi.EINVAL, "scm_fp_copy SCM_MAX_FD", sched.Fact{Name: "files", Value: int64(len(c.FDs))})
	}
	var files []sched.ID
	for _, fd := range c.FDs {
		f, err := p.fget(t, fd, "scm_fp_copy")
		if err == nil && t.Profile().RingsStay && inode.Of(t, inode.FileOf(t, f).Inode).Kind == inode.Ring {
			err = t.RefuseBecause(abi.EINVAL, "io_is_uring_fops", sched.Fact{Name: "descriptor", Value: fd}, f)
		}
		if err != nil {
			cause := t.Refusal
			for _, f := range files {
				inode.PutFile(t, f)
			}
			t.Refusal = cause
			return 0, err
		}
		inode.GetFile(t, f)
		files = append(files, f)
	}
	return x.send(t, c.Args[2], files)
}

// send sends n bytes, and open files whose references it takes over.
func (x *io) send(t *sched.Task, n int64, files []sched.ID) (int64, error) {
	rights := sched.ID(0)
	if len(files) > 0 {
		rights = socket.NewRights(t, files)
	}
	n, err := socket.Send(t, x.i.Info, n, rights)
	if errors.Is(err, socket.ErrNotModelled) {
		return 0, x.lose(t)
	}
	return n, err
}

// sysRecv is recvfrom(fd, buffer, length, flags) with Args[2] bytes and flags in Args[1],
// and recvmsg with the sum of its lengths and room for Args[3] descriptors.
//
// Kernel: net/socket.c ____sys_recvmsg and net/core/scm.c scm_detach_fds, all versions.
func sysRecv(t *sched.Task, p *Proc, c *Call, r *Result) (int64, error) {
	x, err := p.openSocket(t, c.Args[0])
	switch {
	case err != nil:
		return 0, err
	case c.Args[1]&abi.MsgPeek != 0:
		return 0, ErrNotModelled
	case c.Args[2] <= 0 || c.Args[1]&^recvFlags != 0:
		return 0, x.lose(t)
	}
	g, err := socket.Receive(t, x.i.Info, c.Args[2], x.nonblock() || c.Args[1]&abi.MsgDontwait != 0)
	if errors.Is(err, socket.ErrNotModelled) {
		return 0, ErrNotModelled
	}
	if g.Cut {
		r.Flags |= abi.MsgTrunc
	}
	for g.Rights != 0 {
		if int64(len(r.FDs)) == c.Args[3] {
			if f := socket.Take(t, g.Rights); f != 0 {
				r.Flags |= abi.MsgCtrunc
				inode.PutFile(t, f)
				socket.Drop(t, g.Rights)
			}
			break
		}
		f := socket.Take(t, g.Rights)
		if f == 0 {
			break
		}
		fd, err := p.install(t, f, 0, c.Args[1]&abi.MsgCmsgCloexec != 0)
		if err != nil {
			r.Flags |= abi.MsgCtrunc
			socket.Drop(t, g.Rights)
			break
		}
		r.FDs = append(r.FDs, fd)
	}
	return g.N, err
}

// recv is read and readv of a socket: what comes with the bytes is dropped.
//
// Kernel: net/socket.c sock_read_iter, all versions.
func (x *io) recv(t *sched.Task, n int64) (int64, error) {
	if n == 0 {
		return 0, nil
	}
	g, err := socket.Receive(t, x.i.Info, n, x.nonblock())
	if errors.Is(err, socket.ErrNotModelled) {
		return 0, ErrNotModelled
	}
	socket.Drop(t, g.Rights)
	return g.N, err
}

// sysSocketOther is a call that changes a socket and is not modelled.
func sysSocketOther(t *sched.Task, p *Proc, c *Call, _ *Result) (int64, error) {
	x, err := p.openSocket(t, c.Args[0])
	if err != nil {
		return 0, err
	}
	return 0, x.lose(t)
}

// loseSockets gives up the sockets among the files of a call that is not modelled for
// them.
func loseSockets(t *sched.Task, files ...sched.ID) {
	for _, f := range files {
		if i := inode.Of(t, inode.FileOf(t, f).Inode); i.Kind == inode.Socket {
			socket.Lose(t, i.Info)
		}
	}
}
