package xarray

import (
	"fmt"
	"math"
	"math/bits"
)

// XArray is a tagged radix tree from uint64 to Entry. The zero value cannot be
// used; see New.
//
// Kernel: include/linux/xarray.h xarray, v4.20 and later (radix_tree_root before).
type XArray struct {
	width   uint8 // log2 of the slots of a node
	root    *node // nil: nothing but perhaps head
	head    Entry // the entry at index 0, when there is no node
	marks   [marks]bool
	owner   *ownership
	version uint64 // counts the stores
	nodes   uint64 // counts the nodes made: the id of the latest
	copies  uint64 // counts the nodes copied because a clone shares them
}

// New returns an empty tree with nodes of 2^width slots, width from 1 to 6. The
// kernel has 6.
func New(width uint) *XArray {
	if width < 1 || width > 6 {
		panic(fmt.Sprintf("xarray: nodes of 2^%d slots; the exponent is 1 to 6", width))
	}
	return &XArray{width: uint8(width), owner: new(ownership)}
}

// Clone returns an independent copy. It costs the same for a large tree as for a
// small one: both share their nodes until one of them changes.
func (x *XArray) Clone() *XArray {
	c := *x
	x.owner, c.owner = new(ownership), new(ownership)
	return &c
}

// Empty says whether there is no entry.
func (x *XArray) Empty() bool { return x.root == nil && x.head == 0 }

// top returns the largest index that fits below a node of that shift.
func (x *XArray) top(shift uint8) uint64 {
	if int(shift)+int(x.width) >= 64 {
		return math.MaxUint64
	}
	return 1<<(shift+x.width) - 1
}

// orderOf returns the order of the entry in slot o of n.
func (n *node) orderOf(o int) uint8 {
	return n.shift + uint8(bits.Len(uint(n.width(o)))-1)
}

// Load returns the entry at an index, 0 for none.
//
// Kernel: lib/xarray.c xa_load, v4.20 and later (radix_tree_lookup before).
func (x *XArray) Load(index uint64) Entry {
	_, e, _, _ := x.FindFrom(index, index)
	return e
}

// Store stores an entry of order 0 at an index; 0 takes away what is there.
//
// Kernel: lib/xarray.c xa_store, v4.20 and later (radix_tree_insert before).
func (x *XArray) Store(index uint64, e Entry) { x.StoreOrder(index, 0, e) }

// StoreOrder stores an entry that covers 2^order indices (order 0 to 63), among
// them index, in place of all that they hold. The new entry has the marks that any
// of them had. An entry that covers more than that is replaced whole, by one of its
// own order: Split it first to keep the rest. Storing 0 takes away whatever
// touches the range.
//
// Kernel: lib/xarray.c xas_store, v4.20 and later.
func (x *XArray) StoreOrder(index uint64, order uint8, e Entry) {
	if order > 63 || e&kindBits == internalBit {
		panic(fmt.Sprintf("xarray: order %d, entry %v cannot be stored", order, e))
	}
	x.version++
	if e == 0 {
		x.eraseRange(index>>order<<order, order)
		return
	}
	if first, old, o, ok := x.FindFrom(index, index); ok && old != 0 && o > order {
		index, order = first, o
	}
	index = index >> order << order
	if order == 0 && index == 0 && x.root == nil {
		x.head = e
		return
	}
	shift := order / x.width * x.width
	x.growTo(index|(1<<order-1), shift)
	n := x.descendTo(index, shift)
	n.fill(n.slot(index), 1<<(order-shift), e)
}

// growTo makes the root reach an index, with a node of that shift on the way.
//
// Kernel: lib/xarray.c xas_expand, v4.20 and later.
func (x *XArray) growTo(index uint64, shift uint8) {
	if x.root == nil {
		n := x.newNode(0)
		if x.head != 0 {
			n.fill(0, 1, x.head)
			for m, set := range x.marks {
				n.setMark(0, Mark(m), set)
			}
			x.head = 0
		} else {
			n.shift = shift
		}
		x.root = n
	}
	for x.root.shift < shift || x.top(x.root.shift) < index {
		n := x.newNode(x.root.shift + x.width)
		if x.root.used != 0 {
			n.setKid(0, x.root)
		}
		x.root = n
	}
	x.root = x.own(x.root)
}

// descendTo returns the node of that shift above an index, to be changed, making
// those that are missing.
//
// Kernel: lib/xarray.c xas_create, v4.20 and later.
func (x *XArray) descendTo(index uint64, shift uint8) *node {
	n := x.root
	for n.shift > shift {
		o := n.slot(index)
		k := n.kid(o)
		if k == nil {
			k = x.newNode(n.shift - x.width)
		} else {
			k = x.own(k)
		}
		n.setKid(o, k)
		n = k
	}
	return n
}

// eraseRange takes away what touches the range of 2^order indices from index on.
func (x *XArray) eraseRange(index uint64, order uint8) {
	last := index | (1<<order - 1)
	for {
		first, _, o, ok := x.FindFrom(index, last)
		if !ok {
			return
		}
		x.eraseOne(first)
		end := first | (1<<o - 1)
		if end >= last {
			return
		}
		index = end + 1
	}
}

// eraseOne takes away the entry at an index, which exists.
func (x *XArray) eraseOne(index uint64) {
	if x.root == nil {
		x.head, x.marks = 0, [marks]bool{}
		return
	}
	x.root = x.own(x.root)
	x.eraseBelow(x.root, index)
	x.syncRoot()
	x.shrink()
}

func (x *XArray) eraseBelow(n *node, index uint64) {
	o := n.slot(index)
	k := n.kid(o)
	if k == nil {
		n.empty(n.first(o))
		return
	}
	k = x.own(k)
	n.kids[o] = k
	x.eraseBelow(k, index)
	if k.used == 0 {
		n.empty(o)
		return
	}
	n.syncMarks(o, k)
}

// shrink takes away root nodes that are not needed: an empty one, and one that has
// nothing but its first slot.
//
// Kernel: lib/xarray.c xas_shrink, v4.20 and later.
func (x *XArray) shrink() {
	for x.root != nil {
		n := x.root
		switch {
		case n.used == 0:
			x.root = nil
		case n.used != 1:
			return
		case n.kid(0) != nil:
			x.root = n.kids[0]
		case n.shift == 0:
			x.root, x.head = nil, n.slots[0]
		default:
			return
		}
	}
}

// syncRoot gives the tree the marks of its root node.
func (x *XArray) syncRoot() {
	for m := range x.marks {
		x.marks[m] = x.root.marks[m] != 0
	}
}

// Split replaces the entry at an index by entries of a lower order with the same
// contents and the same marks. An entry of that order or below stays as it is. It
// panics where more than two levels of nodes would be needed below the entry.
//
// Kernel: lib/xarray.c xas_split, v5.10 and later.
func (x *XArray) Split(index uint64, order uint8) {
	first, e, old, ok := x.FindFrom(index, index)
	if !ok || old <= order {
		return
	}
	if order/x.width*x.width+2*x.width < old {
		panic(fmt.Sprintf("xarray: an entry of order %d cannot be split to order %d at once", old, order))
	}
	var had [marks]bool
	for m := range had {
		had[m] = x.Mark(first, Mark(m))
	}
	x.eraseOne(first)
	for i := range uint64(1) << (old - order) {
		at := first + i<<order
		x.StoreOrder(at, order, e)
		for m, set := range had {
			if set {
				x.SetMark(at, Mark(m))
			}
		}
	}
}
