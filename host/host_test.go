package host_test

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sealab/host"
)

func TestMain(m *testing.M) {
	host.Child(0)
	os.Exit(m.Run())
}

// run runs a scenario of one program and returns what came of it.
func run(t *testing.T, opts host.Options, text string) *host.Result {
	t.Helper()
	if !host.Supported {
		t.Skip(host.ErrUnsupported)
	}
	programs, err := host.Read(strings.NewReader(text), "scenario")
	require.NoError(t, err)
	require.Len(t, programs, 1)
	r := host.NewRunner(opts)
	res, err := r.Run(context.Background(), programs[0])
	require.NoError(t, err)
	require.NoError(t, r.Close())
	for _, missing := range res.Missing {
		t.Skip(missing)
	}
	return res
}

var (
	times     = regexp.MustCompile(`(?m)^(\d+) +[\d.]+ `)
	durations = regexp.MustCompile(` <[\d.]+>`)
	addresses = regexp.MustCompile(`0x(7[0-9a-f]{11}|200[0-9a-f]{6})`)
)

// plain is the log of the first outcome without what differs from run to run.
func plain(res *host.Result) string {
	log := string(res.Outcomes[0].Log)
	pids := []string{}
	log = times.ReplaceAllStringFunc(log, func(s string) string {
		pid, _, _ := strings.Cut(s, " ")
		if len(pids) == 0 || pids[len(pids)-1] != pid {
			pids = append(pids, pid)
		}
		return pid + " "
	})
	for i, pid := range pids {
		log = strings.ReplaceAll(log, pid, "P"+string(rune('0'+i%2)))
	}
	return addresses.ReplaceAllString(durations.ReplaceAllString(log, ""), "ADDR")
}

func TestAnswersOfOneTask(t *testing.T) {
	res := run(t, host.Options{}, `
r0 = memfd_create("a", MFD_ALLOW_SEALING)
ftruncate(r0, 8192)
pipe2([p0, p1], O_NONBLOCK)
m0 = mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_SHARED, r0, 0)
fcntl(r0, F_ADD_SEALS, F_SEAL_WRITE)
write(r0, "hello\nworld", 11)
munmap(m0+0, 4096)
read(p0, "", 100)
splice(r0, [4096], p1, NULL, 100, 0)
writev(p1, [{iov_base="ab", iov_len=3}, {iov_base="c", iov_len=1}], 2)
readv(p0, [{iov_base="", iov_len=100}, {iov_base="", iov_len=50}], 2)
fcntl(r0, F_ADD_SEALS, F_SEAL_WRITE|F_SEAL_GROW)
fcntl(r0, F_GET_SEALS)
pread64(r0, "", 100, 6)
close(99)
exit_group(3)
`)
	require.Empty(t, res.Skipped)
	require.Equal(t, `P0 memfd_create("a", MFD_ALLOW_SEALING) = 3
P0 ftruncate(3, 8192) = 0
P0 pipe2([4, 5], O_NONBLOCK) = 0
P0 mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_SHARED, 3, 0) = ADDR
P0 fcntl(3, F_ADD_SEALS, F_SEAL_WRITE) = -1 EBUSY (Device or resource busy)
P0 write(3, "hello\nworld", 11) = 11
P0 munmap(ADDR, 4096) = 0
P0 read(4, ADDR, 100) = -1 EAGAIN (Resource temporarily unavailable)
P0 splice(3, [4096], 5, NULL, 100, 0) = 100
P0 writev(5, [{iov_base="ab", iov_len=3}, {iov_base="c", iov_len=1}], 2) = 4
P0 readv(4, [{iov_base="\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"..., iov_len=100}, {iov_base="abac", iov_len=50}], 2) = 104
P0 fcntl(3, F_ADD_SEALS, F_SEAL_WRITE|F_SEAL_GROW) = 0
P0 fcntl(3, F_GET_SEALS) = 0xc (seals F_SEAL_GROW|F_SEAL_WRITE)
P0 pread64(3, "world\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"..., 100, 6) = 100
P0 close(99) = -1 EBADF (Bad file descriptor)
P0 exit_group(3) = ?
P0 +++ exited with 3 +++
`, plain(res))
}

