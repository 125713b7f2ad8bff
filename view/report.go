package view

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/fatih/color"

	"sealab/replay"
)

// Report prints what came of playing a log: first a line with the verdict, then
// what differs, why calls were refused, how long seal calls waited, and what was
// not looked at. Without Verbose it fits a screen.
func Report(w io.Writer, r *replay.Report, s Style) {
	p := newPrinter(w, s)
	p.many, p.tasks = len(r.Files) > 1, r.Tasks > 1
	p.verdict(r)
	p.disagreements(r)
	p.refusals(r)
	p.waits(r)
	p.remarks(r)
	p.orders(r)
	p.notJudged(r)
	p.errors(r)
	p.notes(r)
}

// verdict is the first line: does the model agree?
func (p *printer) verdict(r *replay.Report) {
	if r.Interrupted {
		p.f("%s: this is what was found in %s.\n", p.bold.Sprint("interrupted"),
			plural(r.Lines, "line", "lines"))
		if r.Calls == 0 {
			return
		}
	}
	compared := r.Agree + r.Differ
	model := "the model of Linux " + r.Kernel
	switch {
	case r.Differ > 0:
		p.hang(p.bad.Sprint("differs:")+" ", 9, 2, fmt.Sprintf("%s gives another answer to %d of %s.",
			model, r.Differ, plural(compared, "recorded call", "recorded calls")))
	case compared == 0:
		p.hang(p.bold.Sprint("nothing to compare:")+" ", 20, 2,
			"no call with a recorded answer touches what "+model+" knows.")
	case compared == 1:
		p.hang(p.good.Sprint("agrees:")+" ", 8, 2, model+" gives the one recorded answer.")
	default:
		p.hang(p.good.Sprint("agrees:")+" ", 8, 2, fmt.Sprintf("%s gives all %d recorded answers.", model, compared))
	}
	if r.Asked > 0 {
		p.wrap(2, plural(r.Asked, "call has", "calls have")+" no recorded answer to compare with.")
	}
	if n := len(r.Reordered); n > 0 && !p.s.Orders {
		p.wrap(2, fmt.Sprintf("Calls overlap in %s; in %d the answers fit another order than that of the lines "+
			"(--orders shows it).", plural(r.Overlap, "place", "places"), n))
	}
}

// at prints a place, with the task where there are several at once.
func (p *printer) at(pl replay.Place) string {
	s := place(pl, p.many)
	if p.tasks {
		s += ", " + task(pl.Task)
	}
	return s
}

// place prints a line of a log.
func place(pl replay.Place, many bool) string {
	if many {
		return fmt.Sprintf("%s:%d", clean(pl.File), pl.Line)
	}
	return fmt.Sprintf("line %d", pl.Line)
}

// task prints a pid; tasks with names have negative ones.
func task(pid int) string {
	if pid <= 0 {
		return "the first task"
	}
	return fmt.Sprintf("task %d", pid)
}

// call prints where a call is, and the call, in one line.
func (p *printer) call(c *color.Color, at replay.Place, text string) {
	head := p.at(at) + ":"
	p.f("\n  %s %s\n", c.Sprint(head), clip(text, p.s.Width-len(head)-3))
}

func (p *printer) disagreements(r *replay.Report) {
	if r.Differ == 0 {
		return
	}
	p.heading("Where the log and the model differ")
	hinted := "" // where the first hint stands; the others say much the same
	for i := range r.Disagreements {
		if i == p.s.Most {
			break
		}
		d := &r.Disagreements[i]
		p.call(p.bad, d.Place, d.Text)
		p.f("    recorded  %s\n    model     %s\n", d.Recorded, d.Model)
		if d.Why != nil {
			p.wrap(4, d.Why.String())
		}
		if d.Tried > 0 {
			p.wrap(4, fmt.Sprintf("%s tried in which the overlapping calls can have happened; none fits.",
				plural(int64(d.Tried), "other order was", "other orders were")))
		}
		if d.Hint != "" && hinted != "" {
			p.wrap(4, "See "+hinted+" for where to look.")
		} else if d.Hint != "" {
			p.wrap(4, d.Hint)
			hinted = place(d.Place, p.many)
		}
	}
	if rest := r.Differ - int64(min(p.s.Most, len(r.Disagreements))); rest > 0 {
		p.f("\n")
		p.more(rest, "more that differs", "more that differ")
	}
}

