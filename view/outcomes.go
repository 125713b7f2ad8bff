package view

import (
	"fmt"
	"io"
	"strings"

	"sealab/explore"
)

// Outcomes prints what a search found, in the manner of herd: each outcome with how
// many orders lead there and the shortest way, and what that says of the conditions.
func Outcomes(w io.Writer, r *explore.Report, s Style) {
	p := newPrinter(w, s)
	if r.Name != "" {
		p.f("%s\n", p.bold.Sprint("# program "+clean(r.Name)))
	}
	for _, n := range r.Notes {
		p.wrap(0, n)
	}
	p.summary(r)
	p.heading("Outcomes %d", len(r.Outcomes))
	for i := range r.Outcomes {
		p.outcome(r, &r.Outcomes[i])
	}
	if len(r.Conditions) > 0 {
		p.heading("Conditions %d", len(r.Conditions))
	}
	for _, c := range r.Conditions {
		p.observed(&c)
	}
}

func (p *printer) summary(r *explore.Report) {
	what := fmt.Sprintf("%d states, %d steps between them", r.States, r.Steps)
	if r.Parts > 1 {
		what = fmt.Sprintf("%d parts, %d states, some of them in several, %d steps between them",
			r.Parts, r.States, r.Steps)
	}
	switch {
	case r.Estimate != nil:
		what = fmt.Sprintf("%d runs drawn at random, %d steps", r.Runs, r.Steps)
	case r.Search == explore.ByOrders:
		what = fmt.Sprintf("%d runs, %d steps", r.Runs, r.Steps)
	}
	orders := "every order"
	if r.Orders != "" {
		orders = "every order of " + r.Orders
	}
	time := "a task may be delayed at will"
	if r.Time == "zero" {
		time = "steps take no time"
	}
	if r.Complete {
		p.wrap(0, fmt.Sprintf("Kernel %s, %s: %s (%s).", r.Kernel, time, orders, what))
	} else {
		p.wrap(0, fmt.Sprintf("Kernel %s, %s: NOT every order; the search ended at %s (%s). "+
			"There may be more outcomes.", r.Kernel, time, r.Why, what))
	}
	if e := r.Estimate; e != nil {
		text := fmt.Sprintf("The next run has an outcome that is not here with a probability of about %.2g.", e.Unseen)
		if e.Orders > 0 {
			text += fmt.Sprintf(" There are about 10^%.0f orders, by runs that tell as much as %.0f of equal "+
				"probability.", e.Orders, e.Basis)
		}
		p.wrap(0, text)
	}
	if r.Coverage > 0 {
		p.wrap(0, fmt.Sprintf("A state that was met was looked at with a probability of %s at least.",
			strings.Trim(percent(r.Coverage), "()")))
	}
	if r.Loops {
		p.wrap(0, "Some orders go round in circles for as long as the other tasks may not go on, "+
			"so their number is infinite.")
	}
	if r.Stuck {
		p.wrap(0, p.bad.Sprint("Some orders go round in circles for ever, whoever may go on."))
	}
}

// outcome prints one line for an outcome, and beneath it the way to it.
func (p *printer) outcome(r *explore.Report, o *explore.Row) {
	count := "some orders"
	switch {
	case r.Estimate != nil:
		count = o.Orders + " runs"
	case o.Orders != "":
		count = o.Orders + " orders"
	}
	if o.Share > 0 && len(r.Outcomes) > 1 {
		count += " " + percent(o.Share)
	}
	text := clean(o.Text)
	if o.Kind != "end" {
		text = p.bad.Sprint(o.Kind + ": " + text)
	}
	p.f("  %s\n    %s\n", text, count)
	if len(o.Other) > 0 {
		p.f("    %s\n", p.bad.Sprint("not what is expected on line "+strings.Trim(fmt.Sprint(o.Other), "[]")))
	}
	if o.Schedule != "" {
		p.f("    %s by %s\n", p.dim.Sprint(plural(int64(o.Preemptions), "preemption", "preemptions")), o.Schedule)
	}
}

