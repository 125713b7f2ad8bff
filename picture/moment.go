package picture

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"sealab/web"
)

// moment is the state of the machine after an event.
type moment struct {
	doc   *web.Document
	event int
	state map[uint32]map[string]string
}

// at makes the moment after an event, counted from 0.
func at(doc *web.Document, event int) *moment {
	m := &moment{doc, event, map[uint32]map[string]string{}}
	for i := range doc.Events[:event+1] {
		for _, c := range doc.Events[i].Changes {
			id, field, now := number(c[0]), fmt.Sprint(c[1]), fmt.Sprint(c[3])
			if now == "" {
				delete(m.state[id], field)
				continue
			}
			if m.state[id] == nil {
				m.state[id] = map[string]string{}
			}
			m.state[id][field] = now
		}
	}
	return m
}

// number reads an object's number, which a value begins with, as a document that was
// made or one that was read has it.
func number(v any) uint32 {
	text := fmt.Sprint(v)
	if f, ok := v.(float64); ok {
		return uint32(f)
	}
	digits := strings.IndexFunc(text, func(r rune) bool { return r < '0' || r > '9' })
	if digits < 0 {
		digits = len(text)
	}
	n, _ := strconv.ParseUint(text[:digits], 10, 32)
	return uint32(n)
}

// name is what an object is called; before it has a name, its first.
func (m *moment) name(id uint32) string {
	name := ""
	for _, n := range m.doc.Names {
		if n.ID == id && (name == "" || n.Event <= m.event) {
			name = n.Name
		}
	}
	if name == "" {
		return fmt.Sprintf("object %d", id)
	}
	return name
}

func (m *moment) int(id uint32, field string) int {
	n, _ := strconv.Atoi(m.state[id][field])
	return n
}

// ids are the objects that there are, by number.
func (m *moment) ids() (all []uint32) {
	for id, fields := range m.state {
		if len(fields) > 0 {
			all = append(all, id)
		}
	}
	slices.Sort(all)
	return all
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
	for _, id := range m.ids() {
		s := m.state[id]
		if s["counter"] == "" || s["size"] == "" {
			continue
		}
		f := file{id: id, name: m.name(id), size: s["size"], seals: s["seals"],
			counter: m.int(number(s["counter"]), "n"), tree: number(s["tree"])}
		if w := m.state[number(s["lock"])]["writer"]; w != "" {
			f.lock = m.task(w)
		}
		f.pages = m.pages(f.tree)
		f.mappings = m.mappings(id)
		all = append(all, f)
	}
	return all
}

func (m *moment) task(num string) string {
	for _, t := range m.doc.Tasks {
		if strconv.Itoa(t.Num) == num {
			return t.Name
		}
	}
	return "task " + num
}

// pages returns the entries of a page tree, by index.
func (m *moment) pages(tree uint32) (all []page) {
	entries := m.state[tree]
	for field, entry := range entries {
		index, err := strconv.ParseUint(field, 10, 64)
		if err != nil {
			continue
		}
		id := number(entry)
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
		p.holders, p.rest = m.holders(id)
		p.rest = p.refs - p.cache - p.maps - p.rest
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b page) int { return cmp.Compare(a.index, b.index) })
	return all
}

// holders returns who has references to a page, and how many they are together.
func (m *moment) holders(page uint32) (who []string, sum int) {
	for _, id := range m.ids() {
		n := 0
		for field, v := range m.state[id] {
			switch {
			case strings.HasPrefix(field, "holds ") && number(v) == page:
				n++
				if text, ok := strings.CutSuffix(strings.TrimSuffix(v, "s"), " reference"); ok {
					n += int(number(text[strings.LastIndexByte(text, ' ')+1:])) - 1
				}
			case strings.HasPrefix(field, "uses ") && number(field[len("uses "):]) == page:
				k, _ := strconv.Atoi(v)
				n += k
			}
		}
		if n > 0 {
			who = append(who, fmt.Sprintf("%d %s", n, m.name(id)))
			sum += n
		}
	}
	return who, sum
}

// mappings returns who has a file mapped, a line each.
func (m *moment) mappings(file uint32) (all []string) {
	for _, id := range m.ids() {
		fields := m.state[id]
		starts := make([]string, 0, len(fields))
		for field := range fields {
			starts = append(starts, field)
		}
		slices.Sort(starts)
		for _, field := range starts {
			place, rest, ok := strings.Cut(fields[field], " of ")
			if !ok || !strings.HasPrefix(field, "0x") || number(rest) != file {
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
