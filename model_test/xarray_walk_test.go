package model_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"sealab/sim/xarray"
)

// xaFilled returns a pair with some entries.
func xaFilled(t *rapid.T) (xaGen, xaPair) {
	g := newXAGen(t)
	p := newPair(g.width)
	for range rapid.IntRange(0, 30).Draw(t, "entries") {
		g.change(t, p)
	}
	return g, p
}

// xaWalk is a State, and what it must be at.
type xaWalk struct {
	p     xaPair
	s     xarray.State
	next  uint64
	ended bool
	on    *xaItem // the present entry
	stale bool    // others have stored something, and the State was not paused
}

// do calls f, which panics if the State is stale.
func (w *xaWalk) do(t *rapid.T, f func()) (done bool) {
	if w.stale {
		require.Panics(t, f)
		return false
	}
	f()
	return true
}

func (w *xaWalk) advance(t *rapid.T, last uint64, m xarray.Mark) {
	var e xarray.Entry
	done := w.do(t, func() {
		if m == xaAnyMark {
			e = w.s.Next(last)
		} else {
			e = w.s.NextMarked(last, m)
		}
	})
	if !done {
		return
	}
	w.on = nil
	want, ok := w.p.m.find(w.next, last, m)
	if w.ended || !ok {
		require.Zero(t, e)
		return
	}
	w.on = &want
	w.next, w.ended = want.last()+1, want.last() == math.MaxUint64
	require.Equal(t, xaItem{index: want.index, order: want.order, entry: want.entry},
		xaItem{index: w.s.Index(), order: w.s.Order(), entry: e})
}

// change is what the walker itself does to the present entry.
func (w *xaWalk) change(t *rapid.T, g xaGen) {
	if w.on == nil {
		require.Panics(t, func() { w.s.SetMark(xarray.Mark0) })
		return
	}
	i, m, e := *w.on, g.mark.Draw(t, "mark"), g.entry.Draw(t, "entry")
	switch rapid.IntRange(0, 3).Draw(t, "what") {
	case 0:
		if w.do(t, func() { w.s.Store(e) }) {
			w.p.m.store(i.index, i.order, e)
			if e == 0 {
				w.on = nil
			}
		}
	case 1:
		if w.do(t, func() { w.s.SetMark(m) }) {
			w.p.m.setMark(i.index, m, true)
		}
	case 2:
		if w.do(t, func() { w.s.ClearMark(m) }) {
			w.p.m.setMark(i.index, m, false)
		}
	default:
		var got bool
		if w.do(t, func() { got = w.s.Mark(m) }) {
			now, _ := w.p.m.at(i.index)
			require.Equal(t, now.marks[m], got)
		}
	}
}

// TestXArrayState walks as v4.20 and later does, with pauses in which others change
// the tree.
func TestXArrayState(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g, p := xaFilled(t)
		w := &xaWalk{p: p, next: g.index.Draw(t, "start")}
		w.s = p.x.At(w.next)
		last := func(t *rapid.T) uint64 {
			return rapid.OneOf(rapid.Just(uint64(math.MaxUint64)), g.index).Draw(t, "last")
		}
		t.Repeat(map[string]func(*rapid.T){
			"next":   func(t *rapid.T) { w.advance(t, last(t), xaAnyMark) },
			"marked": func(t *rapid.T) { w.advance(t, last(t), g.mark.Draw(t, "mark")) },
			"change": func(t *rapid.T) { w.change(t, g) },
			"pause": func(t *rapid.T) {
				w.s.Pause()
				w.on, w.stale = nil, false
			},
			"retry": func(t *rapid.T) {
				w.s.Retry()
				if w.on != nil {
					w.next, w.ended = w.on.index, false
				}
				w.on, w.stale = nil, false
			},
			"clone": func(t *rapid.T) { // the clone shares nodes with the tree from here on
				c := w.p.clone()
				g.change(t, c)
				c.check(t)
			},
			"mark by others": func(t *rapid.T) {
				index, m, set := g.index.Draw(t, "index"), g.mark.Draw(t, "mark"), rapid.Bool().Draw(t, "set")
				if set {
					p.x.SetMark(index, m)
				} else {
					p.x.ClearMark(index, m)
				}
				p.m.setMark(index, m, set)
			},
			"store by others": func(t *rapid.T) {
				index, order, e := g.index.Draw(t, "index"), g.order.Draw(t, "order"), g.entry.Draw(t, "entry")
				p.x.StoreOrder(index, order, e)
				p.m.store(index, order, e)
				w.stale = w.on != nil
			},
			"": func(t *rapid.T) { p.check(t) },
		})
	})
}

// TestXArrayIter walks without a lock, as up to v4.19, while others change the tree
// at any time. An entry that nobody touches is visited exactly once; what is visited
// is there at that moment.
func TestXArrayIter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g, p := xaFilled(t)
		from, m := g.index.Draw(t, "from"), rapid.SampledFrom([]xarray.Mark{0, 1, 2, xaAnyMark}).Draw(t, "mark")
		it := p.x.Iter(from)
		if m != xaAnyMark {
			it = p.x.IterMarked(from, m)
		}
		always, ever := map[xaItem]bool{}, map[uint64]bool{} // untouched; had the mark at some time
		visits := map[xaItem]int{}
		note := func(first bool) {
			now := map[xaItem]bool{}
			for _, i := range p.m.items() {
				if !i.has(m) {
					continue
				}
				i.marks = [3]bool{}
				now[i], ever[i.index] = true, true
				if first && i.last() >= from {
					always[i] = true
				}
			}
			for i := range always {
				if !now[i] {
					delete(always, i)
				}
			}
		}
		steps := 0
		disturb := func(what string) {
			if steps > 200 {
				return // from here on the walk must come to an end
			}
			for range rapid.SampledFrom([]int{0, 0, 0, 1, 2, 8}).Draw(t, what) {
				g.change(t, p)
				note(false)
			}
		}
		note(true)
		prev, again := uint64(0), true
		for it.Next() {
			steps++
			require.Less(t, steps, 200_000)
			ahead := it.Index() > prev || again
			if i, ok := p.m.at(it.Index()); ok && !ahead {
				ahead = i.last() > prev // it was joined with what lies behind
			}
			require.True(t, ahead, "%d after %d", it.Index(), prev)
			prev, again = it.Index(), false
			disturb("before Deref")
			e := it.Deref()
			item, ok := p.m.at(it.Index())
			switch {
			case e == xarray.RetryEntry:
				it.Retry()
				again = true // the same index once more, or an entry that covers it
			case e != 0:
				require.True(t, ok, "%v at %d is not there", e, it.Index())
				require.Equal(t, xaItem{index: it.Index(), order: item.order, entry: e, marks: item.marks}, item)
				require.True(t, ever[item.index], "%d never had the mark", item.index)
				item.marks = [3]bool{}
				visits[item]++
			}
			if e != xarray.RetryEntry && rapid.IntRange(0, 3).Draw(t, "resume") == 0 {
				it.Resume()
				disturb("in Resume")
			}
			disturb("before Next")
		}
		for i := range always {
			require.Equal(t, 1, visits[i], "%v at %d, which nobody touched", i.entry, i.index)
		}
	})
}
