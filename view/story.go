package view

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"sealab/run"
	"sealab/sim/trace"
)

// Story prints a run as it went: one sentence an event, with virtual time on the
// left and a lane for each task. In a lane, ● is whose doing the event is, │ a task
// in a call, ┃ one that holds an inode's lock, ┊ one that waits or sleeps.
func Story(w io.Writer, r *run.Result, s Style) {
	p := newPrinter(w, s)
	st := &story{printer: p, r: r, at: -1}
	st.head()
	if r.Trace != nil {
		st.events()
	}
	st.conclude()
}

// story prints one run.
type story struct {
	*printer
	r     *run.Result
	tasks []string // a lane each, by first appearance
	num   []int
	state []lane
	at    int64 // the time printed last
	wide  int   // columns of the lanes
}

// lane is what a task is doing.
type lane struct {
	call  bool
	locks int
	waits bool
}

func (st *story) head() {
	r := st.r
	name := ""
	if r.Name != "" {
		name = r.Name + ": "
	}
	st.f("%s\n", st.bold.Sprintf("%skernel %s, %d jiffies a second, %s", name, r.Kernel, r.HZ,
		plural(int64(r.CPUs), "CPU", "CPUs")))
	for _, n := range r.Notes {
		st.wrap(2, string(n))
	}
	st.f("\n")
}

// events prints the events that are for everybody, and with Verbose all.
func (st *story) events() {
	var shown []*trace.Event
	for i := range st.r.Trace.Events {
		e := &st.r.Trace.Events[i]
		if e.Task > 0 && st.laneOf(e) == len(st.tasks) {
			st.tasks, st.num = append(st.tasks, e.Who), append(st.num, e.Task)
		}
		if e.Kind != trace.Boot && (st.s.Verbose || !e.Detail) {
			shown = append(shown, e)
		}
	}
	st.state = make([]lane, len(st.tasks))
	st.lanes()
	for i := 0; i < len(shown); {
		n := st.alike(shown[i:])
		for j := range n {
			if j == 2 && n > 4 {
				st.others(shown[i+j], n-2)
				break
			}
			st.event(shown[i+j])
		}
		i += n
	}
	if st.r.Trace.More > 0 {
		st.f("\nMore happened than is kept (%s or more). What the calls answered:\n\n",
			plural(st.r.Trace.More, "step", "steps"))
		for i := range st.r.Calls {
			a := &st.r.Calls[i]
			st.wrap(2, a.Text)
			if a.Why != nil {
				st.wrap(4, a.Why.String())
			}
		}
	}
}

// laneOf returns the lane of an event's task, len(st.tasks) if it has none yet.
func (st *story) laneOf(e *trace.Event) int {
	for i, n := range st.num {
		if n == e.Task {
			return i
		}
	}
	return len(st.tasks)
}

// alike returns how many events in a row tell the same of different objects.
func (st *story) alike(events []*trace.Event) int {
	first, n := events[0], 1
	switch first.Kind {
	case trace.Begin, trace.End, trace.Refuse, trace.Scan, trace.Sleep, trace.Wake:
		return 1
	}
	for n < len(events) && events[n].Kind == first.Kind && events[n].Task == first.Task &&
		events[n].Op == first.Op && events[n].At == first.At && !st.s.Verbose {
		n++
	}
	return n
}

// lanes prints the names of the tasks over their lanes.
func (st *story) lanes() {
	st.wide = len(st.tasks)
	for _, t := range st.tasks {
		st.wide += utf8.RuneCountInString(t)
	}
	if len(st.tasks) < 2 {
		st.wide = 2
		return
	}
	st.f("%s\n", st.dim.Sprint(strings.TrimRight(fmt.Sprintf("%11s  %s", "", strings.Join(st.tasks, " ")), " ")))
}

// event prints one event, and notes what it does to the lanes.
func (st *story) event(e *trace.Event) {
	l := st.laneOf(e)
	st.line(e, l, e.Describe()+".")
	if l < len(st.tasks) {
		st.state[l].after(e)
	}
	if e.Kind == trace.End {
		st.why(e)
	}
	if e.Kind == trace.Exit {
		st.state[l] = lane{}
	}
}

// others stands for events that are like the two before.
func (st *story) others(e *trace.Event, n int) {
	st.line(e, st.laneOf(e), fmt.Sprintf("… %d more like it.", n))
}

// line prints a sentence beside the lanes.
func (st *story) line(e *trace.Event, acts int, text string) {
	time := ""
	if e.At != st.at {
		time, st.at = trace.Time(e.At), e.At
	}
	st.beside(time, acts, "", text)
}

