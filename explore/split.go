package explore

import (
	"math/big"
	"slices"
)

// root is a state that a search begins with.
type root struct {
	state
	count *big.Int  // orders that lead to it
	ways  []waiting // a cheapest way for each task that can have taken the last step
	costs []cost    // of the ways
}

// begins returns the states that the search begins with: those of the program, or the
// part of them that a shard has.
func (s *search) begins() []root {
	if s.roots != nil {
		return s.roots
	}
	for _, st := range s.m.starts() {
		s.roots = append(s.roots, root{st, big.NewInt(1), []waiting{{state: st, last: -2}}, []cost{{}}})
	}
	if n := s.opts.Shards; n > 1 {
		s.split(n)
		all := s.roots
		s.roots = slices.Clone(all[s.opts.Shard*len(all)/n : (s.opts.Shard+1)*len(all)/n])
	}
	return s.roots
}

// split goes on from the states that the program begins with, all steps of the same number
// together, until there are enough states to give each shard some, or to where there are
// most. Every order goes through exactly one of them, or has ended before: then its end is
// one of them. So what the shards find and count adds up, though they may look at the same
// states later on.
//
// The same program is always split in the same way: whoever knows the number of shards
// knows which states a shard begins with.
func (s *search) split(shards int) {
	const each, deep = 16, 200
	now := s.roots
	for depth := 0; depth < deep && len(s.roots) < each*shards; depth++ {
		next := fringe{at: map[uint64]int{}, s: s}
		grown := false
		for i := range now {
			grown = next.after(&now[i]) || grown
		}
		if now = next.roots; len(now) > len(s.roots) {
			s.roots = now
		}
		if !grown {
			return
		}
	}
}

// fringe are the roots after a number of steps.
type fringe struct {
	s     *search
	roots []root
	at    map[uint64]int // fingerprint → index in roots
}

// after adds what one step leads to from a root, or the root itself if none does.
func (f *fringe) after(r *root) (any bool) {
	m := f.s.m
	goesOn := map[int]bool{}
	var moves []move
	var states []state
	any = m.after(r.state, func(mv move, st state) {
		goesOn[mv.task] = true
		moves, states = append(moves, mv), append(states, st)
	})
	if !any {
		f.add(r.state, r.count, r.ways, r.costs)
		return false
	}
	for i, mv := range moves {
		var ways []waiting
		var costs []cost
		for k, w := range r.ways {
			c := cost{r.costs[k].preemptions, r.costs[k].steps + 1}
			if w.last >= 0 && goesOn[w.last] && mv.task != w.last {
				c.preemptions++
			}
			ways, costs = append(ways, waiting{states[i], mv.task, &walk{w.way, mv}}), append(costs, c)
		}
		f.s.unlawful(states[i], ways, costs)
		f.add(states[i], r.count, ways, costs)
	}
	return true
}

// add adds orders that lead to a state.
func (f *fringe) add(st state, count *big.Int, ways []waiting, costs []cost) {
	i, known := f.at[st.fp]
	if !known {
		i = len(f.roots)
		f.at[st.fp] = i
		f.roots = append(f.roots, root{state: st, count: new(big.Int)})
	}
	r := &f.roots[i]
	r.count.Add(r.count, count)
	for k, w := range ways {
		at := slices.IndexFunc(r.ways, func(x waiting) bool { return x.last == w.last })
		switch {
		case at < 0:
			r.ways, r.costs = append(r.ways, w), append(r.costs, costs[k])
		case costs[k].before(r.costs[at]):
			r.ways[at], r.costs[at] = w, costs[k]
		}
	}
}

// unlawful notes a state before the roots in which a law is broken, with a way to it.
func (s *search) unlawful(st state, ways []waiting, costs []cost) {
	text := s.m.broken(st.row)
	if text == "" {
		return
	}
	f := result{text, Broken}
	s.found[f] = nil
	for i := range ways {
		if best := s.early[f]; best == nil || costs[i].before(cost{best.Preemptions, best.Length}) {
			s.early[f] = s.m.prog.told(ways[i].way, costs[i])
		}
	}
}
