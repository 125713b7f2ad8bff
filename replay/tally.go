package replay

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"sealab/explain"
	"sealab/scenario"
)

// count counts a call that was carried along.
func (r *Replayer) count(name, why string) {
	r.call()
	r.carry(name, why)
}

// maxKinds bounds the kinds of calls that are told apart.
const maxKinds = 1000

// carry counts a call by what it is and why it is not judged.
func (r *Replayer) carry(name, why string) {
	r.rep.Carried++
	kind := Count{Name: name, Why: why}
	if _, known := r.carried[kind]; !known && len(r.carried) >= maxKinds {
		kind = Count{Name: "others", Why: "not judged either"}
	}
	r.carried[kind]++
}

// tally counts a line that was not played.
func (r *Replayer) tally(it *item) {
	if it.kind == end {
		return
	}
	if it.class == passive {
		r.report(&flight{it: *it}, judgement{}, nil, 0)
		return
	}
	if it.kind == begin {
		r.count(it.name, "its end is not in the log")
	}
}

// report puts an ended call in the report.
func (r *Replayer) report(f *flight, v judgement, why *explain.Reason, tried int) {
	it := &f.it
	r.call()
	r.rep.Tasks = max(r.rep.Tasks, len(r.m.tasks))
	how := r.outcome(f, &v)
	at := Place{r.file, it.line, it.pid}
	r.watch(at, f, &v, how, why)
	if r.opts.Each != nil {
		r.opts.Each(at, it.name, how)
	}
	switch how {
	case NoEffect:
		r.rep.Passive++
	case NotJudged:
		r.carry(it.name, it.whyCarried())
	case Differs:
		r.rep.Differ++
		r.disagree(at, f, &v, why, tried)
	case Unanswered:
		r.rep.Asked++
	case Agrees:
		r.rep.Agree++
	}
	if it.target != "" && f.done && it.class == modelled {
		r.symbols[it.target] = f.res.Val
	}
	if how == Agrees || how == Unanswered {
		if f.res.Errno != 0 {
			r.refused(at, f, why)
		}
		r.slept(at, f, &v)
	}
}

// outcome says how a call was judged.
func (r *Replayer) outcome(f *flight, v *judgement) Outcome {
	switch {
	case f.it.class == passive || neverReturns(f.it.name):
		return NoEffect
	case f.it.class == carried:
		return NotJudged
	case !v.compared:
		return Unanswered
	case v.differs:
		return Differs
	}
	return Agrees
}

func neverReturns(name string) bool { return name == "exit" || name == "exit_group" }

// disagree keeps a call that differs.
func (r *Replayer) disagree(at Place, f *flight, v *judgement, why *explain.Reason, tried int) {
	if len(r.rep.Disagreements) >= r.opts.keep() {
		return
	}
	d := Disagreement{Place: at, Text: r.text(&f.it), Recorded: v.recorded, Model: v.model, Why: why,
		Tried: tried, Hint: unseen(f)}
	if v.late {
		d.Recorded = fmt.Sprintf("took %s", ms(f.it.ans.Dur))
		d.Model = fmt.Sprintf("takes %s", ms(f.ended-f.began))
	}
	r.rep.Disagreements = append(r.rep.Disagreements, d)
}

// unseen says where else to look for the cause of a refusal that the model does not
// see.
func unseen(f *flight) string {
	if f.done && f.res.Errno != 0 {
		return ""
	}
	return explain.Unseen(&f.it.call, f.it.ans.Errno, time.Duration(f.it.ans.Dur))
}

// watch keeps all of a call that somebody asked for by its line.
func (r *Replayer) watch(at Place, f *flight, v *judgement, how Outcome, why *explain.Reason) {
	if r.watching == 0 || at.Line != r.watching {
		return
	}
	w := Watched{Place: at, Text: r.text(&f.it), Outcome: how, Reason: why}
	if how == NotJudged {
		w.WhyNot = f.it.whyCarried()
	}
	if a := &f.it.ans; a.Known {
		w.Recorded = answerText(a.Val, a.Errno)
	}
	switch how {
	case Agrees:
		w.Model = w.Recorded
	case Differs:
		w.Model, w.Hint = v.model, unseen(f)
	case Unanswered:
		w.Model = answerText(f.res.Val, f.res.Errno)
	}
	r.rep.Watched = append(r.rep.Watched, w)
}

