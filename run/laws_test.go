package run

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sealab/sim/sched"
)

// A file is sealed while a pipe holds a page of it; a mapping is left when the program ends.
const held = `r0 = memfd_create("a", MFD_ALLOW_SEALING)
write(r0, "x"..., 4096) = 4096
pipe2([p0, p1], 0) = 0
splice(r0, [0], p1, NULL, 4096, 0) = 4096
a: s0 = fcntl(r0, F_ADD_SEALS, F_SEAL_WRITE)
b: mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_POPULATE, r0, 0)
b: fcntl(r0, F_GET_SEALS)
`

func TestLaws(t *testing.T) {
	scripts, err := Read(strings.NewReader(held), "held")
	require.NoError(t, err)
	play := func(kernel string) *Result {
		res, err := Play(scripts[0], Options{Kernel: kernel, Laws: true, Chooser: sched.NewRandom(1)})
		require.NoError(t, err)
		return res
	}
	for kernel, law := range map[string]string{
		"6.18.44:no-rollback":           "denied, without a seal and without a sealer",
		"6.18.44:last-scan-leaves-tags": "a page is tagged, and nobody waits for pins",
		"6.18.44:rollback-twice":        "i_mmap_writable is 1",
	} {
		res := play(kernel)
		require.Contains(t, strings.Join(res.Broken, "\n"), law, kernel)
		require.False(t, res.Holds())
		again, err := Play(scripts[0], Options{Kernel: kernel, Laws: true, Chooser: replayOf(t, res.Schedule)})
		require.NoError(t, err)
		require.Equal(t, res.Broken, again.Broken, "its schedule repeats it")
		require.Equal(t, res.Steps, again.Steps)
	}
	right := play("6.18.44")
	require.Empty(t, right.Broken)
	require.Empty(t, right.Stopped)
	for _, c := range right.Calls {
		require.Equal(t, Returned, c.State, c.Text)
	}

	// Asking changes nothing.
	alone, err := Play(scripts[0], Options{Kernel: "6.18.44", Chooser: sched.NewRandom(1)})
	require.NoError(t, err)
	require.Equal(t, alone.Hash, right.Hash)
}

func replayOf(t *testing.T, schedule string) sched.Chooser {
	s, err := sched.ParseSchedule(schedule)
	require.NoError(t, err)
	return &sched.Replay{Schedule: s}
}
