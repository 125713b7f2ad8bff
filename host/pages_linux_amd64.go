package host

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
	"unsafe"

	"golang.org/x/sys/unix"
)

// lookAddr is where the file is mapped in order to look at its pages: out of the way of
// scenarios. The mapping is private and read-only, so that it counts for no seal, and it is
// empty again when a look is over.
const lookAddr = 0x1_8000_0000

// maxLook bounds how many pages are looked at.
const maxLook = 64

// looker compiles looks at the pages of a program's first memfd.
type looker struct {
	pages          int
	fd             operand // of the memfd
	pagemap, count uint64  // addresses of the names of files in /proc
	looks          []look
}

// look is one look.
type look struct {
	line int64
	op   int // its instruction
	what int // index in image.ranges
}

// errNoLook says that the host does not let one look.
var errNoLook = errors.New("/proc/kpagecount is not there or not to be read: it needs root")

// mayLook says whether there is somebody to look at, and leave to look.
func mayLook(m *image, pages int) error {
	if m.named {
		return errors.New("the pages of a program with named tasks that share memory are not looked at")
	}
	if pages > maxLook {
		return fmt.Errorf("no more than %d pages are looked at", maxLook)
	}
	f, err := os.Open("/proc/kpagecount")
	if err != nil {
		return errNoLook
	}
	defer f.Close()
	if _, err := f.ReadAt(make([]byte, 8), 0); err != nil {
		return errNoLook
	}
	return nil
}

// look compiles a look after a call.
func (c *compiler) look(k *call) error {
	l := &c.looker
	if l.pages == 0 {
		return nil
	}
	if l.pagemap == 0 {
		if k.ev.Name != "memfd_create" {
			return nil
		}
		at, err := c.room(64)
		if err != nil {
			return err
		}
		copy(c.bytes(at), "/proc/self/pagemap\x00")
		copy(c.bytes(at+32), "/proc/kpagecount\x00")
		l.pagemap, l.count, l.fd = at, at+32, operand{reg: uint16(k.op + 1)}
		prot, flags := uint64(unix.PROT_READ), uint64(unix.MAP_PRIVATE|unix.MAP_FIXED_NOREPLACE)
		n := c.emit(opCall, num(lookAddr), num(uint64(l.pages)<<12), num(prot), num(flags), l.fd, num(0))
		c.ops[n].nr = unix.SYS_MMAP
	}
	at, err := c.space(int64(8 * l.pages))
	if err != nil {
		return err
	}
	n := c.emit(opLook, num(at), num(uint64(l.pages)), num(l.pagemap), num(l.count))
	l.looks = append(l.looks, look{k.ev.Line, n, c.want(at, int64(8*l.pages))})
	return nil
}

// maps are what the looks of a run have seen, in the order of time.
func (m *image) maps(o *outcome) (all []Maps) {
	looks := slices.Clone(m.looker.looks)
	slices.SortStableFunc(looks, func(a, b look) int {
		return cmp.Compare(o.res[a.op].start.Nano(), o.res[b.op].start.Nano())
	})
	for _, l := range looks {
		counts := Maps{Line: l.line, Count: make([]int64, m.looker.pages)}
		for i := range counts.Count {
			counts.Count[i] = int64(binary.LittleEndian.Uint64(o.filled[l.what][8*i:]))
		}
		all = append(all, counts)
	}
	return all
}

// lookAt puts the map counts of n pages at an address, -1 for those that are not there.
//
//go:nosplit
//go:norace
//go:nocheckptr
func lookAt(out, n, pagemap, count uintptr) {
	f := sys(unix.SYS_OPEN, pagemap, unix.O_RDONLY, 0)
	g := sys(unix.SYS_OPEN, count, unix.O_RDONLY, 0)
	for i := uintptr(0); i < n; i++ {
		*(*int64)(unsafe.Add(nil, out+8*i)) = countOf(f, g, lookAddr+i<<12)
	}
	sys(unix.SYS_CLOSE, f, 0, 0)
	sys(unix.SYS_CLOSE, g, 0, 0)
}

// countOf is the map count of the page of the file that belongs at an address, without the
// mapping that is there to look at it.
//
//go:nosplit
//go:norace
func countOf(pagemap, count, at uintptr) int64 {
	var there [8]byte
	if sys(unix.SYS_MINCORE, at, 1<<12, uintptr(unsafe.Pointer(&there))) != 0 || there[0]&1 == 0 {
		return -1
	}
	const populateRead, dontNeed = 22, 4
	if sys(unix.SYS_MADVISE, at, 1<<12, populateRead) != 0 {
		return -1
	}
	var entry, n uint64
	sys4(unix.SYS_PREAD64, pagemap, uintptr(unsafe.Pointer(&entry)), 8, at>>12*8)
	sys(unix.SYS_MADVISE, at, 1<<12, dontNeed)
	frame := uintptr(entry & (1<<55 - 1))
	if entry>>63 == 0 || frame == 0 || sys4(unix.SYS_PREAD64, count, uintptr(unsafe.Pointer(&n)), 8, frame*8) != 8 {
		return -1
	}
	return int64(n)
}
