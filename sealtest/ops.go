package sealtest

import (
	"fmt"

	"pgregory.net/rapid"

	"sealab/sim/abi"
)

// op is one call: how it is written, and how it is made on a system. side says which of a
// descriptor's two numbers is that system's.
type op struct {
	text  string
	do    func(s System, side int) (int64, error)
	opens bool   // its result is a descriptor, whose number does not matter
	fd    string // the name of the descriptor that it closes
}

// descriptor is an open file: its name in the scenario, and its number on the model and
// on the system under test.
type descriptor struct {
	name string
	n    [2]int
}

// draw draws what calls are made of.
type draw struct {
	*rapid.T
	fds  []descriptor // what is open
	pipe *[2]descriptor
}

func (d draw) of(label string, from ...int64) int64 { return rapid.SampledFrom(from).Draw(d.T, label) }

// fd draws a descriptor of a file; nearly always one of those that were opened last.
func (d draw) fd() descriptor {
	return d.fds[len(d.fds)-rapid.IntRange(1, min(3, len(d.fds))).Draw(d.T, "descriptor")]
}

// bytes draws a size or an offset, mostly near the edge of a page.
func (d draw) bytes() int64 {
	return max(0, d.of("page", 0, 0, 1, 1, 2, 3)*abi.PageSize+d.of("bytes", 0, 0, 0, 0, 1, -1, 100))
}

func (d draw) at() (page, pages int) {
	page = rapid.IntRange(0, WindowPages-1).Draw(d.T, "place")
	return page, rapid.IntRange(1, min(3, WindowPages-page)).Draw(d.T, "pages")
}

func (d draw) seals() uint32 {
	const all = abi.SealSeal | abi.SealShrink | abi.SealGrow | abi.SealWrite | abi.SealFutureWrite | abi.SealExec
	one := rapid.SampledFrom([]abi.Seals{abi.SealWrite, abi.SealWrite, abi.SealGrow, abi.SealShrink,
		abi.SealFutureWrite, abi.SealExec, abi.SealSeal,
		abi.SealWrite | abi.SealGrow, abi.SealShrink | abi.SealGrow, 0, all, 0x40})
	return uint32(one.Draw(d.T, "seals"))
}

// call makes an op of a call of which only success matters.
func call(do func(s System, side int) error, format string, args ...any) op {
	return op{text: fmt.Sprintf(format, args...), do: func(s System, side int) (int64, error) { return 0, do(s, side) }}
}

// counts makes an op of a call that returns a number.
func counts(do func(s System, side int) (int64, error), format string, args ...any) op {
	return op{text: fmt.Sprintf(format, args...), do: do}
}

// opens makes an op of a call that returns a descriptor.
func opens(do func(s System, side int) (int, error), format string, args ...any) op {
	return op{opens: true, text: fmt.Sprintf(format, args...), do: func(s System, side int) (int64, error) {
		fd, err := do(s, side)
		return int64(fd), err
	}}
}

func words(f abi.Family, v int64) string { return abi.FormatFlags(f, uint64(v)) }

// creates are the calls that need no descriptor.
func createOp(d draw) op {
	flags := uint32(d.of("flags", abi.MfdAllowSealing, abi.MfdAllowSealing, abi.MfdAllowSealing, 0, abi.MfdNoexecSeal,
		abi.MfdAllowSealing|abi.MfdCloexec, abi.MfdExec|abi.MfdNoexecSeal, 0x100))
	name := rapid.SampledFrom([]string{"a", "a", "a", "", "a/b", longName(249), longName(250)}).Draw(d.T, "name")
	return opens(func(s System, _ int) (int, error) { return s.MemfdCreate(name, flags) },
		"memfd_create(%q, %s)", name, words(abi.FamilyMemfd, int64(flags)))
}

func longName(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = 'n'
	}
	return string(b)
}

// ops are the calls on what is open; those that are there more than once are made more
// often.
var ops = []func(draw) op{
	addSeals, addSeals, addSeals, getSeals, ftruncate, ftruncate, fallocate, pwrite, pwrite, pread, mmap, mmap, mmap,
	munmap, munmap, mprotect, reopen, closeFD,
}

func addSeals(d draw) op {
	fd, seals := d.fd(), d.seals()
	return call(func(s System, side int) error { return s.AddSeals(fd.n[side], seals) },
		"fcntl(%s, F_ADD_SEALS, %s)", fd.name, words(abi.FamilySeals, int64(seals)))
}

func getSeals(d draw) op {
	fd := d.fd()
	return counts(func(s System, side int) (int64, error) {
		v, err := s.GetSeals(fd.n[side])
		return int64(v), err
	}, "fcntl(%s, F_GET_SEALS)", fd.name)
}

func ftruncate(d draw) op {
	fd, n := d.fd(), d.bytes()
	return call(func(s System, side int) error { return s.Ftruncate(fd.n[side], n) }, "ftruncate(%s, %d)", fd.name, n)
}

