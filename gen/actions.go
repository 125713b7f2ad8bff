package gen

import "fmt"

// actions are the kinds of call.
//
//tidy:table one line a kind
var actions []action

func init() {
	actions = []action{
		{3, (*drawing).memfd},
		{12, func(g *drawing) { g.call("", "fcntl", g.file(), "F_ADD_SEALS", g.seals()) }},
		{3, func(g *drawing) { g.call("", "fcntl", g.file(), "F_GET_SEALS") }},
		{14, (*drawing).mmap},
		{2, (*drawing).anonymous},
		{5, (*drawing).munmap},
		{6, (*drawing).mprotect},
		{5, (*drawing).mremap},
		{6, (*drawing).madvise},
		{3, (*drawing).lock},
		{6, (*drawing).touch},
		{1, func(g *drawing) {
			addr, size, _ := g.within()
			g.call("", "msync", addr, size, g.pick("MS_SYNC", "MS_ASYNC", "MS_INVALIDATE", "MS_SYNC|MS_ASYNC", "8",
				"0"))
		}},
		{6, (*drawing).write},
		{4, (*drawing).read},
		{3, func(g *drawing) {
			g.call("", "lseek", g.file(), g.offset(), g.pick("SEEK_SET", "SEEK_CUR", "SEEK_END", "SEEK_DATA",
				"SEEK_HOLE", "9"))
		}},
		{6, func(g *drawing) { g.call("", "ftruncate", g.file(), g.pick("8192", g.length(), g.offset())) }},
		{6, func(g *drawing) { g.call("", "fallocate", g.file(), g.fallocMode(), g.offset(), g.length()) }},
		{2, func(g *drawing) {
			g.call("", "fchmod", g.file(), g.pick("0600", "0755", "0700", "0", "0777", "0644",
				"0100", "04777"))
		}},
		{1, func(g *drawing) { g.call("", g.pick("fsync", "fdatasync"), g.file()) }},
		{5, (*drawing).reopen},
		{3, (*drawing).dup},
		{2, (*drawing).close},
		{4, (*drawing).pipe},
		{5, (*drawing).splice},
		{4, (*drawing).vmsplice},
		{3, (*drawing).drain},
		{2, (*drawing).sendfile},
		{4, (*drawing).remote},
		{1, (*drawing).ring},
		{4, (*drawing).message},
	}
}

func (g *drawing) memfd() {
	flags := g.pick("MFD_ALLOW_SEALING", "MFD_ALLOW_SEALING", "MFD_CLOEXEC|MFD_ALLOW_SEALING",
		"MFD_NOEXEC_SEAL", "0", "MFD_ALLOW_SEALING|MFD_EXEC", "MFD_EXEC", "MFD_NOEXEC_SEAL|MFD_ALLOW_SEALING")
	switch {
	case g.oneIn(40):
		flags = g.pick("0x40", "MFD_EXEC|MFD_NOEXEC_SEAL", "MFD_ALLOW_SEALING|0x80000000", "0x20")
	case g.oneIn(25) && !g.opts.NoHugetlb:
		flags = g.pick("MFD_ALLOW_SEALING|MFD_HUGETLB", "MFD_ALLOW_SEALING|MFD_HUGETLB|21<<MFD_HUGE_SHIFT",
			"MFD_HUGETLB")
	}
	r := g.name("r")
	g.call(r, "memfd_create", g.pick(`"a"`, `"b"`, `""`), flags)
	g.files = append(g.files, r)
}

func (g *drawing) seals() string {
	if g.oneIn(3) {
		return g.pick("F_SEAL_WRITE", "F_SEAL_FUTURE_WRITE", "0", "F_SEAL_EXEC", "F_SEAL_SEAL", "0x40", "0x100000008")
	}
	return g.some(3, "F_SEAL_SEAL", "F_SEAL_SHRINK", "F_SEAL_GROW", "F_SEAL_WRITE", "F_SEAL_FUTURE_WRITE",
		"F_SEAL_EXEC")
}

func (g *drawing) prot() string {
	return g.pick("PROT_READ|PROT_WRITE", "PROT_READ", "PROT_NONE", "PROT_WRITE", "PROT_READ|PROT_EXEC",
		"PROT_READ|PROT_WRITE|PROT_EXEC", "PROT_EXEC")
}