func TestFork(t *testing.T) {
	res := run(t, host.Options{}, `
7 memfd_create("a", MFD_ALLOW_SEALING) = 3
7 mmap(NULL, 4096, PROT_READ, MAP_SHARED, 3, 0) = 0x7f0000000000
7 clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD, child_tidptr=0x7f) = 8
8 close(3) = 0
7 fcntl(3, F_ADD_SEALS, F_SEAL_WRITE) = -1 EBUSY (Device or resource busy)
8 exit_group(0) = ?
8 +++ exited with 0 +++
`)
	log := plain(res)
	require.Contains(t, log, "P1 close(3) = 0\nP0 fcntl(3, F_ADD_SEALS, F_SEAL_WRITE) = ")
	require.Contains(t, log, "P1 +++ exited with 0 +++\n")
}

// A task with the name of a fork's result is the one that it makes.
func TestNamedChild(t *testing.T) {
	res := run(t, host.Options{}, `
r0 = memfd_create("a", MFD_ALLOW_SEALING)
ftruncate(r0, 4096)
c = fork()
c: m0 = mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_SHARED, r0, 0)
fcntl(r0, F_ADD_SEALS, F_SEAL_WRITE)
c: munmap(m0, 4096)
fcntl(r0, F_ADD_SEALS, F_SEAL_WRITE)
`)
	log := plain(res)
	require.Contains(t, log, "P0 fcntl(3, F_ADD_SEALS, F_SEAL_WRITE) = -1 EBUSY (Device or resource busy)\n")
	require.Contains(t, log, "P0 fcntl(3, F_ADD_SEALS, F_SEAL_WRITE) = 0\n")
	require.Equal(t, 2, strings.Count(log, "+++ exited with 0 +++"))
}

// A signal ends the child in its wait, and the log says so.
func TestSignal(t *testing.T) {
	res := run(t, host.Options{}, `
7 pipe2([3, 4], 0) = 0
7 fork() = 8
8 read(3, 0x1000, 1 <unfinished ...>
7 kill(8, SIGKILL) = 0
8 <... read resumed> <unfinished ...>) = ?
8 +++ killed by SIGKILL +++
`)
	require.Empty(t, res.Skipped)
	require.Contains(t, plain(res), "P1 +++ killed by SIGKILL +++\n")
}

const race = `
r0 = memfd_create("a", MFD_ALLOW_SEALING)
ftruncate(r0, 4096)
a: s0 = fcntl(r0, F_ADD_SEALS, F_SEAL_WRITE)
b: m0 = mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_SHARED, r0, 0)
g0 = fcntl(r0, F_GET_SEALS)
never (s0 = 0 /\ ~(m0 = EPERM))
always (g0 = F_SEAL_WRITE \/ s0 = EBUSY)
exists (s0 = EINVAL)
`

func TestConcurrent(t *testing.T) {
	res := run(t, host.Options{Runs: 300, Spread: 20000}, race)
	require.Equal(t, 300, res.Runs)
	sum := 0
	for _, o := range res.Outcomes {
		sum += o.Count
		require.Contains(t, []string{
			"s0 = 0; m0 = EPERM; g0 = 0x8", "s0 = EBUSY; m0 = an address; g0 = 0", "s0 = EBUSY; m0 = EPERM; g0 = 0",
		}, o.Key)
	}
	require.Equal(t, 300, sum)
	require.Len(t, res.Claims, 3)
	require.True(t, res.Claims[0].Holds)
	require.True(t, res.Claims[1].Holds)
	require.Equal(t, 300, res.Claims[1].Times)
	require.False(t, res.Claims[2].Holds)
}

