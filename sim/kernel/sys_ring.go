package kernel

import (
	"sealab/sim/abi"
	"sealab/sim/inode"
	"sealab/sim/pin"
	"sealab/sim/sched"
)

// sysIOUringSetup is io_uring_setup(entries, params).
//
// Kernel: io_uring/io_uring.c io_uring_setup, v5.1 and later.
func sysIOUringSetup(t *sched.Task, p *Proc, c *Call, _ *Result) (int64, error) {
	switch n := c.Args[0]; {
	case !t.Profile().IOUring:
		return 0, t.Refuse(abi.ENOSYS, "io_uring_setup")
	case n <= 0 || n > 32768:
		return 0, t.Refuse(abi.EINVAL, "io_uring_setup", sched.Fact{Name: "entries", Value: n})
	}
	return p.install(t, pin.NewRing(t), 0, true)
}

// sysIOUringRegister is io_uring_register(fd, opcode, arg, n).
//
// Kernel: io_uring/register.c io_uring_register, v5.1 and later.
func sysIOUringRegister(t *sched.Task, p *Proc, c *Call, _ *Result) (int64, error) {
	if int32(c.Args[0]) == -1 {
		return 0, ErrNotModelled // newer kernels take it for something of its own
	}
	x, err := p.openIO(t, c.Args[0], 0, "io_uring_register")
	switch {
	case err != nil:
		return 0, err
	case x.i.Kind != inode.Ring:
		return 0, t.Refuse(abi.EOPNOTSUPP, "io_uring_register")
	case c.Args[1] == abi.IoringUnregisterBuffers:
		return 0, pin.Unregister(t, x.i.Info)
	case c.Args[1] != abi.IoringRegisterBuffers:
		return 0, ErrNotModelled
	}
	pieces := make([]pin.Piece, len(c.Vec))
	for i, v := range c.Vec {
		pieces[i] = pin.Piece(v)
	}
	return 0, pin.Register(t, p.MM, x.i.Info, pieces)
}
