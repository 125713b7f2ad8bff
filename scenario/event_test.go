package scenario

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// dump writes out all that an event says, except where it stands.
func dump(e *Event) string {
	c := *e
	c.Line, c.src, c.Warn, c.Cond = 0, source{}, nil, nil
	c.Args, c.Nodes = append([]Arg(nil), c.Args...), append([]Arg(nil), c.Nodes...)
	for i := range c.Args {
		c.Args[i].Col = 0
	}
	for i := range c.Nodes {
		c.Nodes[i].Col = 0
	}
	return fmt.Sprintf("%+v %s", c, dumpCond(e.Cond))
}

func dumpCond(c *Cond) string {
	switch {
	case c == nil:
		return ""
	case c.Logic == Compare:
		return fmt.Sprintf("(%s %v %s)", dumpValue(c.L), c.Cmp, dumpValue(c.R))
	}
	return fmt.Sprintf("(%d %s %s)", c.Logic, dumpCond(c.A), dumpCond(c.B))
}

func dumpValue(v *Value) string {
	s := fmt.Sprintf("%q %d %v %d %s %s", v.Text, v.Num, v.Known, v.Errno, v.Sym, v.Func)
	for _, a := range v.Args {
		s += " " + dumpValue(a)
	}
	return s
}

// check verifies what holds of every event.
func check(t testing.TB, e *Event) {
	require.NotZero(t, e.Kind)
	require.Positive(t, e.Line)
	end := int32(0)
	for i := range e.Args {
		a := &e.Args[i]
		require.Equal(t, end, a.First)
		require.LessOrEqual(t, a.First, a.Last)
		require.LessOrEqual(t, a.Last, a.End)
		end = a.End
	}
	require.EqualValues(t, len(e.Nodes), end)
	for i := range e.Nodes {
		n := &e.Nodes[i]
		require.NotZero(t, n.Kind)
		require.Equal(t, int32(i+1), n.First)
		require.LessOrEqual(t, n.First, n.Last)
		require.LessOrEqual(t, n.Last, n.End)
		require.LessOrEqual(t, int(n.End), len(e.Nodes))
	}
}

// read returns what use makes of each event of text, and the errors.
func read(t testing.TB, text string, opts Options, use func(*Event) string) (out []string, errs []*SyntaxError) {
	r := NewReader(strings.NewReader(text), "test", opts)
	defer r.Close()
	for {
		ev, err := r.Next()
		if err == io.EOF {
			return out, errs
		}
		var syntax *SyntaxError
		if errors.As(err, &syntax) {
			errs = append(errs, syntax)
			continue
		}
		require.NoError(t, err)
		check(t, ev)
		if use != nil {
			out = append(out, use(ev))
		}
	}
}

// one reads a text of a single line.
func one(t testing.TB, text string, opts Options) (*Event, error) {
	r := NewReader(strings.NewReader(text), "test", opts)
	ev, err := r.Next()
	if err == nil {
		check(t, ev)
	}
	return ev, err
}

