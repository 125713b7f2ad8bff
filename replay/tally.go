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
	r.rep.Carried++
	r.carried[Count{Name: name, Why: why}]++
}

// tally counts a line that was not played.
func (r *Replayer) tally(it *item) {
	if it.kind == end {
		return
	}
	if it.class == passive {
		r.call()
		r.rep.Passive++
		return
	}
	if it.kind == begin {
		r.count(it.name, "its end is not in the log")
	}
}

// report puts an ended call in the report.
func (r *Replayer) report(f *flight, v judgement, why *explain.Reason, tried int) {
	it := &f.it
	switch it.class {
	case passive:
		r.call()
		r.rep.Passive++
		return
	case carried:
		r.count(it.name, it.whyCarried())
		return
	}
	r.call()
	if it.target != "" && f.done {
		r.symbols[it.target] = f.res.Val
	}
	at := Place{r.file, it.line, it.pid}
	switch {
	case it.call.Sys == sysExit || it.name == "exit":
		r.rep.Passive++ // they never return
		return
	case !v.compared:
		r.rep.Asked++
	case v.differs:
		r.rep.Differ++
		if len(r.rep.Disagreements) < r.opts.keep() {
			d := Disagreement{Place: at, Text: r.text(it), Recorded: v.recorded, Model: v.model,
				Tried: tried}
			if f.res.Errno != 0 {
				d.Why = why
			}
			r.rep.Disagreements = append(r.rep.Disagreements, d)
		}
		return
	default:
		r.rep.Agree++
	}
	if f.res.Errno != 0 {
		r.refused(at, f, why)
	}
	r.slept(at, f, v)
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
func (r *Replayer) slept(at Place, f *flight, v judgement) {
	if f.ended == f.began || f.it.name != "fcntl" {
		return
	}
	s := Sealing{Place: at, Predicted: time.Duration(f.ended - f.began)}
	s.Recorded, s.HasTime = time.Duration(f.it.ans.Dur), f.it.ans.HasDur
	if len(r.rep.Seals) < r.opts.keep() {
		r.rep.Seals = append(r.rep.Seals, s)
	}
	if v.late {
		r.remark(at, fmt.Sprintf("took %s where the model predicts %s",
			round(s.Recorded), round(s.Predicted)))
	}
}

func round(d time.Duration) string { return d.Round(100 * time.Microsecond).String() }

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
