package run

import (
	"errors"

	"sealab/sim/abi"
	"sealab/sim/folio"
	"sealab/sim/law"
	"sealab/sim/sched"
)

// lawful is a chooser that asks the laws of package law before every step. With the
// first that is broken the run is over.
type lawful struct {
	sched.Chooser
	s       *sched.Sched
	history law.History
	broken  []string
}

// errLaw is why such a run did not come to its end.
var errLaw = errors.New("a law of the model is broken")

// Next implements sched.Chooser.
func (l *lawful) Next(v *sched.View) int {
	l.ask()
	return l.Chooser.Next(v)
}

func (l *lawful) ask() {
	if l.broken != nil {
		return
	}
	l.broken = append(law.Broken(l.s), l.history.Look(l.s)...)
	if l.broken != nil {
		l.s.SetLimit(max(1, l.s.Steps()))
	}
}

// end asks the laws of a machine that has come to rest, and lets every task exit then:
// nothing must be left of them.
func (l *lawful) end(p *player) {
	l.ask()
	for _, q := range p.k.Procs() {
		if !q.Gone() && !q.Task.AtRest() {
			return // it waits for ever
		}
	}
	if l.broken != nil {
		return
	}
	l.s.SetChooser(nil)
	for _, q := range p.k.Procs() {
		if !q.Gone() {
			l.s.Signal(q.Task, int(abi.SIGKILL), true)
		}
	}
	if err := l.s.RunAll(); err != nil {
		l.broken = append(l.broken, "the tasks exit: "+err.Error())
		return
	}
	p.k.Do(folio.DrainAllBatches)
	p.k.S.World().Remove(p.board)
	l.broken = law.Left(l.s)
}