// canonical are lines that are printed exactly as they were read.
var canonical = []string{
	`close(3) = 0`,
	`close(3)`,
	`getpid()                                = 7155`,
	`[pid  7155] close(3)        = 0`,
	`7155  12:00:01 close(3) = 0`,
	`7155<sh> close(3) = 0`,
	`12:00:01.000001 (+     0.000100) close(3) = 0`,
	`     0.000100 close(3) = 0 <0.000012>`,
	`7155       0.000100 close(3) = 0 <0.000012>`,
	`1795417950.019764123 [  59] [00007ffff7edf217] close(3) = 0 <0.000012345>`,
	`close(3) = ?`,
	`close(3) = ? <unavailable>`,
	`read(3, 0x7ffe, 100) = ? ERESTARTSYS (To be restarted if SA_RESTART is set) <0.020198>`,
	`close(3) = -1 EBADF (Bad file descriptor) (INJECTED)`,
	`openat(AT_FDCWD</tmp>, "a\"\\b"..., O_RDWR|O_CREAT|0x8, 0644) = 3</tmp/a\74>(deleted)`,
	`openat(AT_FDCWD, "/dev/pts/0", O_RDONLY) = 3</dev/pts/0<char 136:0>>`,
	`read(3<TCPv6:[[::1]:80->[::1]:999]>, "", 1) = 0`,
	`read(3<UNIX-STREAM:[1->2,"/tmp/>x]"]>, "", 1) = 0`,
	`read(3<anon_inode:[eventfd]>, ...) = 0`,
	`rt_sigprocmask(SIG_SETMASK, ~[RTMIN RT_1], [INT CHLD], 8) = 0`,
	`rt_sigprocmask(SIG_SETMASK, ~[], NULL, 8) = 0`,
	`splice(3, [0] => [8192], 5, NULL, 8192, 0) = 8192`,
	`accept4(3, {sa_family=AF_UNIX, sun_path=@"x"}, [110 => 2], SOCK_CLOEXEC) = 5`,
	`fstat(3, {st_mode=S_IFREG|0644, st_rdev=makedev(0x1, 0x3), ...}) = 0`,
	`prlimit64(0, RLIMIT_STACK, NULL, {rlim_cur=8192*1024, rlim_max=RLIM64_INFINITY}) = 0`,
	`wait4(-1, [{WIFEXITED(s) && WEXITSTATUS(s) == 0}], 0, NULL) = 5`,
	`futex(0x7f, FUTEX_WAKE_OP, 1, 1, 0x7f, FUTEX_OP_SET<<28|0<<12|0x1) = 1`,
	`ioctl(1, SNDCTL_TMR_TIMEBASE or TCGETS, {B38400 opost isig icanon echo ...}) = 0`,
	`clone(child_stack=NULL, flags=0x1200000 /* CLONE_A|CLONE_B */|17 /* SIGCHLD */) = 7`,
	`execve("/bin/ls", ["ls", "-l"], [/* 36 vars */]) = 0`,
	`execve("/bin/ls", ["ls", "-l"], 0x7ffe /* 36 vars */) = 0`,
	`connect(3, {sa_family=AF_INET6, inet_pton(AF_INET6, "::1", &sin6_addr)}, 28) = 0`,
	`ioctl(3, VIDIOC_G_FMT, {type=V4L2_BUF_TYPE_VIDEO_CAPTURE, fmt.pix={width=1}}) = 0`,
	`poll([{fd=4, events=POLLIN}], 1, 1) = 1 ([{fd=4, revents=POLLIN}])`,
	`select(4, [0 3], NULL, NULL, {tv_sec=1, tv_usec=0}) = 1 (in [3], left {tv_sec=0, tv_usec=5})`,
	`ioctl(3, SIOCGIFHWADDR, {ifr_hwaddr={sa_data=00:11:22:33:44:55}}) = 0`,
	`[pid  9] exit_group(0 <unfinished ...>) = ?`,
	`pause( <detached ...>`,
	`9 fcntl(3, F_ADD_SEALS, F_SEAL_WRITE <unfinished ...>`,
	`9 read(4,  <unfinished ...>`,
	`9 <... read resumed>"a", 1) = 1`,
	`????( <unfinished ...>`,
	`syscall_0x1c5(0x1, 0x2) = -1 ENOSYS (Function not implemented)`,
	`--- SIGALRM {si_signo=SIGALRM, si_code=SI_KERNEL} ---`,
	`--- SIGCHLD (Child exited) @ 0 (0) ---`,
	`--- stopped by SIGSTOP ---`,
	`+++ exited with 3 +++`,
	`9 +++ killed by SIGSEGV (core dumped) +++`,
	`9 +++ superseded by execve in pid 8 +++`,
	`strace: Process 7 attached`,
	`[ Process PID=7 runs in 32 bit mode. ]`,
	` > /usr/lib/libc.so.6(memfd_create+0x7) [0x10a217]`,
	`# program a1_classic: the first lesson`,
	`# only a remark`,
	`kernel 6.12.5`,
	`hz 250`,
	`cpus 2`,
	`r0 = memfd_create("a", MFD_ALLOW_SEALING)`,
	`r0 = memfd_create("a", MFD_ALLOW_SEALING) = 3 # the first`,
	`a: fcntl(3, F_ADD_SEALS, F_SEAL_WRITE) = -1 EBUSY`,
	`a: @15ms m0 = mmap(NULL, 4096+4096, PROT_READ, MAP_SHARED, 3, 0)`,
	`@1500us close(3)`,
	`@0s close(3)`,
	`exists (seals(3) = F_SEAL_WRITE|F_SEAL_GROW /\ ~(size(3) != 0 \/ 1 < 2) \/ 3 >= 2)`,
	`never (close(3) = -1 EBUSY /\ open("a") = EBUSY)`,
}

