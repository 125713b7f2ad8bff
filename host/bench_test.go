package host_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sealab/host"
)

// BenchmarkRun is the cost of one short program: a process of its own, ten calls.
func BenchmarkRun(b *testing.B) {
	if !host.Supported {
		b.Skip(host.ErrUnsupported)
	}
	programs, err := host.Read(strings.NewReader(`
r0 = memfd_create("a", MFD_ALLOW_SEALING)
ftruncate(r0, 16384)
m0 = mmap(NULL, 16384, PROT_READ|PROT_WRITE, MAP_SHARED, r0, 0)
pwrite64(r0, "x", 4096, 0)
pread64(r0, "", 4096, 0)
fcntl(r0, F_ADD_SEALS, F_SEAL_WRITE)
munmap(m0, 16384)
fcntl(r0, F_ADD_SEALS, F_SEAL_WRITE)
fcntl(r0, F_GET_SEALS)
close(r0)
`), "bench")
	require.NoError(b, err)
	r := host.NewRunner(host.Options{})
	defer r.Close()
	for b.Loop() {
		_, err := r.Run(context.Background(), programs[0])
		require.NoError(b, err)
	}
}
