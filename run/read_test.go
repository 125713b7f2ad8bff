package run_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sealab/run"
	"sealab/scenario"
	"sealab/sim/kernel"
)

func TestReadCall(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{`memfd_create("a", MFD_ALLOW_SEALING) = 3`, `memfd_create a [0 2 0 0 0 0]`},
		{`memfd_create("a"..., MFD_ALLOW_SEALING)`, `memfd_create a [0 2 -1 0 0 0]`},
		{`fcntl(3, F_ADD_SEALS, F_SEAL_WRITE|F_SEAL_GROW)`, `fcntl [3 1033 12 0 0 0]`},
		{`fcntl(3, F_GET_SEALS)`, `fcntl [3 1034 0 0 0 0]`},
		{`openat(AT_FDCWD, "/proc/self/fd/3", O_RDONLY)`, `openat /proc/self/fd/3 [-100 0 0 0 0 0]`},
		{`write(3, "x\0y", 3)`, `write [3 0 3 0 0 0]`},
		{`pwrite64(3, 0x7f0000000000, 4096, 8192)`, `pwrite64 [3 139637976727552 4096 8192 0 0]`},
		{`readv(3, [{iov_base=0x1000, iov_len=5}, {iov_base="a", iov_len=7}], 2)`, `readv [3 0 12 0 0 0]`},
		{`splice(3, NULL, 5, [8], 4096, 0)`, `splice [3 -1 5 8 4096 0]`},
		{`vmsplice(5, [{iov_base=0x2000, iov_len=4096}], 1, 0)`, `vmsplice [5 0 0 0 0 0] [{8192 4096}]`},
		{`vmsplice(5, [{iov_base="...", iov_len=4096}], 1, 0)`, `vmsplice [5 0 0 0 0 0] [{0 4096}]`},
		{`clone(child_stack=NULL, flags=CLONE_CHILD_SETTID|SIGCHLD)`, `clone [16777233 0 0 0 0 0]`},
		{`munmap(0x2000+4096, 4096)`, `munmap [12288 4096 0 0 0 0]`},
		{`splice(3, 5, 5, NULL, 4096, 0)`, `carried, argument 1`},
		{`vmsplice(5, 0x2000, 1, 0)`, `carried, argument 1`},
		{`fcntl(3)`, `carried, argument 1`},
		{`swapon("x", 0)`, `carried, argument -1`},
		{`getpid()`, `passive`},
	} {
		require.Equal(t, c.want, read(t, c.line), c.line)
	}
}

// read reads a line and prints what came of it.
func read(t *testing.T, line string) string {
	t.Helper()
	r := scenario.NewReader(strings.NewReader(line+"\n"), "test", scenario.Options{})
	e, err := r.Next()
	require.NoError(t, err)
	var c kernel.Call
	switch class, bad := run.ReadCall(e, nil, &c); class {
	case run.Passive:
		return "passive"
	case run.Carried:
		return fmt.Sprintf("carried, argument %d", bad)
	}
	text := strings.Join(strings.Fields(fmt.Sprint(c.Sys.Name(), " ", c.Str, " ", c.Args)), " ")
	if c.Vec != nil {
		text += fmt.Sprint(" ", c.Vec)
	}
	return text
}

func TestReadAnswer(t *testing.T) {
	for _, c := range []struct {
		line string
		want run.Answer
	}{
		{`close(3) = 0 <0.000002>`, run.Answer{Known: true, Dur: 2000, HasDur: true}},
		{`close(3) = -1 EBADF (Bad file descriptor)`, run.Answer{Known: true, Val: -1, Errno: 9}},
		{`close(3)`, run.Answer{}},
		{`close(3) = ?`, run.Answer{}},
		{`pipe2([3, 4], 0) = 0`, run.Answer{Known: true, Pair: [2]int64{3, 4}, HasPair: true}},
		{`recvmsg(4, {msg_control=[{cmsg_len=20, cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS, cmsg_data=[5]}]}, 0) = 1`,
			run.Answer{Known: true, Val: 1, FDs: []int64{5}}},
	} {
		r := scenario.NewReader(strings.NewReader(c.line+"\n"), "test", scenario.Options{})
		e, err := r.Next()
		require.NoError(t, err)
		require.Equal(t, c.want, run.ReadAnswer(e, &kernel.Call{}), c.line)
	}
}

func TestAnswerPlacesMapping(t *testing.T) {
	r := scenario.NewReader(strings.NewReader("mmap(NULL, 4096, PROT_READ, MAP_SHARED, 3, 0) = 0x7f0000\n"), "test",
		scenario.Options{})
	e, err := r.Next()
	require.NoError(t, err)
	var c kernel.Call
	run.ReadAnswer(e, &c)
	require.Equal(t, uint64(0x7f0000), c.Place)
}
