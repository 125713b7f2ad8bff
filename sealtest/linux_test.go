//go:build linux && amd64

package sealtest_test

import (
	"fmt"
	"runtime/debug"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"sealab/sealtest"
	"sealab/sim/profile"
)

// linux is the running kernel as a System: this process is its process. It needs no more
// than the twelve calls, which Linux has.
type linux struct {
	window uintptr
	opened []int
}

// linuxWindow is far from where Linux puts mappings by itself, so that nothing of this
// process's own can come to lie there.
const linuxWindow = 0x100000000

func bootLinux() sealtest.System {
	l := &linux{window: linuxWindow}
	_ = l.Munmap(0, sealtest.WindowPages)
	return l
}

// Shutdown implements Closer.
func (l *linux) Shutdown() {
	_ = l.Munmap(0, sealtest.WindowPages)
	for _, fd := range l.opened {
		unix.Close(fd)
	}
}

func (l *linux) open(fd int, err error) (int, error) {
	if err == nil {
		l.opened = append(l.opened, fd)
	}
	return fd, err
}

func (l *linux) MemfdCreate(name string, flags uint32) (int, error) {
	return l.open(unix.MemfdCreate(name, int(flags)))
}

func (l *linux) Reopen(fd, flags int) (int, error) {
	return l.open(unix.Open(fmt.Sprintf("/proc/self/fd/%d", fd), flags, 0))
}

func (l *linux) Close(fd int) error {
	for i, o := range l.opened {
		if o == fd {
			l.opened = append(l.opened[:i], l.opened[i+1:]...)
			break
		}
	}
	return unix.Close(fd)
}

func (l *linux) AddSeals(fd int, seals uint32) error {
	_, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, int(seals))
	return err
}

func (l *linux) GetSeals(fd int) (uint32, error) {
	n, err := unix.FcntlInt(uintptr(fd), unix.F_GET_SEALS, 0)
	return uint32(n), err
}

func (l *linux) Ftruncate(fd int, size int64) error { return unix.Ftruncate(fd, size) }

func (l *linux) Fallocate(fd int, mode uint32, off, n int64) error {
	return unix.Fallocate(fd, mode, off, n)
}

func (l *linux) Pwrite(fd int, n, off int64) (int64, error) {
	done, err := unix.Pwrite(fd, make([]byte, n), off)
	return int64(max(0, done)), err
}

func (l *linux) Pread(fd int, n, off int64) (int64, error) {
	done, err := unix.Pread(fd, make([]byte, n), off)
	return int64(max(0, done)), err
}

func (l *linux) at(page int) uintptr { return l.window + uintptr(page)*4096 }

func (l *linux) Mmap(page, pages, prot, flags, fd int, off int64) error {
	_, _, errno := unix.Syscall6(unix.SYS_MMAP, l.at(page), uintptr(pages)*4096, uintptr(prot),
		uintptr(flags|unix.MAP_FIXED), uintptr(fd), uintptr(off))
	return errnoError(errno)
}

func (l *linux) Munmap(page, pages int) error {
	_, _, errno := unix.Syscall(unix.SYS_MUNMAP, l.at(page), uintptr(pages)*4096, 0)
	return errnoError(errno)
}

func (l *linux) Mprotect(page, pages, prot int) error {
	_, _, errno := unix.Syscall(unix.SYS_MPROTECT, l.at(page), uintptr(pages)*4096, uintptr(prot))
	return errnoError(errno)
}

// Touch implements Memory. Go does not tell which signal it was.
func (l *linux) Touch(page int, write bool) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if recover() != nil {
			err = unix.EFAULT
		}
	}()
	at := (*byte)(unsafe.Add(nil, l.at(page)))
	if write {
		*at = 1
	}
	touched = *at
	return nil
}

var touched byte // so that the access is not optimised away

func (l *linux) Fchmod(fd int, mode uint32) error { return unix.Fchmod(fd, mode) }

func errnoError(errno unix.Errno) error {
	if errno == 0 {
		return nil
	}
	return errno
}

// TestLinux compares the running kernel with the model of its release.
func TestLinux(t *testing.T) {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		t.Skip(err)
	}
	release := unix.ByteSliceToString(u.Release[:])
	_, notes, err := profile.ForRelease(release)
	if err != nil {
		t.Skip("sealab does not know the kernel underneath: ", err)
	}
	for _, n := range notes {
		t.Log(n)
	}
	if fd, err := unix.MemfdCreate("probe", unix.MFD_ALLOW_SEALING); err != nil {
		t.Skip("no memfd here: ", err)
	} else {
		unix.Close(fd)
	}
	sealtest.Check(t, sealtest.Options{Kernel: release}, bootLinux)
}
