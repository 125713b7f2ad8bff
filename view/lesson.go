package view

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"sealab/exercise"
	"sealab/lesson"
	"sealab/question"
)

// Lessons lists the ladder.
func Lessons(w io.Writer, all []lesson.Heading, s Style) {
	p := newPrinter(w, s)
	for _, h := range all {
		p.f("%3d  %s  %s\n", h.Number, pad(h.ID, 12), h.Title)
	}
}

// Lesson prints a lesson as far as its question: what is read before it is answered.
func Lesson(w io.Writer, l *lesson.Lesson, s Style) {
	p := newPrinter(w, s)
	p.f("%s\n", p.bold.Sprintf("%d. %s", l.Number, l.Title))
	for _, text := range l.Text {
		p.f("\n")
		p.wrap(0, text)
	}
	p.f("\n")
	p.question(&l.Question)
}

// Exercise prints an exercise as far as its question.
func Exercise(w io.Writer, e *exercise.Exercise, s Style) {
	p := newPrinter(w, s)
	p.f("%s\n\n", p.bold.Sprintf("Exercise %s, seed %d", e.Kind, e.Seed))
	p.question(&e.Question)
}

// question prints a scenario and what is asked about it.
func (p *printer) question(q *question.Question) {
	for _, line := range question.Numbered(q.Scenario) {
		p.f("  %s\n", clean(line))
	}
	p.f("\n")
	p.wrap(0, q.Ask)
	for i, c := range q.Choices {
		p.hang(fmt.Sprintf("  %s) ", Letter(i)), 5, 5, c.Text)
	}
}

// Letter is what a choice is called: a, b, c.
func Letter(choice int) string { return string(rune('a' + choice)) }

// Solved prints what is read after the answer to an exercise, which was the choice
// chosen, or -1 for none.
func Solved(w io.Writer, e *exercise.Exercise, chosen int, s Style) {
	newPrinter(w, s).answer(&e.Question, chosen, nil)
}

// answer prints which choice is right, and why.
func (p *printer) answer(q *question.Question, chosen int, moral []string) {
	right := Letter(q.Answer) + ") " + q.Choices[q.Answer].Text + "."
	switch {
	case chosen == q.Answer:
		p.wrap(0, p.good.Sprint("Right: ")+right)
	case chosen >= 0:
		p.wrap(0, p.bad.Sprint("No. ")+q.Choices[chosen].Say)
		p.wrap(0, "The answer is "+right)
	default:
		p.wrap(0, "The answer is "+right)
	}
	for _, text := range slices.Concat(q.Because, moral) {
		p.f("\n")
		p.wrap(0, text)
	}
}

// Answered prints what is read after the answer to a lesson, which was the choice chosen,
// or -1 for none.
func Answered(w io.Writer, l *lesson.Lesson, chosen int, s Style) {
	p := newPrinter(w, s)
	p.answer(&l.Question, chosen, l.Moral)
	p.heading("To try")
	p.wrap(0, l.Change.Text)
	for _, e := range l.Change.Edits {
		if e.Text == "" {
			p.f("  line %d: leave it out\n", e.Line)
			continue
		}
		for _, line := range strings.Split(e.Text, "\n") {
			p.f("  line %d: %s\n", e.Line, clean(line))
		}
	}
	p.wrap(0, l.Change.Look)
	p.f("\n")
	p.wrap(0, fmt.Sprintf("Before: %s. After: %s.", l.Change.Before, l.Change.After))
	for _, text := range l.Change.Because {
		p.wrap(0, text)
	}
}