func fallocate(d draw) op {
	fd, off, n := d.fd(), d.bytes(), d.bytes()
	mode := d.of("mode", 0, 0, abi.FallocFlKeepSize, abi.FallocFlKeepSize|abi.FallocFlPunchHole,
		abi.FallocFlKeepSize|abi.FallocFlPunchHole, abi.FallocFlZeroRange)
	return call(func(s System, side int) error { return s.Fallocate(fd.n[side], uint32(mode), off, n) },
		"fallocate(%s, %s, %d, %d)", fd.name, words(abi.FamilyFalloc, mode), off, n)
}

func pwrite(d draw) op {
	fd, off, n := d.fd(), d.bytes(), d.bytes()
	return counts(func(s System, side int) (int64, error) { return s.Pwrite(fd.n[side], n, off) },
		`pwrite64(%s, "x"..., %d, %d)`, fd.name, n, off)
}

func pread(d draw) op {
	fd, off, n := d.fd(), d.bytes(), d.bytes()
	return counts(func(s System, side int) (int64, error) { return s.Pread(fd.n[side], n, off) },
		`pread64(%s, ""..., %d, %d)`, fd.name, n, off)
}

func mmap(d draw) op {
	fd, off := d.fd(), d.of("offset", 0, 0, abi.PageSize)
	page, pages := d.at()
	prot := d.of("prot", abi.ProtRead, abi.ProtRead|abi.ProtWrite, abi.ProtRead|abi.ProtWrite, abi.ProtWrite,
		abi.ProtNone)
	flags := d.of("map", abi.MapShared, abi.MapShared, abi.MapShared, abi.MapPrivate)
	return counts(func(s System, side int) (int64, error) {
		return address(page), s.Mmap(page, pages, int(prot), int(flags), fd.n[side], off)
	}, "mmap(%#x, %d, %s, %s, %s, %d)", address(page), length(pages), words(abi.FamilyProt, prot),
		words(abi.FamilyMap, flags|abi.MapFixed), fd.name, off)
}

func munmap(d draw) op {
	page, pages := d.at()
	return call(func(s System, _ int) error { return s.Munmap(page, pages) },
		"munmap(%#x, %d)", address(page), length(pages))
}

func mprotect(d draw) op {
	page, pages := d.at()
	prot := d.of("prot", abi.ProtNone, abi.ProtRead, abi.ProtRead|abi.ProtWrite)
	return call(func(s System, _ int) error { return s.Mprotect(page, pages, int(prot)) },
		"mprotect(%#x, %d, %s)", address(page), length(pages), words(abi.FamilyProt, prot))
}

func reopen(d draw) op {
	fd := d.fd()
	flags := d.of("open", abi.ORdonly, abi.ORdonly, abi.OWronly, abi.ORdwr, abi.ORdwr|abi.OTrunc)
	return opens(func(s System, side int) (int, error) { return s.Reopen(fd.n[side], int(flags)) },
		`openat(AT_FDCWD, "/proc/self/fd/%d", %s)`, fd.n[0], words(abi.FamilyOpen, flags))
}

// closeFD closes what was opened by number two; the first stays, so that there is always one.
func closeFD(d draw) op {
	if len(d.fds) < 2 {
		return getSeals(d)
	}
	fd := d.fds[1]
	o := call(func(s System, side int) error { return s.Close(fd.n[side]) }, "close(%s)", fd.name)
	o.fd = fd.name
	return o
}

func touch(d draw) op {
	page, _ := d.at()
	write := rapid.Bool().Draw(d.T, "write")
	text := fmt.Sprintf("load(%#x)", address(page))
	if write {
		text = fmt.Sprintf("store(%#x, 1)", address(page))
	}
	return call(func(s System, _ int) error { return s.(Memory).Touch(page, write) }, "%s", text)
}

func fchmod(d draw) op {
	fd, mode := d.fd(), d.of("mode", 0o777, 0o644, 0o600, 0o666)
	return call(func(s System, side int) error { return s.(Chmoder).Fchmod(fd.n[side], uint32(mode)) },
		"fchmod(%s, %#o)", fd.name, mode)
}

func splice(d draw) op {
	fd, off, n := d.fd(), d.bytes(), d.of("length", 1, abi.PageSize, 2*abi.PageSize)
	w := d.pipe[1]
	return counts(func(s System, side int) (int64, error) { return s.(Pipes).Splice(fd.n[side], off, w.n[side], n) },
		"splice(%s, [%d], %s, NULL, %d, SPLICE_F_NONBLOCK)", fd.name, off, w.name, n)
}

func readPipe(d draw) op {
	r, n := d.pipe[0], d.of("length", 1, abi.PageSize, 99*abi.PageSize)
	return counts(func(s System, side int) (int64, error) { return s.(Pipes).ReadPipe(r.n[side], n) },
		`read(%s, ""..., %d)`, r.name, n)
}
