package replay_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sealab/replay"
	"sealab/sim/profile"
)

// long is when to stop playing a log that asks for much, as a person would.
const long = time.Second

// FuzzReplay plays anything: nothing may panic, and every call is counted once. What goes
// on for ever once it is told to stop, go test takes for a hang.
func FuzzReplay(f *testing.F) {
	names, err := filepath.Glob("../testdata/logs/*.strace")
	require.NoError(f, err)
	for _, name := range names {
		text, err := os.ReadFile(name)
		require.NoError(f, err)
		for _, program := range bytes.SplitAfter(text, []byte("+++ exited with 0 +++\n")) {
			f.Add(program[:min(len(program), 4096)], uint8(0))
		}
	}
	for i, log := range oddLogs {
		f.Add([]byte(log), uint8(i))
	}
	kernels := profile.NamedAll()
	f.Fuzz(func(t *testing.T, log []byte, kernel uint8) {
		if len(log) > 1<<14 {
			t.Skip("long logs say no more")
		}
		ctx, cancel := context.WithTimeout(context.Background(), long)
		defer cancel()
		p := kernels[int(kernel)%len(kernels)].Profile()
		r := replay.New(replay.Options{Profile: p, Orders: 40, Watch: 3})
		_ = r.Log(ctx, bytes.NewReader(log), "fuzz") // a torn gzip is an error
		checkSums(t, r.Report())
	})
}

// checkSums holds a report to what must hold of any.
func checkSums(t require.TestingT, rep *replay.Report) {
	require.Equal(t, rep.Calls, rep.Agree+rep.Differ+rep.Asked+rep.Carried+rep.Passive,
		"every call is judged in one way")
	var carried, refused int64
	for _, c := range rep.CarriedCalls {
		carried += c.Times
	}
	require.Equal(t, rep.Carried, carried)
	for _, x := range rep.Refusals {
		refused += 1 + x.More
		require.NotEmpty(t, x.Reason.Sentence)
		require.NotEmpty(t, x.Text)
	}
	require.LessOrEqual(t, refused, rep.Refused)
	for _, d := range rep.Disagreements {
		require.NotEmpty(t, d.Text)
		require.NotEmpty(t, d.Recorded)
		require.NotEmpty(t, d.Model)
	}
	require.LessOrEqual(t, int64(len(rep.Disagreements)), rep.Differ)
}

// oddLogs are logs that a person, a crash or an attacker could hand over.
var oddLogs = []string{
	"clone(", "", "\n", "\x00\xff\x1f\x8b", "\x1f\x8b\x08\x00", "(\xb5/\xfd", ")(", "strace: Process 1 attached",
	// huge and negative numbers
	`memfd_create("a", MFD_ALLOW_SEALING) = 3
ftruncate(3, 9223372036854775807) = 0
write(3, "x", 18446744073709551615) = 18446744073709551615
pwrite64(3, "x", 9223372036854775807, 9223372036854775807) = -1 EINVAL (Invalid argument)
fallocate(3, 0, -1, -1) = -1 EINVAL (Invalid argument)
fallocate(3, 0, 0, 9223372036854775807) = 0
mmap(NULL, 18446744073709551615, PROT_READ, MAP_SHARED, 3, 18446744073709547520) = 0x7fffffffffffffff
mmap(0xffffffffffffffff, 4096, PROT_READ, MAP_SHARED|MAP_FIXED, 3, 0) = 0xffffffffffffffff
munmap(0, 18446744073709551615) = 0
lseek(3, -9223372036854775808, SEEK_CUR) = -9223372036854775808
fcntl(-1, F_ADD_SEALS, -1) = 0
close(2147483647) = 0
dup2(3, 2147483647) = 2147483647
fcntl(3, F_DUPFD, 2147483647) = 2147483647
`,
	// descriptors that were never opened, and a task that was never made
	`fcntl(77, F_ADD_SEALS, F_SEAL_WRITE) = 0
mmap(NULL, 4096, PROT_READ, MAP_SHARED, 78, 0) = 0x1000
splice(79, [0], 80, NULL, 4096, 0) = 4096
5 fcntl(81, F_GET_SEALS) = 15
5 +++ exited with 0 +++
5 fcntl(81, F_GET_SEALS) = 15
`,
	// halves of calls, one in the other
	`1 fcntl(3, F_ADD_SEALS, F_SEAL_WRITE <unfinished ...>
1 fcntl(3, F_ADD_SEALS, F_SEAL_WRITE <unfinished ...>
2 <... fcntl resumed>) = 0
1 <... write resumed>) = 0
2 clone(child_stack=NULL, flags=CLONE_VM <unfinished ...>
3 vfork( <unfinished ...>
3 +++ killed by SIGKILL +++
2 <... clone resumed>) = 2
2 kill(2, SIGKILL) = 0
1 +++ superseded by execve in pid 2 +++
`,
	// pins, and two sealers that wait
	`1 1.0 memfd_create("a", MFD_ALLOW_SEALING) = 3
1 1.1 write(3, "x", 1) = 1
1 1.2 pipe2([4, 5], 0) = 0
1 1.3 splice(3, [0], 5, NULL, 4096, 0) = 1
1 1.4 clone(child_stack=NULL, flags=CLONE_VM|CLONE_FILES) = 2
1 1.5 fcntl(3, F_ADD_SEALS, F_SEAL_WRITE <unfinished ...>
2 1.51 fcntl(3, F_ADD_SEALS, F_SEAL_WRITE <unfinished ...>
1 1.7 <... fcntl resumed>) = -1 EBUSY (Device or resource busy)
2 9.9 <... fcntl resumed>) = -1 EBUSY (Device or resource busy)
`,
	// a header that makes no sense, and one that does
	"kernel 9.9\nhz 0\ncpus -1\nkernel 4.19\nhz 1000\ncpus 64\nr0 = memfd_create(\"a\", 0)\nclose(r0)\n",
	// times that go backwards, and far apart
	"1 5.0 memfd_create(\"a\", 0) = 3\n1 1.0 close(3) = 0\n1 9223372036.0 close(3) = 0\n2 0.1 close(3) = 0\n",
}

// TestHugeSizes asks for all of a machine's memory, and more: it is refused, not tried.
func TestHugeSizes(t *testing.T) {
	p := profile.Newest()
	r := replay.New(replay.Options{Profile: p})
	require.NoError(t, r.Log(context.Background(), strings.NewReader(hugeLog), "huge"))
	rep := r.Report()
	checkSums(t, rep)
	require.Zero(t, rep.Differ, "%s", differing(rep))
	require.Contains(t, rep.CarriedCalls, replay.Count{Name: "fallocate", Why: "larger than the model", Times: 2})
}

const hugeLog = `memfd_create("a", MFD_ALLOW_SEALING) = 3
ftruncate(3, 1099511627776) = 0
fallocate(3, 0, 0, 1099511627776) = 0
fallocate(3, 0, 0, 1099511627776) = 0
mmap(NULL, 1099511627776, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_POPULATE, 3, 0) = 0x100000000000
madvise(0x100000000000, 1099511627776, MADV_POPULATE_WRITE) = 0
process_vm_writev(0, [{iov_base="x", iov_len=1099511627776}], 1, [{iov_base=0x100000000000, iov_len=1099511627776}], 1, 0) = 1
munmap(0x100000000000, 1099511627776) = 0
`
