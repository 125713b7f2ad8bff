package xarray

import (
	"fmt"
	"math/bits"
)

// Check returns what is wrong with the tree's structure, nil if nothing is. It is
// for tests, and costs a walk over all nodes.
func (x *XArray) Check() error {
	if x.root == nil {
		for m, set := range x.marks {
			if set && x.head == 0 {
				return fmt.Errorf("mark %d is set on an empty tree", m)
			}
		}
		return nil
	}
	if x.head != 0 {
		return fmt.Errorf("there is a root node and a head entry %v", x.head)
	}
	for m, set := range x.marks {
		if set != (x.root.marks[m] != 0) {
			return fmt.Errorf("mark %d of the tree is %v, its root node has %#x", m, set, x.root.marks[m])
		}
	}
	if n := x.root; n.used == 1 && (n.kid(0) != nil || n.shift == 0) {
		return fmt.Errorf("the root node of shift %d has nothing but its first slot, and is not needed", n.shift)
	}
	return x.root.check(0)
}

func (n *node) check(base uint64) error {
	if n.used == 0 {
		return fmt.Errorf("the node of shift %d at %d is empty", n.shift, base)
	}
	for o := range n.slots {
		at := base + uint64(o)<<n.shift
		if err := n.checkSlot(o); err != nil {
			return fmt.Errorf("slot %d of the node of shift %d at %d: %w", o, n.shift, base, err)
		}
		k := n.kid(o)
		if k == nil {
			continue
		}
		if want := n.shift - uint8(bits.Len8(n.mask)); k.shift != want {
			return fmt.Errorf("the node at %d has shift %d, not %d", at, k.shift, want)
		}
		if err := k.check(at); err != nil {
			return err
		}
	}
	return nil
}

func (n *node) checkSlot(o int) error {
	e, k := n.slots[o], n.kid(o)
	used := n.used>>o&1 != 0
	switch {
	case used != (e != 0) || (k != nil) != (e == nodeEntry):
		return fmt.Errorf("holds %v: used %v, a node below it %v", e, used, k != nil)
	case used && uint64(o)<<n.shift>>n.shift != uint64(o):
		return fmt.Errorf("holds %v, and no index leads there", e)
	case e.isSibling() && (e.firstOf() >= o || n.slots[o-1] != e && e.firstOf() != o-1):
		return fmt.Errorf("is a sibling of %d, out of place", e.firstOf())
	case used && !e.isSibling() && bits.OnesCount(uint(n.width(o))) != 1, used && n.first(o)%n.width(n.first(o)) != 0:
		return fmt.Errorf("holds %v, of %d slots", e, n.width(o))
	}
	for m := range n.marks {
		has := n.marks[m]>>o&1 != 0
		if has && (!used || e.isSibling()) {
			return fmt.Errorf("has mark %d, but no entry of its own", m)
		}
		if k != nil && has != (k.marks[m] != 0) {
			return fmt.Errorf("mark %d is %v, below it is %#x", m, has, k.marks[m])
		}
	}
	return nil
}
