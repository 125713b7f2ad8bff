package memfd_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"sealab/sim/abi"
	"sealab/sim/folio"
	"sealab/sim/inode"
	"sealab/sim/memfd"
	"sealab/sim/sched"
	"sealab/sim/shmem"
)

// A pin that goes is noticed at the next look, not before.
func TestPinIsLetGo(tb *testing.T) {
	cases := []struct {
		hz        int
		gone      int64 // when the pin goes, ns
		want      int64 // when the call returns
		err       error
		secondTry int64 // how long a second try takes after an EBUSY
	}{
		{hz: 1000, gone: 5 * ms, want: 10 * ms},
		{hz: 1000, gone: 11 * ms, want: 30 * ms},
		{hz: 1000, gone: 31 * ms, want: 70 * ms},
		{hz: 1000, gone: 71 * ms, want: 150 * ms},
		{hz: 1000, gone: 149 * ms, want: 150 * ms},
		{hz: 1000, gone: 151 * ms, want: 150 * ms, err: abi.EBUSY},
		{hz: 250, gone: 7 * ms, want: 8 * ms},
		{hz: 250, gone: 9 * ms, want: 28 * ms},
		{hz: 250, gone: 149 * ms, want: 148 * ms, err: abi.EBUSY},
		{hz: 300, gone: 11 * ms, want: 30 * ms},
		{hz: 100, gone: 9 * ms, want: 10 * ms},
		{hz: 24, gone: 1 * ms, want: 41_666_667, err: nil}, // the sleeps are 0, 0, 0 and 1 jiffy
	}
	for _, c := range cases {
		s := machine(tb, kernelOf(tb, "newest"), c.hz)
		f := fileIn(tb, s, 4)
		unpin := pin(tb, s, f, 2)
		_, a := sealer(s, f, write)
		at(tb, s, c.gone, unpin)
		require.NoError(tb, s.RunAll())
		require.Equal(tb, c.err, a.err, "%+v", c)
		require.InDelta(tb, c.want, a.took, 1, "%+v", c)
		require.False(tb, tagged(s.World(), f), "no mark is left")
		require.Equal(tb, a.err == nil, sealsOf(s.World(), f).Has(write))
		if a.err != nil {
			require.Zero(tb, counter(s.World(), f))
			_, again := sealer(s, f, write)
			require.NoError(tb, s.Run())
			require.NoError(tb, again.err)
			require.Zero(tb, again.took)
		}
	}
}

// With the timer wheel of a real kernel each sleep ends a tick later, the first one
// up to a tick earlier than that: whatever the moment, EBUSY takes so many ticks.
func TestRealDuration(tb *testing.T) {
	rapid.Check(tb, func(r *rapid.T) {
		ticks := map[int][2]int64{100: {18, 19}, 250: {40, 41}, 300: {48, 49}, 1000: {153, 161}}
		hz := rapid.SampledFrom([]int{100, 250, 300, 1000}).Draw(r, "HZ")
		tick := int64(1000*ms) / int64(hz)
		p := kernelOf(tb, "newest")
		s := sched.NewSched(&p, sched.Clock{HZ: hz, Rounding: true, Phase: rapid.Int64Range(0, tick-1).Draw(r, "phase")}, nil)
		defer s.Stop()
		folio.Boot(s.World(), 1)
		f := sched.ID(0)
		run(tb, s, func(t *sched.Task) {
			f = file(t, 1)
			folio.Get(t, folioAt(s.World(), f, 0))
		})
		_, a := sealer(s, f, write)
		require.NoError(r, s.RunAll())
		require.Equal(r, abi.EBUSY, a.err)
		const second, rounded = 1000 * ms, 2
		require.GreaterOrEqual(r, (a.took+rounded)*int64(hz), ticks[hz][0]*second)
		require.LessOrEqual(r, (a.took-rounded)*int64(hz), ticks[hz][1]*second)
	})
}

