package xarray

// node is an inner or bottom node. Which of its slots lead on is told by kids.
//
// Kernel: include/linux/xarray.h xa_node, v4.20 and later (radix_tree_node before).
type node struct {
	owner *ownership
	id    uint64 // tells the nodes of a tree apart; a copy keeps it
	shift uint8  // index bits below this node's
	mask  uint8  // slots - 1
	used  uint64 // which slots are not empty, siblings included
	marks [marks]uint64
	slots []Entry
	kids  []*node // nil where no slot leads on
}

// ownership tells which tree may change a node; others that share it must copy.
type ownership struct{ _ byte }

// slot returns the slot of an index.
func (n *node) slot(index uint64) int { return int(index>>n.shift) & int(n.mask) }

// first returns the slot of the entry that slot o belongs to.
func (n *node) first(o int) int {
	if e := n.slots[o]; e.isSibling() {
		return e.firstOf()
	}
	return o
}

// width returns the number of slots of the entry in slot o, a power of two.
func (n *node) width(o int) int {
	w := 1
	for o+w < len(n.slots) && n.slots[o+w] == sibling(o) {
		w++
	}
	return w
}

// kid returns the node that slot o leads to, or nil.
func (n *node) kid(o int) *node {
	if n.kids == nil {
		return nil
	}
	return n.kids[o]
}

// setKid makes slot o lead to a node.
func (n *node) setKid(o int, k *node) {
	if n.kids == nil {
		n.kids = make([]*node, len(n.slots))
	}
	n.kids[o], n.slots[o] = k, nodeEntry
	n.used |= 1 << o
	n.syncMarks(o, k)
}

// syncMarks gives slot o the marks of what is below it.
func (n *node) syncMarks(o int, k *node) {
	for m := range n.marks {
		n.setMark(o, Mark(m), k.marks[m] != 0)
	}
}

func (n *node) setMark(o int, m Mark, set bool) {
	if set {
		n.marks[m] |= 1 << o
	} else {
		n.marks[m] &^= 1 << o
	}
}

// fill stores an entry in w slots from o on. It has a mark if any of them had.
//
// Kernel: lib/xarray.c xas_squash_marks, v4.20 and later.
func (n *node) fill(o, w int, e Entry) {
	bits := (^uint64(0) >> (64 - w)) << o
	for m := range n.marks {
		had := n.marks[m]&bits != 0
		n.marks[m] &^= bits
		n.setMark(o, Mark(m), had)
	}
	n.used |= bits
	n.slots[o] = e
	for i := o + 1; i < o+w; i++ {
		n.slots[i] = sibling(o)
	}
	for i := o; n.kids != nil && i < o+w; i++ {
		n.kids[i] = nil
	}
}

// empty takes what is in slot o away, with its siblings and marks.
func (n *node) empty(o int) {
	w := n.width(o)
	bits := (^uint64(0) >> (64 - w)) << o
	for m := range n.marks {
		n.marks[m] &^= bits
	}
	n.used &^= bits
	clear(n.slots[o : o+w])
	if n.kids != nil {
		clear(n.kids[o : o+w])
	}
}

// newNode returns an empty node that tree x may change.
func (x *XArray) newNode(shift uint8) *node {
	x.nodes++
	return &node{owner: x.owner, id: x.nodes, shift: shift, mask: 1<<x.width - 1, slots: make([]Entry, 1<<x.width)}
}

// own returns the node, or a copy where another tree shares it, to be changed.
func (x *XArray) own(n *node) *node {
	if n.owner == x.owner {
		return n
	}
	x.copies++
	c := *n
	c.owner = x.owner
	c.slots = append([]Entry(nil), n.slots...)
	if n.kids != nil {
		c.kids = append([]*node(nil), n.kids...)
	}
	return &c
}
