package model_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"sealab/run"
	"sealab/sim/sched"
)

// FuzzLaws is TestLawsHoldAtEveryStep with the fuzzer's bytes in the place of chance: it
// looks for programs and schedules that reach code which no other has reached.
func FuzzLaws(f *testing.F) {
	for seed := range byte(8) {
		f.Add(randomBytes(seed, 4096))
	}
	f.Fuzz(rapid.MakeFuzz(func(r *rapid.T) { lawsHold(r) }))
}

// randomBytes returns n bytes that look random.
func randomBytes(seed byte, n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{seed}).Read(b) // it never fails
	return b
}

// fuzzed is a scenario with much to interleave: two seals, a mapping, a write, a read
// from the pipe that holds a page, and a signal.
const fuzzed = `
r0 = memfd_create("a", MFD_ALLOW_SEALING)
write(r0, "xxxx", 4) = 4
pipe2([p0, p1], 0) = 0
splice(r0, [0], p1, NULL, 4, 0) = 4
a: s0 = fcntl(r0, F_ADD_SEALS, F_SEAL_WRITE)
b: s1 = fcntl(r0, F_ADD_SEALS, F_SEAL_WRITE|F_SEAL_GROW)
c: m0 = mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_SHARED, r0, 0)
c: munmap(m0, 4096)
d: write(r0, "y", 1)
e: @15ms read(p0, "xxxx", 4)
never (m0 = 0)
`

// bytesChooser answers every question with the next byte, and with 0 after the last.
type bytesChooser struct{ left []byte }

func (b *bytesChooser) Choose(n int, _ string) int {
	if len(b.left) == 0 {
		return 0
	}
	c := int(b.left[0]) % n
	b.left = b.left[1:]
	return c
}

func (b *bytesChooser) Next(v *sched.View) int {
	n := len(v.Runnable)
	if v.Clock {
		n++
	}
	if c := b.Choose(n, ""); c < len(v.Runnable) {
		return c
	}
	return -1
}

// FuzzSchedule takes bytes for a schedule. Whatever they are the run comes to an end,
// and its schedule, printed and read again, makes the same run.
func FuzzSchedule(f *testing.F) {
	scripts, err := run.Read(strings.NewReader(fuzzed), "fuzzed")
	require.NoError(f, err)
	for seed := range byte(8) {
		f.Add(randomBytes(seed, 256))
	}
	f.Fuzz(func(t *testing.T, schedule []byte) {
		if len(schedule) > 1<<12 {
			return
		}
		first, err := run.Play(scripts[0], run.Options{Chooser: &bytesChooser{schedule}, FreeTime: true})
		require.NoError(t, err)
		require.Empty(t, first.Stopped)
		read, err := sched.ParseSchedule(first.Schedule)
		require.NoError(t, err)
		again, err := run.Play(scripts[0], run.Options{Chooser: &sched.Replay{Schedule: read}, FreeTime: true})
		require.NoError(t, err)
		require.Equal(t, first.Hash, again.Hash)
		require.Equal(t, first.Schedule, again.Schedule)
	})
}
