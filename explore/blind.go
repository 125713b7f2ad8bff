package explore

import (
	"context"
	"math/big"

	"sealab/sim/sched"
)

// gen makes every sequence of choices, one after the other: it remembers what was
// chosen and of how many, and goes on from the last choice that has another answer.
type gen struct {
	chosen []pick
	at     int
	begun  bool
}

type pick struct{ value, n int }

// choose returns a number from 0 to n-1.
func (g *gen) choose(n int) int {
	if g.at == len(g.chosen) {
		g.chosen = append(g.chosen, pick{0, n})
	}
	g.at++
	return g.chosen[g.at-1].value
}

// next goes on to the next sequence, and says whether there is one.
func (g *gen) next() bool {
	g.at = 0
	if !g.begun {
		g.begun = true
		return true
	}
	for len(g.chosen) > 0 {
		last := &g.chosen[len(g.chosen)-1]
		if last.value++; last.value < last.n {
			return true
		}
		g.chosen = g.chosen[:len(g.chosen)-1]
	}
	return false
}

// Blind runs a program in every order, one run for each, and counts what comes of
// them. It uses nothing of what makes Run fast, which is why it is here: to check
// it, on programs small enough. runs bounds the number of runs.
func Blind(ctx context.Context, p *Program, opts Options, runs int64) *Result {
	stage := newStage(p)
	r := &Result{Complete: true, Total: new(big.Int)}
	ends := map[result]*big.Int{}
	var buf []option
	for g := (&gen{}); g.next(); {
		if r.Total.Cmp(big.NewInt(runs)) >= 0 || ctx.Err() != nil {
			r.Complete, r.Why = false, "the bound of runs, or interrupted"
			break
		}
		l := newLive(p, &opts, stage)
		l.start(g.choose)
		for buf = l.options(buf); len(buf) > 0; buf = l.options(buf) {
			r.Steps++
			l.take(buf[g.choose(len(buf))], g.choose)
		}
		text, kind := l.label()
		l.close()
		f := result{text, kind}
		if ends[f] == nil {
			ends[f] = new(big.Int)
		}
		ends[f].Add(ends[f], one)
		r.Total.Add(r.Total, one)
	}
	r.Outcomes = outcomes(ends)
	return r
}

var one = big.NewInt(1)

// newStage returns where tasks of a program are rehearsed.
func newStage(p *Program) *sched.Sched {
	s := sched.NewSched(p.Profile, p.Clock, nil)
	s.SetWorld(p.World)
	s.Stray, s.Roam = p.Stray, p.Roam
	return s
}
