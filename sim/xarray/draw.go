package xarray

import (
	"fmt"
	"strings"
)

// String draws the tree: a line for each node and each entry, with the marks that
// it has. A slot that leads to a node has the marks of all below.
func (x *XArray) String() string {
	var b strings.Builder
	switch {
	case x.root != nil:
		x.root.draw(&b, 0, "")
	case x.head != 0:
		fmt.Fprintf(&b, "0: %v%s\n", x.head, marksText(func(m Mark) bool { return x.marks[m] }))
	default:
		b.WriteString("empty\n")
	}
	return b.String()
}

func (n *node) draw(b *strings.Builder, base uint64, indent string) {
	for o := range n.slots {
		if n.used>>o&1 == 0 || n.slots[o].isSibling() {
			continue
		}
		at := base + uint64(o)<<n.shift
		text := marksText(func(m Mark) bool { return n.marks[m]>>o&1 != 0 })
		if k := n.kid(o); k != nil {
			fmt.Fprintf(b, "%s%d to %d:%s\n", indent, at, at+1<<n.shift-1, text)
			k.draw(b, at, indent+"  ")
			continue
		}
		fmt.Fprintf(b, "%s%d: %v", indent, at, n.slots[o])
		if order := n.orderOf(o); order > 0 {
			fmt.Fprintf(b, ", to %d", at+1<<order-1)
		}
		b.WriteString(text + "\n")
	}
}

func marksText(has func(Mark) bool) string {
	s := ""
	for m := Mark(0); m < marks; m++ {
		if has(m) {
			s += fmt.Sprintf(" [mark %d]", m)
		}
	}
	return s
}

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
	return x.root.check(0)
}

func (n *node) check(base uint64) error {
	if n.used == 0 {
		return fmt.Errorf("the node of shift %d at %d is empty", n.shift, base)
	}
	for o := range n.slots {
		at := base + uint64(o)<<n.shift
		e, k := n.slots[o], n.kid(o)
		used := n.used>>o&1 != 0
		switch {
		case used != (e != 0) || (k != nil) != (e == nodeEntry):
			return fmt.Errorf("slot %d at %d holds %v: used %v, a node below it %v", o, at, e, used, k != nil)
		case e.isSibling() && (e.firstOf() >= o || n.slots[o-1] != e && e.firstOf() != o-1):
			return fmt.Errorf("slot %d at %d is a sibling of %d, out of place", o, at, e.firstOf())
		}
		for m := range n.marks {
			has := n.marks[m]>>o&1 != 0
			if has && (!used || e.isSibling()) {
				return fmt.Errorf("slot %d at %d has mark %d, but no entry of its own", o, at, m)
			}
			if k != nil && has != (k.marks[m] != 0) {
				return fmt.Errorf("slot %d at %d: mark %d is %v, below it is %#x", o, at, m, has, k.marks[m])
			}
		}
		if k == nil {
			continue
		}
		if err := k.check(at); err != nil {
			return err
		}
	}
	return nil
}
