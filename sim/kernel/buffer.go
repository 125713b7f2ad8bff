package kernel

import (
	"sealab/sim/abi"
	"sealab/sim/sched"
	"sealab/sim/shmem"
)

// accessOK refuses with EFAULT a buffer that is not all where a program's memory may be, unless
// there has been another error.
//
// Kernel: arch/x86/include/asm/uaccess_64.h access_ok, v6.4 and later (asm/uaccess.h before).
func accessOK(t *sched.Task, c *Call, err error) error {
	addr := uint64(c.Args[1])
	if err == nil && addr != 0 && (addr+uint64(c.Args[2]) < addr || addr+uint64(c.Args[2]) > abi.TaskSize) {
		return t.Refuse(abi.EFAULT, "access_ok", sched.Fact{Name: "address", Value: int64(addr)})
	}
	return err
}

// buffer is where a read or write puts bytes or takes them from, Args[1]; 0 if the line does not
// say it.
func (p *Proc) buffer(c *Call) shmem.Buffer {
	if c.Args[1] == 0 {
		return shmem.Buffer{}
	}
	return shmem.Buffer{MM: p.MM, Addr: uint64(c.Args[1])}
}
