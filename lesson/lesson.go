package lesson

import (
	"embed"
	"fmt"
	"strconv"
	"strings"

	"sealab/question"
)

// Heading names a lesson.
type Heading struct {
	Number int    `json:"number"` // its place on the ladder, from 1
	ID     string `json:"id"`     // a word that stays when places change
	Title  string `json:"title"`
}

// Lesson is one lesson, worked out.
type Lesson struct {
	Heading
	Text     []string          `json:"text"` // paragraphs, to read before the question
	Question question.Question `json:"question"`
	Moral    []string          `json:"moral"` // sentences, to read after the answer
	Change   Change            `json:"change"`
}

// Change is something to try.
type Change struct {
	Text     string   `json:"text"`     // what to change
	Edits    []Edit   `json:"edits"`    // in the lesson's scenario
	Scenario string   `json:"scenario"` // with the change made
	Look     string   `json:"look"`     // what to look for
	Line     int64    `json:"line"`     // where, in the changed scenario
	Before   string   `json:"before"`   // what it was
	After    string   `json:"after"`    // what it is now
	Because  []string `json:"because"`
}

// Edit puts other lines in the place of one.
type Edit struct {
	Line int    `json:"line"` // from 1
	Text string `json:"text"` // one line or more; "" takes the line away
}

// source is a lesson as it is written: its words, and what to ask the model.
type source struct {
	id, title string
	text      []string
	ask       string
	probe     question.Probe
	choices   []question.Choice
	moral     []string
	change    change
}

type change struct {
	text  string
	edits []Edit
	look  string
	was   question.Probe // in the lesson's scenario
	is    question.Probe // in the changed one
}

//go:embed scenarios/*.scenario
var scenarios embed.FS

// List returns the headings of all lessons, in the order of the ladder.
func List() (all []Heading) {
	for i, s := range ladder {
		all = append(all, Heading{i + 1, s.id, s.title})
	}
	return all
}

// Find returns the heading of a lesson by its number or its ID.
func Find(text string) (Heading, error) {
	for _, h := range List() {
		if h.ID == text || strconv.Itoa(h.Number) == text {
			return h, nil
		}
	}
	return Heading{}, fmt.Errorf("there is no lesson %q: they are 1 to %d", text, len(ladder))
}

// Get makes the lesson with a number. The error is that there is no such lesson, or
// that the model does not bear it out.
func Get(number int) (*Lesson, error) {
	if number < 1 || number > len(ladder) {
		return nil, fmt.Errorf("there is no lesson %d: they are 1 to %d", number, len(ladder))
	}
	s := &ladder[number-1]
	text, err := scenarios.ReadFile("scenarios/" + s.id + ".scenario")
	if err != nil {
		return nil, err
	}
	q, err := question.New(string(text), "", s.ask, s.probe, s.choices)
	if err != nil {
		return nil, fmt.Errorf("lesson %s: %w", s.id, err)
	}
	c, err := s.change.try(string(text))
	if err != nil {
		return nil, fmt.Errorf("lesson %s, changed: %w", s.id, err)
	}
	return &Lesson{Heading{number, s.id, s.title}, s.text, *q, s.moral, *c}, nil
}

// try makes the change, and looks at what comes of it.
func (c *change) try(scenario string) (*Change, error) {
	out := &Change{Text: c.text, Edits: c.edits, Scenario: edit(scenario, c.edits), Look: c.look, Line: c.is.Line}
	was, err := read(scenario, c.was)
	if err != nil {
		return nil, err
	}
	is, err := read(out.Scenario, c.is)
	if err != nil {
		return nil, err
	}
	if was.Text == is.Text {
		return nil, fmt.Errorf("%q as before", is.Text)
	}
	out.Before, out.After, out.Because = was.Text, is.Text, is.Because
	return out, nil
}

func read(scenario string, p question.Probe) (*question.Found, error) {
	res, err := question.Play(scenario, "")
	if err != nil {
		return nil, err
	}
	return p.Read(res)
}

// edit puts other lines in a scenario.
func edit(scenario string, edits []Edit) string {
	lines := strings.SplitAfter(scenario, "\n")
	for _, e := range edits {
		text := e.Text
		if text != "" {
			text += "\n"
		}
		lines[e.Line-1] = text
	}
	return strings.Join(lines, "")
}
