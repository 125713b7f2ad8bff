package model_test

import (
	"sealab/sim/abi"
)

// A second oracle: what a program of one task may expect of its memfds, written from
// what kernels answered and not from the model. It knows no reference count, no page
// table, no lock and no tag: a page is pinned if it lies in a pipe, a mapping is
// countable if its pages could be made writable.

// specKernel is what the specification must know of a kernel.
type specKernel struct {
	seals         abi.Seals // that there are
	noexec        bool      // MFD_NOEXEC_SEAL and MFD_EXEC
	wideRefused   bool      // an argument wider than 32 bits is EINVAL
	readOnlyAfter bool      // a read-only shared mapping is allowed after F_SEAL_WRITE
	growWhole     bool      // a write across the end writes nothing
	holePins      bool      // splicing a hole makes a page, and holds it
	removeRead    bool      // MADV_REMOVE through a mapping that is read-only for now
	lateFuture    bool      // F_SEAL_FUTURE_WRITE refuses MAP_FIXED when what was there is gone
}

var specKernels = map[string]specKernel{
	"4.19.0":   {seals: 0x0f, wideRefused: true, holePins: true},
	"5.10.223": {seals: 0x1f, wideRefused: true, holePins: true},
	"6.1.192":  {seals: 0x1f, wideRefused: true, readOnlyAfter: true, removeRead: true, lateFuture: true},
	"6.18.44":  {seals: 0x3f, noexec: true, readOnlyAfter: true, removeRead: true},
	"7.2.13":   {seals: 0x3f, noexec: true, readOnlyAfter: true, growWhole: true, removeRead: true},
}

// specPage is a page of a file. Which one it is matters: a pipe may hold one that the
// file has no more.
type specPage struct {
	pinned int
	filled bool // somebody has written or touched it; not so one that fallocate made
}

type specFile struct {
	size  int64
	seals abi.Seals
	mode  int64
	pages map[int64]*specPage
}

// specOpen is an open file.
type specOpen struct {
	file            *specFile
	readable, write bool
	pos             int64
}

// specMapped is a page of memory.
type specMapped struct {
	file      *specFile
	page      int64
	shared    bool // and made through a descriptor that can write
	mayWrite  bool
	prot      int64
	private   bool
	copied    bool // a private page that has been written
	countable bool
}

// spec is a program's view of its world.
type spec struct {
	kernel specKernel
	files  []*specFile
	fds    map[int64]*specOpen
	onExec map[int64]bool        // descriptors that exec closes
	memory map[int64]*specMapped // by page number
	pipe   []specBuf             // of a pipe with 16 places
	late   bool                  // the last call took its 150 ms
}

type specBuf struct {
	page *specPage // nil for zeros
	n    int64
}

const specPipe = 16

func specPages(bytes int64) int64 { return (bytes + abi.PageSize - 1) / abi.PageSize }

// install opens a file at the lowest free descriptor from 5 up.
func (s *spec) install(o *specOpen) (int64, abi.Errno) {
	fd := int64(5)
	for s.fds[fd] != nil {
		fd++
	}
	s.fds[fd] = o
	delete(s.onExec, fd)
	return fd, 0
}

// getFD is F_GETFD.
func (s *spec) getFD(fd int64) (int64, abi.Errno) {
	switch {
	case s.fds[fd] == nil:
		return 0, abi.EBADF
	case s.onExec[fd]:
		return abi.FdCloexec, 0
	}
	return 0, 0
}

