package gen

import (
	"slices"
	"strings"
)

// Shrink looks for a shorter, simpler program of which bad still holds: it leaves calls out, first
// many at once, and then tries simpler arguments. It asks bad at most limit times.
func Shrink(p Program, limit int, bad func(Program) bool) Program {
	ask := func(q Program) bool {
		if limit <= 0 || len(q) == 0 {
			return false
		}
		limit--
		return bad(q)
	}
	for before := -1; before != size(p) && limit > 0; {
		before = size(p)
		for n := len(p) / 2; n > 0; n /= 2 {
			for at := len(p) - n; at >= 0; at -= n {
				if at+n > len(p) {
					continue
				}
				if q := p.without(at, at+n); ask(q) {
					p = q
				}
			}
		}
		p = simplify(p, ask)
	}
	return p
}

// size is what Shrink makes smaller.
func size(p Program) (n int) {
	for _, c := range p {
		n += 100
		for _, a := range c.Args {
			n += len(a)
		}
	}
	return n
}

// simplify tries simpler arguments, one at a time.
func simplify(p Program, ask func(Program) bool) Program {
	for i := range p {
		for j := range p[i].Args {
			for _, s := range simpler(p[i].Args[j]) {
				q := slices.Clone(p)
				q[i].Args = slices.Clone(p[i].Args)
				q[i].Args[j] = s
				if ask(q) {
					p = q
					break
				}
			}
		}
	}
	return p
}

// simpler lists what may stand in the place of an argument, the simplest first.
func simpler(arg string) (out []string) {
	words := strings.Split(arg, "|")
	if len(words) > 1 {
		for i := range words {
			out = append(out, strings.Join(slices.Delete(slices.Clone(words), i, i+1), "|"))
		}
		return out
	}
	if name, _, ok := strings.Cut(arg, "+"); ok {
		return []string{name}
	}
	if len(arg) > 1 && arg[0] >= '0' && arg[0] <= '9' { // not the number of buffers in a vector
		for _, s := range []string{"0", "1", "4096", "8192"} {
			if len(s) < len(arg) || len(s) == len(arg) && s < arg {
				out = append(out, s)
			}
		}
	}
	return out
}
