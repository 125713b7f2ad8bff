package view

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"sealab/explain"
	"sealab/replay"
)

// refusals says why calls failed, those of F_ADD_SEALS first. A reason that differs
// from another only in line numbers is given once.
func (p *printer) refusals(r *replay.Report) {
	if len(r.Refusals) == 0 {
		return
	}
	p.heading("Why %s refused: %s", plural(r.Refused, "call was", "calls were"), errnos(r.Refusals))
	groups := p.group(r.Refusals)
	for i, g := range groups {
		if i == p.s.Most {
			p.f("\n")
			p.more(int64(len(groups)-i), "other reason", "other reasons")
			break
		}
		x := g[0]
		p.call(p.bold, x.Place, x.Text)
		p.reason(4, x.Reason)
		if also := p.also(g); also != "" {
			p.wrap(4, also)
		}
	}
}

// reason prints why, and on a line of its own what to change.
func (p *printer) reason(indent int, r *explain.Reason) {
	p.wrap(indent, r.Sentence)
	if r.Change != "" {
		p.hang(spaces(indent)+p.good.Sprint("→")+" ", indent+2, indent+2, r.Change)
	}
}

// errnos counts the refusals by their errno, the most frequent first.
func errnos(all []replay.Refusal) string {
	type count struct {
		name string
		n    int64
	}
	var counts []count
	for i := range all {
		at := slices.IndexFunc(counts, func(c count) bool { return c.name == all[i].Errno })
		if at < 0 {
			at = len(counts)
			counts = append(counts, count{name: all[i].Errno})
		}
		counts[at].n += 1 + all[i].More
	}
	slices.SortStableFunc(counts, func(a, b count) int { return int(b.n - a.n) })
	var words []string
	for _, c := range counts {
		words = append(words, fmt.Sprintf("%d %s", c.n, c.name))
	}
	return strings.Join(words, ", ")
}

// group puts refusals together whose reasons differ in line numbers only, those of
// F_ADD_SEALS first.
func (p *printer) group(all []replay.Refusal) (groups [][]*replay.Refusal) {
	index := map[string]int{}
	for _, sealing := range []bool{true, false} {
		for i := range all {
			x := &all[i]
			if isSealing(x.Text) != sealing {
				continue
			}
			key := fmt.Sprint(i)
			if !p.s.Verbose {
				key = lineNumber.ReplaceAllString(x.Reason.String(), "line")
			}
			at, ok := index[key]
			if !ok {
				at = len(groups)
				index[key] = at
				groups = append(groups, nil)
			}
			groups[at] = append(groups[at], x)
		}
	}
	return groups
}

var lineNumber = regexp.MustCompile(`[Ll]ine \d+`)

// isSealing says whether a call answers the question that this tool began with.
func isSealing(text string) bool { return strings.Contains(text, "F_ADD_SEALS") }

// also names the other calls of a group.
func (p *printer) also(g []*replay.Refusal) string {
	rest := int64(len(g) - 1)
	for _, x := range g {
		rest += x.More
	}
	if rest == 0 {
		return ""
	}
	var lines []string
	for _, x := range g[1:min(len(g), 5)] {
		rest -= 1 + x.More
		lines = append(lines, place(x.Place, p.many))
	}
	switch {
	case len(lines) == 0:
		return plural(rest, "later call", "later calls") + " failed for the same reason."
	case rest > 0:
		lines = append(lines, plural(rest, "other", "others"))
	}
	return "The same reason: " + list(lines) + "."
}

// Why prints only why calls were refused, a paragraph each. With a line, from 1, it is
// the call of that line, whatever it answered; 0 means all that were refused.
func Why(w io.Writer, r *replay.Report, line int64, s Style) {
	s.Verbose = true
	p := newPrinter(w, s)
	p.tasks = r.Tasks > 1
	if line > 0 {
		for i := range r.Watched {
			p.watched(r, &r.Watched[i])
		}
		return
	}
	first := true
	paragraph := func(at replay.Place, text string) {
		if !first {
			p.f("\n")
		}
		first = false
		head := p.at(at) + ":"
		p.f("%s %s\n", p.bold.Sprint(head), clip(text, p.s.Width-len(head)-1))
	}
	for i := range r.Refusals {
		x := &r.Refusals[i]
		paragraph(x.Place, x.Text)
		p.reason(2, x.Reason)
		if also := p.also([]*replay.Refusal{x}); also != "" {
			p.wrap(2, also)
		}
	}
	for i := range r.Disagreements {
		if d := &r.Disagreements[i]; strings.HasPrefix(d.Recorded, "-1 ") {
			paragraph(d.Place, d.Text)
			p.unexplained(r, d.Model, d.Hint)
		}
	}
	if first {
		p.f("No call was refused.\n")
	}
}

// watched prints one call with all that is known of it.
func (p *printer) watched(r *replay.Report, x *replay.Watched) {
	head := p.at(x.Place) + ":"
	p.f("%s %s\n", p.bold.Sprint(head), clip(x.Text, p.s.Width-len(head)-1))
	switch x.Outcome {
	case replay.NoEffect:
		p.wrap(2, "This call is not judged: it touches nothing that sealab models.")
	case replay.NotJudged:
		p.wrap(2, "This call is not judged: "+x.WhyNot+".")
	case replay.Differs:
		if x.Reason == nil {
			p.unexplained(r, x.Model, x.Hint)
			return
		}
		p.wrap(2, fmt.Sprintf("The log has %s, and the model of Linux %s refuses it:", x.Recorded, r.Kernel))
		p.reason(2, x.Reason)
	case replay.Unanswered:
		p.wrap(2, "The log has no answer; the model's is "+x.Model+".")
		if x.Reason != nil {
			p.reason(2, x.Reason)
		}
	default:
		if x.Reason == nil {
			p.wrap(2, "This call was not refused, and the model of Linux "+r.Kernel+" agrees.")
			return
		}
		p.reason(2, x.Reason)
	}
}

// unexplained says that the model does not know why.
func (p *printer) unexplained(r *replay.Report, model, hint string) {
	p.wrap(2, fmt.Sprintf("The model of Linux %s answers %s here, so it cannot say why the kernel did not. %s",
		r.Kernel, model, hint))
}