func (g *drawing) mmap() {
	size := (1 + g.rng.IntN(4)) * 4096
	if g.oneIn(10) {
		size = g.rng.IntN(3 * 4096)
	}
	flags := g.pick("MAP_SHARED", "MAP_PRIVATE", "MAP_SHARED", "MAP_SHARED|MAP_POPULATE", "MAP_PRIVATE|MAP_POPULATE",
		"MAP_SHARED_VALIDATE", "MAP_SHARED|MAP_LOCKED", "MAP_SHARED|MAP_NORESERVE",
		"MAP_PRIVATE|MAP_NONBLOCK|MAP_POPULATE",
		"MAP_SHARED_VALIDATE|0x800000", "0", "MAP_SHARED|0x800000", "MAP_PRIVATE|MAP_LOCKED",
		"MAP_SHARED|MAP_GROWSDOWN")
	addr := "NULL"
	if len(g.maps) > 0 && g.oneIn(4) {
		addr = g.place()
		flags += g.pick("|MAP_FIXED", "|MAP_FIXED", "|MAP_FIXED_NOREPLACE", "")
	}
	off := g.pick("0", "0", "4096", "8192", "0", "12288", "16384")
	if g.oneIn(40) {
		off = g.pick("1", "0x7ffffffffffff000", "0xfffffffffffff000")
	}
	m := g.name("m")
	g.call(m, "mmap", addr, fmt.Sprint(size), g.prot(), flags, g.file(), off)
	g.maps = append(g.maps, mapped{m, size})
}

// place draws an address in or next to a mapping.
func (g *drawing) place() string {
	m := g.maps[g.rng.IntN(len(g.maps))]
	pages := max(1, (m.size+4095)/4096)
	return fmt.Sprintf("%s+%d", m.name, 4096*(g.rng.IntN(pages+3)-1))
}

func (g *drawing) anonymous() {
	size := (1 + g.rng.IntN(4)) * 4096
	addr, flags := "NULL", g.pick("MAP_PRIVATE|MAP_ANONYMOUS", "MAP_SHARED|MAP_ANONYMOUS")
	if len(g.maps) > 0 && g.oneIn(2) {
		addr, flags = g.place(), flags+"|MAP_FIXED"
	}
	m := g.name("m")
	g.call(m, "mmap", addr, fmt.Sprint(size), g.prot(), flags, "-1", "0")
	g.maps = append(g.maps, mapped{m, size})
}

func (g *drawing) munmap() {
	addr, size, _ := g.within()
	g.call("", "munmap", addr, size)
}

func (g *drawing) mprotect() {
	addr, size, _ := g.within()
	prot := g.prot()
	if g.oneIn(30) {
		prot = g.pick("PROT_READ|0x100", "PROT_READ|PROT_GROWSDOWN", "PROT_READ|PROT_WRITE|PROT_GROWSUP")
	}
	g.call("", "mprotect", addr, size, prot)
}

func (g *drawing) mremap() {
	addr, size, m := g.within()
	n := (1 + g.rng.IntN(5)) * 4096
	if g.oneIn(15) {
		size = g.pick("0", "0", "4095")
	}
	flags := g.pick("MREMAP_MAYMOVE", "0", "MREMAP_MAYMOVE|MREMAP_FIXED", "MREMAP_MAYMOVE|MREMAP_DONTUNMAP",
		"MREMAP_FIXED", "MREMAP_DONTUNMAP", "0x10", "MREMAP_MAYMOVE|MREMAP_FIXED|MREMAP_DONTUNMAP")
	args := []string{addr, size, fmt.Sprint(n), flags}
	if g.oneIn(3) {
		args[2] = size
	}
	if len(flags) > 14 && len(g.maps) > 0 {
		args = append(args, g.place())
	}
	to := g.name("m")
	g.call(to, "mremap", args...)
	g.maps = append(g.maps, mapped{to, max(n, m.size)})
}

func (g *drawing) madvise() {
	addr, size, _ := g.within()
	g.call("", "madvise", addr, size, g.pick("MADV_POPULATE_WRITE", "MADV_POPULATE_READ", "MADV_DONTNEED",
		"MADV_REMOVE", "MADV_PAGEOUT", "MADV_PAGEOUT", "MADV_COLD", "MADV_WILLNEED", "MADV_DONTFORK", "MADV_FREE",
		"MADV_DOFORK", "MADV_NORMAL", "MADV_WIPEONFORK", "MADV_KEEPONFORK", "MADV_HUGEPAGE", "MADV_NOHUGEPAGE",
		"MADV_MERGEABLE", "MADV_DONTDUMP", "MADV_DODUMP", "MADV_DONTNEED_LOCKED", "MADV_COLLAPSE", "MADV_RANDOM", "99"))
}