func (s *spec) create(flags int64) (int64, abi.Errno) {
	known := int64(abi.MfdAllowSealing | abi.MfdCloexec)
	if s.kernel.noexec {
		known |= abi.MfdNoexecSeal | abi.MfdExec
	}
	if flags&^known != 0 || flags&abi.MfdNoexecSeal != 0 && flags&abi.MfdExec != 0 {
		return 0, abi.EINVAL
	}
	f := &specFile{mode: 0o777, seals: abi.SealSeal, pages: map[int64]*specPage{}}
	if flags&abi.MfdAllowSealing != 0 {
		f.seals = 0
	}
	if flags&abi.MfdNoexecSeal != 0 {
		f.mode, f.seals = 0o666, abi.SealExec
	}
	s.files = append(s.files, f)
	fd, errno := s.install(&specOpen{file: f, readable: true, write: true})
	if flags&abi.MfdCloexec != 0 {
		s.onExec[fd] = true
	}
	return fd, errno
}

func (s *spec) reopen(fd, flags int64) (int64, abi.Errno) {
	o := s.fds[fd]
	if o == nil {
		return 0, abi.ENOENT
	}
	if flags&abi.OTrunc != 0 {
		if errno := s.resize(o.file, 0); errno != 0 {
			return 0, errno
		}
	}
	mode := flags & abi.OAccmode
	return s.install(&specOpen{file: o.file, readable: mode != abi.OWronly, write: mode != abi.ORdonly})
}

// addSeals asks in the order that is seen when several things are wrong at once.
func (s *spec) addSeals(fd, arg int64) abi.Errno {
	o := s.fds[fd]
	add := abi.Seals(arg)
	switch {
	case o == nil:
		return abi.EBADF
	case s.kernel.wideRefused && uint64(arg)>>32 != 0:
		return abi.EINVAL
	case !o.write:
		return abi.EPERM
	case add&^s.kernel.seals != 0:
		return abi.EINVAL
	case o.file.seals&abi.SealSeal != 0:
		return abi.EPERM
	}
	if add&abi.SealExec != 0 && o.file.mode&0o111 != 0 {
		add |= abi.SealShrink | abi.SealGrow | abi.SealWrite | abi.SealFutureWrite
	}
	if add&abi.SealWrite != 0 && o.file.seals&abi.SealWrite == 0 {
		for _, m := range s.memory {
			if m.file == o.file && m.countable {
				return abi.EBUSY
			}
		}
		for _, p := range o.file.pages {
			if p.pinned > 0 {
				s.late = true
				return abi.EBUSY
			}
		}
	}
	o.file.seals |= add
	return 0
}

func (s *spec) getSeals(fd int64) (int64, abi.Errno) {
	if s.fds[fd] == nil {
		return 0, abi.EBADF
	}
	return int64(s.fds[fd].file.seals), 0
}

// resize is a truncation: shrinking asks one seal, growing another, and F_SEAL_WRITE
// has no say.
func (s *spec) resize(f *specFile, size int64) abi.Errno {
	if size < f.size && f.seals&abi.SealShrink != 0 || size > f.size && f.seals&abi.SealGrow != 0 {
		return abi.EPERM
	}
	grows := size > f.size
	f.size = size
	if grows {
		return 0 // pages that fallocate made behind the old end stay
	}
	s.drop(f, specPages(size), 1<<40)
	for _, m := range s.memory {
		if m.file == f && m.page >= specPages(size) {
			m.copied = false // truncation takes private copies too
		}
	}
	return 0
}

// drop takes pages out of a file, and out of memory where it shows them.
func (s *spec) drop(f *specFile, first, end int64) {
	for i := range f.pages {
		if i >= first && i < end {
			delete(f.pages, i)
		}
	}
}

func (s *spec) ftruncate(fd, size int64) abi.Errno {
	switch o := s.fds[fd]; {
	case size < 0:
		return abi.EINVAL
	case o == nil:
		return abi.EBADF
	case !o.write:
		return abi.EINVAL
	default:
		return s.resize(o.file, size)
	}
}

