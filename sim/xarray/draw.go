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
