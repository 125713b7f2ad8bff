package picture

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"sealab/sim/trace"
	"sealab/sim/xarray"
	"sealab/web"
)

// toWrite is the mark of a page that the wait for pins has tagged.
const toWrite = xarray.Mark2

// mostSlots is how many slots of a tree are drawn; a graph of more is read by nobody.
const mostSlots = 400

// Tree writes the page trees of all files after an event, counted from 0, or with -1 that of
// the first verdict, as a graph in the DOT language of Graphviz: nodes of 64 slots as boxes,
// pages with their references, tagged ones with a double edge, and the tag on the way
// there. The error is of the event or of w.
func Tree(w io.Writer, doc *web.Document, event int) error {
	if event == -1 {
		event = doc.Verdicts[0].Event
	}
	if event < 0 || event >= len(doc.Events) {
		return fmt.Errorf("picture: there is no event %d: they are 0 to %d", event, len(doc.Events)-1)
	}
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "// %s\n", oneLine(fmt.Sprintf("Linux %s, event %d: %s", doc.Kernel, event, doc.Events[event].Say)))
	fmt.Fprint(b, "digraph pages {\n\tnode [shape=box, fontname=monospace];\n\tedge [fontname=monospace];\n")
	for _, f := range at(doc, event).files() {
		drawTree(b, &f)
	}
	fmt.Fprintln(b, "}")
	return b.Flush()
}

func oneLine(s string) string { return strings.NewReplacer("\n", " ", "\r", " ").Replace(s) }

// quote makes a string of the DOT language; \n in it begins a line.
func quote(lines ...string) string {
	for i, l := range lines {
		lines[i] = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", " ").Replace(l)
	}
	return `"` + strings.Join(lines, `\n`) + `"`
}

// drawTree writes one file's tree.
func drawTree(b *bufio.Writer, f *file) {
	x := xarray.New(6)
	byIndex := map[uint64]page{}
	for _, p := range f.pages {
		e := xarray.ValueEntry(0)
		if id := trace.ObjectID(p.entry); id != 0 {
			e = xarray.FolioEntry(id)
		}
		x.StoreOrder(p.index, uint8(p.order), e)
		if p.tagged {
			x.SetMark(p.index, toWrite)
		}
		byIndex[p.index] = p
	}
	root := fmt.Sprintf("f%d", f.id)
	fmt.Fprintf(b, "\t%s [shape=folder, label=%s];\n", root, quote(f.name, f.size+" bytes, "+sealsOf(*f),
		fmt.Sprintf("i_mmap_writable %d", f.counter)))
	above := []string{root} // the node over each depth
	slots := 0
	x.Walk(func(s xarray.Slot) {
		slots++
		if slots > mostSlots {
			return
		}
		name := fmt.Sprintf("%s_%d_%d", root, s.Depth, s.First)
		tag := ""
		if s.Marked(toWrite) {
			tag = `, label="tagged", style=bold`
		}
		fmt.Fprintf(b, "\t%s -> %s [arrowhead=none%s];\n", above[s.Depth], name, tag)
		above = append(above[:s.Depth+1], name)
		if s.Entry == 0 {
			fmt.Fprintf(b, "\t%s [label=%s];\n", name, quote(fmt.Sprintf("slots %d to %d", s.First, s.Last)))
			return
		}
		drawPage(b, name, byIndex[s.First])
	})
	if slots > mostSlots {
		more := quote(fmt.Sprintf("and %d more slots", slots-mostSlots))
		fmt.Fprintf(b, "\t%s_more [shape=plaintext, label=%s];\n", root, more)
	}
}

func drawPage(b *bufio.Writer, name string, p page) {
	edges := 1
	if p.tagged {
		edges = 2
	}
	fmt.Fprintf(b, "\t%s [label=%s, peripheries=%d];\n", name, quote(p.String()), edges)
}
