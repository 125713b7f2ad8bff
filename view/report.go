package view

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/fatih/color"

	"sealab/explain"
	"sealab/replay"
)

// Style says how a report is printed.
type Style struct {
	Width   int  // columns; 0 means 100
	Color   bool // whether to use colour
	Most    int  // how many entries of each list; 0 means 5
	Orders  bool // show the orders found for overlapping calls
	Verbose bool // show every refusal and remark, not only the first
}

// Report prints what came of playing a log: first a line with the verdict, then
// what differs, why calls were refused, how long seal calls waited, and what was
// not looked at.
func Report(w io.Writer, r *replay.Report, s Style) {
	p := &printer{w: w, s: s, bold: color.New(color.Bold), bad: color.New(color.FgRed, color.Bold),
		good: color.New(color.FgGreen, color.Bold), dim: color.New(color.Faint)}
	for _, c := range []*color.Color{p.bold, p.bad, p.good, p.dim} {
		if s.Color {
			c.EnableColor()
		} else {
			c.DisableColor()
		}
	}
	if p.s.Width == 0 {
		p.s.Width = 100
	}
	if p.s.Most == 0 {
		p.s.Most = 5
	}
	if s.Verbose {
		p.s.Most = 1 << 30
	}
	p.verdict(r)
	p.disagreements(r)
	p.refusals(r)
	p.waits(r)
	p.remarks(r)
	p.orders(r)
	p.rest(r)
}

type printer struct {
	w                    io.Writer
	s                    Style
	bold, bad, good, dim *color.Color
	many                 bool // more than one file
}

func (p *printer) f(format string, args ...any) { fmt.Fprintf(p.w, format, args...) }

// wrap prints a paragraph with an indent, broken at words.
func (p *printer) wrap(indent, text string) {
	col := 0
	for _, w := range strings.Fields(text) {
		switch {
		case col == 0:
			p.f("%s%s", indent, w)
			col = len(indent) + len(w)
		case col+1+len(w) > p.s.Width:
			p.f("\n%s%s", indent, w)
			col = len(indent) + len(w)
		default:
			p.f(" %s", w)
			col += 1 + len(w)
		}
	}
	p.f("\n")
}

