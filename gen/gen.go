package gen

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Options say what to draw from.
type Options struct {
	// Calls is how many calls a program has at most; 0 means 24.
	Calls int
	// NoURing and NoHugetlb leave out what a host does not have.
	NoURing, NoHugetlb bool
}

// New makes program number n of a seed.
func New(seed, n uint64, opts Options) Program {
	if opts.Calls <= 0 {
		opts.Calls = 24
	}
	g := &drawing{rng: rand.New(rand.NewPCG(seed, n)), opts: opts}
	g.memfd()
	if g.oneIn(8) {
		g.memfd()
	}
	if !g.oneIn(5) {
		g.call("", "ftruncate", "r0", g.pick("16384", "8192", "4096", "12288", "4097"))
	}
	for want := 4 + g.rng.IntN(opts.Calls-3); len(g.p) < want; {
		g.draw(actions)
	}
	return g.p
}

// drawing is a program in the making.
type drawing struct {
	rng    *rand.Rand
	opts   Options
	p      Program
	files  []string // descriptors of memfds
	in     []string // reading ends of pipes
	out    []string // writing ends
	rings  []string
	socks  []string // ends of pairs of sockets
	maps   []mapped
	self   string // the pid
	serial int
}

// mapped is a mapping that may exist.
type mapped struct {
	name string
	size int
}

// action is a kind of call and how often it is drawn.
type action struct {
	weight int
	add    func(*drawing)
}

// draw adds a call of some kind.
func (g *drawing) draw(actions []action) {
	total := 0
	for _, a := range actions {
		total += a.weight
	}
	n := g.rng.IntN(total)
	for _, a := range actions {
		if n -= a.weight; n < 0 {
			a.add(g)
			return
		}
	}
}

func (g *drawing) call(target, name string, args ...string) {
	g.p = append(g.p, Call{"", target, name, args})
}

// name is a new name that begins with a letter.
func (g *drawing) name(letter string) string {
	g.serial++
	return fmt.Sprintf("%s%d", letter, g.serial-1)
}

func (g *drawing) oneIn(n int) bool { return g.rng.IntN(n) == 0 }

// pick draws one of several words, the earlier ones more often.
func (g *drawing) pick(words ...string) string {
	n := len(words)
	return words[min(g.rng.IntN(n), g.rng.IntN(n))]
}

// some joins up to n different words with |.
func (g *drawing) some(n int, words ...string) string {
	perm := g.rng.Perm(len(words))
	var out []string
	for _, i := range perm[:1+g.rng.IntN(n)] {
		out = append(out, words[i])
	}
	return strings.Join(out, "|")
}

// any draws one of a list, or the word for none.
func (g *drawing) any(list []string, none string) string {
	if len(list) == 0 || g.oneIn(60) {
		return none
	}
	return list[g.rng.IntN(len(list))]
}

// file draws a descriptor: mostly a memfd's.
func (g *drawing) file() string {
	if g.oneIn(40) {
		return g.any(append(append([]string{}, g.in...), g.out...), "99")
	}
	return g.any(g.files, "99")
}

// length draws a number of bytes about the edges of pages.
func (g *drawing) length() string {
	return g.pick("4096", "8192", "1", "16384", "4097", "12288", "100", "4095", "0", "20480", "65536")
}

// offset draws an offset.
func (g *drawing) offset() string {
	return g.pick("0", "4096", "8192", "100", "12288", "4095", "16384", "1", "16383", "20480", "-1")
}

// within draws a range of a mapping: mostly of whole pages of it.
func (g *drawing) within() (addr, size string, m mapped) {
	if len(g.maps) == 0 {
		return "0x10000", "4096", mapped{"0x10000", 4096}
	}
	m = g.maps[g.rng.IntN(len(g.maps))]
	pages := max(1, (m.size+4095)/4096)
	from := 0
	if g.oneIn(2) {
		from = g.rng.IntN(pages)
	}
	n := 1 + g.rng.IntN(pages-from)
	if g.oneIn(2) {
		n = pages - from
	}
	if g.oneIn(10) {
		n++
	}
	size = fmt.Sprint(4096 * n)
	if g.oneIn(12) {
		size = g.length()
	}
	addr = m.name
	if from > 0 {
		addr = fmt.Sprintf("%s+%d", m.name, 4096*from)
	}
	if g.oneIn(40) {
		addr = m.name + "+1"
	}
	return addr, size, m
}
