package explore_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sealab/explore"
	"sealab/run"
)

// registered is a mapping whose missing page a userfaultfd is to bring.
const registered = `
r0 = memfd_create("a", MFD_ALLOW_SEALING)
ftruncate(r0, 4096)
m0 = mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_SHARED, r0, 0)
m1 = mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)
u0 = userfaultfd(O_CLOEXEC)
ioctl(u0, UFFDIO_API, {api=0xaa, features=0})
ioctl(u0, UFFDIO_REGISTER, {range={start=m0, len=0x1000}, mode=UFFDIO_REGISTER_MODE_MISSING})
`

// TestWaitingForAPage: who misses a page waits, in every order, until somebody brings it, or
// nobody is there to do so; and a device has the pages that it was given.
func TestWaitingForAPage(t *testing.T) {
	for _, c := range []struct{ name, text string }{
		{"brought", registered + `
a: x = load(m0)
b: y = ioctl(u0, UFFDIO_ZEROPAGE, {range={start=m0, len=0x1000}, mode=0})
exists (y = EEXIST)
always (x = 0 /\ (y = 0 \/ y = EEXIST))
`},
		{"closed", registered + `
a: x = store(m0, 1)
b: y = close(u0)
always (x = 0 /\ y = 0)
`},
		{"unregistered", registered + `
a: x = load(m0)
b: y = ioctl(u0, UFFDIO_UNREGISTER, {start=m0, len=0x1000})
always (x = 0 /\ y = 0)
`},
		{"told", registered + `
a: x = load(m0)
b: n = read(u0, "", 32)
b: y = ioctl(u0, UFFDIO_COPY, {dst=m0, src=m1, len=0x1000, mode=UFFDIO_COPY_MODE_DONTWAKE})
b: z = ioctl(u0, UFFDIO_WAKE, {start=m0, len=0x1000})
always (x = 0 /\ n = 32 /\ y = 0 /\ z = 0)
`},
		{"held by a device", `
r0 = memfd_create("a", MFD_ALLOW_SEALING)
ftruncate(r0, 4096)
m0 = mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_SHARED, r0, 0)
r1 = openat(AT_FDCWD, "/mnt/slow", O_RDWR|O_DIRECT) = 4
a: x = pread64(r1, m0, 4096, 0) = 4096 <0.400000>
b: munmap(m0, 4096)
b: y = fcntl(r0, F_ADD_SEALS, F_SEAL_WRITE)
exists (x = 4096 /\ y = EBUSY)
exists (x = 4096 /\ y = 0)
always (y = 0 \/ x = 4096)
`},
	} {
		t.Run(c.name, func(t *testing.T) {
			scripts, err := run.Read(strings.NewReader(c.text), c.name)
			require.NoError(t, err)
			rep, err := explore.Explore(context.Background(), scripts[0], explore.Plan{
				Options: explore.Options{NoCounts: true, NoSchedules: true}, Search: explore.Complete})
			require.NoError(t, err)
			require.True(t, rep.Complete)
			require.NotEmpty(t, rep.Conditions)
			for _, cond := range rep.Conditions {
				require.Equal(t, "holds", cond.Verdict, cond.Text)
			}
		})
	}
}
