package sealtest_test

import (
	"flag"
	"fmt"
	"strings"

	"pgregory.net/rapid"

	"sealab/sealtest"
	"sealab/sim/abi"
)

// naive is file seals as one writes them down after having read the manual page: a map of
// files, a word of seals, a list of mappings. It is wrong in several ways, as first
// versions are.
type naive struct {
	fds      map[int]*naiveFD
	mappings []naiveMapping
}

type naiveFile struct {
	size  int64
	seals abi.Seals
}

type naiveFD struct {
	file  *naiveFile
	write bool
}

type naiveMapping struct {
	file          *naiveFile
	page          int
	write, shared bool
}

func bootNaive() sealtest.System { return &naive{fds: map[int]*naiveFD{}} }

func (n *naive) install(f *naiveFD) int {
	fd := 3
	for n.fds[fd] != nil {
		fd++
	}
	n.fds[fd] = f
	return fd
}

func (n *naive) MemfdCreate(name string, flags uint32) (int, error) {
	const known = abi.MfdCloexec | abi.MfdAllowSealing | abi.MfdNoexecSeal | abi.MfdExec
	if len(name) > 249 || flags&^known != 0 || flags&abi.MfdExec != 0 && flags&abi.MfdNoexecSeal != 0 {
		return -1, abi.EINVAL
	}
	f := &naiveFile{seals: abi.SealSeal}
	if flags&(abi.MfdAllowSealing|abi.MfdNoexecSeal) != 0 {
		f.seals = 0
	}
	if flags&abi.MfdNoexecSeal != 0 {
		f.seals |= abi.SealExec
	}
	return n.install(&naiveFD{f, true}), nil
}

func (n *naive) Reopen(fd, flags int) (int, error) {
	f := n.fds[fd].file
	if flags&abi.OTrunc != 0 {
		if f.seals.Has(abi.SealShrink) && f.size > 0 {
			return -1, abi.EPERM
		}
		f.size = 0
	}
	return n.install(&naiveFD{f, flags&abi.OAccmode != abi.ORdonly}), nil
}

func (n *naive) Close(fd int) error {
	delete(n.fds, fd)
	return nil
}

func (n *naive) AddSeals(fd int, seals uint32) error {
	f, s := n.fds[fd], abi.Seals(seals)
	switch {
	case !f.write:
		return abi.EPERM
	case s&^abi.SealsAll != 0:
		return abi.EINVAL
	case f.file.seals.Has(abi.SealSeal):
		return abi.EPERM
	}
	for _, m := range n.mappings {
		if s.Has(abi.SealWrite) && m.file == f.file && m.shared && m.write {
			return abi.EBUSY
		}
	}
	f.file.seals |= s
	return nil
}

func (n *naive) GetSeals(fd int) (uint32, error) { return uint32(n.fds[fd].file.seals), nil }

func (n *naive) Ftruncate(fd int, size int64) error {
	f := n.fds[fd]
	switch {
	case !f.write:
		return abi.EINVAL
	case size < f.file.size && f.file.seals.Has(abi.SealShrink), size > f.file.size && f.file.seals.Has(abi.SealGrow):
		return abi.EPERM
	}
	f.file.size = size
	return nil
}

func (n *naive) Fallocate(fd int, mode uint32, off, length int64) error {
	const punch = abi.FallocFlKeepSize | abi.FallocFlPunchHole
	f := n.fds[fd]
	switch {
	case length == 0:
		return abi.EINVAL
	case !f.write:
		return abi.EBADF
	case mode&^punch != 0:
		return abi.EOPNOTSUPP
	case mode == punch && f.file.seals.Any(abi.SealsAnyWrite):
		return abi.EPERM
	case mode == punch:
		return nil
	case off+length > f.file.size && f.file.seals.Has(abi.SealGrow):
		return abi.EPERM
	case mode == 0:
		f.file.size = max(f.file.size, off+length)
	}
	return nil
}

func (n *naive) Pwrite(fd int, length, off int64) (int64, error) {
	f := n.fds[fd]
	switch {
	case !f.write:
		return 0, abi.EBADF
	case f.file.seals.Any(abi.SealsAnyWrite), f.file.seals.Has(abi.SealGrow) && off+length > f.file.size:
		return 0, abi.EPERM
	}
	f.file.size = max(f.file.size, off+length)
	return length, nil
}

