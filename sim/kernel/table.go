package kernel

// entry is a line of the system call table.
type entry struct {
	name string
	run  handler
}

// table is the system calls that are modelled. The zero Sys is none. It is filled
// when the package is initialised, since calls make tasks, which make calls.
var table []entry

// byName finds a call by its name.
var byName = map[string]Sys{}

func init() {
	table = calls()
	for i := range table {
		if i > 0 {
			byName[table[i].name] = Sys(i)
		}
	}
}

// calls lists them.
//
//tidy:table one line a call
func calls() []entry {
	return []entry{
		{},
		{"memfd_create", sysMemfdCreate},
		{"fcntl", sysFcntl},
		{"openat", sysOpenat},
		{"close", sysClose},
		{"close_range", sysCloseRange},
		{"dup", sysDup},
		{"dup2", sysDup2},
		{"dup3", sysDup3},
		{"mmap", sysMmap},
		{"munmap", sysMunmap},
		{"mprotect", sysMprotect},
		{"mremap", sysMremap},
		{"madvise", sysMadvise},
		{"msync", sysMsync},
		{"mlock", sysMlock},
		{"munlock", sysMunlock},
		{"clone", sysClone},
		{"clone3", sysClone},
		{"fork", sysClone},
		{"vfork", sysVfork},
		{"unshare", sysUnshare},
		{"execve", sysExecve},
		{"exit", sysExit},
		{"exit_group", sysExit},
		{"read", sysRead},
		{"readv", sysRead},
		{"pread64", sysPread},
		{"preadv", sysPread},
		{"preadv2", sysRW2(sysRead, sysPread)},
		{"write", sysWrite},
		{"writev", sysWrite},
		{"pwrite64", sysPwrite},
		{"pwritev", sysPwrite},
		{"pwritev2", sysRW2(sysWrite, sysPwrite)},
		{"lseek", sysLseek},
		{"truncate", sysTruncate},
		{"ftruncate", sysFtruncate},
		{"fallocate", sysFallocate},
		{"fchmod", sysFchmod},
		{"fsync", sysFsync},
		{"fdatasync", sysFsync},
		{"pipe2", sysPipe2},
		{"pipe", sysPipe2},
		{"socketpair", sysSocketpair},
		{"sendmsg", sysSend},
		{"sendto", sysSend},
		{"recvmsg", sysRecv},
		{"recvfrom", sysRecv},
		{"sendmmsg", sysSocketOther},
		{"recvmmsg", sysSocketOther},
		{"shutdown", sysSocketOther},
		{"splice", sysSplice},
		{"tee", sysTee},
		{"vmsplice", sysVmsplice},
		{"sendfile", sysSendfile},
		{"copy_file_range", sysCopyFileRange},
		{"process_vm_readv", sysProcessVM(false)},
		{"process_vm_writev", sysProcessVM(true)},
		{"readlink", sysReadlink},
		{"ioctl", sysIoctl},
		{"userfaultfd", sysUserfaultfd},
		{"io_uring_setup", sysIOUringSetup},
		{"io_uring_register", sysIOUringRegister},
		{"load", sysLoad},
		{"store", sysStore},
		{"kill", sysKill},
		{"tkill", sysKill},
		{"tgkill", sysKill},
	}
}
