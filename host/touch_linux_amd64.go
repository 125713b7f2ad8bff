package host

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// A load or a store is made by an instruction of its own (touch_linux_amd64.s), and a handler
// makes an answer of the signal that may come of it. It is in assembly, since it runs where the
// Go runtime must not be entered, and has to know the instruction.

// touch makes one access to a byte. It returns the byte, 0 for a store, or -1000 less the
// signal: -abi.FaultBus or -abi.FaultSegv.
//
//go:noescape
func touch(addr, value, write uintptr) uintptr

// handler returns where the handler of both signals begins, and what ends it.
func handler() (caught, restore uintptr)

// sigaction is the kernel's struct sigaction.
type sigaction struct{ handler, flags, restorer, mask uint64 }

// accessAction is what a signal does that an access may have made.
func accessAction() sigaction {
	const onStack, restorer, siginfo = 0x0800_0000, 0x0400_0000, 4
	caught, restore := handler()
	return sigaction{uint64(caught), onStack | restorer | siginfo, uint64(restore), 0}
}

// access runs an opTouch. The handler is set each time: fork and clone may have forgotten it.
//
//go:nosplit
//go:norace
func access(env *environment, addr, value, write uintptr) uintptr {
	action := uintptr(unsafe.Pointer(&env.access))
	sys4(unix.SYS_RT_SIGACTION, uintptr(unix.SIGBUS), action, 0, 8)
	sys4(unix.SYS_RT_SIGACTION, uintptr(unix.SIGSEGV), action, 0, 8)
	return touch(addr, value, write)
}

// compileTouch compiles load(address) and store(address, byte).
func (c *compiler) compileTouch(k *call) error {
	addr, err := c.argument(k, 'n', 0)
	if err != nil {
		return err
	}
	value, write := operand{}, uint64(0)
	if k.ev.Name == "store" {
		write = 1
		if value, err = c.argument(k, 'n', 1); err != nil {
			return err
		}
	}
	k.op = c.emit(opTouch, addr, value, num(write))
	c.bind(k)
	return nil
}
