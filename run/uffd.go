package run

import (
	"sealab/scenario"
	"sealab/sim/abi"
	"sealab/sim/kernel"
)

// asksUffd says whether an ioctl is one of userfaultfd, with an argument that can be read.
func asksUffd(e *scenario.Event) bool {
	cmd, arg := e.Arg(1), e.Arg(2)
	return cmd != nil && arg != nil && arg.Kind == scenario.Struct && abi.IsUffdio(cmd.Num)
}

// ioctlShape reads an ioctl of udmabuf or userfaultfd.
func ioctlShape(r *reader, c *kernel.Call) {
	if !asksUffd(r.e) {
		udmabufShape(r, c)
		return
	}
	c.Args[0], c.Args[1] = r.num(0), r.num(1)
	a := r.arg(2)
	switch c.Args[1] {
	case abi.UffdioAPI:
		c.Args[2], c.Args[3] = r.part(a, "api", true), r.part(a, "features", false)
	case abi.UffdioCopy:
		c.Args[2], c.Args[5] = r.part(a, "dst", true), r.part(a, "src", true)
		c.Args[3], c.Args[4] = r.part(a, "len", true), r.part(a, "mode", false)
	case abi.UffdioRegister, abi.UffdioZeropage:
		area := r.e.Field(a, "range")
		if area == nil || area.Kind != scenario.Struct {
			r.fail()
			return
		}
		c.Args[2], c.Args[3] = r.part(area, "start", true), r.part(area, "len", true)
		c.Args[4] = r.part(a, "mode", false)
	default:
		c.Args[2], c.Args[3] = r.part(a, "start", true), r.part(a, "len", true)
	}
}
