package kernel_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"sealab/sim/kernel"
)

// TestSocketsInSockets: sockets that lie in each other's queues, as deep as somebody likes,
// are all closed with the last one that is open.
func TestSocketsInSockets(t *testing.T) {
	s := play(t, "newest", "")
	a := s.procs["a"]
	call := func(c kernel.Call) kernel.Result {
		r, err := s.k.Call(a, c)
		require.NoError(t, err)
		require.Zero(t, r.Errno)
		return r
	}
	before := s.k.S.World().Len()
	pair, send, closes := kernel.SysByName("socketpair"), kernel.SysByName("sendmsg"), kernel.SysByName("close")
	inner := int64(-1)
	for range 3000 {
		r := call(kernel.Call{Sys: pair, Args: [6]int64{1, 1}})
		if inner >= 0 {
			call(kernel.Call{Sys: send, Args: [6]int64{r.Pair[0], 0, 1}, FDs: []int64{inner}})
			call(kernel.Call{Sys: closes, Args: [6]int64{inner}})
		}
		call(kernel.Call{Sys: closes, Args: [6]int64{r.Pair[0]}})
		inner = r.Pair[1]
	}
	require.Greater(t, s.k.S.World().Len(), before)
	call(kernel.Call{Sys: closes, Args: [6]int64{inner}})
	s.end()
}
