package web

import (
	"sealab/exercise"
	"sealab/lesson"
)

// LearnFormat is the format of a Learn request.
const LearnFormat = "sealab-learn-1"

// Learn asks for a lesson or an exercise. The answer is the document that `sealab lesson
// --json` and `sealab exercise --json` print; with neither named, it is the list of lessons.
type Learn struct {
	Format string `json:"format"`           // LearnFormat
	Lesson string `json:"lesson,omitempty"` // its ID, or its number
	// Exercise asks for an exercise, of Kind and Seed.
	Exercise bool   `json:"exercise,omitempty"`
	Kind     string `json:"kind,omitempty"` // "" for any: the seed decides
	Seed     uint64 `json:"seed,omitempty"`
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
	}
	return lessons{"sealab-lessons-1", lesson.List()}, nil
}