// TestTouch: an access is made by the program itself, and a signal is its answer; one that
// comes from elsewhere ends the task as ever.
func TestTouch(t *testing.T) {
	res := run(t, host.Options{}, `
r0 = memfd_create("a", MFD_ALLOW_SEALING)
ftruncate(r0, 4096)
mmap(0x100000000, 8192, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_FIXED, r0, 0)
store(0x100000001, 7)
load(0x100000001)
load(0x100001000)
c = fork()
c: load(0x100000001)
c: store(0x100002000, 1)
kill(c, SIGSEGV)
c: pipe2([p0, p1], 0)
c: read(p0, "", 1)
`)
	log := plain(res)
	for _, line := range []string{
		"store(0x100000001, 7) = 0\n", "P0 load(0x100000001) = 7\n", "P1 load(0x100000001) = 7\n",
		"load(0x100001000) = -1 SIGBUS (Bus error)\n",
		"store(0x100002000, 1) = -1 SIGSEGV (Segmentation fault)\n", "+++ killed by SIGSEGV",
	} {
		require.Contains(t, log, line)
	}
}

// TestTouchTogether: tasks that share their memory touch it at the same time.
func TestTouchTogether(t *testing.T) {
	res := run(t, host.Options{Runs: 200}, `
r0 = memfd_create("a", MFD_ALLOW_SEALING)
ftruncate(r0, 4096)
m0 = mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_SHARED, r0, 0)
a: ftruncate(r0, 0)
b: x = load(m0)
c: y = store(m0, 1)
always ((x = SIGBUS \/ x = 0 \/ x = 1) /\ (y = 0 \/ y = SIGBUS))
`)
	require.Equal(t, 200, res.Runs)
	require.True(t, res.Claims[0].Holds, "%v", res.Outcomes)
}

// TestAtItsTime: a task that begins at a time does so, though Go's runtime sends signals to
// threads that it has not heard of for a while.
func TestAtItsTime(t *testing.T) {
	res := run(t, host.Options{Runs: 1}, "getpid()\na: @150ms getpid()\nb: gettid()\n")
	var at []float64
	for _, m := range regexp.MustCompile(`(?m)^\d+ +([\d.]+) getpid`).FindAllStringSubmatch(string(res.Outcomes[0].Log), -1) {
		seconds, err := strconv.ParseFloat(m[1], 64)
		require.NoError(t, err)
		at = append(at, seconds)
	}
	require.Len(t, at, 2)
	require.Greater(t, at[1]-at[0], 0.075, "%s", res.Outcomes[0].Log)
}

func TestStuck(t *testing.T) {
	short := host.Options{Timeout: 50 * time.Millisecond, Runs: 3}
	res := run(t, short, "pipe2([p0, p1], 0)\nread(p0, \"\", 1)\nclose(p0)\n")
	require.Len(t, res.Stuck, 1)
	require.Regexp(t, `^line 2: task \d+ waits in read\(3, 0x[0-9a-f]+, 1\)$`, res.Stuck[0])
	require.Contains(t, plain(res), "P0 +++ killed by SIGKILL +++\n")

	res = run(t, short, "pipe2([p0, p1], 0)\na: s0 = read(p0, \"\", 1)\nb: close(77)\n")
	require.Equal(t, 1, res.Runs)
	require.Len(t, res.Stuck, 1)
	require.Regexp(t, `^line 2: task a waits in read\(\d+, 0x[0-9a-f]+, 1\)$`, res.Stuck[0])
}