// touch is the program reading or writing its memory, perhaps behind the end of a file.
func (g *drawing) touch() {
	addr, _, _ := g.within()
	if len(g.maps) > 0 && g.oneIn(2) {
		addr = g.place()
	}
	if g.oneIn(2) {
		g.call("", "store", addr, "7")
		return
	}
	g.call("", "load", addr)
}

func (g *drawing) lock() {
	addr, size, _ := g.within()
	g.call("", g.pick("mlock", "munlock"), addr, size)
}

func (g *drawing) write() {
	n := g.length()
	switch f := g.file(); g.rng.IntN(7) {
	case 6:
		g.call("", "pwrite64", f, g.memory(), n, g.offset())
	case 0:
		g.call("", "write", f, `"w"`, n)
	case 1:
		g.call("", "writev", f, `[{iov_base="x", iov_len=100}, {iov_base="y", iov_len=`+n+`}]`, "2")
	default:
		g.call("", "pwrite64", f, `"p"`, n, g.offset())
	}
}

// memory is a buffer in what is mapped, or next to it.
func (g *drawing) memory() string {
	if len(g.maps) == 0 {
		return "0x10000"
	}
	return g.place() + g.pick("", "", "+100", "+4000")
}

func (g *drawing) read() {
	n := g.length()
	switch f := g.file(); g.rng.IntN(7) {
	case 6:
		g.call("", "pread64", f, g.memory(), n, g.offset())
	case 0:
		g.call("", "read", f, `""`, n)
	case 1:
		g.call("", "readv", f, `[{iov_base="", iov_len=100}, {iov_base="", iov_len=`+n+`}]`, "2")
	default:
		g.call("", "pread64", f, `""`, n, g.offset())
	}
}

func (g *drawing) fallocMode() string {
	return g.pick("0", "FALLOC_FL_KEEP_SIZE|FALLOC_FL_PUNCH_HOLE", "FALLOC_FL_KEEP_SIZE", "FALLOC_FL_PUNCH_HOLE",
		"FALLOC_FL_ZERO_RANGE", "FALLOC_FL_COLLAPSE_RANGE", "FALLOC_FL_KEEP_SIZE|FALLOC_FL_ZERO_RANGE", "0x80",
		"FALLOC_FL_INSERT_RANGE", "FALLOC_FL_UNSHARE_RANGE",
		"FALLOC_FL_KEEP_SIZE|FALLOC_FL_PUNCH_HOLE|FALLOC_FL_ZERO_RANGE")
}

// reopen opens the first memfd, which is descriptor 3, once more.
func (g *drawing) reopen() {
	flags := g.pick("O_RDONLY", "O_RDWR", "O_WRONLY", "O_RDWR|O_TRUNC", "O_RDONLY|O_TRUNC", "O_PATH", "O_RDWR|O_APPEND",
		"O_RDWR|O_EXCL", "O_RDWR|O_CREAT|O_EXCL", "O_RDONLY|O_DIRECTORY", "O_RDONLY|O_NOFOLLOW", "O_RDWR|O_CLOEXEC")
	r := g.name("r")
	args := []string{"AT_FDCWD", `"/proc/self/fd/3"`, flags}
	if g.oneIn(6) {
		args[1] = g.pick(`"/proc/self/fd/4"`, `"/proc/self/fd/5"`, `"/proc/self/fd/99"`, `"/dev/null"`,
			`"/proc/self/fd/0"`)
	}
	if flags == "O_RDWR|O_CREAT|O_EXCL" {
		args = append(args, "0600")
	}
	g.call(r, "openat", args...)
	g.files = append(g.files, r)
}

func (g *drawing) dup() {
	r := g.name("r")
	switch f := g.file(); g.rng.IntN(4) {
	case 0:
		g.call(r, "dup", f)
	case 1:
		g.call(r, "dup2", f, g.any(g.files, "20"))
	case 2:
		g.call(r, "dup3", f, g.any(g.files, "21"), g.pick("O_CLOEXEC", "0", "1"))
	default:
		g.call(r, "fcntl", f, g.pick("F_DUPFD", "F_DUPFD_CLOEXEC"), g.pick("0", "10", "-1"))
	}
	g.files = append(g.files, r)
}

