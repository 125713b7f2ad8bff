package exercise

import (
	"math/rand/v2"
	"slices"
	"strings"

	"sealab/question"
	"sealab/run"
	"sealab/sim/mutant"
	"sealab/sim/profile"
)

// played is a program played on the right kernel and on wrong ones.
type played struct {
	text  string
	right *run.Result
	wrong []deviant
}

// deviant is a wrong kernel and what it makes of the program.
type deviant struct {
	mutant.About
	res *run.Result
}

// Nobody takes for a kernel what answers this to every call.
var tooSilly = mutant.Of(mutant.AddReturnsMask)

// onAll plays a program on all kernels; nil if it says nothing on the right one. For a
// fact that no answer tells, the runs are recorded, which takes longer, and only those
// kernels are asked that are wrong in some parts.
func (d *drawer) onAll(text string, parts ...string) *played {
	scripts, err := run.Read(strings.NewReader(text), "exercise")
	if err != nil {
		return nil
	}
	play := func(kernel string) (*run.Result, error) {
		return run.Play(scripts[0], run.Options{Kernel: kernel, Record: parts != nil})
	}
	right, err := play(d.release)
	if err != nil || right.Stopped != "" {
		return nil
	}
	p := &played{text: text, right: right}
	for _, a := range mutant.All() {
		if tooSilly.Has(a.Mutant) || parts != nil && !slices.Contains(parts, a.Part()) {
			continue
		}
		if res, err := play(d.release + ":" + a.Name); err == nil && res.Stopped == "" {
			p.wrong = append(p.wrong, deviant{a, res})
		}
	}
	return p
}

// fact reads a fact off a run; "" if there is none.
func fact(res *run.Result, p question.Probe) string {
	if p.Of == question.Answer {
		for i := range res.Calls {
			if res.Calls[i].Line == p.Line {
				return question.Outcome(&res.Calls[i])
			}
		}
		return ""
	}
	found, err := p.Read(res)
	if err != nil {
		return ""
	}
	return found.Text
}

// others returns what wrong kernels give for a fact, each answer once, but none of some
// others. Of kernels that give the same answer, one is told of.
func (p *played) others(rng *rand.Rand, of question.Probe, but ...string) (all []question.Choice) {
	wrong := slices.Clone(p.wrong)
	rng.Shuffle(len(wrong), func(i, j int) { wrong[i], wrong[j] = wrong[j], wrong[i] })
	for _, d := range wrong {
		text := fact(d.res, of)
		if text == "" || slices.Contains(but, text) {
			continue
		}
		but = append(but, text)
		all = append(all, question.Choice{Text: text, Say: "That would be so on a wrong kernel: " + d.Sentence + "."})
	}
	return all
}

// outcomes is what each call of a run came to, as a person is told.
func outcomes(res *run.Result) (all []string) {
	for i := range res.Calls {
		all = append(all, question.Outcome(&res.Calls[i]))
	}
	return all
}

// releases returns what real kernels answer in a call, each answer with the first that
// gives it.
func releases(text string, of question.Probe) (answers, kernels []string) {
	scripts, err := run.Read(strings.NewReader(text), "exercise")
	if err != nil {
		return nil, nil
	}
	for _, n := range profile.NamedAll() {
		res, err := run.Play(scripts[0], run.Options{Kernel: n.Release})
		if err != nil {
			continue
		}
		if said := fact(res, of); said != "" && !slices.Contains(answers, said) {
			answers, kernels = append(answers, said), append(kernels, n.Release)
		}
	}
	return answers, kernels
}
