package sched

import (
	"fmt"
	"strings"
)

// Recorder asks another chooser and writes down the answers.
type Recorder struct {
	Chooser  Chooser
	Schedule Schedule
}

func (r *Recorder) add(task, answer int) {
	if n := len(r.Schedule); n > 0 && task >= 0 && r.Schedule[n-1].Task == task {
		r.Schedule[n-1].Count++
		return
	}
	r.Schedule = append(r.Schedule, Decision{Task: task, Count: 1, Answer: answer})
}

// Next implements Chooser.
func (r *Recorder) Next(v *View) int {
	i := r.Chooser.Next(v)
	if i < 0 {
		r.add(0, 0)
	} else {
		r.add(v.Runnable[i].Num, 0)
	}
	return i
}

// Choose implements Chooser.
func (r *Recorder) Choose(n int, what string) int {
	i := r.Chooser.Choose(n, what)
	r.add(-1, i)
	return i
}

// Replay gives the answers of a schedule. Where the schedule does not fit the
// run, or has ended, it answers like First and counts the misfits.
type Replay struct {
	Schedule Schedule
	Misfits  int // answers that the run could not take

	at, used int // the present decision, and how much of it is used up
	first    string
	rest     First
}

// Err says where the run and the schedule first differed, or what of the schedule
// the run did not come to; nil if all of it fitted.
func (r *Replay) Err() error {
	d, ok := r.step()
	switch {
	case r.first != "":
		return fmt.Errorf("the run is not that of the schedule: %s", r.first)
	case ok:
		return fmt.Errorf("the run ended before the schedule: decision %d (%v) was not asked for", r.at+1, d)
	}
	return nil
}

// step returns the present decision, without using it up.
func (r *Replay) step() (Decision, bool) {
	for r.at < len(r.Schedule) && r.used >= r.Schedule[r.at].Count {
		r.at, r.used = r.at+1, 0
	}
	if r.at == len(r.Schedule) {
		return Decision{}, false
	}
	return r.Schedule[r.at], true
}

// misfit notes that the present decision is not one that can be made.
func (r *Replay) misfit(d Decision, could string) {
	r.Misfits++
	if r.first == "" {
		r.first = fmt.Sprintf("decision %d (%v), used %d times so far: there was %s", r.at+1, d, r.used, could)
	}
}

// Next implements Chooser.
func (r *Replay) Next(v *View) int {
	d, ok := r.step()
	if !ok {
		return r.rest.Next(v)
	}
	if d.Task == 0 && v.Clock {
		r.used++
		return -1
	}
	for i, t := range v.Runnable {
		if d.Task == t.Num {
			r.used++
			return i
		}
	}
	r.misfit(d, v.String())
	if d.Task >= 0 {
		r.used++
	}
	return r.rest.Next(v)
}

// Choose implements Chooser.
func (r *Replay) Choose(n int, what string) int {
	d, ok := r.step()
	switch {
	case !ok:
		return 0
	case d.Task >= 0:
		r.misfit(d, fmt.Sprintf("a choice of %d (%s)", n, what))
		return 0
	}
	if d.Answer >= n {
		r.misfit(d, fmt.Sprintf("a choice of only %d (%s)", n, what))
		d.Answer = 0
	}
	r.used++
	return d.Answer
}

// String names who may go next.
func (v *View) String() string {
	var names []string
	for _, t := range v.Runnable {
		names = append(names, TaskLetters(t.Num))
	}
	if v.Clock {
		names = append(names, "~")
	}
	return "to choose from " + strings.Join(names, ", ")
}
