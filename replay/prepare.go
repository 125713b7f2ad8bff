package replay

import (
	"math"
	"strings"

	"sealab/run"
	"sealab/sim/abi"
	"sealab/sim/inode"
	"sealab/sim/kernel"
	"sealab/sim/sched"
)

// prepare makes what a call needs, and the log shows to be there, be there: a
// descriptor, or memory, from before the log began. Where it cannot be known what
// that is, the call is carried along.
func (p *play) prepare(t *task, f *flight) {
	it := &f.it
	if it.class == carried {
		p.carry(t, it)
		return
	}
	if it.class != modelled {
		return
	}
	it.call.MM, it.call.Target, it.call.Fatal = 0, 0, false
	switch it.name {
	case "kill", "tkill", "tgkill":
		p.aim(it)
	case "process_vm_readv", "process_vm_writev":
		p.remote(it)
	case "execve", "execveat", "clone", "clone3", "fork", "vfork":
		if it.ans.Known && it.ans.Errno != 0 {
			it.class, it.carriedWhy = carried, "it failed for a reason outside the model"
			return
		}
	case "memfd_create":
		nameOf(it)
	case "fcntl":
		p.unseenLetGo(t, it)
	case "mmap", "mremap":
		p.makeRoom(t, it)
	case "unshare":
		p.k.KeepNamespaces()
	case "openat":
		if it.call.Str == kernel.NoexecPath {
			p.k.KeepNamespaces()
		}
		if it.ans.Known && it.ans.Errno != 0 && devices(it.call.Str) && !strings.Contains(it.call.Str, "/fd/") {
			it.class, it.carriedWhy = carried, "it failed for a reason outside the model"
			return
		}
	case "sendmsg", "ioctl":
		for _, fd := range it.call.FDs {
			p.opened(t, it, fd)
		}
	case "vmsplice", "io_uring_register":
		if it.guesses() {
			p.locate(t, it)
			break
		}
		taken := int64(0)
		for _, v := range it.call.Vec {
			if it.name == "vmsplice" && taken >= it.ans.Val {
				break // of the rest the answer shows nothing
			}
			taken += int64(min(v.Len, math.MaxInt32))
			p.memory(t, it, v.Base, v.Len)
		}
	}
	switch it.name {
	case "munmap", "mprotect", "madvise", "mremap", "mlock", "munlock", "msync":
		p.memory(t, it, uint64(it.call.Args[0]), uint64(it.call.Args[1]))
	}
	for _, i := range descriptors[it.call.Sys] {
		if !p.descriptor(t, it, it.call.Args[i]) {
			return
		}
	}
}

// descriptors says for each kernel.Sys which arguments are descriptors.
var descriptors = func() (all [256][]int) {
	for name, args := range withDescriptors {
		all[kernel.SysByName(name)] = args
	}
	all[0] = nil // what is not modelled
	return all
}()

var withDescriptors = map[string][]int{
	"fcntl": {0}, "ftruncate": {0}, "fallocate": {0}, "fchmod": {0}, "fsync": {0}, "fdatasync": {0},
	"read": {0}, "write": {0}, "pread64": {0}, "pwrite64": {0}, "readv": {0}, "writev": {0},
	"preadv": {0}, "pwritev": {0}, "preadv2": {0}, "pwritev2": {0}, "lseek": {0}, "close": {0},
	"dup": {0}, "dup2": {0}, "dup3": {0}, "mmap": {4}, "splice": {0, 2}, "tee": {0, 1}, "vmsplice": {0},
	"sendfile": {0, 1}, "copy_file_range": {0, 2}, "io_uring_register": {0}, "ioctl": {0},
	"sendmsg": {0}, "recvmsg": {0}, "sendto": {0}, "recvfrom": {0}, "sendmmsg": {0}, "recvmmsg": {0}, "shutdown": {0},
}