// beside prints a text beside a time and the lanes, after a word in colour.
func (st *story) beside(time string, acts int, word, text string) {
	head := fmt.Sprintf("%11s  %s ", time, st.marks(acts))
	n := utf8.RuneCountInString(head)
	if word != "" {
		head += st.good.Sprint(word) + " "
	}
	st.hang(head, n+max(0, utf8.RuneCountInString(word)+min(len(word), 1)), n, text)
}

// marks draws the lanes; the one that acts has a dot.
func (st *story) marks(acts int) string {
	var b strings.Builder
	for i, t := range st.tasks {
		mark := " "
		switch s := &st.state[i]; {
		case i == acts:
			mark = "●"
		case s.locks > 0:
			mark = "┃"
		case s.waits:
			mark = "┊"
		case s.call:
			mark = "│"
		}
		b.WriteString(mark)
		if len(st.tasks) > 1 {
			b.WriteString(strings.Repeat(" ", utf8.RuneCountInString(t)))
		}
	}
	return b.String()
}

// after says what a task is doing after an event.
func (s *lane) after(e *trace.Event) {
	switch e.Kind {
	case trace.Begin:
		s.call = true
	case trace.End:
		s.call = false
	case trace.Lock:
		if !e.Detail {
			s.locks++
		}
	case trace.Unlock:
		if !e.Detail {
			s.locks--
		}
	}
	s.waits = e.Kind == trace.Wait && !e.Detail || e.Kind == trace.Sleep
}

// why says, under the end of a refused call, why.
func (st *story) why(e *trace.Event) {
	for i := range st.r.Calls {
		a := &st.r.Calls[i]
		if a.Line != e.Line || a.Task != e.Who || a.Why == nil {
			continue
		}
		st.beside("", len(st.tasks), "why:", a.Why.String())
	}
}

// conclude says what came of it: answers that are not the expected ones, calls that
// did not return, conditions, and how to repeat the run.
func (st *story) conclude() {
	r := st.r
	st.f("\n")
	for i := range r.Calls {
		a := &r.Calls[i]
		switch {
		case a.Differs():
			st.hang(st.bad.Sprint("differs:")+" ", 9, 2, fmt.Sprintf("line %d expects %s, and the model answers %s: %s",
				a.Line, a.Expected, a.AnswerText(), a.Text))
		case r.Stopped != "":
			// it might have returned
		case a.State == run.Waiting:
			st.hang(st.bold.Sprint("stuck:")+" ", 7, 2, fmt.Sprintf("line %d waits for ever: %s", a.Line, a.Text))
		case a.State == run.NotMade:
			st.hang(st.bold.Sprint("gone:")+" ", 6, 2, fmt.Sprintf("line %d is not made any more: %s", a.Line, a.Text))
		}
	}
	if r.Stopped != "" {
		st.f("%s %s\n", st.bad.Sprint("stopped:"), r.Stopped)
	}
	for _, law := range r.Broken {
		st.hang(st.bad.Sprint("broken:")+" ", 8, 2, law)
	}
	for _, j := range r.Conds {
		holds := "does not hold"
		if j.Holds {
			holds = "holds"
		}
		mark := st.good
		if j.Verdict == run.Violated {
			mark = st.bad
		}
		st.f("%s: it %s in this run, so the line is %s.\n", j.Text, holds, mark.Sprint(string(j.Verdict)))
	}
	if r.Misfits > 0 {
		st.f("%s of the schedule did not fit the run.\n", plural(int64(r.Misfits), "decision", "decisions"))
	}
	if r.Holds() {
		st.f("%s", st.good.Sprint("holds"))
	} else {
		st.f("%s", st.bad.Sprint("does not hold"))
	}
	st.f(": %s, %s in %s of virtual time.\n", plural(int64(len(r.Calls)), "call", "calls"),
		plural(int64(r.Steps), "step", "steps"), trace.Time(r.Time))
	if st.s.Verbose {
		st.hang("Repeat it with --schedule '", 27, 2, r.Schedule+"'.")
	}
}

// Answers prints a run as a scenario: what stood over it, and each call with the
// model's answer. It can be run, or replayed, again.
func Answers(w io.Writer, r *run.Result) {
	if r.Name != "" {
		fmt.Fprintf(w, "# program %s\n", r.Name)
	}
	fmt.Fprintf(w, "kernel %s\nhz %d\ncpus %d\n", r.Kernel, r.HZ, r.CPUs)
	for i := range r.Calls {
		fmt.Fprintln(w, r.Calls[i].Text)
	}
	for _, law := range r.Broken {
		fmt.Fprintf(w, "# broken: %s\n", law)
	}
	for _, j := range r.Conds {
		fmt.Fprintln(w, j.Text)
	}
}