// What could touch anything but the scenario's own is left out.
func TestNotLetThrough(t *testing.T) {
	lines := []string{
		`openat(AT_FDCWD, "/etc/passwd", O_RDWR|O_TRUNC) = 3`,
		`openat(AT_FDCWD, "/proc/self/fd/../../../etc/passwd", O_RDONLY) = 3`,
		`truncate("/etc/passwd", 0) = 0`,
		`openat(AT_FDCWD, "/proc/sys/vm/nr_hugepages", O_WRONLY) = 3`,
		`unlink("/tmp/x") = 0`,
		`kill(-1, SIGKILL) = 0`,
		`kill(1, SIGTERM) = 0`,
		`kill(0, SIGTERM) = 0`,
		`process_vm_writev(1, [{iov_base="x", iov_len=1}], 1, [{iov_base=0x1000, iov_len=1}], 1, 0) = 1`,
		`fallocate(3, 0, 0, 1099511627776) = 0`,
		`madvise(0x1000, 1099511627776, MADV_POPULATE_WRITE) = 0`,
		`execve("/bin/true", ["true"], 0x7ffc /* 1 var */) = 0`,
		`reboot(LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_RESTART) = 0`,
		`clone(child_stack=0x7f00, flags=CLONE_VM|CLONE_FILES|CLONE_THREAD) = 9`,
	}
	for _, l := range lines {
		res := run(t, host.Options{}, l+"\nclose(77) = 0\n")
		require.Len(t, res.Skipped, 1, l)
		require.Regexp(t, `^line 1: `+l[:strings.IndexByte(l, '(')]+": ", res.Skipped[0])
	}
}

// Nothing is left: not even the helper, nor what waits for ever, nor what it made.
func TestNothingLeft(t *testing.T) {
	run(t, host.Options{Runs: 3}, race)
	requireNoChildren(t)
	res := run(t, host.Options{Timeout: 50 * time.Millisecond}, `
r0 = memfd_create("left-behind", 0)
pipe2([p0, p1], 0)
c = fork()
d = fork()
c: read(p0, "", 1)
d: read(p0, "", 1)
read(p0, "", 1)
`)
	require.NotEmpty(t, res.Stuck)
	requireNoChildren(t)
	for _, child := range regexp.MustCompile(`(?m)fork\(\) = (\d+)`).FindAllStringSubmatch(string(res.Outcomes[0].Log), -1) {
		links, err := filepath.Glob("/proc/" + child[1] + "/fd/*")
		require.NoError(t, err)
		for _, l := range links {
			to, _ := os.Readlink(l) // no longer there is as good
			require.NotContains(t, to, "left-behind", "process %s is still there", child[1])
		}
	}
}