// A page that a CPU still has in its batch is no pin: the sealer's own CPU is
// drained before it looks, the others before the first look decides.
func TestBatches(tb *testing.T) {
	cases := []struct {
		name   string
		kernel string
		cpu    int
		pages  int64
		looked bool // whether the wait got as far as draining all CPUs
	}{
		{"this CPU", "newest", 0, 3, false},
		{"another CPU", "newest", 1, 3, true},
		{"another CPU, its batch just full", "newest", 1, 31, false},
		{"another CPU, before 6.9", "6.8.0", 1, 15, false},
		{"another CPU, before 6.9, more", "6.8.0", 1, 16, true},
		{"another CPU, drained first (4.6)", "4.6.0", 1, 14, true},
	}
	for _, c := range cases {
		tb.Run(c.name, func(tb *testing.T) {
			s := machine(tb, kernelOf(tb, c.kernel), 1000)
			f := fileIn(tb, s, 0)
			writer := s.Spawn("writer", func(t *sched.Task) {
				_, _, err := shmem.Write(t, f, 0, c.pages*abi.PageSize, 1)
				require.NoError(tb, err)
			})
			writer.CPU = c.cpu
			require.NoError(tb, s.Run())
			steps := &counts{}
			s.SetObserver(steps)
			_, a := sealer(s, f, write)
			require.NoError(tb, s.RunAll())
			require.NoError(tb, a.err)
			require.Zero(tb, a.took, "it never sleeps for a batch")
			require.Equal(tb, c.looked, steps.of("xas_set_mark") > 0)
		})
	}
}

// counts counts the steps of a run by the name of the operation.
type counts struct{ n map[string]int }

// Step implements sched.Observer.
func (c *counts) Step(_ *sched.Task, op *sched.Info, _ sched.ID, _, _ any) {
	if c.n == nil {
		c.n = map[string]int{}
	}
	c.n[op.Name]++
}

func (c *counts) of(name string) int { return c.n[name] }

// Somebody ends the sleep early: a fatal signal, or no reason at all. The next look
// is the last then, and it decides as any last look does.
func TestWokenEarly(tb *testing.T) {
	kill := func(s *sched.Sched, t *sched.Task) { s.Signal(t, int(abi.SIGKILL), true) }
	stray := func(s *sched.Sched, t *sched.Task) { s.Wake(t) }
	handled := func(s *sched.Sched, t *sched.Task) { s.Signal(t, int(abi.SIGALRM), false) }
	cases := []struct {
		name string
		wake func(*sched.Sched, *sched.Task)
		gone int64 // when the pin goes, ns
		err  error
		took int64
	}{
		{"killed, still pinned", kill, 20 * ms, abi.EBUSY, 15 * ms},
		{"killed, the pin is gone", kill, 14 * ms, nil, 15 * ms},
		{"stray, still pinned", stray, 20 * ms, abi.EBUSY, 15 * ms},
		{"stray, the pin is gone", stray, 14 * ms, nil, 15 * ms},
		{"a handled signal changes nothing", handled, 20 * ms, nil, 30 * ms},
	}
	for _, c := range cases {
		tb.Run(c.name, func(tb *testing.T) {
			s := newest(tb)
			f := fileIn(tb, s, 1)
			unpin := pin(tb, s, f, 0)
			t, a := sealer(s, f, write)
			if c.gone < 15*ms {
				at(tb, s, c.gone, unpin)
			}
			require.NoError(tb, s.RunUntil(15*ms))
			c.wake(s, t)
			require.NoError(tb, s.Run())
			at(tb, s, max(c.gone, 15*ms), func(t *sched.Task) {
				if c.gone > 15*ms {
					unpin(t)
				}
			})
			require.NoError(tb, s.RunAll())
			require.Equal(tb, c.err, a.err)
			require.Equal(tb, c.took, a.took)
			require.Equal(tb, c.err == nil, sealsOf(s.World(), f).Has(write), "though the task is dying")
			require.False(tb, tagged(s.World(), f))
			require.Equal(tb, c.err == nil, counter(s.World(), f) < 0)
		})
	}
}