// descriptor makes sure that a descriptor means something. One that the log shows
// to be open, and the model does not know, is opened on something unknown. The
// result is false when the call is to be carried along.
func (p *play) descriptor(t *task, it *item, fd int64) bool {
	if it.name == "mmap" && (it.call.Args[3]&abi.MapAnonymous != 0 || fd < 0) {
		return true
	}
	file := p.opened(t, it, fd)
	if file != 0 && !t.complete && it.ans.Errno == abi.EBADF && p.k.KindOf(file) == inode.Anonymous {
		p.k.CloseFD(t.proc, fd) // an exec may have closed it: who knows
		return true
	}
	if file != 0 && !t.complete && p.mustBeSocket(it, file) {
		p.k.CloseFD(t.proc, fd) // unseen, and a socket is there now
		p.k.OpenOther(t.proc, fd, anonymous("socket"))
		file = p.k.FileAt(t.proc, fd)
	}
	if file != 0 && showsTmpfs(it) && p.k.KindOf(file) == inode.Regular {
		p.k.MakeTmpfs(file)
	}
	if file == 0 || !unjudged(it, p.k.KindOf(file)) {
		return true
	}
	it.class, it.carriedWhy = carried, "on a descriptor of a kind that is not modelled"
	p.carry(t, it)
	return false
}

// mustBeSocket says whether the answer shows that a descriptor is a socket, though it leads
// to something else.
func (p *play) mustBeSocket(it *item, file sched.ID) bool {
	kind := p.k.KindOf(file)
	return forSockets[it.name] && kind != inode.Socket && kind != inode.Anonymous &&
		it.ans.Known && it.ans.Errno != abi.ENOTSOCK
}

// opened returns the open file at a descriptor, which is there if the log shows that it
// is; 0 if there is none.
func (p *play) opened(t *task, it *item, fd int64) sched.ID {
	if p.k.FileAt(t.proc, fd) == 0 && it.ans.Known && it.ans.Errno != abi.EBADF && !t.complete {
		p.k.OpenOther(t.proc, fd, anonymous("unknown"))
	}
	return p.k.FileAt(t.proc, fd)
}

// showsTmpfs says whether the answer shows that a file opened by its name is on
// tmpfs, which no path tells: it has a seal word.
func showsTmpfs(it *item) bool {
	if it.name != "fcntl" || !it.ans.Known {
		return false
	}
	switch it.call.Args[1] {
	case abi.FGetSeals:
		return it.ans.Errno == 0
	case abi.FAddSeals:
		return it.ans.Errno == abi.EPERM
	}
	return false
}

// unjudged says whether nothing can be said of a call on a file of that kind.
func unjudged(it *item, k inode.Kind) bool {
	switch it.name {
	case "close", "dup", "dup2", "dup3":
		return false
	case "mmap":
		return k == inode.Anonymous || k == inode.Device
	case "fcntl":
		switch it.call.Args[1] {
		case abi.FDupfd, abi.FDupfdCloexec, abi.FSetfd:
			return false
		case abi.FGetfd:
			return k == inode.Anonymous
		case abi.FAddSeals, abi.FGetSeals:
			return k == inode.Anonymous
		}
	}
	switch k {
	case inode.Anonymous, inode.Device, inode.Regular, inode.Directory, inode.Tmpfs:
		return true
	}
	return false
}

// memory makes sure that a range of memory is mapped where the log shows that it
// is, and has not shown it before.
func (p *play) memory(t *task, it *item, addr, n uint64) {
	if !it.ans.OK() || n == 0 || addr+n < addr || n > 1<<40 {
		return
	}
	start, end := addr&^(abi.PageSize-1), (addr+n+abi.PageSize-1)&^(abi.PageSize-1)
	if start < lowest || it.name == "munmap" || t.mem.hasSeen(start, end) || p.k.Mapped(t.proc, start, end) {
		return
	}
	if p.k.MapOther(t.proc, start, end, false) {
		t.mem.saw(start, end)
	}
}

// lowest is the lowest address that the usual vm.mmap_min_addr lets a program map.
const lowest = 1 << 16

// nameOf reads what a recorded refusal tells of a memfd's name that strace cut off,
// or could not read.
func nameOf(it *item) {
	cut, none := it.call.Args[2] == -1, it.call.Str == ""
	switch {
	case it.ans.Errno == abi.EINVAL && cut:
		it.call.Str += strings.Repeat("?", 250)
	case it.ans.Errno == abi.EFAULT && none:
		it.call.Args[2] = -2
	}
}

