package xarray

import (
	"math"
	"math/bits"
)

// Iter walks a tree as the radix tree was walked: without a lock, a node (a chunk)
// at a time, while others change it. What is stored or taken away in the chunk is
// seen or not, as it comes; where an entry has moved to another node, Deref tells
// so, and the walk must Retry.
//
// Kernel: include/linux/radix-tree.h radix_tree_iter, v3.4 and later.
type Iter struct {
	x     *XArray
	mark  Mark
	next  uint64 // the index to go on with when the chunk is done
	ended bool   // nothing lies behind the chunk
	index uint64 // of the present slot

	// The chunk: a node, as long as that is in the tree.
	in    bool
	node  uint64 // its id, 0 for the tree's only entry, which has no node
	base  uint64 // the index of its first slot
	shift uint8
	o     int    // the present slot
	tags  uint64 // which slots had the mark when the chunk was entered
}

// Iter returns a walk over all entries from an index on.
//
// Kernel: include/linux/radix-tree.h radix_tree_for_each_slot, v3.4 and later.
func (x *XArray) Iter(from uint64) Iter { return Iter{x: x, mark: allEntries, next: from} }

// IterMarked returns a walk over the entries with a mark. What has the mark is
// noted when a chunk is entered.
//
// Kernel: include/linux/radix-tree.h radix_tree_for_each_tagged, v3.4 and later.
func (x *XArray) IterMarked(from uint64, m Mark) Iter { return Iter{x: x, mark: m, next: from} }

// Index returns the index of the present slot. It may lie before the index where
// the walk began, when one entry covers both.
func (it *Iter) Index() uint64 { return it.index }

// Next goes on to the next slot, and says whether there is one.
//
// Kernel: include/linux/radix-tree.h radix_tree_next_slot, v3.4 and later.
func (it *Iter) Next() bool { return it.in && it.step() || !it.ended && it.enter() }

// step goes on to the next slot of the chunk.
func (it *Iter) step() bool {
	it.in = false
	n := it.chunk()
	left := it.tags
	switch {
	case it.mark != allEntries:
	case n == nil:
		return false // a node that has gone was empty
	default:
		left = n.used &^ n.siblings(it.o)
	}
	left = left >> it.o >> 1 << 1 << it.o
	if left == 0 {
		return false
	}
	o := bits.TrailingZeros64(left)
	at := it.base + uint64(o)<<it.shift
	if n != nil && n.kid(o) != nil {
		it.next, it.ended = at, false // that is a chunk of its own
		return false
	}
	it.in, it.o, it.index = true, o, at
	return true
}

// enter finds the next chunk.
//
// Kernel: lib/radix-tree.c radix_tree_next_chunk, v3.4 and later.
func (it *Iter) enter() bool {
	x := it.x
	if x.root == nil {
		it.in = it.next == 0 && x.headWanted(it.mark)
		it.node, it.base, it.shift, it.o, it.index, it.tags = 0, 0, 0, 0, 0, 0
		it.ended = true
		return it.in
	}
	l := x.find(it.next, math.MaxUint64, it.mark)
	if l.n == nil {
		it.ended = true
		return false
	}
	it.in, it.node, it.base, it.shift, it.o = true, l.n.id, l.base, l.n.shift, l.o
	it.index = l.base + uint64(l.o)<<l.n.shift
	if it.mark != allEntries {
		it.tags = l.n.marks[it.mark]
	}
	last := l.base + uint64(l.n.mask)<<l.n.shift | (1<<l.n.shift - 1)
	it.next, it.ended = last+1, last == math.MaxUint64
	return true
}

// chunk returns the node of the chunk as it is now, nil when it has gone.
func (it *Iter) chunk() *node {
	n := it.x.root
	if n == nil || it.index > it.x.top(n.shift) {
		return nil
	}
	for n != nil && n.shift > it.shift {
		n = n.kid(n.slot(it.index))
	}
	if n == nil || n.id != it.node {
		return nil
	}
	return n
}

// Deref returns what is in the present slot now: an entry, 0 if it has been taken
// away, or RetryEntry if it has moved to another node; then the caller calls Retry.
//
// Kernel: include/linux/radix-tree.h radix_tree_deref_slot, v3.4 and later.
func (it *Iter) Deref() Entry {
	x := it.x
	if it.node == 0 {
		if x.root != nil {
			return RetryEntry // the only entry was given a node
		}
		return x.head
	}
	if n := it.chunk(); n != nil {
		if n.kid(it.o) != nil || n.slots[it.o].isSibling() {
			return RetryEntry
		}
		return n.slots[it.o]
	}
	// The slots of a node that has gone are empty, unless the node went because its
	// first entry was the last of all, or because a larger entry took its place.
	_, _, order, ok := x.FindFrom(it.index, it.index)
	if ok && (x.root == nil || order >= it.shift+x.width) {
		return RetryEntry
	}
	return 0
}

// Retry makes the walk look for the present index again, from the root.
//
// Kernel: include/linux/radix-tree.h radix_tree_iter_retry, v3.4 and later.
func (it *Iter) Retry() { it.next, it.in, it.ended = it.index, false, false }

// Resume makes the walk go on behind the present slot from the root. The caller
// may have left its read section meanwhile, and nodes may be gone.
//
// Kernel: lib/radix-tree.c radix_tree_iter_resume, v4.10 and later (radix_tree_iter_next before).
func (it *Iter) Resume() {
	w := uint64(1)
	if n := it.chunk(); n != nil {
		w = uint64(n.width(it.o))
	}
	it.next = it.index + w<<it.shift
	it.in, it.ended = false, it.next == 0
}
