package sched_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"sealab/sim/profile"
	"sealab/sim/sched"
)

const ms = 1_000_000 // ns

func machine(c sched.Chooser) *sched.Sched {
	return sched.NewSched(&profile.Profile{}, sched.Clock{HZ: 250}, c)
}

// looks sleeps as memfd_wait_for_pins does, and returns when it woke each time.
func looks(clock sched.Clock, start int64) (at []int64) {
	s := sched.NewSched(&profile.Profile{}, clock, nil)
	s.SetNow(start)
	s.Spawn("a", func(t *sched.Task) {
		for scan := 1; scan <= 4; scan++ {
			if t.SleepKillable(int64(clock.HZ)<<scan/200) != 0 {
				panic("woken early")
			}
			at = append(at, s.Now()-start)
		}
	})
	if err := s.RunAll(); err != nil {
		panic(err)
	}
	return at
}

// TestLooks holds the predicted times of the looks at pinned pages to what was
// derived from the timer wheel and recorded at HZ=250 and 100, wherever in a jiffy
// the call begins. The times are of the begin of the call, so the last is the whole
// wait.
func TestLooks(t *testing.T) {
	for _, c := range []struct {
		hz       int
		nominal  [4]int64   // ms
		min, max [4]float64 // ms, with rounding
		whole    [2]float64 // what the notes say of the last look
	}{
		{100, [4]int64{10, 30, 70, 150}, [4]float64{10, 40, 90, 180}, [4]float64{20, 50, 100, 190}, [2]float64{180, 190}},
		{250, [4]int64{8, 28, 68, 148}, [4]float64{8, 32, 76, 160}, [4]float64{12, 36, 80, 164}, [2]float64{160, 164}},
		{300, [4]int64{10, 30, 70, 150}, [4]float64{10, 100. / 3, 230. / 3, 160},
			[4]float64{40. / 3, 110. / 3, 80, 490. / 3}, [2]float64{160, 163.4}},
		{1000, [4]int64{10, 30, 70, 150}, [4]float64{10, 31, 72, 153}, [4]float64{11, 32, 73, 161}, [2]float64{153, 161}},
	} {
		for i, at := range looks(sched.Clock{HZ: c.hz}, 12345) {
			require.Equal(t, c.nominal[i]*ms, at, "HZ=%d, look %d without rounding", c.hz, i+1)
		}
		low, high := [4]int64{1 << 62, 1 << 62, 1 << 62, 1 << 62}, [4]int64{}
		jiffy := int64(1_000_000_000 / c.hz)
		for tick := range int64(16) { // the 80 ms at HZ=1000 end at a multiple of 8 jiffies
			for part := range int64(40) {
				clock := sched.Clock{HZ: c.hz, Rounding: true, Phase: part * jiffy / 40}
				for i, at := range looks(clock, tick*jiffy) {
					low[i], high[i] = min(low[i], at), max(high[i], at)
					require.Greater(t, float64(at), c.min[i]*ms-2, "HZ=%d, look %d of %+v", c.hz, i+1, clock)
					require.LessOrEqual(t, float64(at), c.max[i]*ms+2, "HZ=%d, look %d of %+v", c.hz, i+1, clock)
				}
			}
		}
		for i := range low { // the bounds are met, but for a fortieth of a jiffy
			require.InDelta(t, c.min[i]*ms, low[i], float64(jiffy)/39, "HZ=%d, look %d", c.hz, i+1)
			require.InDelta(t, c.max[i]*ms, high[i], float64(jiffy)/39, "HZ=%d, look %d", c.hz, i+1)
		}
		require.GreaterOrEqual(t, float64(low[3]), c.whole[0]*ms)
		require.LessOrEqual(t, float64(high[3]), c.whole[1]*ms)
	}
}