func plural(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// verdict is the first line: does the model agree?
func (p *printer) verdict(r *replay.Report) {
	p.many = len(r.Files) > 1
	head := p.good.Sprint("agrees")
	if !r.Holds() {
		head = p.bad.Sprint("differs")
	}
	p.f("%s: the model of %s gives the recorded answer to %d of %s", head, r.Kernel,
		r.Agree, plural(r.Agree+r.Differ, "call", "calls"))
	if r.Differ > 0 {
		p.f(", and another one to %s", p.bad.Sprint(r.Differ))
	}
	p.f(".\n")
	if r.Interrupted {
		p.f("%s: what follows is what was found so far.\n", p.bold.Sprint("interrupted"))
	}
	if r.Asked > 0 {
		p.f("%s without a recorded answer.\n", plural(r.Asked, "call was", "calls were"))
	}
	for _, n := range r.Notes {
		p.wrap("  ", n)
	}
}

// at prints a place.
func (p *printer) at(pl replay.Place) string {
	if p.many {
		return fmt.Sprintf("%s:%d", pl.File, pl.Line)
	}
	return fmt.Sprintf("line %d", pl.Line)
}

func (p *printer) disagreements(r *replay.Report) {
	for i, d := range r.Disagreements {
		if i == p.s.Most {
			p.f("\n… and %s more.\n", plural(r.Differ-int64(i), "call differs", "calls differ"))
			return
		}
		p.f("\n%s %s\n", p.bad.Sprint(p.at(d.Place)+":"), clip(d.Text, p.s.Width-12))
		p.f("  recorded: %s\n  model:    %s\n", d.Recorded, d.Model)
		if d.Why != nil {
			p.wrap("    ", d.Why.String())
		}
		if d.Tried > 0 {
			p.f("    %s tried, none fits.\n", plural(int64(d.Tried), "other order", "other orders"))
		}
		if d.Hint != "" {
			p.wrap("    ", d.Hint)
		}
	}
}

// refusals says why calls failed, those of F_ADD_SEALS first.
func (p *printer) refusals(r *replay.Report) {
	if len(r.Refusals) == 0 {
		return
	}
	p.f("\n%s\n", p.bold.Sprintf("Why %s refused", plural(r.Refused, "call was", "calls were")))
	shown := 0
	for _, pass := range []bool{true, false} {
		for _, x := range r.Refusals {
			if busy(x.Reason) != pass {
				continue
			}
			if shown == p.s.Most {
				p.f("\n  … %s more; see them with -v.\n", plural(int64(len(r.Refusals)-shown), "reason", "reasons"))
				return
			}
			shown++
			p.f("\n  %s %s\n", p.bold.Sprint(p.at(x.Place)+":"), clip(x.Text, p.s.Width-14))
			p.wrap("    ", x.Reason.Sentence)
			if x.Reason.Change != "" {
				p.wrap("    ", p.good.Sprint("→")+" "+x.Reason.Change)
			}
			if x.More > 0 {
				p.f("    %s\n", p.dim.Sprintf("(%s for the same reason)", plural(x.More, "more call", "more calls")))
			}
		}
	}
}

// busy says whether a reason answers the question this tool began with.
func busy(r *explain.Reason) bool { return r.Errno == "EBUSY" }

// waits compares how long seal calls took.
func (p *printer) waits(r *replay.Report) {
	if len(r.Seals) == 0 {
		return
	}
	p.f("\n%s\n", p.bold.Sprint("How long F_ADD_SEALS waited for pins"))
	for i, s := range r.Seals {
		if i == p.s.Most {
			p.f("  … %s more.\n", plural(int64(len(r.Seals)-i), "call", "calls"))
			return
		}
		p.f("  %-10s predicted %8s", p.at(s.Place), ms(s.Predicted))
		if s.HasTime {
			p.f(", recorded %8s", ms(s.Recorded))
		}
		p.f("\n")
	}
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d)/1e6) }

func (p *printer) remarks(r *replay.Report) {
	for i, m := range r.Remarks {
		if i == p.s.Most {
			p.f("  … %s more.\n", plural(int64(len(r.Remarks)-i), "remark", "remarks"))
			return
		}
		if i == 0 {
			p.f("\n%s\n", p.bold.Sprint("Remarks"))
		}
		p.wrap("  ", p.at(m.Place)+": "+m.Text+".")
	}
}

func (p *printer) orders(r *replay.Report) {
	if !p.s.Orders {
		return
	}
	for _, o := range r.Reordered {
		p.f("\n%s the recorded answers fit when\n", p.bold.Sprintf("%s to %d:", p.at(o.Place), o.Last))
		for _, d := range o.Deviations {
			p.f("    %s\n", d)
		}
	}
}

// rest says what was not judged.
func (p *printer) rest(r *replay.Report) {
	if r.Carried > 0 {
		p.f("\n%s carried along without judging: ", plural(r.Carried, "call was", "calls were"))
		for i, c := range r.CarriedCalls {
			if i == p.s.Most {
				p.f(", …")
				break
			}
			if i > 0 {
				p.f(", ")
			}
			p.f("%d %s (%s)", c.Times, c.Name, c.Why)
		}
		p.f("\n")
	}
	for i, e := range r.Errors {
		if i == p.s.Most {
			p.f("… %s more.\n", plural(r.Broken+r.Odd-int64(i), "line", "lines"))
			break
		}
		if i == 0 {
			p.f("\n%s could not be read, or contradict others:\n", plural(r.Broken+r.Odd, "line", "lines"))
		}
		p.f("%s\n", e)
	}
}

func clip(s string, n int) string {
	if n < 20 || len(s) <= n {
		return s
	}
	return s[:n-1] + "…"
}
