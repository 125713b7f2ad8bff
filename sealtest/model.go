package sealtest

import (
	"fmt"

	"sealab/sim/abi"
	"sealab/sim/kernel"
	"sealab/sim/profile"
)

// window is the address of the first page of a process's window.
const window = 0x100000000

// Model is sealab's model of a kernel as a System.
type Model struct {
	k *kernel.Kernel
	p *kernel.Proc
}

var _ interface {
	System
	Chmoder
	Pipes
	Memory
	Closer
} = (*Model)(nil)

// NewModel boots a kernel with one process. Shutdown gives its memory back.
func NewModel(p profile.Profile) *Model {
	m := &Model{k: kernel.Boot(kernel.Config{Profile: p, HZ: p.HZ, Rounding: p.TimerWheel})}
	m.p = m.k.Spawn("main", 0)
	return m
}

// Shutdown implements Closer.
func (m *Model) Shutdown() { m.k.S.Stop() }

// call makes a call of that name.
func (m *Model) call(name, text string, args ...int64) (kernel.Result, error) {
	c := kernel.Call{Sys: kernel.SysByName(name), Str: text}
	copy(c.Args[:], args)
	r, err := m.k.Call(m.p, c)
	if err == nil && r.Errno != 0 {
		err = r.Errno
	}
	return r, err
}

// val is call when only the value matters.
func (m *Model) val(name string, args ...int64) (int64, error) {
	r, err := m.call(name, "", args...)
	return r.Val, err
}

// ok is call when only success matters.
func (m *Model) ok(name string, args ...int64) error {
	_, err := m.call(name, "", args...)
	return err
}

// MemfdCreate implements System.
func (m *Model) MemfdCreate(name string, flags uint32) (int, error) {
	r, err := m.call("memfd_create", name, 0, int64(flags))
	return int(r.Val), err
}

// Reopen implements System.
func (m *Model) Reopen(fd int, flags int) (int, error) {
	r, err := m.call("openat", fmt.Sprintf("/proc/self/fd/%d", fd), abi.AtFdcwd, 0, int64(flags))
	return int(r.Val), err
}

// Close implements System.
func (m *Model) Close(fd int) error { return m.ok("close", int64(fd)) }

// AddSeals implements System.
func (m *Model) AddSeals(fd int, seals uint32) error {
	v, err := m.val("fcntl", int64(fd), abi.FAddSeals, int64(seals))
	if err == nil && v != 0 {
		return fmt.Errorf("F_ADD_SEALS returned %d", v)
	}
	return err
}

// GetSeals implements System.
func (m *Model) GetSeals(fd int) (uint32, error) {
	v, err := m.val("fcntl", int64(fd), abi.FGetSeals)
	return uint32(v), err
}

// Ftruncate implements System.
func (m *Model) Ftruncate(fd int, size int64) error { return m.ok("ftruncate", int64(fd), size) }

// Fallocate implements System.
func (m *Model) Fallocate(fd int, mode uint32, off, n int64) error {
	return m.ok("fallocate", int64(fd), int64(mode), off, n)
}

// Pwrite implements System.
func (m *Model) Pwrite(fd int, n, off int64) (int64, error) {
	return m.val("pwrite64", int64(fd), 0, n, off)
}

// Pread implements System.
func (m *Model) Pread(fd int, n, off int64) (int64, error) {
	return m.val("pread64", int64(fd), 0, n, off)
}

// Mmap implements System.
func (m *Model) Mmap(page, pages int, prot, flags int, fd int, off int64) error {
	return m.ok("mmap", address(page), length(pages), int64(prot), int64(flags)|abi.MapFixed, int64(fd), off)
}

// Munmap implements System.
func (m *Model) Munmap(page, pages int) error { return m.ok("munmap", address(page), length(pages)) }

// Mprotect implements System.
func (m *Model) Mprotect(page, pages int, prot int) error {
	return m.ok("mprotect", address(page), length(pages), int64(prot))
}

// Touch implements Memory.
func (m *Model) Touch(page int, write bool) error {
	if write {
		return m.ok("store", address(page), 1)
	}
	return m.ok("load", address(page))
}

// Fchmod implements Chmoder.
func (m *Model) Fchmod(fd int, mode uint32) error { return m.ok("fchmod", int64(fd), int64(mode)) }

// Pipe implements Pipes.
func (m *Model) Pipe() (r, w int, err error) {
	res, err := m.call("pipe2", "", 0, abi.ONonblock)
	return int(res.Pair[0]), int(res.Pair[1]), err
}

// Splice implements Pipes.
func (m *Model) Splice(fd int, off int64, w int, n int64) (int64, error) {
	return m.val("splice", int64(fd), off, int64(w), -1, n, abi.SpliceFNonblock)
}

// ReadPipe implements Pipes.
func (m *Model) ReadPipe(r int, n int64) (int64, error) { return m.val("read", int64(r), 0, n) }

func address(page int) int64 { return window + int64(page)*abi.PageSize }

func length(pages int) int64 { return int64(pages) * abi.PageSize }
