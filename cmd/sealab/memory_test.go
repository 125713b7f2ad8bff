//go:build linux

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// large is a scenario that no memory is enough for.
const large = `kernel 6.12.5
r0 = memfd_create("a", MFD_ALLOW_SEALING)
ftruncate(r0, 8192) = 0
a: s0 = fcntl(r0, F_ADD_SEALS, F_SEAL_WRITE)
b: pread64(r0, ""..., 1, 0)
c: m0 = mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_SHARED, r0, 0)
d: pwrite64(r0, "x", 1, 0)
e: ftruncate(r0, 4096)
f: s1 = fcntl(r0, F_ADD_SEALS, F_SEAL_GROW)
g: fallocate(r0, FALLOC_FL_PUNCH_HOLE|FALLOC_FL_KEEP_SIZE, 0, 4096)
`

// TestMemory holds a search to its promise: the kernel says that the process had at no time
// more than --memory and what docs/explorer.md allows for the program itself. A program that
// finds all at once has 24 MiB, most of it its own text and tables; the rest of the 32 is for
// what the kernel counts late and other Go versions do differently.
func TestMemory(t *testing.T) {
	const memory, program = "32", 32
	dir := t.TempDir()
	scenario, kept := filepath.Join(dir, "large.scenario"), filepath.Join(dir, "kept")
	require.NoError(t, os.WriteFile(scenario, []byte(large), 0o600))
	for _, flags := range [][]string{
		{"--checkpoint", kept},
		{"--checkpoint", kept}, // which is read, and is all the memory that there is
		{"--search", "bounded", "--preemptions", "9"},
	} {
		cmd := exec.Command("sealab", append([]string{"explore", "--memory", memory, scenario}, flags...)...)
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
		require.Contains(t, strings.Join(strings.Fields(string(out)), " "), "the bound of "+memory+" MiB of memory")
		peak := cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss / 1024
		t.Logf("%v: %d MiB, %v of CPU", flags, peak, cmd.ProcessState.UserTime())
		require.LessOrEqual(t, peak, int64(32+program), "%v", flags)
		require.Greater(t, peak, int64(32), "the bound is one: the search came to it")
	}
}
