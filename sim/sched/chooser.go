package sched

import "fmt"

// View is what a chooser may know when it is asked who goes next.
type View struct {
	Runnable []*Task // never empty but for the clock; in the order they became runnable
	Current  *Task   // the task that is asking, or nil when it cannot go on
	Clock    bool    // whether a timer may fire instead
}

// Chooser answers every question that a run leaves open. It lives through one
// run; its answers decide the run completely.
type Chooser interface {
	// Next returns the index in v.Runnable of the task to go next, or -1 to let
	// the earliest timer fire, which it may say only when v.Clock.
	Next(v *View) int
	// Choose returns a number from 0 to n-1. What names the question; 0 is the
	// ordinary answer.
	Choose(n int, what string) int
}

// choose asks who goes next; nil says that the clock ticked.
func (s *Sched) choose(current *Task) *Task {
	if s.chooser == nil {
		return s.runnable[0]
	}
	s.view = View{Runnable: s.runnable, Current: current}
	if s.FreeTime {
		_, s.view.Clock = s.nextTimer()
	}
	for {
		i := s.chooser.Next(&s.view)
		if i >= len(s.runnable) {
			panic(fmt.Sprintf("sched: the chooser picked task %d of %d", i, len(s.runnable)))
		}
		if i >= 0 {
			t := s.runnable[i]
			s.mix(uint64(t.Num))
			return t
		}
		if !s.view.Clock {
			panic("sched: the chooser let the clock tick when it may not")
		}
		s.Tick()
		s.view.Runnable = s.runnable
		_, s.view.Clock = s.nextTimer()
	}
}

// Choose asks the chooser for one of n alternatives; without one it is 0.
func (s *Sched) Choose(n int, what string) int {
	if s.chooser == nil {
		return 0
	}
	i := s.chooser.Choose(n, what)
	if i < 0 || i >= n {
		panic(fmt.Sprintf("sched: the chooser answered %d of %d to %s", i, n, what))
	}
	s.mix(uint64(i)<<32 | uint64(n))
	return i
}

// First lets the current task go on for as long as it can, and then the one that
// has been runnable longest. It answers every other question with 0.
type First struct{}

// Next implements Chooser.
func (First) Next(v *View) int {
	for i, t := range v.Runnable {
		if t == v.Current {
			return i
		}
	}
	return 0
}

// Choose implements Chooser.
func (First) Choose(int, string) int { return 0 }

// Random answers every question at random, the same way for the same seed.
type Random struct{ state uint64 }

// NewRandom returns a Random for a seed.
func NewRandom(seed uint64) *Random { return &Random{seed} }

// Uint64 returns the next number of the sequence (splitmix64).
func (r *Random) Uint64() uint64 {
	r.state += 0x9e3779b97f4a7c15
	z := r.state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// Intn returns a number from 0 to n-1.
func (r *Random) Intn(n int) int { return int(r.Uint64() % uint64(n)) }

// Next implements Chooser.
func (r *Random) Next(v *View) int {
	n := len(v.Runnable)
	if v.Clock {
		return r.Intn(n+1) - 1
	}
	return r.Intn(n)
}

// Choose implements Chooser.
func (r *Random) Choose(n int, _ string) int { return r.Intn(n) }