// remote finds the process that a call looks into.
func (p *play) remote(it *item) {
	q := p.task(int(it.call.Args[0]))
	if q == nil {
		it.class, it.carriedWhy = carried, "on a process that the log does not show"
		return
	}
	it.call.MM = q.proc.MM
	for _, v := range it.call.Remote {
		p.memory(q, it, v.Base, v.Len)
	}
}

// aim finds the task that a signal goes to, and whether it ends it.
func (p *play) aim(it *item) {
	i := 0
	if it.name == "tgkill" {
		i = 1
	}
	sig := it.call.Args[i+1]
	it.call.Args[1] = sig
	q := p.task(int(it.call.Args[i]))
	if q == nil {
		it.class = passive
		return
	}
	it.call.Target = q.proc.Task.Sleep
	caught := sig > 0 && sig <= 64 && q.handlers&(1<<(sig-1)) != 0
	it.call.Fatal = abi.Signal(sig).FatalByDefault() && (!caught || sig == int64(abi.SIGKILL))
}

// carry does for a call that is not judged what its recorded answer shows: it
// opens descriptors, and closes or maps what the program did.
func (p *play) carry(t *task, it *item) {
	if mayHold[it.name] {
		p.suspect(it)
	}
	if !it.ans.OK() {
		return
	}
	if onSockets[it.name] && it.call.Args[1]&abi.MsgPeek == 0 {
		p.k.LoseSocket(t.proc, it.call.Args[0])
	}
	switch it.name {
	case "recvmsg":
		for _, fd := range it.ans.FDs {
			p.k.OpenOther(t.proc, fd, anonymous("received"))
		}
	case "openat", "open", "creat":
		kind := inode.Regular
		mode := inode.Readable
		if it.call.Args[2]&abi.OAccmode != abi.ORdonly {
			mode |= inode.Writable
		}
		if devices(it.call.Str) {
			kind = inode.Anonymous
		}
		o := kernel.Other{Kind: kind, Name: it.call.Str, Mode: mode, CloExec: it.call.Args[2]&abi.OCloexec != 0}
		p.k.OpenOther(t.proc, it.ans.Val, o)
	case "ioctl":
		p.k.OpenOther(t.proc, it.ans.Val, anonymous("dma-buf"))
	case "mmap":
		at, n := uint64(it.ans.Val), uint64(max(0, it.call.Args[1]))
		t.mem.saw(at, at+n)
		p.k.MapOther(t.proc, at, at+n, it.call.Args[3]&abi.MapFixed != 0)
	default:
		if opensOther[it.name] {
			p.k.OpenOther(t.proc, it.ans.Val, anonymous(it.name))
		}
	}
}

// anonymous is an open file of which nothing is known.
func anonymous(name string) kernel.Other {
	return kernel.Other{Kind: inode.Anonymous, Name: name, Mode: inode.Readable | inode.Writable}
}

// opensOther are calls that return a descriptor of something that is not modelled.
var opensOther = run.WordSet(`socket accept accept4 epoll_create epoll_create1 eventfd eventfd2 timerfd_create
	signalfd signalfd4 inotify_init inotify_init1 fanotify_init userfaultfd perf_event_open pidfd_open
	pidfd_getfd memfd_secret bpf landlock_create_ruleset openat2 mq_open fsopen fsmount open_tree`)

// forSockets are calls that refuse everything but a socket.
var forSockets = run.WordSet(`sendmsg sendto recvmsg recvfrom sendmmsg recvmmsg shutdown`)

// onSockets are calls that change what is in a socket.
var onSockets = run.WordSet(`sendmsg sendto recvmsg recvfrom sendmmsg recvmmsg shutdown read readv write writev`)

// devices says whether a path leads to something whose kind is not known.
func devices(path string) bool {
	return len(path) > 5 && (path[:5] == "/dev/" || path[:5] == "/proc" || path[:4] == "/sys")
}
