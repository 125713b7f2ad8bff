package mm

import (
	"sealab/sim/abi"
	"sealab/sim/sched"
)

// Load is a program reading a byte of its own memory: the page is faulted in if need be.
// It returns a stamp of the page's content, 0 for a page of zeros.
//
// FaultSegv: nothing is mapped there, or not for this. FaultBus: past the end of the file.
//
// Kernel: arch/x86/mm/fault.c exc_page_fault, all versions.
func Load(t *sched.Task, mm sched.ID, addr uint64) (content uint64, err error) {
	content, err = accessPage(t, open(t, mm), addr, 0, false)
	return content, signal(t, err)
}

// Store is a program writing a byte of its own memory; what says what is written. The
// errors are those of Load.
//
// Kernel: arch/x86/mm/fault.c exc_page_fault, all versions.
func Store(t *sched.Task, mm sched.ID, addr, what uint64) error {
	_, err := accessPage(t, open(t, mm), addr, what, true)
	return signal(t, err)
}

// signal is what a program gets that cannot be given the EFAULT of a system call.
//
// Kernel: arch/x86/mm/fault.c do_sigbus and bad_area, all versions.
func signal(t *sched.Task, err error) error {
	if err != abi.EFAULT {
		return err
	}
	t.Refusal.Errno = abi.FaultBus
	if t.Refusal.Check == noAccess {
		t.Refusal.Errno = abi.FaultSegv
	}
	return t.Refusal.Errno
}
