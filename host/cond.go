package host

import (
	"sealab/scenario"
	"sealab/sim/abi"
)

// Claim is a condition of a scenario and what the runs said of it.
type Claim struct {
	Line  int64  `json:"line"`
	Text  string `json:"text"`
	Holds bool   `json:"holds"`
	// Times is in how many of the runs the condition in the parentheses was true.
	Times int `json:"times"`
	// Why says what cannot be judged; the claim then neither holds nor fails.
	Why string `json:"why,omitempty"`

	cond *scenario.Cond
	word string
}

// quantity is one side of a comparison.
type quantity struct {
	num   int64
	errno abi.Errno
}

// claims are the conditions of a program.
func claims(p *Program) (out []Claim) {
	for _, e := range p.Events {
		if e.Kind == scenario.Condition {
			c := Claim{Line: e.Line, Text: string(scenario.Append(nil, e)), cond: e.Cond, word: e.Name}
			out = append(out, c)
		}
	}
	return out
}

// count takes the end of one run into account. of is the result that has a name.
func (c *Claim) count(of func(name string) (quantity, bool)) {
	if holds(c.cond, of, &c.Why) {
		c.Times++
	}
}

// judge says whether the claim holds, after that many runs.
func (c *Claim) judge(runs int) {
	switch c.word {
	case "exists":
		c.Holds = c.Times > 0
	case "never":
		c.Holds = c.Times == 0
	case "always":
		c.Holds = c.Times == runs
	}
	c.Holds = c.Holds && c.Why == ""
}

func holds(c *scenario.Cond, of func(string) (quantity, bool), why *string) bool {
	switch c.Logic {
	case scenario.Not:
		return !holds(c.A, of, why)
	case scenario.And:
		return holds(c.A, of, why) && holds(c.B, of, why)
	case scenario.Or:
		return holds(c.A, of, why) || holds(c.B, of, why)
	}
	l, r := side(c.L, of, why), side(c.R, of, why)
	switch c.Cmp {
	case scenario.EQ:
		return l == r
	case scenario.NE:
		return l != r
	case scenario.LT:
		return l.num < r.num
	case scenario.LE:
		return l.num <= r.num
	case scenario.GT:
		return l.num > r.num
	}
	return l.num >= r.num
}

func side(v *scenario.Value, of func(string) (quantity, bool), why *string) quantity {
	if v.Sym != "" {
		q, ok := of(v.Sym)
		if !ok {
			*why = v.Sym + " has no result: its line was not run to its end"
		}
		return q
	}
	if !v.Known {
		*why = v.Text + " is not something that the host can be asked"
	}
	return quantity{v.Num, v.Errno}
}
