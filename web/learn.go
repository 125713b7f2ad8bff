package web

import (
	"slices"

	"sealab/exercise"
	"sealab/lesson"
	"sealab/promise"
	"sealab/sim/profile"
)

// LearnFormat is the format of a Learn request.
const LearnFormat = "sealab-learn-1"

// Learn asks for a lesson, an exercise, or promises. The answer is the document that `sealab lesson
// --json`, `sealab exercise --json` and `sealab promise --json` print; with none named, it is the list
// of lessons.
type Learn struct {
	Format string `json:"format"`           // LearnFormat
	Lesson string `json:"lesson,omitempty"` // its ID, or its number
	// Exercise asks for an exercise, of Kind and Seed.
	Exercise bool   `json:"exercise,omitempty"`
	Kind     string `json:"kind,omitempty"` // "" for any: the seed decides
	Seed     uint64 `json:"seed,omitempty"`
	// Promises are names of means; Kernel is where they are tried, "" on the newest.
	Promises []string `json:"promises,omitempty"`
	Kernel   string   `json:"kernel,omitempty"`
}

// The documents that answer a Learn.
type (
	lessons struct {
		Format  string           `json:"format"`
		Lessons []lesson.Heading `json:"lessons"`
	}
	oneLesson struct {
		Format string         `json:"format"`
		Lesson *lesson.Lesson `json:"lesson"`
	}
	exercises struct {
		Format    string               `json:"format"`
		Exercises []*exercise.Exercise `json:"exercises"`
	}
	promises struct {
		Format   string          `json:"format"`
		Promises []*promise.Card `json:"promises"`
	}
)

func (l *Learn) answer() (any, error) {
	switch {
	case l.Lesson != "":
		h, err := lesson.Find(l.Lesson)
		if err != nil {
			return nil, problem("%v", err)
		}
		one, err := lesson.Get(h.Number)
		return oneLesson{"sealab-lesson-1", one}, err
	case l.Exercise:
		if _, err := exercise.Find(l.Kind); l.Kind != "" && err != nil {
			return nil, problem("%v", err)
		}
		one, err := exercise.New(l.Kind, l.Seed)
		return exercises{"sealab-exercises-1", []*exercise.Exercise{one}}, err
	case len(l.Promises) > 0:
		return l.promises()
	}
	return lessons{"sealab-lessons-1", lesson.List()}, nil
}

// promises tries each means against every threat. That is some hundred runs at most: a page
// cannot ask for the same means twice.
func (l *Learn) promises() (any, error) {
	if _, _, err := profile.Find(l.Kernel); l.Kernel != "" && err != nil {
		return nil, problem("%v", err)
	}
	all := promises{Format: "sealab-promises-1"}
	for i, name := range l.Promises {
		m, err := promise.Find(name)
		if err != nil || slices.Contains(l.Promises[:i], name) {
			return nil, problem("each means is one that `sealab promise` lists, once: %q", name)
		}
		card, err := promise.NewCard(m, l.Kernel)
		if err != nil {
			return nil, err
		}
		all.Promises = append(all.Promises, card)
	}
	return all, nil
}
