package web

import (
	"context"
	"errors"
	"strings"

	"sealab/replay"
	"sealab/run"
	"sealab/scenario"
	"sealab/sim/profile"
)

// playLog plays a log without the lines that cannot be drawn: those that cannot be
// read, and calls that are not modelled or about something that the log does not
// show, as a replay finds out. Lines keep their numbers. What the replay says of the
// whole log is noted, and holds: a call that only the drawing answers otherwise is
// left out of it.
func (b *builder) playLog() error {
	if err := b.replay(); err != nil {
		return err
	}
	lines := strings.Split(b.req.Text, "\n")
	keep := func(line int64) bool { return b.how[line] != "" && b.how[line] != replay.NotJudged }
	for range 20 {
		b.blank(lines, keep)
		bad := map[int64]bool{}
		err := b.playText(strings.Join(lines, "\n"))
		var several run.Errors
		switch {
		case errors.As(err, &several):
			for _, e := range several {
				var syntax *scenario.SyntaxError
				if errors.As(e, &syntax) {
					bad[syntax.Line] = true
				}
			}
		case err != nil:
			return err
		default:
			for i := range b.res.Calls {
				if c := &b.res.Calls[i]; c.Differs() && b.how[c.Line] != replay.Differs {
					bad[c.Line] = true
				}
			}
		}
		if len(bad) == 0 {
			return err
		}
		b.left += len(bad)
		keep = func(line int64) bool { return !bad[line] }
	}
	return nil
}

// replay plays the log, and learns how each call was judged.
func (b *builder) replay() error {
	o := replay.Options{HZ: b.req.HZ, CPUs: b.req.CPUs}
	o.Fixed = replay.Fixed{Kernel: b.req.Kernel != "", HZ: o.HZ != 0, CPUs: o.CPUs != 0}
	name := b.req.Kernel
	if name == "" {
		name = "newest"
	}
	var err error
	if o.Profile, _, err = profile.Find(name); err != nil {
		return err
	}
	o.Release = o.Profile.Release
	b.how = map[int64]replay.Outcome{}
	o.Each = func(at replay.Place, call string, outcome replay.Outcome) {
		if outcome == replay.NoEffect && !strings.HasPrefix(call, "exit") {
			outcome = replay.NotJudged // it would only be in the way
		}
		b.how[at.Line] = outcome
	}
	r := replay.New(o)
	if err := r.Log(context.Background(), strings.NewReader(b.req.Text), b.name()); err != nil {
		return err
	}
	b.summary(r.Report())
	return nil
}

// summary notes what the replay says of the whole log.
func (b *builder) summary(r *replay.Report) {
	if r.Differ == 0 {
		b.note("The model gives the recorded answer to %d of the %d calls of the log, and differs from none.",
			r.Agree, r.Calls)
	} else {
		b.note("The model differs from the log in %d of its %d calls; `sealab replay` lists them.", r.Differ, r.Calls)
	}
	b.left = int(r.Carried + r.Passive)
	if r.Broken > 0 {
		b.note("%s be read.", plural(int(r.Broken), "line cannot", "lines cannot"))
	}
	if len(r.Reordered) > 0 {
		b.note("Calls overlap on line %d, and the recorded answers need another order than the one drawn.",
			r.Reordered[0].Line)
	}
}

// blank empties the lines of calls that are not kept, and those that cannot be
// read. A call in two lines begins where it is known by.
func (b *builder) blank(lines []string, keep func(line int64) bool) {
	var out []int64
	open := map[int]bool{} // by pid: whether its call is kept
	r := scenario.NewReader(strings.NewReader(strings.Join(lines, "\n")), b.name(), scenario.Options{})
	defer r.Close()
	for {
		e, err := r.Next()
		var bad *scenario.SyntaxError
		switch {
		case errors.As(err, &bad):
			out = append(out, bad.Line)
			continue
		case err != nil: // the end: there is nothing else to fail
			for _, line := range out {
				lines[line-1] = ""
			}
			return
		case e.Warn != nil:
			out = append(out, e.Line)
		}
		kept := true
		switch e.Kind {
		case scenario.Call:
			kept = keep(e.Line)
		case scenario.CallStart:
			kept = keep(e.Line)
			open[e.Pid] = kept
		case scenario.CallEnd, scenario.CallLost:
			kept = open[e.Pid]
		}
		if !kept && e.Line > 0 {
			out = append(out, e.Line)
		}
	}
}