func (s *spec) fallocate(fd, mode, off, n int64) abi.Errno {
	const punch = abi.FallocFlPunchHole | abi.FallocFlKeepSize
	o := s.fds[fd]
	switch {
	case o == nil:
		return abi.EBADF
	case n <= 0:
		return abi.EINVAL
	case mode == abi.FallocFlPunchHole:
		return abi.EOPNOTSUPP
	case !o.write:
		return abi.EBADF
	case mode == abi.FallocFlZeroRange:
		return abi.EOPNOTSUPP
	case mode == punch:
		return s.punch(o.file, off, n)
	}
	if off+n > o.file.size && o.file.seals&abi.SealGrow != 0 {
		return abi.EPERM
	}
	for i := off / abi.PageSize; i < specPages(off+n); i++ {
		if o.file.pages[i] == nil {
			s.page(o.file, i)
		} else {
			s.fill(o.file, i) // what is there already is made ready
		}
	}
	if mode == 0 {
		o.file.size = max(o.file.size, off+n)
	}
	return 0
}

func (s *spec) punch(f *specFile, off, n int64) abi.Errno {
	if f.seals&(abi.SealWrite|abi.SealFutureWrite) != 0 {
		return abi.EPERM
	}
	s.drop(f, specPages(off), (off+n)/abi.PageSize)
	return 0
}

// page returns a page of a file, made if there is none.
func (s *spec) page(f *specFile, i int64) *specPage {
	if f.pages[i] == nil {
		f.pages[i] = &specPage{}
	}
	return f.pages[i]
}

func (s *spec) fill(f *specFile, i int64) *specPage {
	p := s.page(f, i)
	p.filled = true
	return p
}

func (s *spec) pwrite(fd, n, off int64) (int64, abi.Errno) {
	o := s.fds[fd]
	if o == nil || !o.write {
		return 0, abi.EBADF
	}
	if n == 0 {
		return 0, 0
	}
	if o.file.seals&(abi.SealWrite|abi.SealFutureWrite) != 0 {
		return 0, abi.EPERM
	}
	if o.file.seals&abi.SealGrow != 0 && off+n > o.file.size {
		n = max(0, o.file.size/abi.PageSize*abi.PageSize-off) // whole pages before the end
		if off+n > 0 && n == 0 || s.kernel.growWhole || n == 0 {
			return 0, abi.EPERM
		}
	}
	for i := off / abi.PageSize; i < specPages(off+n); i++ {
		s.fill(o.file, i)
	}
	o.file.size = max(o.file.size, off+n)
	return n, 0
}

func (s *spec) write(fd, n int64) (int64, abi.Errno) {
	o := s.fds[fd]
	if o == nil {
		return 0, abi.EBADF
	}
	done, errno := s.pwrite(fd, n, o.pos)
	o.pos += done
	return done, errno
}

// tell is lseek by nothing from where the descriptor is.
func (s *spec) tell(fd int64) (int64, abi.Errno) {
	if s.fds[fd] == nil {
		return 0, abi.EBADF
	}
	return s.fds[fd].pos, 0
}

func (s *spec) pread(fd, n, off int64) (int64, abi.Errno) {
	o := s.fds[fd]
	if o == nil || !o.readable {
		return 0, abi.EBADF
	}
	return max(0, min(n, o.file.size-off)), 0
}

func (s *spec) fchmod(fd, mode int64) abi.Errno {
	o := s.fds[fd]
	if o == nil {
		return abi.EBADF
	}
	if o.file.seals&abi.SealExec != 0 && (o.file.mode^mode)&0o111 != 0 {
		return abi.EPERM
	}
	o.file.mode = mode
	return 0
}

func (s *spec) dup(fd int64) (int64, abi.Errno) {
	if s.fds[fd] == nil {
		return 0, abi.EBADF
	}
	return s.install(s.fds[fd])
}

func (s *spec) close(fd int64) abi.Errno {
	if s.fds[fd] == nil {
		return abi.EBADF
	}
	delete(s.fds, fd)
	return 0
}

