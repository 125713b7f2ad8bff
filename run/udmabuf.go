package run

import (
	"sealab/scenario"
	"sealab/sim/abi"
	"sealab/sim/kernel"
)

// asksUdmabuf says whether an ioctl is one of udmabuf, with an argument that can be read:
// all others are passive.
func asksUdmabuf(e *scenario.Event) bool {
	cmd, arg := e.Arg(1), e.Arg(2)
	return cmd != nil && (cmd.Num == abi.UdmabufCreate || cmd.Num == abi.UdmabufCreateList) &&
		arg != nil && arg.Kind == scenario.Struct
}

// udmabufShape reads ioctl(fd, UDMABUF_CREATE, {memfd=…, flags=…, offset=…, size=…}) and
// ioctl(fd, UDMABUF_CREATE_LIST, {flags=…, count=…, list=[{memfd=…, offset=…, size=…}, …]}).
func udmabufShape(r *reader, c *kernel.Call) {
	c.Args[0], c.Args[1] = r.num(0), r.num(1)
	a := r.arg(2)
	c.Args[2] = r.part(a, "flags", false)
	if c.Args[1] == abi.UdmabufCreate {
		r.udmabufPart(c, a)
		return
	}
	list := r.e.Field(a, "list")
	if list == nil || list.Kind != scenario.Array {
		r.fail()
		return
	}
	for p := range r.e.Children(list) {
		r.udmabufPart(c, p)
	}
}

func (r *reader) udmabufPart(c *kernel.Call, p *scenario.Arg) {
	c.FDs = append(c.FDs, r.part(p, "memfd", true))
	c.Vec = append(c.Vec, kernel.Iovec{
		Base: uint64(r.part(p, "offset", true)), Len: uint64(r.part(p, "size", true)),
	})
}

// part reads a field of a struct.
func (r *reader) part(p *scenario.Arg, name string, must bool) int64 {
	f := r.e.Field(p, name)
	if f == nil {
		if must {
			r.fail()
		}
		return 0
	}
	return r.value(f)
}
