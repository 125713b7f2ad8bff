package memfd_test

import (
	"os"
	"regexp"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"sealab/sim/abi"
	"sealab/sim/folio"
	"sealab/sim/memfd"
	"sealab/sim/profile"
	"sealab/sim/sched"
)

// The kernel underneath makes one folio of 512 pages of a memfd with MADV_COLLAPSE (6.1 and
// later), whatever shmem_enabled says. It is asked to seal the file, and so is the model.
func TestLargeFoliosOfTheHost(tb *testing.T) {
	var u unix.Utsname
	require.NoError(tb, unix.Uname(&u))
	p, _, err := profile.Find(unix.ByteSliceToString(u.Release[:]))
	if err != nil {
		tb.Skip(err)
	}
	for _, c := range []struct {
		name  string
		large bool // a private mapping shows it by one large entry
		small int  // and another by so many small ones
		held  []int
	}{
		{"nobody has it", false, 0, []int{0}},
		{"a large entry", true, 0, []int{0}},
		{"entries of both sizes", true, 512, []int{0}},
		{"pages in a pipe", false, 0, []int{15, 1, 0}},
	} {
		tb.Run(c.name, func(tb *testing.T) {
			fd, addr := collapsed(tb)
			entries := int32(c.small)
			if c.large {
				entries++
				read(private(tb, fd, addr), 1)
				smaps, err := os.ReadFile("/proc/self/smaps")
				require.NoError(tb, err)
				if !regexp.MustCompile(`ShmemPmdMapped: +2048 kB`).Match(smaps) {
					tb.Skip("this kernel makes no large entry")
				}
			}
			if c.small > 0 {
				read(private(tb, fd, unsafe.Add(addr, 2*abi.PMDSize+abi.PageSize)), c.small)
			}
			var pipe [2]int
			require.NoError(tb, unix.Pipe(pipe[:]))
			tb.Cleanup(func() { unix.Close(pipe[0]); unix.Close(pipe[1]) })
			n, off := c.held[0], int64(0)
			if n > 0 {
				_, err := unix.Splice(fd, &off, pipe[1], nil, n*abi.PageSize, 0)
				require.NoError(tb, err)
			}
			for _, held := range c.held {
				for ; n > held; n-- {
					_, err := unix.Read(pipe[0], make([]byte, abi.PageSize))
					require.NoError(tb, err)
				}
				_, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, unix.F_SEAL_WRITE)
				require.Equal(tb, held > 0, err == unix.EBUSY, "%d pages in the pipe: %v", held, err)
				require.Equal(tb, err == nil, sealLarge(tb, p, entries, int32(held)) == nil, "%d pages in the pipe", held)
			}
		})
	}
}

// sealLarge asks the model about a folio of 512 pages with so many entries and other references.
func sealLarge(tb *testing.T, p profile.Profile, entries, held int32) (err error) {
	s := machine(tb, p, 1000)
	run(tb, s, func(t *sched.Task) {
		f := file(t, 0)
		large(t, f, 0, 9)
		id := folioAt(s.World(), f, 0)
		folio.GetN(t, id, entries+held)
		folio.AddMaps(t, id, entries)
		err = memfd.AddSeals(t, f, uint64(write))
	})
	return err
}

// collapsed returns a memfd of one large folio, and an address, aligned to its size, with room
// for two mappings of twice as much.
func collapsed(tb *testing.T) (fd int, addr unsafe.Pointer) {
	fd, err := unix.MemfdCreate("large", unix.MFD_ALLOW_SEALING)
	require.NoError(tb, err)
	tb.Cleanup(func() { unix.Close(fd) })
	_, err = unix.Pwrite(fd, make([]byte, abi.PMDSize), 0)
	require.NoError(tb, err)
	room, err := unix.MmapPtr(-1, 0, nil, 6*abi.PMDSize, unix.PROT_NONE, unix.MAP_PRIVATE|unix.MAP_ANON)
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, unix.MunmapPtr(room, 6*abi.PMDSize)) })
	addr = unsafe.Add(room, -uintptr(room)&(abi.PMDSize-1))
	at := private(tb, fd, addr)
	if err := unix.Madvise(at, unix.MADV_COLLAPSE); err != nil {
		tb.Skipf("this kernel makes no large folio: %v", err)
	}
	require.NoError(tb, unix.Madvise(at, unix.MADV_DONTNEED))
	return fd, addr
}

// private maps the folio for reading at an address, in a way that does not count.
func private(tb *testing.T, fd int, addr unsafe.Pointer) []byte {
	at, err := unix.MmapPtr(fd, 0, addr, abi.PMDSize, unix.PROT_READ, unix.MAP_PRIVATE|unix.MAP_FIXED)
	require.NoError(tb, err)
	return unsafe.Slice((*byte)(at), abi.PMDSize)
}

// read touches the first pages of a mapping.
func read(b []byte, pages int) {
	for i := range pages {
		touched += b[i*abi.PageSize]
	}
}

var touched byte
