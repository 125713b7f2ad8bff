package picture

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"sealab/sim/trace"
	"sealab/web"
)

// moment is the state of the machine after an event.
type moment struct {
	doc   *web.Document
	event int
	state trace.State
	ids   []uint32            // of all objects that there are, in order
	held  map[uint32][]holder // by page: who has references to it
}

// holder has references to a page.
type holder struct {
	id uint32
	n  int
}

// at makes the moment after an event, counted from 0.
func at(doc *web.Document, event int) *moment {
	m := &moment{doc: doc, event: event, state: trace.State{}, held: map[uint32][]holder{}}
	for i := range doc.Events[:event+1] {
		e := trace.Event{}
		for _, c := range doc.Events[i].Changes {
			e.Changes = append(e.Changes, trace.Change{Object: trace.ObjectID(fmt.Sprint(c[0])),
				Field: fmt.Sprint(c[1]), New: fmt.Sprint(c[3])})
		}
		m.state.Apply(&e)
	}
	m.ids = slices.Sorted(maps.Keys(m.state))
	for _, id := range m.ids {
		m.hold(id)
	}
	return m
}

// hold notes the pages to which an object has references.
func (m *moment) hold(id uint32) {
	mine := map[uint32]int{}
	for field, v := range m.state[id] {
		if strings.HasPrefix(field, "holds ") {
			mine[trace.ObjectID(v)]++
			if text, ok := strings.CutSuffix(strings.TrimSuffix(v, "s"), " reference"); ok {
				mine[trace.ObjectID(v)] += int(trace.ObjectID(text[strings.LastIndexByte(text, ' ')+1:])) - 1
			}
		}
		if page, ok := strings.CutPrefix(field, "uses "); ok {
			n, _ := strconv.Atoi(v)
			mine[trace.ObjectID(page)] += n
		}
	}
	for page, n := range mine {
		m.held[page] = append(m.held[page], holder{id, n})
	}
}

func (m *moment) name(id uint32) string { return m.doc.NameOf(id, m.event) }

func (m *moment) int(id uint32, field string) int {
	n, _ := strconv.Atoi(m.state[id][field])
	return n
}

// file is a file that can be sealed, or could be.
type file struct {
	id         uint32
	name, size string
	seals      string
	counter    int
	lock       string // the name of the task that holds it to write; "" for none
	tree       uint32
	pages      []page
	mappings   []string
}

// page is an entry of a page tree.
type page struct {
	index   uint64
	entry   string
	order   int // of its folio: 0 for one page
	refs    int
	cache   int
	maps    int
	holders []string
	rest    int // references that nobody is known to have
	tagged  bool
}

// files returns the memfds.
func (m *moment) files() (all []file) {
	for _, id := range m.state.Files() {
		s := m.state[id]
		f := file{id: id, name: m.name(id), size: s["size"], seals: s["seals"],
			counter: m.int(trace.ObjectID(s["counter"]), "n"), tree: trace.ObjectID(s["tree"])}
		if w := m.state[trace.ObjectID(s["lock"])]["writer"]; w != "" {
			f.lock = m.doc.TaskName(int(trace.ObjectID(w)))
		}
		f.pages = m.pages(f.tree)
		f.mappings = m.mappings(id)
		all = append(all, f)
	}
	return all
}

// pages returns the entries of a page tree, by index.
func (m *moment) pages(tree uint32) (all []page) {
	entries := m.state[tree]
	for field, entry := range entries {
		index, err := strconv.ParseUint(field, 10, 64)
		if err != nil {
			continue
		}
		id := trace.ObjectID(entry)
		p := page{index: index, entry: entry, refs: m.int(id, "refs"), maps: m.int(id, "maps"),
			tagged: entries["tag "+field] != ""}
		p.order = m.int(id, "order")
		switch {
		case m.state[id]["tree"] == "":
		case m.doc.HugeOne && p.order > 0:
			p.cache = 1
		default:
			p.cache = 1 << p.order
		}
		p.rest = p.refs - p.cache - p.maps
		for _, h := range m.held[id] {
			p.holders = append(p.holders, fmt.Sprintf("%d %s", h.n, m.name(h.id)))
			p.rest -= h.n
		}
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b page) int { return cmp.Compare(a.index, b.index) })
	return all
}

// mappings returns who has a file mapped, a line each.
func (m *moment) mappings(file uint32) (all []string) {
	for _, id := range m.ids {
		fields := m.state[id]
		for _, field := range slices.Sorted(maps.Keys(fields)) {
			place, rest, ok := strings.Cut(fields[field], " of ")
			if !ok || !strings.HasPrefix(field, "0x") || trace.ObjectID(rest) != file {
				continue
			}
			words := strings.Fields(place)
			if len(words) < 2 {
				continue
			}
			access := strings.TrimSuffix(words[1], ",")
			count := "does not count"
			if strings.Contains(access, "s") && strings.Contains(rest, "may be written") {
				count = "may become writable, counts"
			}
			who := strings.TrimPrefix(m.name(id), "the memory of ")
			all = append(all, fmt.Sprintf("%s %s %s: %s", who, field, access, count))
		}
	}
	return all
}