func requireNoChildren(t *testing.T) {
	t.Helper()
	for _, task := range must(os.ReadDir("/proc/self/task")) {
		children, err := os.ReadFile("/proc/self/task/" + task.Name() + "/children")
		if os.IsNotExist(err) {
			continue // the thread ended, or the kernel does not list children
		}
		require.NoError(t, err)
		require.Empty(t, string(children))
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestReadTellsAllMistakes(t *testing.T) {
	_, err := host.Read(strings.NewReader("r0 = memfd_crate(\"a\", 0)\nclose(r0)\nclose(3\n"), "x")
	require.ErrorContains(t, err, "x:1:6: unknown call memfd_crate")
	require.ErrorContains(t, err, "did you mean memfd_create?")
	require.ErrorContains(t, err, "x:3:")
}

func TestLook(t *testing.T) {
	m, err := host.Look()
	if !host.Supported {
		require.ErrorIs(t, err, host.ErrUnsupported)
		return
	}
	if err != nil {
		t.Skip(err)
	}
	require.Regexp(t, `^\d+\.\d+`, m.Release)
	require.Contains(t, []int{100, 250, 300, 1000}, m.HZ)
}

// A message carries descriptors, as strace shows it; of what did not come nothing is shown.
func TestMessages(t *testing.T) {
	msg := func(call, end, fds, flags string) string {
		return call + `(` + end + `, {msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base="x", iov_len=1}], msg_iovlen=1, ` +
			`msg_control=[{cmsg_len=24, cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS, cmsg_data=[` + fds + `]}], ` +
			`msg_controllen=24, msg_flags=0}, ` + flags + ")\n"
	}
	res := run(t, host.Options{}, "r0 = memfd_create(\"a\", 0)\nsocketpair(AF_UNIX, SOCK_STREAM, 0, [s0, s1])\n"+
		msg("sendmsg", "s0", "r0, s0", "0")+msg("recvmsg", "s1", "d0, d1", "0")+"close(d1)\nwrite(d0, \"y\", 1)\n"+
		msg("sendmsg", "s0", "r0", "0")+msg("recvmsg", "s1", "d2, d3", "0")+
		"write(s0, \"z\", 1)\n"+msg("recvmsg", "s1", "d4, d5", "0")+msg("recvmsg", "s1", "d4, d5", "MSG_DONTWAIT"))
	require.Empty(t, res.Skipped)
	log := plain(res)
	require.Contains(t, log, "cmsg_data=[6, 7]}], msg_controllen=24, msg_flags=0}, 0) = 1\n")
	require.Contains(t, log, "close(7) = 0\n")
	require.Contains(t, log, "write(6, \"y\", 1) = 1\n")
	require.Contains(t, log, "cmsg_len=20, cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS, cmsg_data=[7]}], "+
		"msg_controllen=24, msg_flags=0}, 0) = 1\n")
	require.Contains(t, log, `[{iov_base="z", iov_len=1}], msg_iovlen=1, msg_control=NULL, msg_controllen=0, `+
		"msg_flags=0}, 0) = 1\n")
	require.Contains(t, log, "MSG_DONTWAIT) = -1 EAGAIN (Resource temporarily unavailable)\n")
}

// Only a device knows the ioctls of udmabuf; others are not made.
func TestIoctl(t *testing.T) {
	res := run(t, host.Options{}, `
r0 = memfd_create("a", MFD_ALLOW_SEALING)
ioctl(r0, UDMABUF_CREATE, {memfd=r0, flags=UDMABUF_FLAGS_CLOEXEC, offset=0, size=4096})
ioctl(r0, UDMABUF_CREATE_LIST, {flags=0, count=1, list=[{memfd=r0, offset=0, size=4096}]})
ioctl(r0, 21505, NULL)
`)
	require.Equal(t, 2, strings.Count(plain(res), "ENOTTY"))
	require.Len(t, res.Skipped, 1)
}

// vm.memfd_noexec is changed in a pid namespace of the scenario's own, with pids as they
// are outside; who would wait for ever there is ended.
func TestNamespace(t *testing.T) {
	before, _ := os.ReadFile("/proc/sys/vm/memfd_noexec")
	res := run(t, host.Options{Timeout: 300 * time.Millisecond}, `
n0 = openat(AT_FDCWD, "/proc/sys/vm/memfd_noexec", O_WRONLY)
write(n0, "2", 1)
memfd_create("a", MFD_EXEC)
pipe2([p0, p1], 0)
unshare(CLONE_NEWPID)
c = fork()
c: getpid()
c: read(p0, ""..., 1)
unshare(CLONE_NEWNS)
`)
	require.Len(t, res.Skipped, 1)
	log := string(res.Outcomes[0].Log)
	require.Contains(t, log, `memfd_create("a", MFD_EXEC) = -1 EACCES (Permission denied)`)
	m := regexp.MustCompile(`fork\(\) = (\d+) `).FindStringSubmatch(log)
	require.NotNil(t, m, log)
	require.Regexp(t, `(?m)^`+m[1]+` [\d.]+ getpid\(\) = 1 `, log, "inside it is the first")
	require.Regexp(t, `(?m)^`+m[1]+` [\d.]+ \+\+\+ killed by SIGKILL \+\+\+`, log)
	after, _ := os.ReadFile("/proc/sys/vm/memfd_noexec")
	require.Equal(t, string(before), string(after))
}
