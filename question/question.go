package question

import (
	"fmt"
	"strings"

	"sealab/run"
)

// Choice is an answer that can be chosen.
type Choice struct {
	Text string `json:"text"`
	Say  string `json:"say,omitempty"` // what is told to who chooses it, though it is wrong
}

// Question is asked about a scenario.
type Question struct {
	Scenario string   `json:"scenario"`
	Kernel   string   `json:"kernel,omitempty"` // what it is played on; "" is what the scenario says
	Line     int64    `json:"line"`             // what it is about, from 1
	Ask      string   `json:"ask"`              // one sentence
	Choices  []Choice `json:"choices"`
	Answer   int      `json:"answer"`            // which is right, from 0
	Because  []string `json:"because,omitempty"` // why, a sentence each
}

// Texts makes choices of texts.
func Texts(texts ...string) (all []Choice) {
	for _, t := range texts {
		all = append(all, Choice{Text: t})
	}
	return all
}

// New asks about a scenario. The error is of the scenario, or that not one of the
// choices, or more than one, is what the model answers.
func New(scenario, kernel, ask string, p Probe, choices []Choice) (*Question, error) {
	res, err := Play(scenario, kernel)
	if err != nil {
		return nil, err
	}
	found, err := p.Read(res)
	if err != nil {
		return nil, err
	}
	q := &Question{Scenario: scenario, Kernel: kernel, Line: p.Line, Ask: ask, Choices: choices, Answer: -1,
		Because: found.Because}
	seen := map[string]bool{}
	for i, c := range choices {
		if seen[c.Text] {
			return nil, fmt.Errorf("%s: the choice %q is there twice", ask, c.Text)
		}
		seen[c.Text] = true
		if c.Text == found.Text {
			q.Answer = i
		}
	}
	if q.Answer < 0 {
		return nil, fmt.Errorf("%s: the model answers %q, which is no choice", ask, found.Text)
	}
	return q, nil
}

// Play plays a scenario of one program, and writes down what happens. kernel is as
// run.Options has it. Expectations of the scenario must hold, and its run must end.
func Play(scenario, kernel string) (*run.Result, error) {
	scripts, err := run.Read(strings.NewReader(scenario), "scenario")
	if err != nil {
		return nil, err
	}
	if len(scripts) != 1 {
		return nil, fmt.Errorf("a question is about one program, and this scenario has %d", len(scripts))
	}
	res, err := run.Play(scripts[0], run.Options{Kernel: kernel, Record: true})
	if err != nil {
		return nil, err
	}
	if res.Stopped != "" {
		return nil, fmt.Errorf("the run was stopped %s", res.Stopped)
	}
	for i := range res.Calls {
		if c := &res.Calls[i]; c.Differs() {
			return nil, fmt.Errorf("line %d expects %s, and the model answers %s: %s", c.Line, c.Expected,
				c.AnswerText(), c.Text)
		}
	}
	return res, nil
}

// Numbered returns a scenario with the number of each line before it, as a question
// names them.
func Numbered(scenario string) (lines []string) {
	for i, text := range strings.Split(strings.TrimRight(scenario, "\n"), "\n") {
		lines = append(lines, fmt.Sprintf("%3d  %s", i+1, text))
	}
	return lines
}
