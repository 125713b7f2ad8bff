package vectors

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"reflect"
	"strconv"
	"strings"

	"sealab/run"
	"sealab/scenario"
	"sealab/sim/abi"
	"sealab/sim/profile"
)

// Set is vectors, and what is to be known of them.
type Set struct {
	Format    int      `json:"format"`    // 1
	Tolerance string   `json:"tolerance"` // of all times
	Vectors   []Vector `json:"vectors"`
}

// Vector is one scenario.
type Vector struct {
	Name    string    `json:"name"`
	Number  int       `json:"number"` // the behaviour
	Title   string    `json:"title"`
	Tasks   int       `json:"tasks"` // how many run at the same time; 1 for most
	Steps   []Step    `json:"steps"`
	Answers []Answers `json:"answers"` // of older kernels first

	script *run.Script
}

// Step is a call.
type Step struct {
	Task  string `json:"task,omitempty"`  // whose; the main task's without
	At    int64  `json:"at_ms,omitempty"` // it does not begin before
	Text  string `json:"text"`            // as strace writes it
	Call  string `json:"call"`
	Args  []Arg  `json:"args"`
	Binds string `json:"binds,omitempty"` // what the result is called from then on
}

// Arg is an argument: one of these.
type Arg struct {
	Number *int64   `json:"number,omitempty"`
	Name   string   `json:"name,omitempty"`   // what an earlier call has returned
	String *string  `json:"string,omitempty"` // a name or a path
	Buffer bool     `json:"buffer,omitempty"` // some memory; what is in it does not matter
	Offset *int64   `json:"offset,omitempty"` // a pointer to a number
	Store  []string `json:"store,omitempty"`  // a pointer to where two descriptors are stored
}

// Answers are what some kernels answer to the steps.
type Answers struct {
	First   string   `json:"first"` // the first mainline release
	Last    string   `json:"last"`
	Results []Result `json:"results"`
}