// mmap maps pages, over whatever is mapped there.
func (s *spec) mmap(at, pages, prot int64, shared bool, fd, pgoff int64) abi.Errno {
	o := s.fds[fd]
	switch {
	case o == nil:
		return abi.EBADF
	case !o.readable, shared && prot&abi.ProtWrite != 0 && !o.write:
		return abi.EACCES
	}
	m := specMapped{file: o.file, prot: prot, private: !shared, mayWrite: !shared || o.write}
	if shared && o.write {
		m.shared = true
		sealed := o.file.seals & (abi.SealWrite | abi.SealFutureWrite)
		write := o.file.seals&abi.SealWrite != 0
		if sealed != 0 && prot&abi.ProtWrite != 0 || write && !s.kernel.readOnlyAfter {
			if s.kernel.lateFuture && !write {
				_ = s.munmap(at, pages)
			}
			return abi.EPERM
		}
		m.mayWrite = sealed == 0
		m.countable = m.mayWrite || !s.kernel.readOnlyAfter
	}
	for i := range pages {
		c := m
		c.page = pgoff + i
		s.memory[at+i] = &c
	}
	return 0
}

func (s *spec) munmap(at, pages int64) abi.Errno {
	for i := range pages {
		delete(s.memory, at+i)
	}
	return 0
}

func (s *spec) mprotect(at, pages, prot int64) abi.Errno {
	for i := range pages {
		switch m := s.memory[at+i]; {
		case m == nil:
			return abi.ENOMEM
		case prot&abi.ProtWrite != 0 && !m.mayWrite:
			return abi.EACCES
		default:
			m.prot = prot
		}
	}
	return 0
}

// remove is MADV_REMOVE of one page.
func (s *spec) remove(at int64) abi.Errno {
	m := s.memory[at]
	switch {
	case m == nil:
		return abi.ENOMEM
	case !m.shared || !m.mayWrite, !s.kernel.removeRead && m.prot&abi.ProtWrite == 0:
		return abi.EACCES
	}
	return s.punch(m.file, m.page*abi.PageSize, abi.PageSize)
}

// access is a program's own load or store of a byte of its memory.
func (s *spec) access(at int64, write bool) abi.Errno {
	m := s.memory[at]
	need := int64(abi.ProtRead)
	if write {
		need = abi.ProtWrite
	}
	if m == nil || m.prot&need == 0 {
		return abi.FaultSegv
	}
	if m.copied {
		return 0 // it is not the file's any more
	}
	if m.page >= specPages(m.file.size) {
		return abi.FaultBus
	}
	s.fill(m.file, m.page)
	m.copied = write && m.private
	return 0
}

// splice puts pages of a file into the pipe.
func (s *spec) splice(fd, off, n int64) (done int64, errno abi.Errno) {
	o := s.fds[fd]
	switch {
	case o == nil, !o.readable:
		return 0, abi.EBADF
	case len(s.pipe) == specPipe:
		return 0, abi.EAGAIN
	}
	for done < n && off+done < o.file.size && len(s.pipe) < specPipe {
		at := off + done
		i := at / abi.PageSize
		step := min(n-done, o.file.size-at, (i+1)*abi.PageSize-at)
		p := o.file.pages[i]
		if s.kernel.holePins {
			p = s.fill(o.file, i)
		}
		if p != nil && !p.filled {
			p = nil
		}
		if p != nil {
			p.pinned++
		}
		s.pipe = append(s.pipe, specBuf{p, step})
		done += step
	}
	return done, 0
}

// readPipe reads bytes from the pipe; a page is let go with its last byte.
func (s *spec) readPipe(n int64) (done int64, errno abi.Errno) {
	if len(s.pipe) == 0 {
		return 0, abi.EAGAIN
	}
	for done < n && len(s.pipe) > 0 {
		b := &s.pipe[0]
		step := min(n-done, b.n)
		done, b.n = done+step, b.n-step
		if b.n == 0 {
			if b.page != nil {
				b.page.pinned--
			}
			s.pipe = s.pipe[1:]
		}
	}
	return done, 0
}
