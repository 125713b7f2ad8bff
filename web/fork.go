package web

import (
	"fmt"

	"sealab/sim/sched"
)

// forks is a chooser that notes where somebody else could have gone.
type forks struct {
	sched.Chooser
	asked int // answers so far
	at    []forkAt
}

// forkAt is a choice, and the steps that had been taken when it was made.
type forkAt struct {
	step uint64
	Choice
}

// Next implements sched.Chooser.
func (f *forks) Next(v *sched.View) int {
	i := f.Chooser.Next(v)
	if n := len(v.Runnable); n > 1 || n > 0 && v.Clock {
		f.note(v, i)
	}
	f.asked++
	return i
}

// Choose implements sched.Chooser.
func (f *forks) Choose(n int, what string) int {
	f.asked++
	return f.Chooser.Choose(n, what)
}

func (f *forks) note(v *sched.View, went int) {
	c := forkAt{step: v.Runnable[0].Sched().Steps()}
	c.After = f.asked
	for _, t := range v.Runnable {
		c.Tasks = append(c.Tasks, t.Num)
	}
	if v.Clock {
		c.Tasks = append(c.Tasks, 0)
	}
	if went >= 0 {
		c.Went = v.Runnable[went].Num
	}
	f.at = append(f.at, c)
}

// chooser is who decides in the run that a request asks for.
func (r *Request) chooser() (*sched.Replay, error) {
	schedule, err := sched.ParseSchedule(r.Schedule)
	if err != nil {
		return nil, err
	}
	if r.Fork != nil {
		if r.Fork.After < 0 || r.Fork.Task < 0 {
			return nil, fmt.Errorf("a fork is after 0 decisions or more, and to task 1 or more, or 0 for a timer")
		}
		schedule = append(cut(schedule, r.Fork.After), sched.Decision{Task: r.Fork.Task, Count: 1})
	}
	return &sched.Replay{Schedule: schedule}, nil
}

// cut keeps the first n answers of a schedule.
func cut(s sched.Schedule, n int) (out sched.Schedule) {
	for _, d := range s {
		if n == 0 {
			break
		}
		d.Count = min(d.Count, n)
		n -= d.Count
		out = append(out, d)
	}
	return out
}