func (n *naive) Pread(fd int, length, off int64) (int64, error) {
	return max(0, min(length, n.fds[fd].file.size-off)), nil
}

func (n *naive) Mmap(page, pages, prot, flags, fd int, _ int64) error {
	f := n.fds[fd]
	m := naiveMapping{file: f.file, write: prot&abi.ProtWrite != 0, shared: flags&abi.MapShared != 0}
	switch {
	case m.shared && m.write && !f.write:
		return abi.EACCES
	case m.shared && m.write && f.file.seals.Any(abi.SealsAnyWrite):
		return abi.EPERM
	}
	_ = n.Munmap(page, pages)
	for m.page = page; m.page < page+pages; m.page++ {
		n.mappings = append(n.mappings, m)
	}
	return nil
}

func (n *naive) Munmap(page, pages int) error {
	var left []naiveMapping
	for _, m := range n.mappings {
		if m.page < page || m.page >= page+pages {
			left = append(left, m)
		}
	}
	n.mappings = left
	return nil
}

func (n *naive) Mprotect(page, pages, prot int) error {
	for at := page; at < page+pages; at++ {
		found := false
		for i := range n.mappings {
			if m := &n.mappings[i]; m.page == at {
				m.write, found = prot&abi.ProtWrite != 0, true
			}
		}
		if !found {
			return abi.ENOMEM
		}
	}
	return nil
}

// A naive implementation, and what the kit has to say about it. A test calls
// Check(t, options, bootNaive) and leaves the seeds to chance; here are three.
func ExampleCheck() {
	defer setRapid("nofailfile", "true")()
	defer setRapid("shrinktime", "1m")()
	for _, seed := range []string{"1", "2", "7"} {
		restore := setRapid("seed", seed)
		t := &silent{}
		sealtest.Check(t, sealtest.Options{Kernel: "6.18.44"}, bootNaive)
		fmt.Println(strings.TrimSpace(t.said))
		restore()
	}
	// Output:
	// # Linux 6.18.44 answers the last call with 0, the system with -1 EPERM (Operation not permitted)
	// kernel 6.18.44
	// r0 = memfd_create("a", MFD_ALLOW_SEALING)
	// fcntl(r0, F_ADD_SEALS, F_SEAL_WRITE) = 0
	// pwrite64(r0, "x"..., 0, 0) = 0
	// # Linux 6.18.44 answers the last call with -1 EBUSY (Device or resource busy), the system with 0
	// kernel 6.18.44
	// r0 = memfd_create("a", MFD_ALLOW_SEALING)
	// mmap(0x100000000, 4096, PROT_READ, MAP_SHARED|MAP_FIXED, r0, 0) = 0x100000000
	// fcntl(r0, F_ADD_SEALS, F_SEAL_WRITE) = -1 EBUSY (Device or resource busy)
	// # Linux 6.18.44 answers the last call with 62, the system with 32
	// kernel 6.18.44
	// r0 = memfd_create("a", MFD_ALLOW_SEALING)
	// fcntl(r0, F_ADD_SEALS, F_SEAL_EXEC) = 0
	// fcntl(r0, F_GET_SEALS) = 62
}

// setRapid sets a flag of rapid, and returns what sets it back.
func setRapid(name, value string) (restore func()) {
	f := flag.Lookup("rapid." + name).Value
	old := f.String()
	if err := f.Set(value); err != nil {
		panic(err)
	}
	return func() { _ = f.Set(old) }
}

// silent is a test that keeps what it is told last.
type silent struct {
	rapid.TB
	said   string
	failed bool
}

func (*silent) Helper()      {}
func (*silent) Name() string { return "silent" }

func (s *silent) Log(args ...any) { s.said = fmt.Sprint(args...) }

func (s *silent) Logf(format string, args ...any) { s.said = fmt.Sprintf(format, args...) }

func (s *silent) Errorf(string, ...any) { s.failed = true }

func (s *silent) FailNow() { s.failed = true }

func (s *silent) Fail() { s.failed = true }

func (s *silent) Failed() bool { return s.failed }