func TestCanonical(t *testing.T) {
	for _, line := range canonical {
		ev, err := one(t, line, Options{Comments: true})
		if err != nil {
			t.Errorf("%s\n%v", line, err)
			continue
		}
		require.Equal(t, line, string(Append(nil, ev)))
	}
}

// What strace never prints but people may write, and how it is printed.
func TestNormalised(t *testing.T) {
	for line, want := range map[string]string{
		`close( 3 )=0`:                   `close(3) = 0`,
		`r0=close(3)`:                    `r0 = close(3)`,
		`a:   close(3)  = 0   <0.5>`:     `a: close(3)    = 0 <0.5>`,
		`@0.5ms close(3)`:                `@500us close(3)`,
		`close(1 + 2)`:                   `close(1+2)`,
		"close(3) = 0\t# why":            `close(3) = 0 # why`,
		`hz 250 # debian`:                `hz 250`,
		`always ((1=1)/\(2=2\/3=3))`:     `always (1 = 1 /\ (2 = 2 \/ 3 = 3))`,
		`always (1=1/\2=2/\3=3)`:         `always (1 = 1 /\ 2 = 2 /\ 3 = 3)`,
		`always (~~(1=1))`:               `always (~~1 = 1)`,
		`<... read resumed> "a", 1) = 1`: `<... read resumed> "a", 1) = 1`,
	} {
		ev, err := one(t, line, Options{})
		require.NoError(t, err, line)
		require.Equal(t, want, string(Append(nil, ev)))
	}
}

func TestValues(t *testing.T) {
	line := `mmap(0xffffffffffffffff, 010, -2, PROT_READ|PROT_WRITE|0x8, F_NOSUCH|1, 2*3*4, 1+2*3, 1<<2|3) = 0x7f`
	ev, err := one(t, line, Options{})
	require.NoError(t, err)
	for i, want := range []int64{-1, 8, -2, 11} {
		require.True(t, ev.Arg(i).Known())
		require.Equal(t, want, ev.Arg(i).Num)
	}
	require.False(t, ev.Arg(4).Known(), "an unknown flag is not guessed")
	require.Equal(t, Flags, ev.Arg(4).Kind)
	require.Equal(t, int64(24), ev.Arg(5).Num)
	require.False(t, ev.Arg(6).Known(), "no precedence, no number")
	require.False(t, ev.Arg(7).Known())
	require.Nil(t, ev.Arg(8))
	require.Equal(t, int64(0x7f), ev.Ret.Value)
}

func TestStructure(t *testing.T) {
	line := `9 vmsplice(5<pipe:[7]>, [{iov_base="\0a\x41\n"..., iov_len=8192}, {iov_base=NULL, iov_len=[0] => [8]}], 2, 0) = 8192`
	ev, err := one(t, line, Options{})
	require.NoError(t, err)
	require.Equal(t, "pipe:[7]", string(ev.Arg(0).Path))
	iov := ev.Arg(1)
	require.Equal(t, 2, ev.NumChildren(iov))
	base := ev.Field(ev.Elem(iov, 0), "iov_base")
	require.Equal(t, "\x00aA\n", string(base.Decode(nil)))
	require.True(t, base.Truncated())
	length := ev.Field(ev.Elem(iov, 1), "iov_len")
	require.Equal(t, int64(8), ev.Elem(ev.Out(length), 0).Num)
	require.Nil(t, ev.Field(iov, "none"))
	require.Nil(t, ev.Elem(iov, 2))
}

// The same program under 20 sets of options of strace: what its first task did is the same in all.
func TestOptions(t *testing.T) {
	var want []string
	files, err := filepath.Glob("testdata/strace/*.strace")
	require.NoError(t, err)
	require.Greater(t, len(files), 20)
	for _, file := range append([]string{"testdata/strace/f.strace"}, files...) {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		if filepath.Base(file) == "terminal.strace" {
			requireTerminal(t, string(data))
		} else {
			c := readAll(t, file, data, Options{})
			require.Zero(t, c.opaque+c.truncated+c.unpaired, file)
		}
		if base := filepath.Base(file); base == "k.strace" || base == "ff.strace" {
			continue
		}
		got := story(t, string(data))
		if want == nil {
			want = got
		}
		require.Equal(t, want, got, file)
	}
	require.Contains(t, want, "fcntl 3 1033 12 = -1 EBUSY")
}

