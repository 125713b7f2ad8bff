package host

import (
	"encoding/binary"
	"strconv"

	"sealab/scenario"
	"sealab/sim/abi"
)

// struct msghdr: where its fields are, in bytes.
const (
	msgIov        = 16
	msgIovLen     = 24
	msgControl    = 32
	msgControlLen = 40
	msgFlags      = 48
	msgSize       = 56
)

// cmsgHeader is how long a struct cmsghdr is, in bytes; what it carries comes behind it.
const cmsgHeader = 16

// maxControl bounds the control messages of one call, in bytes.
const maxControl = 4096

// received is what a recvmsg has filled: the argument, and where the kernel's are.
type received struct {
	arg         *scenario.Arg
	length, flg int // indices in image.ranges
}

// message compiles a struct msghdr. With fill the call fills it.
func (c *compiler) message(k *call, a *scenario.Arg, fill bool) (operand, error) {
	if a.Kind == scenario.Null {
		return operand{}, nil
	}
	if a.Kind != scenario.Struct {
		return operand{}, skipf("a message that is not all there")
	}
	iov := k.ev.Field(a, "msg_iov")
	if iov == nil || iov.Kind != scenario.Array {
		return operand{}, skipf("a message without msg_iov")
	}
	if name := k.ev.Field(a, "msg_name"); name != nil && name.Kind != scenario.Null {
		return operand{}, skipf("it could reach a socket that is not the scenario's")
	}
	vec, err := c.vector(k, iov, fill)
	if err != nil {
		return operand{}, err
	}
	at, err := c.room(msgSize)
	if err != nil {
		return operand{}, err
	}
	c.emit(opStore, num(at+msgIov), vec)
	c.emit(opStore, num(at+msgIovLen), num(uint64(k.ev.NumChildren(iov))))
	if err := c.control(k, a, at, fill); err != nil {
		return operand{}, err
	}
	if fill {
		k.got = &received{a, c.want(at+msgControlLen, 8), c.want(at+msgFlags, 4)}
	}
	return num(at), nil
}

// control compiles the control message, one with descriptors at most.
func (c *compiler) control(k *call, m *scenario.Arg, msg uint64, fill bool) error {
	data, other := k.ev.Rights()
	if other {
		return skipf("a control message that is not SCM_RIGHTS")
	}
	n := int64(0)
	if data != nil {
		n = int64(k.ev.NumChildren(data))
	}
	length := (cmsgHeader + 4*n + 7) &^ 7
	if given := k.ev.Field(m, "msg_controllen"); given != nil && given.Known() {
		length = given.Num
	} else if data == nil {
		length = 0
	}
	if length < 0 || length > maxControl || n > maxControl/8 {
		return skipf("control messages of %d bytes", length)
	}
	at, err := c.room(max(length, cmsgHeader+4*n+8))
	if err != nil || length == 0 {
		return err
	}
	c.emit(opStore, num(msg+msgControl), num(at))
	c.emit(opStore, num(msg+msgControlLen), num(uint64(length)))
	if data == nil {
		return nil
	}
	if fill {
		fillWith(c.bytes(at + cmsgHeader)[:4*n], []byte{0xff}) // none of them is a descriptor yet
		k.stored = at + cmsgHeader
		return nil
	}
	c.emit(opStore, num(at), num(uint64(cmsgHeader+4*n)))
	c.emit(opStore, num(at+8), num(abi.SolSocket|abi.ScmRights<<32))
	to := at + cmsgHeader
	for d := range k.ev.Children(data) { // each store is of 8 bytes, and the next writes over its second half
		fd, err := c.value(k.ev, d)
		if err != nil {
			return err
		}
		c.emit(opStore, num(to), fd)
		to += 4
	}
	return nil
}

// fillMessage shows what came with a message, as strace does: nothing of it where there
// is nothing.
func (m *image) fillMessage(k *call, e *scenario.Event, o *outcome) {
	r := &o.res[k.op]
	msg := sameArg(k.ev, e, k.got.arg)
	length := int64(binary.LittleEndian.Uint64(o.filled[k.got.length]))
	flags := uint64(binary.LittleEndian.Uint32(o.filled[k.got.flg]))
	if r.state != 2 || r.val < 0 {
		length, flags = 0, 0
	}
	if f := e.Field(msg, "msg_controllen"); f != nil {
		f.Num, f.Text = length, strconv.AppendInt(nil, length, 10)
	}
	if f := e.Field(msg, "msg_flags"); f != nil {
		f.Kind, f.Num, f.Text = scenario.Flags, int64(flags), []byte(abi.FormatFlags(abi.FamilyMsg, flags))
	}
	data, _ := e.Rights()
	control := e.Field(msg, "msg_control")
	switch {
	case control == nil:
	case length == 0:
		control.Kind, control.Bits, control.Text = scenario.Null, scenario.Known, nil
		e.Keep(control, 0)
	case data != nil:
		n := min((length-cmsgHeader)/4, int64(e.NumChildren(data)))
		for n > 0 && int32(e.Elem(data, int(n)-1).Num) < 0 {
			n-- // the space for one is rounded up to that for two
		}
		e.Keep(data, int(n))
		for c := range e.Children(control) {
			if f := e.Field(c, "cmsg_len"); f != nil {
				f.Num, f.Text = cmsgHeader+4*n, strconv.AppendInt(nil, cmsgHeader+4*n, 10)
			}
		}
	}
}