// percent prints a share so that what is not all is never 100, nor what is some 0.
func percent(x float64) string {
	switch {
	case x >= 0.9995 && x < 1:
		return "(> 99.9 %)"
	case x > 0 && x < 0.0005:
		return "(< 0.1 %)"
	}
	return fmt.Sprintf("(%.1f %%)", 100*x)
}

func (p *printer) observed(c *explore.Condition) {
	verdict := p.good.Sprint(c.Verdict)
	if c.Verdict != "holds" {
		verdict = p.bad.Sprint(c.Verdict)
	}
	p.f("  %s\n    %s: observed %s", clean(c.Text), verdict, c.Observation)
	if c.Positive != "" {
		p.f(" %s %s", c.Positive, c.Negative)
	}
	p.f("\n")
}

// Way prints how an outcome came about: a column for each task, time downwards, and
// then the answers as lines of the scenario.
func Way(w io.Writer, r *explore.Report, o *explore.Row, s Style) error {
	return newPrinter(w, s).way(r, o, "The shortest way to "+clean(o.Text))
}

// Near prints an order and the nearest one that ends otherwise, one after the other.
func Near(w io.Writer, r *explore.Report, n *explore.Near, s Style) error {
	p := newPrinter(w, s)
	if err := p.way(r, &n.From, "This order ends with "+clean(n.From.Text)); err != nil {
		return err
	}
	first := "a timer fires first"
	if n.First != "" {
		first = n.First + " goes first"
	}
	p.f("\n")
	p.wrap(0, fmt.Sprintf("The nearest order that ends otherwise begins with the same %s; then %s. "+
		"Out of turn: %s, in %s.",
		plural(int64(n.Same), "step", "steps"), first, plural(int64(n.Moved), "step", "steps"),
		plural(int64(n.Turns), "stretch", "stretches")))
	return p.way(r, &n.To, "It ends with "+clean(n.To.Text))
}

// way prints the steps of an order below a heading, and then the answers.
func (p *printer) way(r *explore.Report, o *explore.Row, heading string) error {
	all, err := r.Lanes(o)
	if err != nil {
		return err
	}
	p.heading("%s", heading)
	names := r.Tasks()
	column := max(16, (p.s.Width-4)/len(names))
	for i, n := range names {
		p.f("%s", pad("  "+clip(n, column-3), column+2*b2i(i == 0)))
	}
	p.f("\n")
	for _, st := range all {
		if st.Index < 0 {
			p.f("  %s\n", p.dim.Sprint("~ a timer fires"))
			continue
		}
		p.f("  %s%s\n", spaces(column*st.Index), p.stretch(&st, max(column, p.s.Width-4-column*st.Index)))
	}
	if lines := r.Calls(o); len(lines) > 0 {
		p.f("\n")
		for _, l := range lines {
			p.f("  %s\n", clean(l))
		}
		p.f("\n  sealab run --schedule '%s'\n", o.Schedule)
	}
	return nil
}

// stretch says what a task did without a break: its first and its last step.
func (p *printer) stretch(st *explore.Stretch, width int) string {
	steps := st.Steps
	for len(steps) > 1 && between(steps[0].Op) {
		steps = steps[1:]
	}
	for len(steps) > 1 && between(steps[len(steps)-1].Op) {
		steps = steps[:len(steps)-1]
	}
	first, last := steps[0].Op, steps[len(steps)-1].Op
	if len(steps) == 1 {
		return clip("• "+first, width)
	}
	return clip(fmt.Sprintf("• %s … %s (%d)", first, last, len(st.Steps)), width)
}

// between says whether an operation belongs to the scenario and not to its calls.
func between(op string) bool {
	return op == "await" || op == "post" || op == "result" || op == "fatal_signal_pending"
}

func pad(s string, n int) string { return s + spaces(max(0, n-len([]rune(s)))) }

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}
