package host_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sealab/host"
)

func TestMain(m *testing.M) {
	host.Child()
	os.Exit(m.Run())
}

// run runs a scenario and returns what came of it.
func run(t *testing.T, opts host.Options, text string) *host.Result {
	t.Helper()
	if !host.Supported {
		t.Skip("there is no Linux on x86-64 underneath to run scenarios on")
	}
	programs, err := host.Read(strings.NewReader(text), "scenario")
	require.NoError(t, err)
	require.Len(t, programs, 1)
	r := host.NewRunner(opts)
	res, err := r.Run(context.Background(), programs[0])
	require.NoError(t, err)
	require.NoError(t, r.Close())
	return res
}

func TestFirst(t *testing.T) {
	res := run(t, host.Options{}, `r0 = memfd_create("a", MFD_ALLOW_SEALING)
ftruncate(r0, 8192)
pipe2([p0, p1], O_NONBLOCK)
m0 = mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_SHARED, r0, 0)
fcntl(r0, F_ADD_SEALS, F_SEAL_WRITE)
munmap(m0, 4096)
write(r0, "hello\nworld", 11)
splice(r0, [4096], 4, NULL, 4096, 0)
fcntl(r0, F_ADD_SEALS, F_SEAL_WRITE)
fcntl(r0, F_GET_SEALS)
pread64(r0, "", 100, 0)
openat(AT_FDCWD, "/etc/passwd", O_RDONLY)
c0 = fork() = 99
99 close(r0)
99 pwrite64(r0, "x", 1, 0)
pwrite64(r0, "x", 1, 0)
exit_group(3)
`)
	for _, o := range res.Outcomes {
		t.Logf("%d %s\n%s", o.Count, o.Key, o.Log)
	}
	t.Log(res.Skipped, res.Missing, res.Stuck)
	_ = time.Second
}