func TestClock(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		hz := rapid.SampledFrom([]int{24, 32, 100, 250, 300, 1000, 1024}).Draw(t, "HZ")
		c := sched.Clock{HZ: hz, Rounding: true, Phase: rapid.Int64Range(0, 1_000_000_000/int64(hz)-1).Draw(t, "phase")}
		now := rapid.Int64Range(0, 1<<60).Draw(t, "now")
		j := c.Jiffies(now)
		require.LessOrEqual(t, c.At(j), now)
		require.Greater(t, c.At(j+1), now)
		require.Equal(t, j, c.Jiffies(c.At(j)), "a boundary belongs to its jiffy")
		require.Equal(t, j, c.Jiffies(c.At(j+1)-1))

		n := rapid.OneOf(rapid.Int64Range(0, 70), rapid.Int64Range(0, 5000)).Draw(t, "n")
		gran := int64(1)
		for _, from := range []int64{63, 504, 4032} {
			if n >= from {
				gran *= 8
			}
		}
		at := c.Jiffies(c.Expiry(now, n))
		require.Zero(t, at%gran, "a timer fires where its wheel turns")
		require.Greater(t, at, j+n, "never before its jiffies are over")
		require.LessOrEqual(t, at, j+n+gran)
		require.Equal(t, c.At(at), c.Expiry(now, n))

		c.Rounding = false
		require.Equal(t, now+n*1_000_000_000/int64(hz), c.Expiry(now, n))
	})
}

// TestLastTick: a timer fires in the tick after its last jiffy. Who is woken in that
// tick is told that no time was left, as if the timer had fired.
func TestLastTick(t *testing.T) {
	for _, c := range []struct{ wake, left int64 }{{0, 5}, {1, 5}, {4, 4}, {15, 2}, {16, 1}, {19, 1}, {20, 0}, {23, 0}} {
		s := sched.NewSched(&profile.Profile{}, sched.Clock{HZ: 250, Rounding: true}, nil)
		left := int64(-1)
		a := s.Spawn("a", func(t *sched.Task) { left = t.SleepKillable(5) })
		require.NoError(t, s.RunUntil(c.wake*ms))
		s.Wake(a)
		require.NoError(t, s.Run())
		require.Equal(t, c.left, left, "woken after %d ms", c.wake)
	}
	s := machine(nil) // without rounding a begun jiffy counts
	left := int64(-1)
	a := s.Spawn("a", func(t *sched.Task) { left = t.SleepKillable(5) })
	require.NoError(t, s.RunUntil(20*ms-1))
	s.Wake(a)
	require.NoError(t, s.Run())
	require.EqualValues(t, 1, left)
}

// TestInterrupts tries each way of sleeping against each thing that might end it.
func TestInterrupts(t *testing.T) {
	disturb := []struct {
		name string
		do   func(*sched.Sched, *sched.Task)
		ends [3]bool // a sleep that is Uninterruptible, Killable, Interruptible
	}{
		{"nothing", func(*sched.Sched, *sched.Task) {}, [3]bool{}},
		{"a stray wake-up", (*sched.Sched).Wake, [3]bool{true, true, true}},
		{"a handled signal", func(s *sched.Sched, a *sched.Task) { s.Signal(a, 10, false) }, [3]bool{false, false, true}},
		{"a fatal signal", func(s *sched.Sched, a *sched.Task) { s.Signal(a, 9, true) }, [3]bool{false, true, true}},
	}
	for _, d := range disturb {
		for how := sched.Uninterruptible; how <= sched.Interruptible; how++ {
			what := fmt.Sprintf("%s, %v", d.name, how)
			s := machine(nil)
			left, end := int64(-1), int64(-1)
			a := s.Spawn("a", func(t *sched.Task) {
				left = t.SleepTimeout(25, how)
				end = s.Now()
			})
			require.NoError(t, s.RunUntil(40*ms))
			require.Equal(t, sched.Waiting, a.State())
			d.do(s, a)
			require.NoError(t, s.RunAll())
			if d.ends[how] {
				require.Equal(t, []int64{15, 40 * ms}, []int64{left, end}, what)
			} else {
				require.Equal(t, []int64{0, 100 * ms}, []int64{left, end}, what)
			}
			_, armed := s.NextTimer()
			require.False(t, armed, what)
		}
	}
}

// TestSignalBeforeSleep: who is dying does not fall asleep, and a wake-up that came
// before is no reason not to.
func TestSignalBeforeSleep(t *testing.T) {
	s := machine(nil)
	var left [3]int64
	a := s.Spawn("a", func(t *sched.Task) {
		for i := range left {
			left[i] = t.SleepTimeout(10, sched.Interrupt(i))
		}
		if !t.FatalSignalPending() || t.TakeSignals() != 1<<8 || !t.SignalPending() {
			panic("a fatal signal stays")
		}
	})
	s.Wake(a)
	s.Signal(a, 9, true)
	require.NoError(t, s.RunAll())
	require.Equal(t, [3]int64{0, 10, 10}, left)
	require.EqualValues(t, 40*ms, s.Now())
}
