package model_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"sealab/sim/abi"
	"sealab/sim/kernel"
	"sealab/sim/profile"
)

// TestHugetlbSize: the size of a memfd of huge pages against a few lines that say what
// ftruncate makes of it. The size has to be of whole huge pages, which is looked at before
// the seals.
func TestHugetlbSize(t *testing.T) {
	const huge = 2 << 20
	rapid.Check(t, func(r *rapid.T) {
		k := kernel.Boot(kernel.Config{Profile: profile.Newest()})
		defer k.S.Stop()
		p := k.Spawn("a", 0)
		draw := numbers{r}
		call := func(o sysCall) (int64, abi.Errno) {
			got, err := k.Call(p, o.Call)
			require.NoError(r, err)
			return got.Val, got.Errno
		}
		o := sys("memfd_create", 0, abi.MfdAllowSealing|abi.MfdHugetlb)
		o.Str = "x"
		fd, errno := call(o)
		require.Zero(r, errno)
		size, seals := int64(0), abi.Seals(0)
		for range rapid.IntRange(1, 12).Draw(r, "calls") {
			if rapid.IntRange(0, 3).Draw(r, "seal") == 0 {
				add := draw.of("seals", int64(abi.SealShrink), int64(abi.SealGrow), int64(abi.SealSeal))
				_, errno = call(sys("fcntl", fd, abi.FAddSeals, add))
				require.Equal(r, seals&abi.SealSeal != 0, errno == abi.EPERM, "seals %v, and %v", seals, errno)
				if errno == 0 {
					seals |= abi.Seals(add)
				}
			}
			to := draw.of("pages", 0, 1, 2, 3)*huge + draw.of("more", 0, 0, 0, 4096)
			want := abi.Errno(0)
			switch {
			case to%huge != 0:
				want = abi.EINVAL
			case to < size && seals&abi.SealShrink != 0, to > size && seals&abi.SealGrow != 0:
				want = abi.EPERM
			default:
				size = to
			}
			_, errno = call(sys("ftruncate", fd, to))
			require.Equal(r, want, errno, "ftruncate to %d, with %v", to, seals)
			end, errno := call(sys("lseek", fd, 0, abi.SeekEnd))
			require.Zero(r, errno)
			require.Equal(r, size, end)
		}
	})
}
