package xarray

// Marked says whether any entry has the mark.
//
// Kernel: include/linux/xarray.h xa_marked, v4.20 and later (radix_tree_tagged before).
func (x *XArray) Marked(m Mark) bool { return x.marks[m] }

// Mark says whether the entry at an index has the mark.
//
// Kernel: lib/xarray.c xa_get_mark, v4.20 and later (radix_tree_tag_get before).
func (x *XArray) Mark(index uint64, m Mark) bool {
	_, _, _, ok := x.FindMarkedFrom(index, index, m)
	return ok
}

// SetMark gives the mark to the entry at an index, if there is one, and to all the
// slots on the way to it.
//
// Kernel: lib/xarray.c xa_set_mark, v4.20 and later (radix_tree_tag_set before).
func (x *XArray) SetMark(index uint64, m Mark) { x.changeMark(index, m, true) }

// ClearMark takes the mark from the entry at an index, and from the slots on the
// way to it that lead to no other entry with the mark.
//
// Kernel: lib/xarray.c xa_clear_mark, v4.20 and later (radix_tree_tag_clear before).
func (x *XArray) ClearMark(index uint64, m Mark) { x.changeMark(index, m, false) }

func (x *XArray) changeMark(index uint64, m Mark, set bool) {
	if x.Load(index) == 0 || x.Mark(index, m) == set {
		return
	}
	if x.root == nil {
		x.marks[m] = set
		return
	}
	x.root = x.own(x.root)
	x.markBelow(x.root, index, m, set)
	x.marks[m] = x.root.marks[m] != 0
}

func (x *XArray) markBelow(n *node, index uint64, m Mark, set bool) {
	o := n.slot(index)
	k := n.kid(o)
	if k == nil {
		n.setMark(n.first(o), m, set)
		return
	}
	k = x.own(k)
	n.kids[o] = k
	x.markBelow(k, index, m, set)
	n.setMark(o, m, k.marks[m] != 0)
}
