package exercise

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"sealab/question"
	"sealab/sim/profile"
)

// Kind is what an exercise is about.
type Kind struct {
	Name  string `json:"name"`
	About string `json:"about"` // a question, or what is to be found

	make func(*drawer) (*question.Question, error)
}

// Exercise is one exercise.
type Exercise struct {
	Kind string `json:"kind"`
	Seed uint64 `json:"seed"`
	question.Question
}

// kinds are in the order of what they ask of whoever answers.
//
//tidy:table one line a kind
var kinds = []Kind{
	{"answer", "what does a call answer?", (*drawer).answer},
	{"counter", "what is i_mmap_writable after a call?", (*drawer).counter},
	{"references", "how many references has a page?", (*drawer).references},
	{"wait", "how does a wait for pins end, and when?", (*drawer).wait},
	{"kernel", "what does another kernel answer?", (*drawer).kernel},
	{"line", "which answer of a broken kernel is wrong?", (*drawer).line},
	{"bug", "what is wrong with a broken kernel?", (*drawer).bug},
}

// Kinds returns what exercises can be about.
func Kinds() []Kind { return slices.Clone(kinds) }

// drawings is how many programs are drawn for one exercise before it is given up: not every one
// is worth a question.
const drawings = 200

// New makes the exercise of a kind, by its name, with a seed. Any kind is meant by "",
// and the seed decides. The error is that there is no such kind.
func New(kind string, seed uint64) (*Exercise, error) {
	rng := rand.New(rand.NewPCG(seed, 0))
	k, err := chosen(kind, rng)
	if err != nil {
		return nil, err
	}
	d := &drawer{rng: rng, release: profile.Newest().Release}
	for range drawings {
		q, err := k.make(d)
		if err != nil {
			return nil, fmt.Errorf("exercise %s, seed %d: %w", k.Name, seed, err)
		}
		if q != nil {
			return &Exercise{k.Name, seed, *q}, nil
		}
	}
	return nil, fmt.Errorf("exercise %s: no program of seed %d is worth a question", k.Name, seed)
}

func chosen(kind string, rng *rand.Rand) (Kind, error) {
	if kind == "" {
		return kinds[rng.IntN(len(kinds))], nil
	}
	return Find(kind)
}

// Find returns the kind with a name.
func Find(name string) (Kind, error) {
	var names []string
	for _, k := range kinds {
		if k.Name == name {
			return k, nil
		}
		names = append(names, k.Name)
	}
	return Kind{}, fmt.Errorf("there is no exercise %q: there are %s", name, strings.Join(names, ", "))
}

// drawer draws until a program is worth a question.
type drawer struct {
	rng     *rand.Rand
	release string // the kernel that is asked
}

// most is how many choices a question has.
const most = 4

// choices makes the choices of a question from the right one and others, in an order
// that tells nothing; nil if they are too few.
func (d *drawer) choices(right string, wrong []question.Choice) []question.Choice {
	if len(wrong) < 2 {
		return nil
	}
	d.rng.Shuffle(len(wrong), func(i, j int) { wrong[i], wrong[j] = wrong[j], wrong[i] })
	all := append([]question.Choice{{Text: right}}, wrong[:min(len(wrong), most-1)]...)
	d.rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}
