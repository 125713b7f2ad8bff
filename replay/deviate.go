package replay

import "sealab/sim/sched"

// deviations decides what a log leaves open. The zero value takes the plain
// order; a search gives the places where to deviate from it.
type deviations struct {
	on     bool    // the lines overlap, so there is something to decide
	lax    bool    // what the log leaves out may be taken from it
	fixed  []uint8 // the answers to give, by question; 0 after the last
	asked  []asked // the questions so far
	until  int     // how many had been asked when the first answer differed
	random *sched.Random
	// exhausted is set when a run took more steps than a search may.
	exhausted bool
}

// asked is one question that was asked.
type asked struct {
	what string
	line int64
	n    uint8 // how many answers there were
	got  uint8
}

// ask answers one question with n possible answers; 0 is the plain one.
func (d *deviations) ask(what string, line int64, n int) int {
	if d == nil || !d.on {
		return 0
	}
	i := len(d.asked)
	got := uint8(0)
	switch {
	case i < len(d.fixed):
		got = min(d.fixed[i], uint8(n-1))
	case d.random != nil && d.random.Intn(4) == 0:
		got = uint8(d.random.Intn(n))
	}
	d.asked = append(d.asked, asked{what, line, uint8(n), got})
	return int(got)
}

// holds are the ways to hold a call back: not at all, until its own end, or for
// so many lines.
var holds = [...]int{0, -1, 1, 2, 3, 4, 6, 8}

// hold decides whether a call takes effect when it begins, or later.
func (d *deviations) hold(it *item) int {
	if isClone(it.name) {
		if it.child == 0 {
			return -1 // it is made when the log shows its child
		}
		return 0
	}
	if it.partial() || it.name == "execve" && !it.linked {
		return -1 // its end tells more
	}
	return holds[d.ask("takes effect later", it.line, len(holds))]
}

// race decides whether a timer that should (late) or should not (early) have
// fired before a line stays away.
func (d *deviations) race(it *item, late bool) (stay bool) {
	what := "a look came early"
	if late {
		what = "a look came late"
	}
	if d.ask(what, it.line, 2) == 1 {
		return late
	}
	return !late
}

// run lets a machine run until nothing can go on at the present time. With a
// random source it stops somewhere on the way, so that calls that overlap can
// interleave; whoever needs an answer runs it again.
func (d *deviations) run(s *sched.Sched) error {
	if d == nil || d.random == nil {
		return s.Run()
	}
	s.SetChooser(d.random)
	return s.RunFor(1 << d.random.Intn(10))
}