// refused reports why a call failed; a reason that was given before is counted.
func (r *Replayer) refused(at Place, f *flight, why *explain.Reason) {
	r.rep.Refused++
	if why == nil {
		return
	}
	if i, ok := r.reasons[why.Sentence]; ok {
		r.rep.Refusals[i].More++
		return
	}
	if len(r.rep.Refusals) >= r.opts.keep() {
		return
	}
	r.reasons[why.Sentence] = len(r.rep.Refusals)
	r.rep.Refusals = append(r.rep.Refusals, Refusal{
		Place: at, Text: r.text(&f.it), Errno: f.res.Errno.Name(), Reason: why,
	})
}

// text is the call as strace prints it.
func (r *Replayer) text(it *item) string {
	if it.text == "" {
		return callText(r.ev)
	}
	return it.text
}

// longestText bounds what is kept of a call's text, in bytes.
const longestText = 1024

// callText prints a call with its result, without pid, times and duration, and in one
// piece where the log has it in two.
func callText(e *scenario.Event) string {
	c := *e
	c.Kind, c.Style, c.HasTime, c.HasDur = scenario.Call, scenario.Style{}, false, false
	text := scenario.Append(nil, &c)
	if len(text) > longestText {
		text = append(text[:longestText], "..."...)
	}
	return string(text)
}

// slept reports how long a seal call waited.
func (r *Replayer) slept(at Place, f *flight, v *judgement) {
	if f.ended == f.began || f.it.name != "fcntl" {
		return
	}
	s := Sealing{Place: at, Predicted: time.Duration(f.ended - f.began)}
	if s.Answer = "0"; f.res.Errno != 0 {
		s.Answer = f.res.Errno.Name()
	}
	s.Recorded, s.HasTime = time.Duration(f.it.ans.Dur), f.it.ans.HasDur
	if len(r.rep.Seals) < r.opts.keep() {
		r.rep.Seals = append(r.rep.Seals, s)
	}
	if v.late {
		r.remark(at, fmt.Sprintf("took %s where the model predicts %s", ms(f.it.ans.Dur), ms(f.ended-f.began)))
	}
}

func ms(ns int64) string { return fmt.Sprintf("%.1f ms", float64(ns)/1e6) }

// remark notes something that is not a disagreement.
func (r *Replayer) remark(at Place, text string) {
	if len(r.rep.Remarks) < r.opts.keep() {
		r.rep.Remarks = append(r.rep.Remarks, Remark{at, text})
	}
}

// reordered notes that a stretch of overlapping calls needed another order.
func (r *Replayer) reordered(ds []asked, tried int) {
	if len(r.rep.Reordered) >= r.opts.keep() {
		return
	}
	first, last := &r.stretch[0], &r.stretch[len(r.stretch)-1]
	o := Order{Place: Place{r.file, first.line, first.pid}, Last: last.line, Tried: tried}
	for _, d := range ds {
		o.Deviations = append(o.Deviations, fmt.Sprintf("line %d: %s", d.line, d.what))
	}
	r.rep.Reordered = append(r.rep.Reordered, o)
}

// Report returns what came of the logs played so far.
func (r *Replayer) Report() *Report {
	r.rep.Kernel, r.rep.HZ = strings.Join(r.kernels, ", "), r.m.k.S.Clock.HZ
	if len(r.kernels) == 0 {
		r.rep.Kernel = r.opts.Release
	}
	r.rep.CarriedCalls = r.rep.CarriedCalls[:0]
	for c, n := range r.carried {
		c.Times = n
		r.rep.CarriedCalls = append(r.rep.CarriedCalls, c)
	}
	slices.SortFunc(r.rep.CarriedCalls, func(a, b Count) int {
		return cmp.Or(cmp.Compare(b.Times, a.Times), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Why, b.Why))
	})
	return r.rep
}

// call counts a call, and notes the kernel that it is played on: each log may name
// another.
func (r *Replayer) call() {
	r.rep.Calls++
	if n := len(r.kernels); n > 0 && r.kernels[n-1] == r.opts.Release {
		return
	}
	if slices.Contains(r.kernels, r.opts.Release) {
		return
	}
	r.kernels = append(r.kernels, r.opts.Release)
	r.rep.Notes = append(r.rep.Notes, r.opts.Notes...)
}

// whyCarried says why a call was carried along.
func (it *item) whyCarried() string {
	if it.carriedWhy != "" {
		return it.carriedWhy
	}
	return "not modelled"
}
