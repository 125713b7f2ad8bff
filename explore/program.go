package explore

import (
	"strings"

	"sealab/sim/profile"
	"sealab/sim/sched"
)

// Program is what is searched: a world that stands still, and the tasks that begin
// in it. A search does not change it.
type Program struct {
	Key     string // what a checkpoint knows the program by, beside its world and its tasks
	Profile *profile.Profile
	Clock   sched.Clock // without Rounding: what matters is only which timer is first
	World   *sched.World
	Roam    int  // between how many CPUs tasks may move: see sched.Sched
	Stray   bool // a sleep may be cut short for no reason: see sched.Sched
	Tasks   []Task
	Timers  []sched.ID // Sleepers that are no task's, whose timers run from the start
	// Outcome names what has come out once every task has ended, from what the
	// tasks report (in their order) and what the world is like then. Nil joins the
	// reports.
	Outcome func(w *sched.World, reports []string) string
	// Law returns what is wrong with a state, or nil. Nil asks nothing.
	Law func(w *sched.World, tasks []Stand) error
}

// Task is one of the tasks of a program.
type Task struct {
	Name  string
	Num   int      // the task number, which locks know it by; each its own
	CPU   int      // from 0
	Sleep sched.ID // its Sleeper in the world
	// Make returns what the task does, and how to ask, once it has ended, for what a
	// user sees of it. Each is called for one rehearsal only, and must keep no
	// variable that another rehearsal sees.
	Make func() (body func(*sched.Task), report func() string)
	// Twin makes all tasks with the same number, if not 0, interchangeable: they do
	// the same to the same objects, have none of their own, and the outcome does not
	// depend on which of them did what.
	Twin int
}

// outcome names what has come out at the end.
func (p *Program) outcome(w *sched.World, reports []string) string {
	if p.Outcome == nil {
		return strings.Join(reports, " ")
	}
	return p.Outcome(w, reports)
}

// sleepers returns all whose timers may run: those of the tasks first.
func (p *Program) sleepers() (all []sched.ID) {
	for _, t := range p.Tasks {
		all = append(all, t.Sleep)
	}
	return append(all, p.Timers...)
}

// Stand is where a task stands in some state.
type Stand struct {
	Name string
	Done bool
	Next string   // the operation that it wants to do next
	On   sched.ID // and the object that it wants to do it to
	Held []sched.Held
}
