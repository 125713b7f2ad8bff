package run

import (
	"sealab/scenario"
	"sealab/sim/abi"
	"sealab/sim/kernel"
)

// message reads argument 1, a struct msghdr: the sum of the lengths of its buffers. One
// that strace does not show, because the call failed, has some length.
func (r *reader) message() (m *scenario.Arg, n int64) {
	m = r.arg(1)
	failed := r.e.Ret.HasRet && r.e.Ret.Errno != 0
	switch {
	case m == nil:
		r.fail()
		return nil, 0
	case m.Kind == scenario.Null || m.Kind == scenario.Int:
		if !failed {
			r.fail()
		}
		return nil, 1
	case m.Kind != scenario.Struct:
		r.fail()
		return nil, 0
	}
	vec := r.e.Field(m, "msg_iov")
	if vec == nil || vec.Kind != scenario.Array {
		if !failed {
			r.fail()
		}
		return m, 1
	}
	for v := range r.e.Children(vec) {
		length := r.e.Field(v, "iov_len")
		if length == nil {
			r.fail()
			return m, 0
		}
		n += r.value(length)
	}
	return m, n
}

// messageCall reads what sendmsg and recvmsg have in common.
func (r *reader) messageCall(c *kernel.Call) (m *scenario.Arg) {
	c.Args[0], c.Args[1] = r.num(0), r.num(2)
	m, c.Args[2] = r.message()
	return m
}

// sendShape reads sendmsg(fd, message, flags).
func sendShape(r *reader, c *kernel.Call) {
	m := r.messageCall(c)
	if m == nil {
		return
	}
	if name := r.e.Field(m, "msg_name"); name != nil && name.Kind != scenario.Null {
		c.Args[3] = 1
	}
	data, other := r.e.Rights()
	if other {
		c.Args[3] = 1
	}
	if data == nil {
		return
	}
	for d := range r.e.Children(data) {
		c.FDs = append(c.FDs, r.value(d)) // strace shows 32 of them; more cannot be read
	}
}

// recvShape reads recvmsg(fd, message, flags). How many descriptors there was room for, a
// log shows only in so far as it matters: what was used of it, and MSG_CTRUNC.
func recvShape(r *reader, c *kernel.Call) {
	m := r.messageCall(c)
	if m == nil {
		return
	}
	const header = 16 // bytes of struct cmsghdr
	data, _ := r.e.Rights()
	if data != nil {
		c.Args[3] = int64(r.e.NumChildren(data))
	}
	if room := r.e.Field(m, "msg_controllen"); room != nil {
		c.Args[3] = max(0, (r.value(room)-header)/4)
	}
}

// datagramShape reads sendto and recvfrom(fd, buffer, length, flags, address…).
func datagramShape(r *reader, c *kernel.Call) {
	c.Args[0], c.Args[1], c.Args[2] = r.num(0), r.num(3), r.num(2)
	if a := r.e.Arg(4); r.e.Name == "sendto" && a != nil && a.Kind != scenario.Null {
		c.Args[3] = 1
	}
}

// firstShape reads the descriptor of a call of which no more is asked.
func firstShape(r *reader, c *kernel.Call) { c.Args[0] = r.num(0) }

// received reads what a line says that came with a message.
func (a *Answer) received(e *scenario.Event) {
	m := e.Arg(1)
	if m == nil || m.Kind != scenario.Struct || !a.OK() {
		return
	}
	flags := e.Field(m, "msg_flags")
	a.HasMsg = flags != nil && flags.Known()
	if a.HasMsg {
		a.Flags = flags.Num & (abi.MsgCtrunc | abi.MsgTrunc)
	}
	if data, _ := e.Rights(); data != nil {
		for c := range e.Children(data) {
			if !c.Known() {
				a.HasMsg = false
				continue
			}
			a.FDs = append(a.FDs, c.Num)
		}
	}
}

// message is what a line says that came with a message, in so far as it is told.
func (a *Answer) message() arrived { return arrive(a.FDs, a.Flags) }

// arrive notes what came with a message.
func arrive(fds []int64, flags int64) (m arrived) {
	m.n, m.flags = copy(m.fds[:], fds), flags
	return m
}

// fillMessage writes what came with a message into the line, where it has a place for it.
func (a *Answered) fillMessage(e *scenario.Event) {
	msg := &a.val.msg
	fillStored(e, msg.fds[:msg.n])
	m := e.Arg(1)
	if m == nil || m.Kind != scenario.Struct {
		return
	}
	if f := e.Field(m, "msg_flags"); f != nil && f.Known() {
		n := f.Num&^(abi.MsgCtrunc|abi.MsgTrunc) | msg.flags
		f.Kind, f.Num, f.Text = scenario.Flags, n, []byte(abi.FormatFlags(abi.FamilyMsg, uint64(n)))
	}
}