// requireTerminal checks that a log from the terminal is printed as it was, only with strace's own
// messages before the calls into which they were written.
func requireTerminal(t *testing.T, text string) {
	mend := regexp.MustCompile(`(?m)^(.+)(strace: Process \d+ attached)\n`)
	require.True(t, mend.MatchString(text))
	got, errs := read(t, text, Options{}, func(ev *Event) string { return string(Append(nil, ev)) })
	require.Empty(t, errs)
	require.Equal(t, mend.ReplaceAllString(text, "$2\n$1"), strings.Join(got, "\n")+"\n")
}

// story tells what the first task did to its memfd.
func story(t *testing.T, text string) (story []string) {
	fd := "3"
	read(t, text, Options{}, func(ev *Event) string {
		if ev.Kind != Call && ev.Kind != CallEnd || len(ev.Args) == 0 || ev.Unpaired {
			return ""
		}
		s := ev.Name
		switch ev.Name {
		case "memfd_create":
			s += " " + string(ev.Arg(0).Decode(nil)) + fmt.Sprint(ev.Arg(1).Num)
		case "ftruncate", "fcntl":
			for i := range ev.Args {
				if i < 2 || ev.Arg(i).Num != 0 { // -e raw prints an unused third argument
					s += fmt.Sprint(" ", ev.Arg(i).Num)
				}
			}
			require.Equal(t, fd, fmt.Sprint(ev.Arg(0).Num))
		default:
			return ""
		}
		s += fmt.Sprint(" = ", ev.Ret.Value)
		if ev.Ret.Errno != 0 {
			s += " " + ev.Ret.Errno.Name()
		}
		story = append(story, s)
		return ""
	})
	return story
}

func TestQuote(t *testing.T) {
	all := make([]byte, 0, 512)
	for i := range 256 {
		all = append(all, byte(i), byte(255-i))
	}
	q := Quote(nil, all)
	require.Equal(t, all, Decode(nil, q[1:len(q)-1]))
	require.Equal(t, `"a\"\\\n\0001\0x\377"`, string(Quote(nil, []byte("a\"\\\n\x001\x00x\xff"))))
	require.False(t, bytes.ContainsAny(q, "\n\x00"))
}

// The descriptors of a pipe have names, which later lines may use.
func TestBoundPair(t *testing.T) {
	text := "r0 = memfd_create(\"a\", 0)\npipe2([p0, p1], O_NONBLOCK)\nsplice(r0, [0], p1, NULL, 1, 0)\nclose(p2)\n"
	got, errs := read(t, text, Options{}, func(ev *Event) string { return string(Append(nil, ev)) })
	require.Equal(t, strings.Split(text, "\n")[:3], got)
	require.Len(t, errs, 1)
	require.Equal(t, "test:4:7: unknown name p2", errs[0].Headline())
}

// A clone says the same after the reader has gone on to other lines.
func TestClone(t *testing.T) {
	const text = "[pid  7] 12:00:00.000001 openat(AT_FDCWD, \"/a\"..., O_RDONLY) = 3</a> <0.000001>\n" +
		"[pid  8] 12:00:00.000002 close(3</b>) = -1 EBADF (Bad file descriptor)  # why\n" +
		"[pid  7] 12:00:00.000003 writev(4, [{iov_base=\"xyz\", iov_len=3}], 1) = 3\n"
	var kept []*Event
	var want []string
	r := NewReader(strings.NewReader(text), "test", Options{})
	for {
		e, err := r.Next()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		kept, want = append(kept, e.Clone()), append(want, dump(e))
	}
	require.Len(t, kept, 3)
	for i, e := range kept {
		require.Equal(t, want[i], dump(e))
		require.Contains(t, e.ErrorAt(&e.Args[0], "odd").Error(), strings.Split(text, "\n")[i])
	}
}

// TestKeep: what is left of a line after some of an array was taken out is a line.
func TestKeep(t *testing.T) {
	const text = `f([{a=1, b=[1, 2, 3], c=4}, 5], [6 => 7], 8)`
	for n, want := range []string{
		`f([{a=1, b=[], c=4}, 5], [6 => 7], 8)`, `f([{a=1, b=[1], c=4}, 5], [6 => 7], 8)`,
		`f([{a=1, b=[1, 2], c=4}, 5], [6 => 7], 8)`, text, text,
	} {
		e, err := NewReader(strings.NewReader(text+" = 0\n"), "a", Options{}).Next()
		require.NoError(t, err)
		e = e.Clone()
		e.Keep(e.Field(e.Elem(e.Arg(0), 0), "b"), n)
		require.Equal(t, want+" = 0", string(Append(nil, e)))
	}
}
