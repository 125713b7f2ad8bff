package sched_test

import (
	"fmt"

	"sealab/sim/profile"
	"sealab/sim/sched"
)

// Two tasks want one lock. The second waits in virtual time, which costs nothing.
func Example() {
	s := sched.NewSched(&profile.Profile{}, sched.Clock{HZ: 250, Rounding: true}, nil)
	lock := s.World().Add(&sched.RWSem{Label: "i_rwsem"})
	s.Spawn("sealer", func(t *sched.Task) {
		t.DownWrite(lock)
		t.SleepKillable(20) // 80 ms at 250 jiffies a second
		t.UpWrite(lock)
	})
	s.Spawn("writer", func(t *sched.Task) {
		t.DownWrite(lock)
		fmt.Println("the writer has the lock after", s.Now()/1e6, "ms") // the timer wheel adds a tick
		t.UpWrite(lock)
	})
	fmt.Println(s.RunAll())
	// Output:
	// the writer has the lock after 84 ms
	// <nil>
}

// counter is an object of our own, and its operations.
type counter struct{ n int }

func (c *counter) Clone() sched.Object      { d := *c; return &d }
func (c *counter) Encode(dst []byte) []byte { return append(dst, byte(c.n)) }

var (
	load  = sched.NewOp("load", sched.Read, func(c *counter, _ sched.None) int { return c.n })
	store = sched.NewOp("store", sched.Write, func(c *counter, n int) sched.None { c.n = n; return sched.None{} })
)

// A schedule is the answers of a run, as a short text that replays. This one lets
// task b in between the two steps of task a's addition, and one addition is lost.
func ExampleReplay() {
	run := func(c sched.Chooser) {
		s := sched.NewSched(&profile.Profile{}, sched.Clock{HZ: 250}, c)
		id := s.World().Add(&counter{})
		for _, name := range []string{"a", "b"} {
			s.Spawn(name, func(t *sched.Task) { store.On(t, id, load.On(t, id, sched.None{})+1) })
		}
		if err := s.RunAll(); err != nil {
			panic(err)
		}
		fmt.Printf("counted %d, hash %#x\n", sched.Peek[counter](s.World(), id).n, s.Hash())
	}
	plan, _ := sched.ParseSchedule("a2 b3 a1")
	rec := &sched.Recorder{Chooser: &sched.Replay{Schedule: plan}}
	run(rec)
	fmt.Println(rec.Schedule)
	run(&sched.Replay{Schedule: rec.Schedule})
	run(sched.First{})
	// Output:
	// counted 1, hash 0x74eb5e1049b0aebe
	// a2 b3 a1
	// counted 1, hash 0x74eb5e1049b0aebe
	// counted 2, hash 0xfa1b30c6792a2319
}

// A task sleeps in a queue until what it waits for is so. A wake-up between the look
// and the sleep is not lost, and a signal may end the wait.
func ExampleTask_WaitEvent() {
	s := sched.NewSched(&profile.Profile{}, sched.Clock{HZ: 250}, nil)
	q, id := s.World().Add(&sched.WaitQueue{}), s.World().Add(&counter{})
	for _, name := range []string{"patient", "hasty"} {
		s.Spawn(name, func(t *sched.Task) {
			ok := t.WaitEvent(q, sched.Interruptible, func() bool { return load.On(t, id, sched.None{}) > 0 })
			fmt.Println(t.Name, ok)
		})
	}
	_ = s.Run()
	s.Signal(s.Tasks()[1], 10, false)
	_ = s.Run()
	s.Spawn("waker", func(t *sched.Task) {
		store.On(t, id, 1)
		t.WakeUp(q)
	})
	_ = s.Run()
	// Output:
	// hasty false
	// patient true
}
