package scenario

import (
	"slices"
	"strings"
	"sync"
)

// callNames are the system calls by the names that strace prints: x86-64 up to 7.2, and the few
// that other machines call differently; and load and store, which are none (see doc.go). A log may
// hold calls that are not among them; a scenario written by hand may not.
const callNames = `
read write open close stat fstat lstat poll lseek mmap mprotect munmap brk rt_sigaction
rt_sigprocmask rt_sigreturn ioctl pread64 pwrite64 readv writev access pipe select sched_yield
mremap msync mincore madvise shmget shmat shmctl dup dup2 pause nanosleep getitimer alarm setitimer
getpid sendfile socket connect accept sendto recvfrom sendmsg recvmsg shutdown bind listen
getsockname getpeername socketpair setsockopt getsockopt clone fork vfork execve exit wait4 kill
uname semget semop semctl shmdt msgget msgsnd msgrcv msgctl fcntl flock fsync fdatasync truncate
ftruncate getdents getcwd chdir fchdir rename mkdir rmdir creat link unlink symlink readlink chmod
fchmod chown fchown lchown umask gettimeofday getrlimit getrusage sysinfo times ptrace getuid
syslog getgid setuid setgid geteuid getegid setpgid getppid getpgrp setsid setreuid setregid
getgroups setgroups setresuid getresuid setresgid getresgid getpgid setfsuid setfsgid getsid capget
capset rt_sigpending rt_sigtimedwait rt_sigqueueinfo rt_sigsuspend sigaltstack utime mknod uselib
personality ustat statfs fstatfs sysfs getpriority setpriority sched_setparam sched_getparam
sched_setscheduler sched_getscheduler sched_get_priority_max sched_get_priority_min
sched_rr_get_interval mlock munlock mlockall munlockall vhangup modify_ldt pivot_root _sysctl prctl
arch_prctl adjtimex setrlimit chroot sync acct settimeofday mount umount2 swapon swapoff reboot
sethostname setdomainname iopl ioperm create_module init_module delete_module get_kernel_syms
query_module quotactl nfsservctl getpmsg putpmsg afs_syscall tuxcall security gettid readahead
setxattr lsetxattr fsetxattr getxattr lgetxattr fgetxattr listxattr llistxattr flistxattr
removexattr lremovexattr fremovexattr tkill time futex sched_setaffinity sched_getaffinity
set_thread_area io_setup io_destroy io_getevents io_submit io_cancel get_thread_area lookup_dcookie
epoll_create epoll_ctl_old epoll_wait_old remap_file_pages getdents64 set_tid_address
restart_syscall semtimedop fadvise64 timer_create timer_settime timer_gettime timer_getoverrun
timer_delete clock_settime clock_gettime clock_getres clock_nanosleep exit_group epoll_wait
epoll_ctl tgkill utimes vserver mbind set_mempolicy get_mempolicy mq_open mq_unlink mq_timedsend
mq_timedreceive mq_notify mq_getsetattr kexec_load waitid add_key request_key keyctl ioprio_set
ioprio_get inotify_init inotify_add_watch inotify_rm_watch migrate_pages openat mkdirat mknodat
fchownat futimesat newfstatat unlinkat renameat linkat symlinkat readlinkat fchmodat faccessat
pselect6 ppoll unshare set_robust_list get_robust_list splice tee sync_file_range vmsplice
move_pages utimensat epoll_pwait signalfd timerfd_create eventfd fallocate timerfd_settime
timerfd_gettime accept4 signalfd4 eventfd2 epoll_create1 dup3 pipe2 inotify_init1 preadv pwritev
rt_tgsigqueueinfo perf_event_open recvmmsg fanotify_init fanotify_mark prlimit64 name_to_handle_at
open_by_handle_at clock_adjtime syncfs sendmmsg setns getcpu process_vm_readv process_vm_writev
kcmp finit_module sched_setattr sched_getattr renameat2 seccomp getrandom memfd_create
kexec_file_load bpf execveat userfaultfd membarrier mlock2 copy_file_range preadv2 pwritev2
pkey_mprotect pkey_alloc pkey_free statx io_pgetevents rseq pidfd_send_signal io_uring_setup
io_uring_enter io_uring_register open_tree move_mount fsopen fsconfig fsmount fspick pidfd_open
clone3 close_range openat2 pidfd_getfd faccessat2 process_madvise epoll_pwait2 mount_setattr
quotactl_fd landlock_create_ruleset landlock_add_rule landlock_restrict_self memfd_secret
process_mrelease futex_waitv set_mempolicy_home_node
map_shadow_stack fchmodat2 futex_wake futex_wait futex_requeue statmount listmount cachestat mseal
lsm_get_self_attr lsm_set_self_attr lsm_list_modules setxattrat getxattrat listxattrat removexattrat
open_tree_attr file_getattr file_setattr listns rseq_slice_yield uretprobe uprobe
mmap2 fcntl64 ftruncate64 truncate64 _llseek fstat64 stat64 lstat64 fstatat64 sendfile64 waitpid
load store
sigreturn sigaction sigprocmask sigsuspend ugetrlimit clock_nanosleep_time64 futex_time64
ppoll_time64 pselect6_time64 fadvise64_64 sync_file_range2 arm_fadvise64_64 rt_sigtimedwait_time64
`

// headerNames are the keys of header lines.
var headerNames = []string{"kernel", "hz", "cpus", "roam", "stray", "swap"}

// conditionNames are the words that a condition line begins with.
var conditionNames = []string{"exists", "never", "always"}

// knownCalls returns callNames in alphabetical order.
var knownCalls = sync.OnceValue(func() []string {
	names := strings.Fields(callNames)
	slices.Sort(names)
	return slices.Compact(names)
})

// IsCall tells whether name is a system call that this package knows.
func IsCall(name string) bool {
	_, ok := slices.BinarySearch(knownCalls(), name)
	return ok
}

// SuggestCall returns the known call nearest to the misspelled name, or "".
func SuggestCall(name string) string { return Suggest(name, knownCalls()) }

// suggestLine returns the word that a line may begin with nearest to the misspelled name, or "".
func suggestLine(name string) string {
	if s := Suggest(name, slices.Concat(headerNames, conditionNames)); s != "" {
		return s
	}
	return SuggestCall(name)
}

// maxInterned bounds the table of names: a damaged log may hold any number of them.
const maxInterned = 4096

// interner makes one string of all occurrences of a name.
type interner struct{ names map[string]string }

func newInterner() interner {
	t := interner{names: make(map[string]string, 512)}
	for _, n := range knownCalls() {
		t.names[n] = n
	}
	return t
}

// get returns string(b), without allocating where it has seen b before.
func (t *interner) get(b []byte) string {
	if s, ok := t.names[string(b)]; ok {
		return s
	}
	s := string(b)
	if len(t.names) < maxInterned && len(b) <= 64 {
		t.names[s] = s
	}
	return s
}
