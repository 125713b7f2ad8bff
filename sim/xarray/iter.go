package xarray

import (
	"math"
	"math/bits"
)

// Iter walks a tree as the radix tree was walked: without a lock, a node (a chunk)
// at a time, while others change it. What is stored or taken away in the chunk is
// seen or not, as it comes; where the chunk itself has moved the walk meets
// RetryEntry.
//
// Kernel: include/linux/radix-tree.h radix_tree_iter, v3.4 and later.
type Iter struct {
	x     *XArray
	mark  Mark
	next  uint64 // the index to go on with
	ended bool
	index uint64

	// The chunk: the slots of one node that were wanted when it was entered.
	base  uint64
	shift uint8
	left  uint64
	empty bool // the chunk is the tree's only entry, without a node
}

// Iter returns a walk over all entries from an index on.
//
// Kernel: include/linux/radix-tree.h radix_tree_for_each_slot, v3.4 and later.
func (x *XArray) Iter(from uint64) Iter { return Iter{x: x, mark: allEntries, next: from} }

// IterMarked returns a walk over the entries with a mark.
//
// Kernel: include/linux/radix-tree.h radix_tree_for_each_tagged, v3.4 and later.
func (x *XArray) IterMarked(from uint64, m Mark) Iter { return Iter{x: x, mark: m, next: from} }

// Index returns the index of the slot that Next last came to.
func (it *Iter) Index() uint64 { return it.index }

// Next goes on to the next slot and returns what is in it now: an entry, 0 if it
// was emptied since the chunk was entered, or RetryEntry, after which the caller
// calls Retry. ok is false at the end.
//
// Kernel: include/linux/radix-tree.h radix_tree_next_slot, v3.4 and later.
func (it *Iter) Next() (e Entry, ok bool) {
	for it.left == 0 {
		if it.ended || !it.enter() {
			return 0, false
		}
	}
	o := bits.TrailingZeros64(it.left)
	it.left &= it.left - 1
	it.index = it.base + uint64(o)<<it.shift
	if it.left == 0 {
		it.behind()
	} else {
		it.next = it.base + uint64(bits.TrailingZeros64(it.left))<<it.shift
	}
	return it.deref(o), true
}

// behind makes the walk go on behind the chunk.
func (it *Iter) behind() {
	last := it.index | (1<<it.shift - 1)
	if !it.empty {
		last = it.base | (uint64(1)<<it.x.width-1)<<it.shift | (1<<it.shift - 1)
	}
	it.next, it.ended = last+1, last == math.MaxUint64
}

// enter finds the next chunk.
//
// Kernel: lib/radix-tree.c radix_tree_next_chunk, v3.4 and later.
func (it *Iter) enter() bool {
	x := it.x
	if x.root == nil {
		it.base, it.shift, it.empty = 0, 0, true
		if it.next > 0 || x.head == 0 || it.mark != allEntries && !x.marks[it.mark] {
			return false
		}
		it.left = 1
		return true
	}
	l := x.find(it.next, math.MaxUint64, it.mark)
	if l.n == nil {
		return false
	}
	it.base, it.shift, it.empty = l.base, l.n.shift, false
	it.left = l.n.wanted(it.mark) >> l.o << l.o
	for o := range l.n.slots {
		if l.n.kid(o) != nil || l.n.slots[o].isSibling() {
			it.left &^= 1 << o
		}
	}
	// A slot that leads on is a chunk of its own: stop before it.
	if l.n.kids != nil {
		for o := l.o; o < len(l.n.slots); o++ {
			if l.n.kids[o] != nil {
				it.left &= 1<<o - 1
				break
			}
		}
	}
	return true
}

// deref reads slot o of the chunk, as it is now.
//
// Kernel: include/linux/radix-tree.h radix_tree_deref_slot, v3.4 and later.
func (it *Iter) deref(o int) Entry {
	x := it.x
	switch {
	case it.empty && x.root == nil:
		return x.head
	case it.empty:
		return RetryEntry // the entry has moved into a node
	case x.root == nil:
		if it.base == 0 && o == 0 && x.head != 0 {
			return RetryEntry // the node has gone, and left its first entry behind
		}
		return 0
	}
	if it.index > x.top(x.root.shift) {
		return 0
	}
	for n := x.root; n != nil; n = n.kid(n.slot(it.index)) {
		if n.shift == it.shift {
			if n.kid(o) != nil {
				return RetryEntry
			}
			return n.slots[n.first(o)]
		}
		if n.shift < it.shift {
			return RetryEntry
		}
		if s := n.slot(it.index); n.kid(s) == nil && n.used>>s&1 != 0 {
			return RetryEntry // an entry that covers the chunk took its place
		}
	}
	return 0
}

// Retry makes the walk look for the present index again, from the root.
//
// Kernel: include/linux/radix-tree.h radix_tree_iter_retry, v3.4 and later.
func (it *Iter) Retry() { it.next, it.left, it.ended = it.index, 0, false }

// Resume makes the walk go on behind the present index from the root. The caller
// may have left its read section meanwhile, and nodes may be gone.
//
// Kernel: lib/radix-tree.c radix_tree_iter_resume, v4.11 and later (radix_tree_iter_next before).
func (it *Iter) Resume() {
	it.next, it.left = it.index+1, 0
	it.ended = it.index == math.MaxUint64
}
