package kernel_test

import "testing"

// Each script is one thing that a program can find out about its kernel.
var scripts = []struct{ name, kernel, text string }{
	{"descriptors", "newest", `
		memfd_create 0 MFD_CLOEXEC 'x' = 3
		fcntl 3 F_GETFD = FD_CLOEXEC
		fcntl 3 F_SETFD 0 = 0
		fcntl 3 F_GETFD = 0
		dup 3 = 4
		fcntl 3 F_DUPFD 10 = 10
		fcntl 3 F_DUPFD_CLOEXEC 4 = 5
		fcntl 5 F_GETFD = FD_CLOEXEC
		fcntl 3 F_DUPFD -1 = EINVAL
		dup2 3 3 = 3
		dup2 99 99 = EBADF
		dup2 3 4 = 4
		dup3 3 4 0 = 4
		dup3 3 3 0 = EINVAL
		dup3 3 4 1 = EINVAL
		dup3 3 -1 0 = EBADF
		dup3 98 4 0 = EBADF
		dup 98 = EBADF
		fcntl 98 F_GETFD = EBADF
		fcntl 3 F_GETFL = O_RDWR|O_LARGEFILE
		fcntl 3 F_SETFL O_APPEND = 0
		fcntl 4 F_GETFL = O_RDWR|O_LARGEFILE|O_APPEND
		fcntl 3 F_GETLK = -
		close 3 = 0
		close 3 = EBADF
		close -1 = EBADF
		close_range 4 5 0 = 0
		close_range 5 4 0 = EINVAL
		close_range 4 5 4 = -
		close 4 = EBADF
		fcntl 10 F_GETFL = ?`},
	{"the lowest free descriptor", "newest", `
		memfd_create 0 0 'x' = 3
		memfd_create 0 0 'y' = 4
		close 3 = 0
		memfd_create 0 0 'z' = 3
		memfd_create 0 1024 'z' = EINVAL`},
	{"reading and writing", "newest", `
		memfd_create 0 0 'x' = 3
		write 3 0 5000 = 5000
		lseek 3 0 SEEK_SET = 0
		read 3 0 1p = 1p
		read 3 0 1p = 904
		read 3 0 1p = 0
		pread64 3 0 100 4990 = 10
		pread64 3 0 100 -1 = EINVAL
		pwrite64 3 0 10 1p = 10
		pwrite64 3 0 10 -1 = EINVAL
		read 3 0 -1 = EINVAL
		write 3 0 -1 = EINVAL
		pread64 3 0 -1 0 = EINVAL
		pwrite64 3 0 -1 0 = EINVAL
		lseek 3 0 SEEK_END = 5000
		lseek 3 -1 SEEK_SET = EINVAL
		ftruncate 3 0 = 0
		ftruncate 3 -1 = EINVAL
		fallocate 3 0 0 1p = 0
		fsync 3 = 0
		fchmod 3 0644 = 0
		read 99 0 1 = EBADF
		write 99 0 1 = EBADF
		pread64 99 0 1 0 = EBADF
		pwrite64 99 0 1 0 = EBADF
		lseek 99 0 0 = EBADF
		ftruncate 99 0 = EBADF
		fallocate 99 0 0 1 = EBADF
		fsync 99 = EBADF
		fchmod 99 0 = EBADF`},
	{"reopening", "newest", `
		memfd_create 0 MFD_ALLOW_SEALING 'x' = 3
		write 3 0 10 = 10
		openat AT_FDCWD 0 O_RDONLY '/proc/self/fd/3' = 4
		write 4 0 1 = EBADF
		ftruncate 4 0 = EINVAL
		fallocate 4 0 0 1 = EBADF
		fcntl 4 F_ADD_SEALS F_SEAL_GROW = EPERM
		openat AT_FDCWD 0 O_WRONLY|O_TRUNC '/dev/fd/3' = 5
		read 5 0 1 = EBADF
		lseek 3 0 SEEK_END = 0
		fcntl 5 F_ADD_SEALS F_SEAL_SHRINK = 0
		fcntl 4 F_GET_SEALS = F_SEAL_SHRINK
		write 3 0 10 = 10
		openat AT_FDCWD 0 O_RDWR|O_TRUNC '/proc/thread-self/fd/3' = EPERM
		openat AT_FDCWD 0 O_PATH '/proc/self/fd/3' = 6
		read 6 0 1 = EBADF
		fcntl 6 F_GET_SEALS = EBADF
		fcntl 6 F_GETFL = O_PATH
		dup 6 = 7
		openat AT_FDCWD 0 O_RDWR|O_CREAT|O_EXCL '/proc/self/fd/3' = EEXIST
		openat AT_FDCWD 0 O_RDWR|O_NOFOLLOW '/proc/self/fd/3' = ELOOP
		openat AT_FDCWD 0 O_RDONLY|O_DIRECTORY '/proc/self/fd/3' = ENOTDIR
		openat AT_FDCWD 0 O_PATH|O_NOFOLLOW '/proc/self/fd/3' = -
		openat AT_FDCWD 0 0 '/proc/self/fd/99' = ENOENT
		openat AT_FDCWD 0 0 '/etc/passwd' = -
		openat AT_FDCWD 0 3 '/proc/self/fd/3' = -
		openat AT_FDCWD 0 0 '/proc/self/fd/x' = -`},
	{"seals through every descriptor", "newest", `
		memfd_create 0 MFD_ALLOW_SEALING 'x' = 3
		write 3 0 2p = 2p
		dup 3 = 4
		fcntl 3 F_ADD_SEALS F_SEAL_SHRINK|F_SEAL_GROW|F_SEAL_WRITE = 0 @0
		write 4 0 1 = EPERM
		pwrite64 4 0 1 0 = EPERM
		ftruncate 4 1p = EPERM
		ftruncate 4 3p = EPERM
		fallocate 4 FALLOC_FL_PUNCH_HOLE|FALLOC_FL_KEEP_SIZE 0 1p = EPERM
		fallocate 4 0 0 1p = 0
		write 4 0 0 = 0
		mmap 0 1p PROT_READ|PROT_WRITE MAP_SHARED 4 0 = EPERM
		mmap 0 1p PROT_READ|PROT_WRITE MAP_PRIVATE 4 0 = ?
		mmap 0x10000000 1p PROT_READ MAP_SHARED|MAP_FIXED 4 0 = 0x10000000
		mprotect 0x10000000 1p PROT_READ|PROT_WRITE = EACCES
		madvise 0x10000000 1p MADV_REMOVE = EACCES
		fcntl 4 F_ADD_SEALS F_SEAL_SEAL = 0
		fcntl 3 F_ADD_SEALS 0 = EPERM
		fcntl 3 F_GET_SEALS = F_SEAL_SEAL|F_SEAL_SHRINK|F_SEAL_GROW|F_SEAL_WRITE`},
	{"a read-only mapping after the seal, before 6.7", "6.6.0", `
		memfd_create 0 MFD_ALLOW_SEALING 'x' = 3
		write 3 0 1p = 1p
		fcntl 3 F_ADD_SEALS F_SEAL_WRITE = 0
		mmap 0 1p PROT_READ MAP_SHARED 3 0 = EPERM`},
	{"a mapping that only reads blocks the seal", "newest", `
		memfd_create 0 MFD_ALLOW_SEALING 'x' = 3
		write 3 0 1p = 1p
		mmap 0x10000000 1p PROT_READ MAP_SHARED|MAP_FIXED 3 0 = 0x10000000
		fcntl 3 F_ADD_SEALS F_SEAL_WRITE = EBUSY @0
		munmap 0x10000000 1p = 0
		openat AT_FDCWD 0 O_RDONLY '/proc/self/fd/3' = 4
		mmap 0x10000000 1p PROT_READ MAP_SHARED|MAP_FIXED 4 0 = 0x10000000
		fcntl 3 F_ADD_SEALS F_SEAL_WRITE = 0 @0`},
	{"a child's mapping blocks it too", "newest", `
		memfd_create 0 MFD_ALLOW_SEALING 'x' = 3
		write 3 0 1p = 1p
		mmap 0x10000000 1p PROT_READ MAP_SHARED|MAP_FIXED 3 0 = 0x10000000
		clone 0 'b' = ?
		munmap 0x10000000 1p = 0
		fcntl 3 F_ADD_SEALS F_SEAL_WRITE = EBUSY @0
		b: exit = 0
		fcntl 3 F_ADD_SEALS F_SEAL_WRITE = 0 @0`},
	{"the middle of three pages", "newest", `
		memfd_create 0 MFD_ALLOW_SEALING 'x' = 3
		ftruncate 3 3p = 0
		mmap 0x10000000 3p PROT_READ|PROT_WRITE MAP_SHARED|MAP_FIXED 3 0 = 0x10000000
		munmap 0x10001000 1p = 0
		munmap 0x10000000 1p = 0
		fcntl 3 F_ADD_SEALS F_SEAL_WRITE = EBUSY
		munmap 0x10002000 1p = 0
		fcntl 3 F_ADD_SEALS F_SEAL_WRITE = 0`},
	{"future writes", "newest", `
		memfd_create 0 MFD_ALLOW_SEALING 'x' = 3
		ftruncate 3 2p = 0
		mmap 0x10000000 1p PROT_READ|PROT_WRITE MAP_SHARED|MAP_FIXED 3 0 = 0x10000000
		fcntl 3 F_ADD_SEALS F_SEAL_FUTURE_WRITE = 0
		mmap 0x10001000 1p PROT_READ|PROT_WRITE MAP_SHARED|MAP_FIXED 3 1p = EPERM
		mremap 0x10000000 1p 2p MREMAP_MAYMOVE = ?
		process_vm_writev 0 0 0 0 0 0 [0x20000000+8] [0x10000000+8] = 8
		write 3 0 1 = EPERM
		fcntl 3 F_ADD_SEALS F_SEAL_WRITE = EBUSY @0`},
	{"the loophole of a merge", "6.1.192", `
		memfd_create 0 MFD_ALLOW_SEALING 'x' = 3
		ftruncate 3 2p = 0
		mmap 0x10000000 1p PROT_READ|PROT_WRITE MAP_SHARED|MAP_FIXED 3 0 = 0x10000000
		fcntl 3 F_ADD_SEALS F_SEAL_FUTURE_WRITE = 0
		mmap 0x10001000 1p PROT_READ|PROT_WRITE MAP_SHARED|MAP_FIXED 3 1p = 0x10001000
		mmap 0x10003000 1p PROT_READ|PROT_WRITE MAP_SHARED|MAP_FIXED 3 1p = EPERM`},
	{"a pipe holds a page", "newest", `
		memfd_create 0 MFD_ALLOW_SEALING 'x' = 3
		write 3 0 2p = 2p
		pipe2 0 O_NONBLOCK = 0
		splice 3 0 5 -1 1p 0 = 1p
		fcntl 3 F_ADD_SEALS F_SEAL_WRITE = EBUSY @150
		read 4 0 100 = 100
		fcntl 3 F_ADD_SEALS F_SEAL_WRITE = EBUSY @150
		read 4 0 2p = 3996
		fcntl 3 F_ADD_SEALS F_SEAL_WRITE = 0 @0
		splice 3 0 5 -1 1p 0 = 1p
		splice 4 -1 3 0 1p 0 = EPERM`},
	{"pipes", "newest", `
		pipe2 0 1 = EINVAL
		pipe2 0 O_NONBLOCK|O_CLOEXEC = 0
		fcntl 3 F_GETFD = FD_CLOEXEC
		fcntl 3 F_GETPIPE_SZ = 16p
		fcntl 3 F_SETPIPE_SZ 20p = 32p
		lseek 3 0 0 = ESPIPE
		pread64 3 0 1 0 = ESPIPE
		pwrite64 4 0 1 0 = ESPIPE
		ftruncate 4 0 = EINVAL
		fallocate 4 0 0 1 = ESPIPE
		fallocate 4 0 0 0 = EINVAL
		fsync 4 = EINVAL
		fcntl 4 F_ADD_SEALS 1 = EINVAL
		fcntl 3 F_ADD_SEALS 1 = EPERM
		fcntl 3 F_GET_SEALS = EINVAL
		mmap 0 1p PROT_READ MAP_SHARED 3 0 = ENODEV
		read 3 0 1 = EAGAIN
		write 4 0 10 = 10
		tee 3 4 10 0 = EINVAL
		tee 3 4 0 0 = 0
		tee 3 4 10 0x10 = EINVAL
		tee 99 4 10 0 = EBADF
		tee 3 99 10 0 = EBADF
		splice 3 -1 4 -1 0 0 = 0
		splice 3 -1 4 -1 1 0x10 = EINVAL
		splice 99 -1 4 -1 1 0 = EBADF
		splice 3 -1 99 -1 1 0 = EBADF
		vmsplice 4 0 0 0 [] = 0
		vmsplice 4 0 0 0x10 [] = EINVAL
		vmsplice 99 0 0 0 [] = EBADF
		vmsplice 3 0 0 0 [0x1000+1] = -
		vmsplice 4 0 0 0 [0xffffffffffff0000+1] = EFAULT
		vmsplice 4 0 0 0 [0x1000+-1] = EINVAL
		memfd_create 0 0 'x' = 5
		fcntl 5 F_GETPIPE_SZ = EBADF
		vmsplice 5 0 0 0 [0x1000+1] = EBADF
		sendfile 4 5 -1 0 = 0
		sendfile 4 5 -1 -1 = EINVAL
		sendfile 4 99 -1 10 = EBADF
		sendfile 99 5 -1 10 = EBADF
		sendfile 4 1 -1 10 = -
		close 3 = 0
		write 4 0 1 = EPIPE`},
	{"vmsplice and sendfile hold pages", "newest", `
		memfd_create 0 MFD_ALLOW_SEALING 'x' = 3
		write 3 0 1p = 1p
		pipe2 0 0 = 0
		mmap 0x10000000 1p PROT_READ MAP_SHARED|MAP_FIXED 3 0 = 0x10000000
		vmsplice 5 0 0 0 [0x10000000+10] = 10
		munmap 0x10000000 1p = 0
		fcntl 3 F_ADD_SEALS F_SEAL_WRITE = EBUSY @150
		read 4 0 10 = 10
		sendfile 5 3 0 10 = 10
		fcntl 3 F_ADD_SEALS F_SEAL_WRITE = EBUSY @150
		read 4 0 10 = 10
		fcntl 3 F_ADD_SEALS F_SEAL_WRITE = 0 @0`},
	{"fixed buffers", "newest", `
		memfd_create 0 MFD_ALLOW_SEALING 'x' = 3
		write 3 0 1p = 1p
		io_uring_setup 8 = 4
		io_uring_setup 0 = EINVAL
		mmap 0x10000000 1p PROT_READ|PROT_WRITE MAP_SHARED|MAP_FIXED 3 0 = 0x10000000
		io_uring_register 4 IORING_REGISTER_BUFFERS 0 1 [0x10000000+1p] = 0
		io_uring_register 4 IORING_REGISTER_BUFFERS 0 1 [0x10000000+1p] = EBUSY
		munmap 0x10000000 1p = 0
		fcntl 3 F_ADD_SEALS F_SEAL_WRITE = EBUSY @150
		io_uring_register 4 IORING_UNREGISTER_BUFFERS = 0
		io_uring_register 4 IORING_UNREGISTER_BUFFERS = ENXIO
		io_uring_register 4 99 = -
		io_uring_register 3 IORING_UNREGISTER_BUFFERS = EOPNOTSUPP
		io_uring_register 99 IORING_UNREGISTER_BUFFERS = EBADF
		fcntl 3 F_ADD_SEALS F_SEAL_WRITE = 0 @0`},
	{"no io_uring", "4.19.0", `io_uring_setup 8 = ENOSYS`},
	{"huge pages", "newest", `
		memfd_create 0 MFD_HUGETLB|MFD_ALLOW_SEALING 'x' = 3
		ftruncate 3 2048k = 0
		ftruncate 3 1p = EINVAL
		write 3 0 1 = EINVAL
		pwrite64 3 0 1 0 = EINVAL
		fallocate 3 0 0 2048k = 0
		read 3 0 10 = 10
		fcntl 3 F_ADD_SEALS F_SEAL_WRITE|F_SEAL_SHRINK = 0 @0
		openat AT_FDCWD 0 O_RDWR|O_TRUNC '/proc/self/fd/3' = EPERM
		fcntl 3 F_ADD_SEALS F_SEAL_EXEC = 0
		fchmod 3 0666 = 0`},
	{"huge pages of 6.8 always look pinned", "6.8.0", `
		memfd_create 0 MFD_HUGETLB|MFD_ALLOW_SEALING 'x' = 3
		fallocate 3 0 0 2048k = 0
		fcntl 3 F_ADD_SEALS F_SEAL_WRITE = EBUSY @150`},
	{"F_SEAL_EXEC", "newest", `
		memfd_create 0 MFD_ALLOW_SEALING|MFD_EXEC 'x' = 3
		write 3 0 1p = 1p
		mmap 0x10000000 1p PROT_READ|PROT_WRITE MAP_SHARED|MAP_FIXED 3 0 = 0x10000000
		fcntl 3 F_ADD_SEALS F_SEAL_EXEC = EBUSY @0
		fchmod 3 0644 = 0
		fcntl 3 F_ADD_SEALS F_SEAL_EXEC = 0
		fcntl 3 F_GET_SEALS = F_SEAL_EXEC
		fchmod 3 0755 = EPERM
		fchmod 3 0600 = 0`},
	{"F_SEAL_EXEC unchecked", "6.16.12", `
		memfd_create 0 MFD_ALLOW_SEALING|MFD_EXEC 'x' = 3
		write 3 0 1p = 1p
		mmap 0x10000000 1p PROT_READ|PROT_WRITE MAP_SHARED|MAP_FIXED 3 0 = 0x10000000
		fcntl 3 F_ADD_SEALS F_SEAL_EXEC = 0 @0
		fcntl 3 F_GET_SEALS = 0x3e
		process_vm_writev 0 0 0 0 0 0 [0x20000000+8] [0x10000000+8] = 8
		write 3 0 1 = EPERM
		fcntl 3 F_ADD_SEALS F_SEAL_WRITE = 0 @0`},
	{"cut off while it is mapped", "newest", `
		memfd_create 0 0 'x' = 3
		write 3 0 2p = 2p
		mmap 0x10000000 2p PROT_READ MAP_SHARED|MAP_FIXED|MAP_POPULATE 3 0 = 0x10000000
		process_vm_readv 0 0 0 0 0 0 [0x1000+1] [0x10001000+1] = 1
		ftruncate 3 1p = 0
		process_vm_readv 0 0 0 0 0 0 [0x1000+1] [0x10001000+1] = EFAULT
		ftruncate 3 2p = 0
		process_vm_readv 0 0 0 0 0 0 [0x1000+1] [0x10001000+1] = 1`},
	{"other memory", "newest", `
		mmap 0x10000000 2p PROT_READ MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED -1 0 = 0x10000000
		process_vm_readv 0 0 0 0 0 1 [0x1000+1] [0x10000000+1] = EINVAL
		process_vm_readv 0 0 0 0 0 0 [0x1000+9] [0x10000000+4,0x10000010+0,0x10000100+100] = 9
		process_vm_readv 0 0 0 0 0 0 [0x1000+9] [0x90000000+4] = EFAULT
		process_vm_readv 0 0 0 0 0 0 [0x1000+9] [0x10000000+4,0x90000000+4] = 4
		process_vm_writev 0 0 0 0 0 0 [0x1000+9] [0x10000000+4] = EFAULT
		msync 0x10000000 1p MS_SYNC = 0
		mlock 0x10000000 1p = 0
		munlock 0x10000000 1p = 0
		mmap 0 0 0 MAP_PRIVATE|MAP_ANONYMOUS -1 0 = EINVAL
		mmap 0 1p 0 MAP_PRIVATE|MAP_ANONYMOUS -1 1 = EINVAL
		mmap 0 1p 0 MAP_PRIVATE 99 0 = EBADF`},
	{"processes", "newest", `
		memfd_create 0 MFD_CLOEXEC|MFD_ALLOW_SEALING 'x' = 3
		write 3 0 1p = 1p
		mmap 0x10000000 1p PROT_READ|PROT_WRITE MAP_SHARED|MAP_FIXED 3 0 = 0x10000000
		clone CLONE_VM|CLONE_FILES 't' = ?
		t: fcntl 3 F_GETFD = FD_CLOEXEC
		t: memfd_create 0 0 'y' = 4
		lseek 4 0 SEEK_END = 0
		t: munmap 0x10000000 1p = 0
		fcntl 3 F_ADD_SEALS F_SEAL_WRITE = 0
		clone CLONE_FILES 'f' = ?
		f: execve '/bin/true' = 0
		f: fcntl 3 F_GETFD = EBADF
		fcntl 3 F_GETFD = FD_CLOEXEC
		t: close 3 = 0
		fcntl 3 F_GETFD = EBADF
		vfork 'v' = ?
		v: execve '/bin/true' = 0
		fork 'g' = ?
		g: close 4 = 0
		lseek 4 0 SEEK_END = 0
		kill 1 SIGUSR1 'g' = 0
		kill 1 0 'g' = 0
		kill 1 99 'g' = EINVAL
		kill 1 SIGKILL 'nobody' = -`},
	{"not modelled", "newest", `
		read 0 0 1 = -
		write 1 0 1 = -
		pread64 0 0 1 0 = -
		pwrite64 1 0 1 0 = -
		lseek 1 0 0 = -
		ftruncate 1 0 = -
		fallocate 1 0 0 1 = -
		fchmod 1 0 = -
		fsync 1 = 0`},
}

func TestScripts(tb *testing.T) {
	for _, s := range scripts {
		tb.Run(s.name, func(tb *testing.T) {
			play(tb, s.kernel, s.text).end()
		})
	}
}
