package host

import "golang.org/x/sys/unix"

// shape says how the arguments of a call are given to the kernel, a letter an argument:
//
//	n  a number, or the name of a result
//	s  a string
//	b  a buffer that the call reads, its length in the next argument
//	B  a buffer that the call fills, its length in the next argument
//	v  a vector of buffers that the call reads, V that it fills; their number in the next argument
//	o  a pointer to an offset: NULL or [n]
//	p  where two descriptors are put
//	m  a message with its buffers that the call sends, M that it receives
//	u  what ioctl gives to udmabuf or userfaultfd
//	h  nothing in the text, a zero for the kernel
//	S  memory for a structure that is neither read nor printed
type shape struct {
	nr   uint32
	args string
}

// shapes are the calls that are made. Others are left out: see doc.go.
//
//tidy:table one line a call
var shapes = map[string]shape{
	"memfd_create":      {unix.SYS_MEMFD_CREATE, "sn"},
	"fcntl":             {unix.SYS_FCNTL, "nnn"},
	"openat":            {unix.SYS_OPENAT, "nsnn"},
	"open":              {unix.SYS_OPEN, "snn"},
	"close":             {unix.SYS_CLOSE, "n"},
	"close_range":       {unix.SYS_CLOSE_RANGE, "nnn"},
	"dup":               {unix.SYS_DUP, "n"},
	"dup2":              {unix.SYS_DUP2, "nn"},
	"dup3":              {unix.SYS_DUP3, "nnn"},
	"mmap":              {unix.SYS_MMAP, "nnnnnn"},
	"munmap":            {unix.SYS_MUNMAP, "nn"},
	"mprotect":          {unix.SYS_MPROTECT, "nnn"},
	"mremap":            {unix.SYS_MREMAP, "nnnnn"},
	"madvise":           {unix.SYS_MADVISE, "nnn"},
	"msync":             {unix.SYS_MSYNC, "nnn"},
	"mlock":             {unix.SYS_MLOCK, "nn"},
	"mlock2":            {unix.SYS_MLOCK2, "nnn"},
	"munlock":           {unix.SYS_MUNLOCK, "nn"},
	"mlockall":          {unix.SYS_MLOCKALL, "n"},
	"munlockall":        {unix.SYS_MUNLOCKALL, ""},
	"mseal":             {unix.SYS_MSEAL, "nnn"},
	"remap_file_pages":  {unix.SYS_REMAP_FILE_PAGES, "nnnnn"},
	"read":              {unix.SYS_READ, "nBn"},
	"write":             {unix.SYS_WRITE, "nbn"},
	"pread64":           {unix.SYS_PREAD64, "nBnn"},
	"pwrite64":          {unix.SYS_PWRITE64, "nbnn"},
	"readv":             {unix.SYS_READV, "nVn"},
	"writev":            {unix.SYS_WRITEV, "nvn"},
	"preadv":            {unix.SYS_PREADV, "nVnn"},
	"pwritev":           {unix.SYS_PWRITEV, "nvnn"},
	"preadv2":           {unix.SYS_PREADV2, "nVnnhn"},
	"pwritev2":          {unix.SYS_PWRITEV2, "nvnnhn"},
	"lseek":             {unix.SYS_LSEEK, "nnn"},
	"readlink":          {unix.SYS_READLINK, "sBn"},
	"truncate":          {unix.SYS_TRUNCATE, "sn"},
	"ftruncate":         {unix.SYS_FTRUNCATE, "nn"},
	"fallocate":         {unix.SYS_FALLOCATE, "nnnn"},
	"fadvise64":         {unix.SYS_FADVISE64, "nnnn"},
	"readahead":         {unix.SYS_READAHEAD, "nnn"},
	"sync_file_range":   {unix.SYS_SYNC_FILE_RANGE, "nnnn"},
	"fchmod":            {unix.SYS_FCHMOD, "nn"},
	"fstat":             {unix.SYS_FSTAT, "nS"},
	"fsync":             {unix.SYS_FSYNC, "n"},
	"fdatasync":         {unix.SYS_FDATASYNC, "n"},
	"flock":             {unix.SYS_FLOCK, "nn"},
	"pipe":              {unix.SYS_PIPE, "p"},
	"pipe2":             {unix.SYS_PIPE2, "pn"},
	"splice":            {unix.SYS_SPLICE, "nononn"},
	"tee":               {unix.SYS_TEE, "nnnn"},
	"vmsplice":          {unix.SYS_VMSPLICE, "nvnn"},
	"sendfile":          {unix.SYS_SENDFILE, "nnon"},
	"copy_file_range":   {unix.SYS_COPY_FILE_RANGE, "nononn"},
	"process_vm_readv":  {unix.SYS_PROCESS_VM_READV, "nVnvnn"},
	"process_vm_writev": {unix.SYS_PROCESS_VM_WRITEV, "nvnvnn"},
	"ioctl":             {unix.SYS_IOCTL, "nnu"},
	"userfaultfd":       {unix.SYS_USERFAULTFD, "n"},
	"io_uring_setup":    {unix.SYS_IO_URING_SETUP, "nS"},
	"io_uring_register": {unix.SYS_IO_URING_REGISTER, "nnvn"},
	"socketpair":        {unix.SYS_SOCKETPAIR, "nnnp"},
	"sendmsg":           {unix.SYS_SENDMSG, "nmn"},
	"recvmsg":           {unix.SYS_RECVMSG, "nMn"},
	"sendto":            {unix.SYS_SENDTO, "nbnnhh"},
	"recvfrom":          {unix.SYS_RECVFROM, "nBnnhh"},
	"shutdown":          {unix.SYS_SHUTDOWN, "nn"},
	"eventfd2":          {unix.SYS_EVENTFD2, "nn"},
	"epoll_create1":     {unix.SYS_EPOLL_CREATE1, "n"},
	"unshare":           {unix.SYS_UNSHARE, "n"},
	"getpid":            {unix.SYS_GETPID, ""},
	"gettid":            {unix.SYS_GETTID, ""},
	"sched_yield":       {unix.SYS_SCHED_YIELD, ""},
	"kill":              {unix.SYS_KILL, "nn"},
	"tkill":             {unix.SYS_TKILL, "nn"},
	"exit":              {unix.SYS_EXIT, "n"},
	"exit_group":        {unix.SYS_EXIT_GROUP, "n"},
}
