package sched_test

import (
	"testing"

	"sealab/sim/profile"
	"sealab/sim/sched"
)

// cell is the smallest object.
type cell struct{ n int64 }

func (c *cell) Clone() sched.Object      { d := *c; return &d }
func (c *cell) Encode(dst []byte) []byte { return append(dst, byte(c.n)) }

var inc = sched.NewOp("inc", sched.Add, func(c *cell, n int64) sched.None { c.n += n; return sched.None{} })

// alternate always lets another task go.
type alternate struct{ sched.First }

func (alternate) Next(v *sched.View) int {
	for i, t := range v.Runnable {
		if t != v.Current {
			return i
		}
	}
	return 0
}

// BenchmarkStep is a step that continues the same task.
func BenchmarkStep(b *testing.B) {
	s := sched.NewSched(&profile.Profile{}, sched.Clock{HZ: 250}, nil)
	id := s.World().Add(&cell{})
	s.Spawn("a", func(t *sched.Task) {
		for b.Loop() {
			inc.On(t, id, 1)
		}
	})
	b.ReportAllocs()
	_ = s.Run()
}

// BenchmarkSwitch is a step before which another task is chosen.
func BenchmarkSwitch(b *testing.B) {
	s := sched.NewSched(&profile.Profile{}, sched.Clock{HZ: 250}, alternate{})
	id := s.World().Add(&cell{})
	steps := b.N
	for _, name := range []string{"a", "b"} {
		s.Spawn(name, func(t *sched.Task) {
			for ; steps > 0; steps-- {
				inc.On(t, id, 1)
			}
		})
	}
	b.ReportAllocs()
	b.ResetTimer()
	_ = s.Run()
}
