package xarray

import "math/bits"

// FindFrom returns the first entry that covers an index in [from, last]: its first
// index (which may lie before from), itself, and its order.
//
// Kernel: lib/xarray.c xa_find, v4.20 and later (radix_tree_gang_lookup before).
func (x *XArray) FindFrom(from, last uint64) (index uint64, e Entry, order uint8, ok bool) {
	return x.findEntry(from, last, allEntries)
}

// FindMarkedFrom is FindFrom for entries with a mark. Parts of the tree that have
// none are skipped.
//
// Kernel: lib/xarray.c xas_find_marked, v4.20 and later.
func (x *XArray) FindMarkedFrom(from, last uint64, m Mark) (index uint64, e Entry, order uint8, ok bool) {
	return x.findEntry(from, last, m)
}

func (x *XArray) findEntry(from, last uint64, m Mark) (index uint64, e Entry, order uint8, ok bool) {
	if x.root != nil {
		return x.find(from, last, m).entry()
	}
	if from == 0 && x.headWanted(m) {
		return 0, x.head, 0, true
	}
	return 0, 0, 0, false
}

// headWanted says whether the entry at index 0 of a tree without nodes will do.
func (x *XArray) headWanted(m Mark) bool { return x.head != 0 && (m == allEntries || x.marks[m]) }

// allEntries stands for no mark: every entry will do.
const allEntries Mark = marks

// located is an entry where it stands: slot o of node n. n is nil for none.
type located struct {
	n    *node
	base uint64 // the index of the node's first slot
	o    int
}

func (l located) entry() (index uint64, e Entry, order uint8, ok bool) {
	if l.n == nil {
		return 0, 0, 0, false
	}
	return l.base + uint64(l.o)<<l.n.shift, l.n.slots[l.o], l.n.orderOf(l.o), true
}

// wanted returns the slots worth looking at: used ones, or those with the mark.
func (n *node) wanted(m Mark) uint64 {
	if m == allEntries {
		return n.used
	}
	return n.marks[m]
}

// find goes down to the first wanted entry in [from, last], and up again where a
// node has none left.
func (x *XArray) find(from, last uint64, m Mark) located {
	if m != allEntries && !x.marks[m] {
		return located{}
	}
	for from <= last && from <= x.top(x.root.shift) {
		l, behind := x.root.look(from, m)
		if l.n != nil {
			if l.base+uint64(l.o)<<l.n.shift > last {
				return located{}
			}
			return l
		}
		if behind == 0 {
			return located{}
		}
		from = behind
	}
	return located{}
}

// look follows the way to an index down. It returns the first wanted entry of the
// node where the way ends, or the first index behind that node (0 if that is
// beyond all).
func (n *node) look(from uint64, m Mark) (l located, behind uint64) {
	for {
		o := n.slot(from)
		low := from &^ (1<<n.shift - 1) // the first index of slot o
		base := low - uint64(o)<<n.shift
		if n.kid(o) == nil {
			if f := n.first(o); n.used>>o&1 != 0 && n.wanted(m)>>f&1 != 0 {
				return located{n, base, f}, 0
			}
		} else if n.wanted(m)>>o&1 != 0 {
			n = n.kids[o]
			continue
		}
		rest := n.wanted(m) >> o >> 1 << 1 << o // the slots behind o
		if m == allEntries {
			rest &^= n.siblings(o)
		}
		if rest == 0 {
			return located{}, base + uint64(n.mask)<<n.shift + 1<<n.shift
		}
		o = bits.TrailingZeros64(rest)
		if n.kid(o) == nil {
			return located{n, base, o}, 0
		}
		from = base + uint64(o)<<n.shift
	}
}

// siblings returns the slots behind o that belong to the same entry as o.
func (n *node) siblings(o int) uint64 {
	f := n.first(o)
	w := n.width(f)
	return (^uint64(0) >> (64 - w)) << f
}
