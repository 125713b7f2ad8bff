package web

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"sealab/run"
	"sealab/sim/trace"
)

// maxCards is how many links a chain has at most: more are not read.
const maxCards = 6

// maxVerdicts bounds how many calls have a verdict of their own.
const maxVerdicts = 100

// verdicts says what came of the calls that did not succeed, or that all did.
func (b *builder) verdicts() {
	for i := range b.res.Calls {
		if v, ok := b.verdict(i); ok && len(b.doc.Verdicts) < maxVerdicts {
			b.doc.Verdicts = append(b.doc.Verdicts, v)
		}
	}
	// The question that is asked most: why did the last F_ADD_SEALS fail?
	slices.SortStableFunc(b.doc.Verdicts, func(x, y Verdict) int {
		return cmp.Or(cmp.Compare(urgent(&x), urgent(&y)), -cmp.Compare(x.Event, y.Event))
	})
	if len(b.doc.Verdicts) == 0 {
		b.doc.Verdicts = []Verdict{b.fine()}
	}
}

// urgent is smaller for what is looked at first.
func urgent(v *Verdict) int {
	switch {
	case v.Tone == Differs:
		return 0
	case v.Tone == Refused && strings.HasPrefix(v.Title, "fcntl("):
		return 1
	case v.Tone == Stuck:
		return 2
	}
	return 3
}

// verdict is what came of one call, if there is something to say of it.
func (b *builder) verdict(i int) (Verdict, bool) {
	a, c := &b.res.Calls[i], &b.doc.Calls[i]
	v := Verdict{Title: c.Text, Event: c.End, Cards: []Card{}}
	if v.Event < 0 {
		v.Event = max(c.Begin, 0)
	}
	if a.Why != nil {
		v.Because, v.Change = a.Why.Sentence, a.Why.Change
		b.chain(&v, a)
	}
	switch {
	case a.Differs():
		v.Tone = Differs
		v.Because = strings.TrimSpace(fmt.Sprintf("Line %d expects %s, and the model answers %s. %s",
			a.Line, a.Expected, a.AnswerText(), v.Because))
		if a.Why == nil {
			b.did(&v, a)
		}
	case a.Why != nil:
		v.Tone = Refused
	case a.State == run.Waiting && c.Begin >= 0 && b.res.Stopped == "":
		v.Tone = Stuck
		v.Because = fmt.Sprintf("Line %d waits for ever.", a.Line)
		b.waiting(&v, a)
	default:
		return v, false
	}
	return v, true
}

// chain collects the cards of a refused call: who made it so, then what the call
// itself saw, in the sentences of the events.
func (b *builder) chain(v *Verdict, a *run.Answered) {
	c := cards{b: b}
	for _, h := range a.Why.Holders {
		c.add(c.effect(h.Line), 1)
		c.add(c.counted(h.Line), 2)
		c.add(at(b.begin, h.Line), 3)
	}
	from, to := at(b.begin, a.Line), at(b.end, a.Line)
	if from < 0 || to < 0 {
		return
	}
	of := b.doc.Events[from].Task
	var last [256]int // of each kind, the last event
	for i := to; i >= from; i-- {
		e := &b.doc.Events[i]
		if e.Task != of || e.Detail || i == to && e.Kind != trace.End {
			continue
		}
		first := last[e.Kind] == 0
		switch {
		case e.Kind == trace.Refuse && first:
			c.add(i, 0)
			v.Event = i
			if e.Cause > 0 && b.doc.Events[e.Cause-1].Kind != trace.Count { // who made it count says more
				c.add(e.Cause-1, 2)
			}
		case e.Kind == trace.Look && first:
			c.add(i, 2)
		case e.Kind == trace.Scan && first:
			c.add(i, 4)
		}
		last[e.Kind] = max(last[e.Kind], i)
	}
	for i := from; i < to; i++ { // the first tag of the call, which the wait is about
		if e := &b.doc.Events[i]; e.Kind == trace.Tag && e.Task == of {
			c.add(i, 5)
			break
		}
	}
	v.Cards = c.finish()
}