// Result is what a call returns.
type Result struct {
	Value int64  `json:"value"`           // 0 with Errno
	Errno string `json:"errno,omitempty"` // its name
	Any   bool   `json:"any,omitempty"`   // the value does not matter, but that it is not negative
	MS    int64  `json:"ms,omitempty"`    // how long it takes, if that is a millisecond or more
	Not   string `json:"not,omitempty"`   // it does not return: "waiting", "not made"
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

// Export makes vectors of the scenarios in a directory, in the order of their names.
func Export(dir fs.FS) (*Set, error) {
	s := &Set{Format: 1, Tolerance: tolerance}
	names, err := fs.Glob(dir, "*.scenario")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		text, err := fs.ReadFile(dir, name)
		if err != nil {
			return nil, err
		}
		v, err := export(name, string(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		s.Vectors = append(s.Vectors, *v)
	}
	return s, nil
}

// JSON writes all of it.
func (s *Set) JSON() ([]byte, error) { return json.MarshalIndent(s, "", "  ") }

func export(name, text string) (*Vector, error) {
	scripts, err := run.Read(strings.NewReader(text), name)
	if err != nil {
		return nil, err
	}
	script := scripts[0]
	v := &Vector{Name: strings.TrimSuffix(name, path.Ext(name)), Tasks: max(1, len(script.Tasks)-1), script: script}
	v.Number, v.Title = heading(text)
	if v.Number == 0 {
		return nil, fmt.Errorf("its first lines are not # number and # title")
	}
	for _, c := range script.Calls {
		st, err := step(c)
		if err != nil {
			return nil, err
		}
		v.Steps = append(v.Steps, *st)
	}
	for _, release := range mainline() {
		results, err := play(script, v.Steps, release)
		if err != nil {
			return nil, err
		}
		if n := len(v.Answers); n > 0 && reflect.DeepEqual(v.Answers[n-1].Results, results) {
			v.Answers[n-1].Last = release
			continue
		}
		v.Answers = append(v.Answers, Answers{release, release, results})
	}
	return v, nil
}

// heading reads the number and the title from the comments that a scenario begins with.
func heading(text string) (number int, title string) {
	lines := strings.SplitN(text, "\n", 3)
	if rest, ok := strings.CutPrefix(lines[0], "# number "); ok && len(lines) == 3 {
		number, _ = strconv.Atoi(rest)
		title, _ = strings.CutPrefix(lines[1], "# ")
	}
	return number, title
}

// mainline returns the mainline releases, oldest first.
func mainline() (all []string) {
	for major := profile.First.Major; major <= profile.Last.Major; major++ {
		for minor := range 64 {
			s := profile.Series{Major: major, Minor: minor}
			if s.Before(profile.First) || profile.Last.Before(s) {
				continue
			}
			if _, _, err := profile.ForRelease(s.String() + ".0"); err == nil {
				all = append(all, s.String())
			}
		}
	}
	return all
}

// step turns a line into data.
func step(c *run.Call) (*Step, error) {
	e := c.Event
	s := &Step{Call: e.Name, Binds: e.Target, At: c.At / 1e6, Text: question(e)}
	if c.Task.Name != "main" {
		s.Task = c.Task.Name
	}
	for i := 0; e.Arg(i) != nil; i++ {
		a, err := argument(e, e.Arg(i), i)
		if err != nil {
			return nil, err
		}
		s.Args = append(s.Args, a)
	}
	return s, nil
}

// question is the line without its answer, its task and its time.
func question(e *scenario.Event) string {
	q := e.Clone()
	q.Ret, q.Pid, q.Task, q.HasTime = scenario.Ret{}, 0, "", false
	return strings.TrimSpace(string(scenario.Append(nil, q)))
}

func argument(e *scenario.Event, a *scenario.Arg, i int) (Arg, error) {
	switch {
	case a.Known() && (a.Kind == scenario.Int || a.Kind == scenario.Ident || a.Kind == scenario.Flags):
		return Arg{Number: &a.Num}, nil
	case a.Kind == scenario.Null:
		return Arg{Number: new(int64)}, nil
	case a.Kind == scenario.Symbol:
		return Arg{Name: string(a.Text)}, nil
	case a.Kind == scenario.String && (i == 0 || e.Name == "openat"):
		text := string(a.Text)
		return Arg{String: &text}, nil
	case a.Kind == scenario.String:
		return Arg{Buffer: true}, nil
	case a.Kind == scenario.Array && e.NumChildren(a) == 2:
		return Arg{Store: []string{string(e.Elem(a, 0).Text), string(e.Elem(a, 1).Text)}}, nil
	case a.Kind == scenario.Array && e.NumChildren(a) == 1 && e.Elem(a, 0).Known():
		return Arg{Offset: &e.Elem(a, 0).Num}, nil
	}
	return Arg{}, e.ErrorAt(a, "not an argument of a vector")
}

// play returns what a kernel answers.
func play(script *run.Script, steps []Step, release string) ([]Result, error) {
	res, err := run.Play(script, run.Options{Kernel: release})
	if err != nil {
		return nil, err
	}
	out := make([]Result, len(res.Calls))
	for i, c := range res.Calls {
		r := Result{Value: c.Value, Errno: c.Errno, MS: (c.Ended - c.Began) / 1e6}
		switch {
		case c.State != run.Returned:
			r = Result{Not: string(c.State)}
		case r.Errno == "" && (steps[i].Binds != "" || opens[steps[i].Call]):
			r.Value, r.Any = 0, true
		}
		out[i] = r
	}
	return out, nil
}

// opens are the calls whose value is a number that the kernel may choose.
var opens = map[string]bool{"memfd_create": true, "openat": true, "dup": true}

// Plain writes the vectors of one task for tools/vectors/play.c, with the answers of one
// kernel, as profile.Find takes it.
func (s *Set) Plain(kernel string) (string, error) {
	var b strings.Builder
	count := 0
	for i := range s.Vectors {
		v := &s.Vectors[i]
		if v.Tasks > 1 {
			continue
		}
		results, err := play(v.script, v.Steps, kernel)
		if err != nil {
			return "", err
		}
		count++
		fmt.Fprintf(&b, "vector %s\n", v.Name)
		for j := range v.Steps {
			fmt.Fprintf(&b, "%s => %s\n", v.Steps[j].plain(), results[j].plain())
		}
	}
	return fmt.Sprintf("vectors %d of %s\n%s", count, kernel, b.String()), nil
}

func (s *Step) plain() string {
	binds := "-"
	words := []string{s.Call}
	if s.Binds != "" {
		binds = s.Binds
	}
	for _, a := range s.Args {
		switch {
		case a.Number != nil:
			words = append(words, strconv.FormatInt(*a.Number, 10))
		case a.Name != "":
			words = append(words, "$"+a.Name)
		case a.String != nil:
			words = append(words, strconv.Quote(*a.String))
		case a.Offset != nil:
			words = append(words, "&"+strconv.FormatInt(*a.Offset, 10))
		case a.Store != nil:
			binds = strings.Join(a.Store, ",")
			words = append(words, "!")
		default:
			words = append(words, "@")
		}
	}
	return binds + " " + strings.Join(words, " ")
}

func (r *Result) plain() string {
	text := strconv.FormatInt(r.Value, 10)
	if r.Any {
		text = "+"
	}
	if e, ok := abi.ErrnoByName(r.Errno); ok && r.Errno != "" {
		text = strconv.Itoa(-int(e))
	}
	if r.MS > 0 {
		text += fmt.Sprintf(" %d", r.MS)
	}
	return text
}
