package model_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/google/btree"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"sealab/sim/xarray"
)

// The page tree against a balanced tree of entries, which knows no nodes: what can
// be found, which marks there are, and that clones do not see each other.

// xaItem is an entry of the oracle.
type xaItem struct {
	index uint64 // the first that it covers
	order uint8
	entry xarray.Entry
	marks [3]bool
}

func (i xaItem) last() uint64            { return i.index | (1<<i.order - 1) }
func (i xaItem) has(m xarray.Mark) bool  { return m > xarray.Mark2 || i.marks[m] }
func xaLess(a, b xaItem) bool            { return a.index < b.index }
func xaAligned(i uint64, o uint8) uint64 { return i >> o << o }

// xaModel is the oracle.
type xaModel struct{ t *btree.BTreeG[xaItem] }

const xaAnyMark = xarray.Mark2 + 1

// find returns the first entry with the mark that covers an index in [from, last].
func (m xaModel) find(from, last uint64, mark xarray.Mark) (found xaItem, ok bool) {
	if from > last {
		return found, false
	}
	m.t.DescendLessOrEqual(xaItem{index: from}, func(i xaItem) bool {
		if i.last() >= from && i.has(mark) {
			found, ok = i, true
		}
		return false
	})
	if ok {
		return found, true
	}
	m.t.AscendGreaterOrEqual(xaItem{index: from}, func(i xaItem) bool {
		if i.index > last {
			return false
		}
		if i.has(mark) {
			found, ok = i, true
		}
		return !ok
	})
	return found, ok
}

func (m xaModel) at(index uint64) (xaItem, bool) { return m.find(index, index, xaAnyMark) }

func (m xaModel) store(index uint64, order uint8, e xarray.Entry) {
	if old, ok := m.at(index); ok && e != 0 && old.order > order {
		index, order = old.index, old.order
	}
	n := xaItem{index: xaAligned(index, order), order: order, entry: e}
	for {
		old, ok := m.find(n.index, n.last(), xaAnyMark)
		if !ok {
			break
		}
		m.t.Delete(old)
		for k := range n.marks {
			n.marks[k] = n.marks[k] || old.marks[k]
		}
	}
	if e != 0 {
		m.t.ReplaceOrInsert(n)
	}
}

func (m xaModel) setMark(index uint64, mark xarray.Mark, set bool) {
	if i, ok := m.at(index); ok {
		i.marks[mark] = set
		m.t.ReplaceOrInsert(i)
	}
}

func (m xaModel) split(index uint64, order uint8) {
	old, ok := m.at(index)
	if !ok || old.order <= order {
		return
	}
	m.t.Delete(old)
	for n := range uint64(1) << (old.order - order) {
		part := old
		part.index, part.order = old.index+n<<order, order
		m.t.ReplaceOrInsert(part)
	}
}

func (m xaModel) items() (all []xaItem) {
	m.t.Ascend(func(i xaItem) bool { all = append(all, i); return true })
	return all
}

// xaPair is a tree and its oracle.
type xaPair struct {
	x *xarray.XArray
	m xaModel
}

func (p xaPair) clone() xaPair { return xaPair{p.x.Clone(), xaModel{p.m.t.Clone()}} }

// check compares all there is, and holds the tree to its laws.
func (p xaPair) check(t require.TestingT) {
	require.NoError(t, p.x.Check())
	want, n := p.m.items(), 0
	var marked [3]bool
	p.x.Each(func(index uint64, order uint8, e xarray.Entry) bool {
		got := xaItem{index: index, order: order, entry: e}
		for k := range got.marks {
			got.marks[k] = p.x.Mark(index|(1<<order-1), xarray.Mark(k))
			marked[k] = marked[k] || got.marks[k]
		}
		require.Less(t, n, len(want), "an entry at %d too many", index)
		require.Equal(t, want[n], got)
		n++
		return true
	})
	require.Len(t, want, n)
	require.Equal(t, n == 0, p.x.Empty())
	for k, any := range marked {
		require.Equal(t, any, p.x.Marked(xarray.Mark(k)), "mark %d does not reach the root", k)
	}
}

func newPair(width uint) xaPair {
	return xaPair{xarray.New(width), xaModel{btree.NewG(8, xaLess)}}
}

// xaGen draws what a tree of a width is asked.
type xaGen struct {
	width uint
	index *rapid.Generator[uint64]
	order *rapid.Generator[uint8]
	entry *rapid.Generator[xarray.Entry]
	mark  *rapid.Generator[xarray.Mark]
}

func newXAGen(t *rapid.T) xaGen {
	width := rapid.UintRange(1, 6).Draw(t, "width")
	near := rapid.Custom(func(t *rapid.T) uint64 {
		level := rapid.UintRange(0, 63/width).Draw(t, "level")
		edge := rapid.Uint64Range(0, 3).Draw(t, "edge") << (level * width)
		return edge + uint64(rapid.IntRange(-2, 2).Draw(t, "off"))
	})
	return xaGen{
		width: width,
		index: rapid.OneOf(rapid.Just(uint64(0)), rapid.Uint64Range(0, 12), rapid.Uint64Range(0, 12),
			rapid.Uint64Range(0, 300), near,
			rapid.Uint64Range(math.MaxUint64-70, math.MaxUint64)),
		order: rapid.OneOf(rapid.Just(uint8(0)), rapid.Uint8Range(0, uint8(2*width+2)), rapid.Uint8Range(0, 9),
			rapid.Uint8Range(0, 63)),
		entry: rapid.Custom(func(t *rapid.T) xarray.Entry {
			if n := rapid.Uint32Range(0, 40).Draw(t, "entry"); n < 20 {
				return xarray.FolioEntry(n) // 0 is nothing
			} else {
				return xarray.ValueEntry(uint64(n))
			}
		}),
		mark: rapid.Custom(func(t *rapid.T) xarray.Mark { return xarray.Mark(rapid.IntRange(0, 2).Draw(t, "mark")) }),
	}
}

