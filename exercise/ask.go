package exercise

import (
	"fmt"
	"slices"
	"strconv"

	"sealab/question"
)

// answer asks what a call answers.
func (d *drawer) answer() (*question.Question, error) {
	return d.fact(draw(d.rng), "What does line %d answer?")
}

// wait asks how a wait for pins ends.
func (d *drawer) wait() (*question.Question, error) {
	return d.fact(drawWait(d.rng), "What does line %d answer, and when?")
}

// counter asks how many mappings may become writable.
func (d *drawer) counter() (*question.Question, error) {
	return d.number(draw(d.rng), question.Counter, "What is i_mmap_writable of the file after line %d?",
		"Count once more: one for each shared mapping of a descriptor that is open for writing; "+
			"-1 if F_SEAL_WRITE is set.",
		"mappings", "F_ADD_SEALS")
}

// references asks how often a page is held.
func (d *drawer) references() (*question.Question, error) {
	return d.number(drawHeld(d.rng), question.Refs, "How many references has the file's first page after line %d?",
		"Count once more: one for the page cache, one for each entry of a page table, one for each other holder.",
		"mappings", "who holds pages")
}

// number asks for a number. Wrong kernels give few others, so those beside the right one do
// for the rest, with a hint.
func (d *drawer) number(s *scene, of question.Fact, ask, hint string, parts ...string) (*question.Question, error) {
	p := d.onAll(s.String(), parts...)
	if p == nil {
		return nil, nil
	}
	probe := question.Probe{Line: s.asks[d.rng.IntN(len(s.asks))], Of: of}
	right := fact(p.right, probe)
	if right == "" {
		return nil, nil // there is no page yet
	}
	n, err := strconv.Atoi(right)
	if err != nil {
		return nil, err
	}
	wrong := p.others(d.rng, probe, right)
	for _, near := range []int{n + 1, n - 1, n + 2} {
		text := strconv.Itoa(near)
		if !slices.ContainsFunc(wrong, func(c question.Choice) bool { return c.Text == text }) {
			wrong = append(wrong, question.Choice{Text: text, Say: hint})
		}
	}
	choices := d.choices(right, wrong[:most-1])
	return question.New(p.text, d.release, fmt.Sprintf(ask, probe.Line), probe, choices)
}

// fact asks for the answer to one of those lines of a program to which wrong kernels give
// most other answers; nil if none is worth it.
func (d *drawer) fact(s *scene, ask string) (*question.Question, error) {
	p := d.onAll(s.String())
	if p == nil {
		return nil, nil
	}
	var (
		probe question.Probe
		right string
		wrong []question.Choice
	)
	d.rng.Shuffle(len(s.asks), func(i, j int) { s.asks[i], s.asks[j] = s.asks[j], s.asks[i] })
	for _, line := range s.asks {
		at := question.Probe{Line: line, Of: question.Answer}
		text := fact(p.right, at)
		if all := p.others(d.rng, at, text); text != "" && len(all) > len(wrong) {
			probe, right, wrong = at, text, all
		}
	}
	choices := d.choices(right, wrong)
	if choices == nil {
		return nil, nil
	}
	return question.New(p.text, d.release, fmt.Sprintf(ask, probe.Line), probe, choices)
}

// kernel asks what a kernel answers that is not the newest, where kernels differ.
func (d *drawer) kernel() (*question.Question, error) {
	s := draw(d.rng)
	for _, line := range s.asks {
		probe := question.Probe{Line: line, Of: question.Answer}
		answers, kernels := releases(s.String(), probe)
		if len(answers) < 2 {
			continue
		}
		i := d.rng.IntN(len(answers))
		var wrong []question.Choice
		for j, text := range answers {
			if j != i {
				wrong = append(wrong, question.Choice{Text: text, Say: "So Linux " + kernels[j] + " answers."})
			}
		}
		if p := d.onAll(s.String()); p != nil && len(wrong) < most-1 {
			wrong = append(wrong, p.others(d.rng, probe, answers...)...)
		}
		if choices := d.choices(answers[i], wrong); choices != nil {
			return question.New(s.String(), kernels[i],
				fmt.Sprintf("What does line %d answer on Linux %s?", line, kernels[i]), probe, choices)
		}
	}
	return nil, nil
}
