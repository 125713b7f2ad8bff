package explore

import (
	"errors"
	"strconv"
	"strings"

	"sealab/run"
	"sealab/scenario"
	"sealab/sim/law"
	"sealab/sim/sched"
)

// FromScript makes the program of a scenario that is on a stage. lawful adds the laws
// of package law, which are then asked in every state.
//
// An outcome's text is what a user sees, and behind a separator what each condition
// of the scenario says of it: see Facts.
func FromScript(st *run.Stage, lawful bool) (p *Program, problem func() error) {
	k := st.Kernel
	p = &Program{Profile: &k.Config().Profile, Clock: k.S.Clock, World: k.S.World().Clone(), Timers: st.Timers,
		Stray: k.S.Stray, Roam: k.S.Roam}
	var key []byte
	for _, c := range st.Script.Calls {
		key = append(scenario.Append(key, c.Event), '\n')
	}
	p.Key = p.Profile.Release + string(key)
	var wrong error
	for i, a := range st.Actors {
		p.Tasks = append(p.Tasks, Task{
			Name: a.Name, Num: a.Num, CPU: a.CPU, Sleep: a.Sleep,
			Make: func() (func(*sched.Task), func() string) {
				body, problem := st.Body(i)
				return func(t *sched.Task) {
					defer func() {
						if err := problem(); err != nil && wrong == nil {
							wrong = err
						}
					}()
					body(t)
				}, func() string { return "" }
			},
		})
	}
	p.Outcome = func(w *sched.World, _ []string) string {
		e := st.Ending(w)
		facts := make([]byte, len(e.Holds))
		for i, yes := range e.Holds {
			facts[i] = "ny"[b2i(yes)]
		}
		var other []string
		for _, line := range e.Other {
			other = append(other, strconv.FormatInt(line, 10))
		}
		return e.Text + separator + string(facts) + separator + strings.Join(other, ",")
	}
	if lawful {
		p.Law = laws(p)
	}
	return p, func() error { return wrong }
}

// laws asks the laws of the model. They are about a machine, so there is one that only
// shows what they look at.
func laws(p *Program) func(*sched.World, []Stand) error {
	shown := sched.NewSched(p.Profile, p.Clock, nil)
	var tasks []*sched.Task
	for _, t := range p.Tasks {
		tasks = append(tasks, shown.Spawn(t.Name, func(*sched.Task) {}))
	}
	return func(w *sched.World, stands []Stand) error {
		shown.SetWorld(w)
		for i, t := range tasks {
			t.Held = append(t.Held[:0], stands[i].Held...)
		}
		if wrong := law.Broken(shown); len(wrong) > 0 {
			return errors.New(wrong[0])
		}
		return nil
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

const separator = "\x00"

// Facts are what the text of an outcome of a scenario says.
type Facts struct {
	Text  string
	Holds []bool  // for each condition, whether what is in its parentheses is so
	Other []int64 // the lines whose expected answer is another
}

// Facts reads the text of an outcome of a scenario.
func (o *Outcome) Facts() (f Facts) {
	parts := strings.Split(o.Text, separator)
	f.Text = parts[0]
	if len(parts) < 3 {
		return f
	}
	for _, c := range parts[1] {
		f.Holds = append(f.Holds, c == 'y')
	}
	for s := range strings.SplitSeq(parts[2], ",") {
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			f.Other = append(f.Other, n)
		}
	}
	return f
}