// waits compares how long seal calls took.
func (p *printer) waits(r *replay.Report) {
	if len(r.Seals) == 0 {
		return
	}
	p.heading("How long F_ADD_SEALS waited for others to let go of pages")
	shown := r.Seals[:min(len(r.Seals), p.s.Most)]
	width := 0
	for _, s := range shown {
		width = max(width, len(p.at(s.Place)))
	}
	p.f("  %*s  predicted  recorded  answer\n", width, "")
	for _, s := range shown {
		recorded := "-"
		if s.HasTime {
			recorded = ms(s.Recorded)
		}
		p.f("  %-*s  %9s  %8s  %s\n", width, p.at(s.Place), ms(s.Predicted), recorded, s.Answer)
	}
	if rest := len(r.Seals) - len(shown); rest > 0 {
		p.more(int64(rest), "more", "more")
	}
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d)/1e6) }

func (p *printer) remarks(r *replay.Report) {
	if len(r.Remarks) == 0 {
		return
	}
	p.heading("Remarks")
	for i, m := range r.Remarks {
		if i == p.s.Most {
			p.more(int64(len(r.Remarks)-i), "more", "more")
			break
		}
		p.wrap(2, p.at(m.Place)+": "+m.Text+".")
	}
}

// orders shows in which order overlapping calls must have happened.
func (p *printer) orders(r *replay.Report) {
	if !p.s.Orders || len(r.Reordered) == 0 {
		return
	}
	p.heading("Orders that give the recorded answers, where calls overlap")
	for _, o := range r.Reordered {
		p.f("\n  %s\n", p.bold.Sprintf("%s to %d:", place(o.Place, p.many), o.Last))
		for _, d := range o.Deviations {
			p.wrap(4, d)
		}
	}
}

// notJudged says which calls are not compared, and why.
func (p *printer) notJudged(r *replay.Report) {
	if r.Carried == 0 {
		return
	}
	p.heading("Not judged: %s", plural(r.Carried, "call", "calls"))
	shown := r.CarriedCalls[:min(len(r.CarriedCalls), p.s.Most)]
	width, digits := 0, 0
	for _, c := range shown {
		width, digits = max(width, len(c.Name)), max(digits, len(fmt.Sprint(c.Times)))
	}
	for _, c := range shown {
		head := fmt.Sprintf("  %*d %-*s  ", digits, c.Times, width, clean(c.Name))
		p.hang(head, len(head), len(head), c.Why)
	}
	if rest := int64(len(r.CarriedCalls) - len(shown)); rest > 0 {
		p.more(rest, "other kind", "other kinds")
	}
}

// errors shows what is wrong with lines of the log.
func (p *printer) errors(r *replay.Report) {
	total := r.Broken + r.Odd
	if total == 0 {
		return
	}
	var what []string
	if r.Broken > 0 {
		what = append(what, plural(r.Broken, "line cannot be read", "lines cannot be read"))
	}
	if r.Odd > 0 {
		what = append(what, plural(r.Odd, "line makes no sense", "lines make no sense"))
	}
	p.heading("%s", list(what))
	shown := r.Errors[:min(len(r.Errors), p.s.Most)]
	for _, e := range shown {
		for _, line := range strings.Split(e, "\n") {
			p.f("  %s\n", strings.TrimRight(clean(line), " "))
		}
	}
	if rest := total - int64(len(shown)); rest > 0 {
		p.more(rest, "more", "more")
	}
}

// notes says what is not certain about the kernel.
func (p *printer) notes(r *replay.Report) {
	notes := slices.Clone(r.Notes)
	if len(notes) > 0 {
		p.f("\n")
	}
	for _, n := range notes {
		p.hang("Note: ", 6, 6, n)
	}
}
