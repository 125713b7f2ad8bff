package vectors

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"reflect"
	"regexp"
	"strings"

	"sealab/run"
	"sealab/scenario"
	"sealab/sim/profile"
)

// Set is vectors, and what is to be known of them.
type Set struct {
	Format    int      `json:"format"`    // 2
	Tolerance string   `json:"tolerance"` // of all times
	Vectors   []Vector `json:"vectors"`
}

// Vector is one scenario.
type Vector struct {
	Name    string    `json:"name"`
	Shows   []string  `json:"shows"` // behaviours, by their numbers in docs/behaviours.md: B76, H9, U4
	Title   string    `json:"title"`
	Since   string    `json:"since"`                // the first release for which it means something
	Cases   []string  `json:"cases,omitempty"`      // recorded programs that do the same
	Needs   string    `json:"needs,omitempty"`      // what not every machine has: "huge pages", "io_uring"
	Tasks   int       `json:"tasks"`                // how many run at the same time; 1 for most
	Race    bool      `json:"race,omitempty"`       // results depend on the order
	Conds   []string  `json:"conditions,omitempty"` // of a race: what may come of it, in all orders together
	Steps   []Step    `json:"steps"`
	Answers []Answers `json:"answers"` // of older kernels first

	text   string
	script *run.Script
}

// Answers are what some kernels answer to the steps.
type Answers struct {
	First   string   `json:"first"` // the first mainline release
	Last    string   `json:"last"`
	Results []Result `json:"results"`
}

const tolerance = "A call may take longer than its ms, and up to a fifth less."

// scenarios are the named scenarios.
//
//go:embed scenarios/*.scenario
var scenarios embed.FS

// Scenarios returns the directory of the named scenarios.
func Scenarios() fs.FS {
	dir, err := fs.Sub(scenarios, "scenarios")
	if err != nil {
		panic(err) // the name is a constant
	}
	return dir
}

// Load reads the scenarios in a directory, in the order of their names, without asking a
// kernel: the vectors have no answers.
func Load(dir fs.FS) (*Set, error) {
	s := &Set{Format: 2, Tolerance: tolerance}
	names, err := fs.Glob(dir, "*.scenario")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		text, err := fs.ReadFile(dir, name)
		if err != nil {
			return nil, err
		}
		v, err := load(name, string(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		s.Vectors = append(s.Vectors, *v)
	}
	return s, nil
}

// Export is Load with the answers of every mainline release.
func Export(dir fs.FS) (*Set, error) {
	s, err := Load(dir)
	if err != nil {
		return nil, err
	}
	for i := range s.Vectors {
		if err := s.Vectors[i].ask(); err != nil {
			return nil, fmt.Errorf("%s: %w", s.Vectors[i].Name, err)
		}
	}
	return s, nil
}

// JSON writes all of it.
func (s *Set) JSON() ([]byte, error) { return json.MarshalIndent(s, "", "  ") }

func load(name, text string) (*Vector, error) {
	scripts, err := run.Read(strings.NewReader(text), name)
	if err != nil {
		return nil, err
	}
	script := scripts[0]
	v := &Vector{
		Name:  strings.TrimSuffix(name, path.Ext(name)),
		Since: profile.First.String(), text: text, script: script,
	}
	if err := v.heading(); err != nil {
		return nil, err
	}
	named := map[string]bool{}
	for _, c := range script.Calls {
		st := step(c)
		named[st.Task] = true
		v.Race = v.Race || st.Task != "" && !c.Event.Ret.HasRet
		v.Steps = append(v.Steps, st)
	}
	for _, c := range script.Conds {
		v.Conds = append(v.Conds, strings.TrimSpace(string(scenario.Append(nil, c))))
	}
	delete(named, "")
	v.Tasks = max(1, len(named))
	return v, nil
}

// ask asks every mainline release from Since on.
func (v *Vector) ask() error {
	for _, release := range mainline(v.Since) {
		results, err := v.Results(release, 0)
		if err != nil {
			return err
		}
		if n := len(v.Answers); n > 0 && reflect.DeepEqual(v.Answers[n-1].Results, results) {
			v.Answers[n-1].Last = release
			continue
		}
		v.Answers = append(v.Answers, Answers{release, release, results})
	}
	return nil
}

// number is a behaviour: of the history of the kernel, of the suites of others, or one
// that no suite tests.
var number = regexp.MustCompile(`^[HBU][1-9]\d*$`)

// heading reads the comments that a scenario begins with.
func (v *Vector) heading() error {
	lines := strings.Split(v.text, "\n")
	shows, ok := strings.CutPrefix(lines[0], "# shows ")
	if ok && len(lines) > 1 {
		v.Shows = strings.Fields(shows)
		v.Title, ok = strings.CutPrefix(lines[1], "# ")
	}
	if !ok {
		return fmt.Errorf("its first lines are not # shows NUMBER... and # title")
	}
	for _, n := range v.Shows {
		if !number.MatchString(n) {
			return fmt.Errorf("# shows %s: a behaviour is a letter and a number: H9, B76, U4", n)
		}
	}
	for _, l := range lines[2:] {
		word, rest, _ := strings.Cut(strings.TrimPrefix(l, "# "), " ")
		switch {
		case !strings.HasPrefix(l, "# "):
			return nil
		case word == "since":
			if _, _, err := profile.ForRelease(rest + ".0"); err != nil {
				return fmt.Errorf("# since %s: %w", rest, err)
			}
			v.Since = rest
		case word == "needs":
			v.Needs = rest
		case word == "cases":
			v.Cases = strings.Fields(rest)
		}
	}
	return nil
}

// mainline returns the mainline releases from one on, oldest first.
func mainline(since string) (all []string) {
	begun := false
	for major := profile.First.Major; major <= profile.Last.Major; major++ {
		for minor := range 64 {
			s := profile.Series{Major: major, Minor: minor}
			if s.Before(profile.First) || profile.Last.Before(s) {
				continue
			}
			if begun = begun || s.String() == since; !begun {
				continue
			}
			if _, _, err := profile.ForRelease(s.String() + ".0"); err == nil {
				all = append(all, s.String())
			}
		}
	}
	return all
}
