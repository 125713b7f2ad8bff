package exercise

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"sealab/question"
	"sealab/run"
)

// broken is a program whose answers came from a wrong kernel.
type broken struct {
	*played
	bug     deviant
	want    []string // what Linux answers, a call each
	got     []string // what the wrong kernel answered
	differs []int    // the calls to which it answered otherwise
}

// broke plays a program on a wrong kernel that shows in its answers; nil if none does.
func (d *drawer) broke(s *scene) *broken {
	p := d.onAll(s.String())
	if p == nil {
		return nil
	}
	b := &broken{played: p, want: outcomes(p.right)}
	var showing []deviant
	for _, w := range p.wrong {
		if !slices.Equal(outcomes(w.res), b.want) {
			showing = append(showing, w)
		}
	}
	if showing == nil {
		return nil
	}
	b.bug = showing[d.rng.IntN(len(showing))]
	b.got = outcomes(b.bug.res)
	for i := range b.want {
		if b.got[i] != b.want[i] {
			b.differs = append(b.differs, i)
		}
	}
	return b
}

// call is the first call that was answered wrongly, on a right kernel.
func (b *broken) call() *run.Answered { return &b.right.Calls[b.differs[0]] }

// transcript is the program with the wrong kernel's answers behind it.
func (b *broken) transcript() string {
	lines := strings.Split(strings.TrimSuffix(b.text, "\n"), "\n")
	width := 0
	for _, l := range lines {
		width = max(width, utf8.RuneCountInString(l))
	}
	for i := range b.right.Calls {
		l := &lines[b.right.Calls[i].Line-1]
		*l += strings.Repeat(" ", width-utf8.RuneCountInString(*l)) + "  # " + b.got[i]
	}
	return strings.Join(lines, "\n") + "\n"
}

// question is about the transcript. The kernel that it names is the wrong one.
func (b *broken) question(ask, right string, choices []question.Choice) (*question.Question, error) {
	if choices == nil {
		return nil, nil
	}
	recorded, err := question.Play(b.text, b.right.Kernel)
	if err != nil {
		return nil, err
	}
	line := b.call().Line
	found, err := question.Probe{Line: line}.Read(recorded)
	if err != nil {
		return nil, err
	}
	because := []string{fmt.Sprintf("Linux answers to line %d: %s.", line, found.Text)}
	because = append(because, found.Because...)
	because = append(because, "The kernel was wrong: "+b.bug.Sentence+".")
	return &question.Question{
		Scenario: b.transcript(), Kernel: b.bug.res.Kernel, Line: line, Ask: ask, Choices: choices,
		Answer:  slices.IndexFunc(choices, func(c question.Choice) bool { return c.Text == right }),
		Because: because,
	}, nil
}

// line asks which answer is wrong.
func (d *drawer) line() (*question.Question, error) {
	b := d.broke(draw(d.rng))
	if b == nil || len(b.differs) != 1 {
		return nil, nil
	}
	of := func(line int64) string { return fmt.Sprintf("that of line %d", line) }
	var wrong []question.Choice
	for i := range b.right.Calls {
		if i != b.differs[0] {
			wrong = append(wrong, question.Choice{Text: of(b.right.Calls[i].Line), Say: "So Linux answers too."})
		}
	}
	choices := d.choices(of(b.call().Line), wrong)
	slices.SortFunc(choices, func(x, y question.Choice) int { // 9 before 10
		if n := len(x.Text) - len(y.Text); n != 0 {
			return n
		}
		return strings.Compare(x.Text, y.Text)
	})
	return b.question("A broken kernel gave these answers, and one of them is wrong. Which?",
		of(b.call().Line), choices)
}

// bug asks what is wrong with a kernel.
func (d *drawer) bug() (*question.Question, error) {
	s := draw(d.rng)
	if d.rng.IntN(3) == 0 {
		s = drawWait(d.rng)
	}
	b := d.broke(s)
	if b == nil {
		return nil, nil
	}
	return b.question("A broken kernel gave these answers. What is wrong with it?", b.bug.Sentence,
		d.choices(b.bug.Sentence, d.suspects(b)))
}

// suspects are other wrong kernels, which would have answered otherwise: first those that
// would have shown themselves here too, then those that are wrong in the same part.
func (d *drawer) suspects(b *broken) []question.Choice {
	var shown, near []question.Choice
	for _, w := range b.wrong {
		other := outcomes(w.res)
		at := 0
		for at < len(other) && other[at] == b.got[at] {
			at++
		}
		if at == len(other) {
			continue // the same answers: it would be as good a guess
		}
		c := question.Choice{Text: w.Sentence,
			Say: fmt.Sprintf("Such a kernel would answer to line %d: %s.", b.right.Calls[at].Line, other[at])}
		switch {
		case !slices.Equal(other, b.want):
			shown = append(shown, c)
		case w.Part() == b.bug.Part():
			near = append(near, c)
		}
	}
	d.rng.Shuffle(len(shown), func(i, j int) { shown[i], shown[j] = shown[j], shown[i] })
	d.rng.Shuffle(len(near), func(i, j int) { near[i], near[j] = near[j], near[i] })
	all := append(shown, near...)
	return all[:min(most-1, len(all))]
}