func TestKilledBeforeTheCall(tb *testing.T) {
	s := newest(tb)
	f := fileIn(tb, s, 1)
	pin(tb, s, f, 0)
	t, a := sealer(s, f, write)
	s.Signal(t, int(abi.SIGKILL), true)
	require.NoError(tb, s.RunAll())
	require.Equal(tb, abi.EBUSY, a.err)
	require.Zero(tb, a.took, "look 0 and the last look, without a sleep")
}

// The wait samples: what was looked at and found clean is never looked at again.
func TestWhatIsNotNoticed(tb *testing.T) {
	s := newest(tb)
	f := fileIn(tb, s, 2)
	unpin := pin(tb, s, f, 0)
	_, a := sealer(s, f, write)
	at(tb, s, 5*ms, func(t *sched.Task) {
		folio.Get(t, folioAt(s.World(), f, 1)) // clean when it was looked at
		unpin(t)
	})
	require.NoError(tb, s.RunAll())
	require.NoError(tb, a.err, "a page is pinned, and the seal is set")
	require.EqualValues(tb, 10*ms, a.took)
}

func TestPinnedAgainIsNotNoticed(tb *testing.T) {
	s := newest(tb)
	f := fileIn(tb, s, 2)
	a0, b0 := pin(tb, s, f, 0), pin(tb, s, f, 1)
	_, a := sealer(s, f, write)
	at(tb, s, 5*ms, a0)
	at(tb, s, 15*ms, func(t *sched.Task) { folio.Get(t, folioAt(s.World(), f, 0)); b0(t) })
	require.NoError(tb, s.RunAll())
	require.NoError(tb, a.err, "page 0 lost its mark at 10 ms")
	require.EqualValues(tb, 30*ms, a.took)
}

// A page that is not in the file any more cannot be seen.
func TestPunchedWhilePinned(tb *testing.T) {
	s := newest(tb)
	f := fileIn(tb, s, 2)
	unpin := pin(tb, s, f, 0)
	run(tb, s, func(t *sched.Task) {
		require.NoError(tb, shmem.Fallocate(t, f, abi.FallocFlPunchHole|abi.FallocFlKeepSize, 0, abi.PageSize))
		require.NoError(tb, memfd.AddSeals(t, f, uint64(write)))
		require.Zero(tb, s.Now())
		unpin(t)
	})
}

// While somebody waits for pins, the file is locked, the seals are as before, and
// countable mappings are denied.
func TestMeanwhile(tb *testing.T) {
	s := newest(tb)
	f := fileIn(tb, s, 1)
	unpin := pin(tb, s, f, 0)
	_, a := sealer(s, f, write|grow)
	writer := s.Spawn("writer", func(t *sched.Task) {
		_, _, err := shmem.Write(t, f, 0, 1, 2)
		require.Equal(tb, abi.EPERM, err)
	})
	_, second := sealer(s, f, write)
	at(tb, s, 20*ms, func(t *sched.Task) {
		seals, err := memfd.GetSeals(t, f)
		require.NoError(tb, err)
		require.Zero(tb, seals)
		m := inode.Of(t, inode.FileOf(t, f).Inode).Map
		require.Equal(tb, abi.EPERM, m.MapWritable(t))
		require.EqualValues(tb, 1, shmem.Read(t, inode.FileOf(t, f).Inode, 0, 1), "reading goes on")
		unpin(t)
	})
	require.Equal(tb, sched.Waiting, writer.State())
	require.NoError(tb, s.RunAll())
	require.NoError(tb, a.err)
	require.EqualValues(tb, 30*ms, a.took)
	require.Equal(tb, sched.Done, writer.State())
	require.NoError(tb, second.err, "it is set already")
	require.EqualValues(tb, 30*ms, second.took)
}

func TestTwoSealersWaitOneAfterTheOther(tb *testing.T) {
	s := newest(tb)
	f := fileIn(tb, s, 1)
	pin(tb, s, f, 0)
	_, a := sealer(s, f, write)
	_, b := sealer(s, f, write)
	require.NoError(tb, s.RunAll())
	require.Equal(tb, abi.EBUSY, a.err)
	require.EqualValues(tb, 150*ms, a.took)
	require.Equal(tb, abi.EBUSY, b.err)
	require.EqualValues(tb, 300*ms, b.took)
}
