package sealtest

import (
	"reflect"

	"sealab/sim/abi"
)

// Errno is an error number of Linux on x86-64, such as 1 for EPERM. Methods of a System
// return it, or any error whose kind is an integer with such a number (syscall.Errno on
// Linux). Any other error is a failure of the system itself.
type Errno = abi.Errno

// System is what one process sees of the system under test. Descriptors and modes are
// numbers as they are on Linux. A System is used by one goroutine.
type System interface {
	// MemfdCreate is memfd_create(name, flags).
	MemfdCreate(name string, flags uint32) (fd int, err error)
	// Reopen is open("/proc/self/fd/N", flags): O_RDONLY, O_WRONLY or O_RDWR, perhaps
	// with O_TRUNC.
	Reopen(fd int, flags int) (newfd int, err error)
	// Close is close(fd).
	Close(fd int) error
	// AddSeals is fcntl(fd, F_ADD_SEALS, seals).
	AddSeals(fd int, seals uint32) error
	// GetSeals is fcntl(fd, F_GET_SEALS).
	GetSeals(fd int) (seals uint32, err error)
	// Ftruncate is ftruncate(fd, size).
	Ftruncate(fd int, size int64) error
	// Fallocate is fallocate(fd, mode, off, n).
	Fallocate(fd int, mode uint32, off, n int64) error
	// Pwrite is pwrite(fd, buf, n, off) of n bytes, whatever they are.
	Pwrite(fd int, n, off int64) (done int64, err error)
	// Pread is pread(fd, buf, n, off).
	Pread(fd int, n, off int64) (done int64, err error)

	// Mmap maps pages of a file in a window of WindowPages pages that the process has for
	// nothing else: page is the first place in it (0 is the first page), off is in bytes.
	// On Linux that is mmap with MAP_FIXED. flags is MAP_SHARED or MAP_PRIVATE.
	Mmap(page, pages int, prot, flags int, fd int, off int64) error
	// Munmap unmaps pages of the window.
	Munmap(page, pages int) error
	// Mprotect is mprotect on pages of the window.
	Mprotect(page, pages int, prot int) error
}

// WindowPages is how many pages of 4096 bytes the window of a process has.
const WindowPages = 8

// Chmoder is a System that has fchmod.
type Chmoder interface {
	Fchmod(fd int, mode uint32) error
}

// Pipes is a System that has pipes, which hold pages of files that were spliced.
type Pipes interface {
	// Pipe is pipe2 with O_NONBLOCK.
	Pipe() (r, w int, err error)
	// Splice moves up to n bytes of a file, from an offset on, into a pipe.
	Splice(fd int, off int64, w int, n int64) (done int64, err error)
	// ReadPipe reads up to n bytes from a pipe.
	ReadPipe(r int, n int64) (done int64, err error)
}

// Memory is a System whose process can touch its memory.
type Memory interface {
	// Touch reads the first byte of a page of the window, or writes it. Where that ends
	// with a signal, it returns SIGBUS or SIGSEGV, or EFAULT if it cannot tell which.
	Touch(page int, write bool) error
}

// What Touch returns in the place of a signal.
const (
	SIGBUS  = abi.FaultBus
	SIGSEGV = abi.FaultSegv
)

// Closer is a System with something to give back after a program.
type Closer interface {
	Shutdown()
}

// errnoOf returns the number of an error, 0 for none; false if it has no number.
func errnoOf(err error) (Errno, bool) {
	if err == nil {
		return 0, true
	}
	v := reflect.ValueOf(err)
	switch {
	case v.CanUint():
		return Errno(v.Uint()), true
	case v.CanInt():
		return Errno(v.Int()), true
	}
	return 0, false
}
