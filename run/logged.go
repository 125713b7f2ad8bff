package run

import (
	"sealab/sim/abi"
	"sealab/sim/kernel"
)

// opensModelled are calls whose result is a descriptor, whatever they do.
var opensModelled = WordSet("memfd_create dup io_uring_setup openat open ioctl")

// renumber gives new descriptors the numbers that the log has, where these are free.
func (p *player) renumber(proc *kernel.Proc, a *Answered) {
	move := func(at *int64, to int64) {
		if *at != to && p.k.MoveFD(proc, *at, to) {
			*at = to
		}
	}
	want := &a.answer
	switch name := a.call.Event.Name; {
	case !want.OK() || a.val.errno != 0:
	case want.HasPair && a.val.pair[1] == want.Pair[0]: // its place must be free first
		move(&a.val.pair[1], want.Pair[1])
		move(&a.val.pair[0], want.Pair[0])
	case want.HasPair:
		move(&a.val.pair[0], want.Pair[0])
		move(&a.val.pair[1], want.Pair[1])
	case opensModelled[name], name == "fcntl" && a.call.duplicates():
		move(&a.val.val, want.Val)
	}
	a.Value = a.val.val
}

// duplicates says whether a call of fcntl returns a new descriptor.
func (c *Call) duplicates() bool {
	cmd := c.Event.Arg(1)
	return cmd != nil && (cmd.Num == abi.FDupfd || cmd.Num == abi.FDupfdCloexec)
}