// did collects the cards of a call that was not refused, and was expected to be.
func (b *builder) did(v *Verdict, a *run.Answered) {
	c := cards{b: b}
	c.add(at(b.begin, a.Line), 1)
	c.add(c.effect(a.Line), 0)
	c.add(v.Event, 2)
	v.Cards = c.finish()
}

// waiting collects the cards of a call that does not return.
func (b *builder) waiting(v *Verdict, a *run.Answered) {
	c := cards{b: b}
	c.add(at(b.begin, a.Line), 1)
	for i := len(b.doc.Events) - 1; i >= 0; i-- {
		if e := &b.doc.Events[i]; e.Kind == trace.Wait && e.Line == a.Line {
			c.add(i, 0)
			c.add(e.Cause-1, 2)
			break
		}
	}
	v.Cards = c.finish()
}

// fine is the verdict of a run in which nothing was refused, as far as it came.
func (b *builder) fine() Verdict {
	v := Verdict{Title: "Nothing was refused", Tone: Fine, Event: max(len(b.doc.Events)-1, 0)}
	n := 0
	for i := range b.res.Calls {
		if b.res.Calls[i].State != run.NotMade {
			n++
		}
	}
	calls := "One call was made"
	if n != 1 {
		calls = fmt.Sprintf("%d calls were made", n)
	}
	v.Because = fmt.Sprintf("%s, in %s of virtual time, and no check of the kernel stood in the way.",
		calls, trace.Time(b.res.Time))
	if b.res.Stopped != "" {
		v.Title = "Nothing was refused before the run was stopped"
		v.Because += fmt.Sprintf(" Not made: %d of %d calls.", len(b.res.Calls)-n, len(b.res.Calls))
	}
	c := cards{b: b}
	for i := range b.doc.Events {
		if b.doc.Events[i].Kind == trace.Seal {
			c.add(i, 0)
		}
	}
	v.Cards = c.finish()
	return v
}

// cards collects events, and keeps those that say most.
type cards struct {
	b   *builder
	all []ranked
}

type ranked struct{ event, rank int }

// add adds an event, if there is one; a smaller rank says more.
func (c *cards) add(event, rank int) {
	known := func(r ranked) bool { return r.event == event }
	if event > 0 && event < len(c.b.doc.Events) && !slices.ContainsFunc(c.all, known) {
		c.all = append(c.all, ranked{event, rank})
	}
}

// effect finds what the call on a line did that somebody else came to feel: it made
// somebody hold a page, mapped memory, or sealed the file.
func (c *cards) effect(line int64) int {
	from, to := at(c.b.begin, line), at(c.b.end, line)
	if to < 0 {
		to = len(c.b.doc.Events) - 1
	}
	best, rank := -1, 0
	for i := max(from, 0); i <= to && from >= 0; i++ {
		e := &c.b.doc.Events[i]
		if e.Line != line || e.Detail {
			continue
		}
		if r := effects[e.Kind]; r > rank {
			best, rank = i, r
		}
	}
	return best
}

// counted finds where the call on a line counted a mapping that may become writable.
func (c *cards) counted(line int64) int {
	return slices.IndexFunc(c.b.doc.Events, func(e Event) bool { return e.Line == line && e.Kind == trace.Count })
}

// effects are the kinds of event that a call is remembered for.
var effects = map[trace.Kind]int{trace.Hold: 3, trace.Map: 3, trace.Seal: 3, trace.Rmap: 2, trace.FD: 1}

// finish returns the cards that are worth most, in the order of their events.
func (c *cards) finish() []Card {
	slices.SortStableFunc(c.all, func(x, y ranked) int { return cmp.Compare(x.rank, y.rank) })
	kept := c.all[:min(len(c.all), maxCards)]
	slices.SortFunc(kept, func(x, y ranked) int { return cmp.Compare(x.event, y.event) })
	out := []Card{}
	for _, r := range kept {
		out = append(out, Card{r.event, c.b.doc.Events[r.event].Say})
	}
	return out
}
