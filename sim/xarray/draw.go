package xarray

import (
	"fmt"
	"strings"
)

// Slot is a used slot of the tree, as Walk meets it.
type Slot struct {
	Depth       int    // of its node; 0 is the root
	First, Last uint64 // the indexes that it is for
	Entry       Entry  // 0 if it leads to a node

	marks [marks]bool
}

// Marked says whether the slot has a mark. One that leads to a node has those of all below.
func (s *Slot) Marked(m Mark) bool { return s.marks[m] }

// Walk visits the slots that are used from left to right, each before those below it.
// An entry at index 0 alone has no node.
func (x *XArray) Walk(visit func(Slot)) {
	if x.root != nil {
		x.root.walk(0, 0, visit)
	} else if x.head != 0 {
		visit(Slot{Entry: x.head, marks: x.marks})
	}
}

func (n *node) walk(depth int, base uint64, visit func(Slot)) {
	for o := range n.slots {
		if n.used>>o&1 == 0 || n.slots[o].isSibling() {
			continue
		}
		at := base + uint64(o)<<n.shift
		s := Slot{Depth: depth, First: at}
		for m := range s.marks {
			s.marks[m] = n.marks[m]>>o&1 != 0
		}
		if k := n.kid(o); k != nil {
			s.Last = at + 1<<n.shift - 1
			visit(s)
			k.walk(depth+1, at, visit)
			continue
		}
		s.Last, s.Entry = at+1<<n.orderOf(o)-1, n.slots[o]
		visit(s)
	}
}

// String draws the tree: a line for each node and each entry, with the marks that
// it has.
func (x *XArray) String() string {
	var b strings.Builder
	x.Walk(func(s Slot) { b.WriteString(s.String() + "\n") })
	if b.Len() == 0 {
		return "empty\n"
	}
	return b.String()
}

// String is the slot's line in a drawing.
func (s Slot) String() string {
	text := strings.Repeat("  ", s.Depth)
	switch {
	case s.Entry == 0:
		text += fmt.Sprintf("%d to %d:", s.First, s.Last)
	case s.First < s.Last:
		text += fmt.Sprintf("%d: %v, to %d", s.First, s.Entry, s.Last)
	default:
		text += fmt.Sprintf("%d: %v", s.First, s.Entry)
	}
	for m, has := range s.marks {
		if has {
			text += fmt.Sprintf(" [mark %d]", m)
		}
	}
	return text
}
