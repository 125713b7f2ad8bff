package host

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Look looks at this host. The error says that it has no memfd_create, or does not allow it: there
// is nothing to be asked of it then.
func Look() (Machine, error) {
	var m Machine
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return m, err
	}
	m.Release = unix.ByteSliceToString(u.Release[:])
	var tick unix.Timespec
	if unix.ClockGetres(unix.CLOCK_MONOTONIC_COARSE, &tick) == nil && tick.Nano() > 0 {
		m.HZ = int((1_000_000_000 + tick.Nano()/2) / tick.Nano())
	}
	fd, err := unix.MemfdCreate("", unix.MFD_ALLOW_SEALING)
	if err != nil {
		return m, fmt.Errorf("this host does not let memfd_create through: %w", err)
	}
	unix.Close(fd)
	params := make([]byte, 120)
	ring, _, errno := unix.Syscall(unix.SYS_IO_URING_SETUP, 1, uintptr(unsafe.Pointer(&params[0])), 0)
	if m.IOUring = errno == 0; m.IOUring {
		unix.Close(int(ring))
	}
	m.HugePages, _ = strconv.Atoi(setting("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages"))
	for _, s := range [...]struct{ path, usual string }{
		{"/proc/sys/vm/memfd_noexec", "0"},
		{"/sys/kernel/mm/transparent_hugepage/shmem_enabled", "never"},
		{"/proc/sys/vm/mmap_min_addr", "65536"},
		{"/proc/sys/vm/overcommit_memory", "0"},
	} {
		if v := setting(s.path); v != "" && v != s.usual {
			m.Unusual = append(m.Unusual, fmt.Sprintf("%s is %s, and usually %s", s.path, v, s.usual))
		}
	}
	return m, nil
}

// setting reads a setting of the kernel; of several words that one which is chosen. It is "" where
// there is none.
func setting(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	s := strings.TrimSpace(string(text))
	if _, chosen, ok := strings.Cut(s, "["); ok {
		s, _, _ = strings.Cut(chosen, "]")
	}
	return s
}
