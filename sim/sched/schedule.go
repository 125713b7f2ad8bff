package sched

import (
	"fmt"
	"strconv"
	"strings"
)

// Schedule is every answer a chooser gave in a run, in order. Printed, a run of
// steps by one task is its letters and their number ("a4": task 1, four steps),
// a timer firing is "~", and a choice is "?" and its answer.
type Schedule []Decision

// Decision is one answer, or a run of equal ones.
type Decision struct {
	Task   int // who went: a task number, 0 for the clock, -1 for a choice
	Count  int // how often in a row
	Answer int // the answer to a choice
}

// TaskLetters returns the short name of task number n (from 1) in a schedule: a
// to z, then aa, ab and so on.
func TaskLetters(n int) string {
	var b []byte
	for ; n > 0; n = (n - 1) / 26 {
		b = append([]byte{byte('a' + (n-1)%26)}, b...)
	}
	return string(b)
}

// String prints the schedule so that ParseSchedule reads it again.
func (s Schedule) String() string {
	var b strings.Builder
	for i, d := range s {
		if i > 0 {
			b.WriteByte(' ')
		}
		switch {
		case d.Task < 0:
			fmt.Fprintf(&b, "?%d", d.Answer)
		case d.Task == 0:
			b.WriteByte('~')
			if d.Count > 1 {
				fmt.Fprintf(&b, "%d", d.Count)
			}
		default:
			fmt.Fprintf(&b, "%s%d", TaskLetters(d.Task), d.Count)
		}
	}
	return b.String()
}

// ParseSchedule reads what String prints.
func ParseSchedule(text string) (Schedule, error) {
	var s Schedule
	for _, w := range strings.Fields(text) {
		d, err := parseDecision(w)
		if err != nil {
			return nil, err
		}
		s = append(s, d)
	}
	return s, nil
}

func parseDecision(w string) (Decision, error) {
	bad := fmt.Errorf("schedule: %q is not a task and a number (a4), a tick (~) or a choice (?1)", w)
	digits := strings.TrimLeft(w, "abcdefghijklmnopqrstuvwxyz~?")
	head := w[:len(w)-len(digits)]
	n := 1
	if digits != "" {
		var err error
		if n, err = strconv.Atoi(digits); err != nil || n < 0 || n > 1<<30 {
			return Decision{}, bad
		}
	}
	switch {
	case head == "?":
		if digits == "" {
			return Decision{}, bad
		}
		return Decision{Task: -1, Count: 1, Answer: n}, nil
	case n == 0 || head == "":
		return Decision{}, bad
	case head == "~":
		return Decision{Count: n}, nil
	case strings.ContainsAny(head, "~?") || len(head) > 4:
		return Decision{}, bad
	}
	task := 0
	for _, c := range head {
		task = task*26 + int(c-'a') + 1
	}
	return Decision{Task: task, Count: n}, nil
}

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

	at, used int
	rest     First
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
	r.Misfits++
	if d.Task >= 0 {
		r.used++
	}
	return r.rest.Next(v)
}

// Choose implements Chooser.
func (r *Replay) Choose(n int, what string) int {
	d, ok := r.step()
	if !ok {
		return 0
	}
	if d.Task >= 0 || d.Answer >= n {
		r.Misfits++
		return 0
	}
	r.used++
	return d.Answer
}
