package run

import (
	"cmp"
	"slices"

	"sealab/scenario"
	"sealab/sim/inode"
	"sealab/sim/kernel"
	"sealab/sim/mapping"
	"sealab/sim/sched"
)

// Verdict is what one run says of a condition about all runs.
type Verdict string

// The verdicts.
const (
	Confirmed Verdict = "confirmed"         // exists, and this run is one
	Violated  Verdict = "violated"          // always, or never, and this run shows otherwise
	Open      Verdict = "not decided by it" // other runs would have to be looked at
)

// Judged is a condition with what this run says of it.
type Judged struct {
	Line    int64   `json:"line"`
	Text    string  `json:"text"`
	Holds   bool    `json:"holds"` // what is in the parentheses, at the end of this run
	Verdict Verdict `json:"verdict"`
}

// condition judges a condition at the end of the run.
func (p *player) condition(e *scenario.Event) Judged {
	j := Judged{Line: e.Line, Text: string(scenario.Append(nil, e)), Holds: p.holds(e.Cond), Verdict: Open}
	switch {
	case e.Name == "exists" && j.Holds:
		j.Verdict = Confirmed
	case e.Name == "never" && j.Holds, e.Name == "always" && !j.Holds:
		j.Verdict = Violated
	}
	return j
}

func (p *player) holds(c *scenario.Cond) bool {
	switch c.Logic {
	case scenario.Not:
		return !p.holds(c.A)
	case scenario.And:
		return p.holds(c.A) && p.holds(c.B)
	case scenario.Or:
		return p.holds(c.A) || p.holds(c.B)
	}
	l, lok := p.value(c.L)
	r, rok := p.value(c.R)
	if !lok || !rok { // a call that has not returned has no result to compare
		return false
	}
	if l.errno != 0 || r.errno != 0 {
		return (l.errno == r.errno) == (c.Cmp == scenario.EQ) && (c.Cmp == scenario.EQ || c.Cmp == scenario.NE)
	}
	switch d := cmp.Compare(l.val, r.val); c.Cmp {
	case scenario.EQ:
		return d == 0
	case scenario.NE:
		return d != 0
	case scenario.LT:
		return d < 0
	case scenario.LE:
		return d <= 0
	case scenario.GT:
		return d > 0
	}
	return cmp.Compare(l.val, r.val) >= 0
}

// value evaluates one side of a comparison; false if there is nothing to evaluate.
func (p *player) value(v *scenario.Value) (posted, bool) {
	switch {
	case v.Func != "":
		fd, ok := p.value(v.Args[0])
		if !ok || fd.errno != 0 {
			return posted{}, false
		}
		n, ok := asks[v.Func](p.k, p.procs[p.s.Tasks[0]], fd.val)
		return posted{val: n}, ok
	case v.Sym != "":
		for i := len(p.s.Calls) - 1; i >= 0; i-- {
			for _, b := range bindings(p.s.Calls[i].Event) {
				if b.name == v.Sym {
					a := &p.res.Calls[i]
					return posted{val: b.of(a.val), errno: a.val.errno}, a.State == Returned || a.State == Unknown
				}
			}
		}
		return posted{}, false
	}
	return posted{val: v.Num, errno: v.Errno}, true
}

// asks are the functions of a condition: what of the file behind a descriptor of
// the main task they tell.
var asks = map[string]func(*kernel.Kernel, *kernel.Proc, int64) (int64, bool){
	"seals": ask(func(_ *sched.World, i *inode.Inode) int64 { return int64(i.Seals) }),
	"size":  ask(func(_ *sched.World, i *inode.Inode) int64 { return i.Size }),
	"writable": ask(func(w *sched.World, i *inode.Inode) int64 {
		return int64(sched.Peek[mapping.Counter](w, i.Map.Counter).N)
	}),
}

var askNames = []string{"seals", "size", "writable"}

func ask(f func(*sched.World, *inode.Inode) int64) func(*kernel.Kernel, *kernel.Proc, int64) (int64, bool) {
	return func(k *kernel.Kernel, p *kernel.Proc, fd int64) (int64, bool) {
		if p == nil || p.FDs == 0 {
			return 0, false
		}
		file := k.FileAt(p, fd)
		if file == 0 || !slices.Contains([]inode.Kind{inode.Shmem, inode.Hugetlb}, k.KindOf(file)) {
			return 0, false
		}
		ino := sched.Peek[inode.File](k.S.World(), file).Inode
		return f(k.S.World(), sched.Peek[inode.Inode](k.S.World(), ino)), true
	}
}