// xaSplitOrder is the lowest order at or above order that the entry at an index can
// be split to, so that few enough parts come of it.
func xaSplitOrder(p xaPair, width uint, index uint64, order uint8) uint8 {
	i, _ := p.m.at(index)
	for i.order > order && (i.order-order > 7 || order/uint8(width)*uint8(width)+2*uint8(width) < i.order) {
		order++
	}
	return order
}

// change makes one random change to a pair.
func (g xaGen) change(t *rapid.T, p xaPair) {
	index := g.index.Draw(t, "index")
	switch kind := rapid.IntRange(0, 9).Draw(t, "kind"); kind {
	case 0:
		p.x.Store(index, 0)
		p.m.store(index, 0, 0)
	case 1, 2, 3:
		order, e := g.order.Draw(t, "order"), g.entry.Draw(t, "entry")
		p.x.StoreOrder(index, order, e)
		p.m.store(index, order, e)
	case 4, 5, 6:
		m := g.mark.Draw(t, "mark")
		p.x.SetMark(index, m)
		p.m.setMark(index, m, true)
	case 7:
		m := g.mark.Draw(t, "mark")
		p.x.ClearMark(index, m)
		p.m.setMark(index, m, false)
	case 8:
		order := xaSplitOrder(p, g.width, index, g.order.Draw(t, "order"))
		p.x.Split(index, order)
		p.m.split(index, order)
	default:
		e := g.entry.Draw(t, "entry")
		p.x.Store(index, e)
		p.m.store(index, 0, e)
	}
}

func TestXArrayAgainstBTree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := newXAGen(t)
		pairs := []xaPair{newPair(g.width)}
		pick := func(t *rapid.T) xaPair { return pairs[rapid.IntRange(0, len(pairs)-1).Draw(t, "tree")] }
		t.Repeat(map[string]func(*rapid.T){
			"change": func(t *rapid.T) { g.change(t, pick(t)) },
			"again":  func(t *rapid.T) { g.change(t, pick(t)) },
			"clone": func(t *rapid.T) {
				c := pick(t).clone()
				if len(pairs) < 3 {
					pairs = append(pairs, c)
				} else {
					pairs[rapid.IntRange(0, 2).Draw(t, "over")] = c
				}
			},
			"load": func(t *rapid.T) {
				p, index := pick(t), g.index.Draw(t, "index")
				want, _ := p.m.at(index)
				require.Equal(t, want.entry, p.x.Load(index))
				for m := range want.marks {
					require.Equal(t, want.marks[m], p.x.Mark(index, xarray.Mark(m)))
				}
			},
			"find": func(t *rapid.T) {
				p, from, last := pick(t), g.index.Draw(t, "from"), g.index.Draw(t, "last")
				for m := xarray.Mark(0); m <= xaAnyMark; m++ {
					want, wantOK := p.m.find(from, last, m)
					got := func() (uint64, xarray.Entry, uint8, bool) { return p.x.FindMarkedFrom(from, last, m) }
					if m == xaAnyMark {
						got = func() (uint64, xarray.Entry, uint8, bool) { return p.x.FindFrom(from, last) }
					}
					index, e, order, ok := got()
					require.Equal(t, wantOK, ok, "mark %d", m)
					require.Equal(t, xaItem{want.index, want.order, want.entry, [3]bool{}},
						xaItem{index: index, order: order, entry: e}, "mark %d", m)
				}
			},
			"": func(t *rapid.T) {
				for _, p := range pairs {
					p.check(t)
				}
			},
		})
		xaCanonical(t, g.width, pairs)
	})
}

// xaCanonical rebuilds each tree in another order, and compares encodings.
func xaCanonical(t *rapid.T, width uint, pairs []xaPair) {
	for _, p := range pairs {
		code := p.x.Encode(nil)
		fresh := newPair(width)
		for _, i := range rapid.Permutation(p.m.items()).Draw(t, "permutation") {
			fresh.x.StoreOrder(i.index, i.order, i.entry)
			for m, set := range i.marks {
				if set {
					fresh.x.SetMark(i.index, xarray.Mark(m))
				}
			}
		}
		require.Equal(t, code, fresh.x.Encode(nil))
		require.Equal(t, p.x.String(), fresh.x.String(), "the shape depends on the history")
		require.Equal(t, append([]byte("x"), code...), p.x.Encode([]byte("x")))
		for _, q := range pairs {
			require.Equal(t, fmt.Sprint(p.m.items()) == fmt.Sprint(q.m.items()), string(code) == string(q.x.Encode(nil)))
		}
	}
}