func (g *drawing) close() {
	if g.oneIn(4) {
		first := g.pick("5", "4", "3", "7")
		g.call("", "close_range", first, g.pick(first, "9", "3", "4294967295"), g.pick("0", "CLOSE_RANGE_CLOEXEC",
			"0", "8"))
		return
	}
	g.call("", "close", g.file())
}

func (g *drawing) pipe() {
	in, out := g.name("p"), g.name("p")
	g.call("", "pipe2", "["+in+", "+out+"]", g.pick("O_NONBLOCK", "O_NONBLOCK", "O_NONBLOCK|O_CLOEXEC",
		"O_NONBLOCK|O_DIRECT"))
	g.in, g.out = append(g.in, in), append(g.out, out)
	if g.oneIn(5) {
		g.call("", "fcntl", out, "F_SETPIPE_SZ", g.pick("4096", "8192", "65536", "1", "0", "1048576"))
	}
}

func (g *drawing) splice() {
	flags := g.pick("SPLICE_F_NONBLOCK", "SPLICE_F_NONBLOCK|SPLICE_F_MOVE", "SPLICE_F_NONBLOCK|SPLICE_F_MORE",
		"SPLICE_F_NONBLOCK|0x10")
	switch g.rng.IntN(6) {
	case 0, 1, 2:
		off := "[" + g.offset() + "]"
		if g.oneIn(4) {
			off = "NULL"
		}
		g.call("", "splice", g.file(), off, g.any(g.out, "99"), "NULL", g.length(), flags)
	case 3:
		g.call("", "splice", g.any(g.in, "99"), "NULL", g.file(), "["+g.offset()+"]", g.length(), flags)
	case 4:
		g.call("", "splice", g.any(g.in, "99"), "NULL", g.any(g.out, "99"), "NULL", g.length(), flags)
	default:
		g.call("", "tee", g.any(g.in, "99"), g.any(g.out, "99"), g.length(), flags)
	}
}

func (g *drawing) vmsplice() {
	addr, size, _ := g.within()
	vec := fmt.Sprintf("[{iov_base=%s, iov_len=%s}]", addr, size)
	n := "1"
	if g.oneIn(4) {
		addr, size, _ = g.within()
		vec, n = vec[:len(vec)-1]+fmt.Sprintf(", {iov_base=%s, iov_len=%s}]", addr, size), "2"
	}
	g.call("", "vmsplice", g.any(g.out, "99"), vec, n, g.pick("SPLICE_F_NONBLOCK", "SPLICE_F_NONBLOCK|SPLICE_F_GIFT"))
}

func (g *drawing) drain() {
	g.call("", "read", g.any(g.in, "99"), `""`, g.pick("65536", "4096", "100", "8192", "131072"))
}

func (g *drawing) sendfile() {
	off := "NULL"
	if g.oneIn(2) {
		off = "[" + g.offset() + "]"
	}
	to := g.any(g.out, "99")
	if g.oneIn(4) {
		to = g.file()
	}
	g.call("", "sendfile", to, g.file(), off, g.length())
}

// remote touches memory in the way of a debugger, its own process's.
func (g *drawing) remote() {
	if g.self == "" {
		g.self = g.name("g")
		g.call(g.self, "getpid")
	}
	addr, size, _ := g.within()
	remote := fmt.Sprintf("[{iov_base=%s, iov_len=%s}]", addr, size)
	if g.oneIn(2) {
		g.call("", "process_vm_writev", g.self, `[{iov_base="v", iov_len=`+size+`}]`, "1", remote, "1", "0")
		return
	}
	g.call("", "process_vm_readv", g.self, `[{iov_base="", iov_len=`+size+`}]`, "1", remote, "1", "0")
}

func (g *drawing) ring() {
	if g.opts.NoURing {
		return
	}
	if len(g.rings) == 0 {
		r := g.name("u")
		g.call(r, "io_uring_setup", "4", "{}")
		g.rings = append(g.rings, r)
	}
	addr, size, _ := g.within()
	if g.oneIn(3) {
		g.call("", "io_uring_register", g.rings[0], "IORING_UNREGISTER_BUFFERS", "NULL", "0")
		return
	}
	g.call("", "io_uring_register", g.rings[0], "IORING_REGISTER_BUFFERS",
		fmt.Sprintf("[{iov_base=%s, iov_len=%s}]", addr, size), "1")
}
