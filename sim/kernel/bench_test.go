package kernel_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"sealab/sim/abi"
	"sealab/sim/kernel"
	"sealab/sim/profile"
)

// BenchmarkPinnedSeal is one F_ADD_SEALS that waits for a page in a pipe and ends in
// EBUSY: about 163 ms on a real kernel, in virtual time here.
func BenchmarkPinnedSeal(b *testing.B) {
	k := kernel.Boot(kernel.Config{Profile: profile.Newest(), Rounding: true})
	p := k.Spawn("task", 0)
	call := func(name string, str string, args ...int64) kernel.Result {
		c := kernel.Call{Sys: kernel.SysByName(name), Str: str}
		copy(c.Args[:], args)
		r, err := k.Call(p, c)
		require.NoError(b, err, name)
		return r
	}
	fd := call("memfd_create", "a", 0, abi.MfdAllowSealing).Val
	require.EqualValues(b, 1, call("write", "", fd, 0, 1).Val)
	pipe := call("pipe2", "").Pair
	require.EqualValues(b, 1, call("splice", "", fd, 0, pipe[1], -1, 1).Val)
	seal := kernel.Call{Sys: kernel.SysByName("fcntl"), Args: [6]int64{fd, abi.FAddSeals, int64(abi.SealWrite)}}
	start := k.S.Now()
	b.ReportAllocs()
	for b.Loop() {
		r, err := k.Call(p, seal)
		if err != nil || r.Errno != abi.EBUSY {
			b.Fatal(r.Errno, err)
		}
	}
	b.ReportMetric(float64(k.S.Now()-start)/1e6/float64(b.N), "virtual-ms/op")
}
