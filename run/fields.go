package run

import (
	"fmt"
	"slices"
	"strconv"

	"sealab/sim/folio"
	"sealab/sim/inode"
	"sealab/sim/kernel"
	"sealab/sim/mapping"
	"sealab/sim/mm"
	"sealab/sim/pin"
	"sealab/sim/sched"
	"sealab/sim/socket"
	"sealab/sim/trace"
	"sealab/sim/xarray"
)

// field is one value of an object.
type field struct{ name, value string }

// fields lists what is told of an object, in a fixed order. An object of which
// nothing is told (a page table, the list of free frames) has none.
func fields(w *sched.World, id sched.ID, o sched.Object) []field {
	f := fieldList{}
	switch o := o.(type) {
	case *folio.Folio:
		f.folio(o)
	case *folio.Slot:
		f.content(o.Content)
	case *folio.Batch:
		f.holds(o.Folios)
	case *mapping.Counter:
		f.int("n", int64(o.N))
	case *mapping.Pages:
		for i := uint64(0); ; {
			at, e, order, ok := o.X.FindFrom(i, ^uint64(0))
			if !ok {
				break
			}
			f.entry(o, at, e, order)
			if i = at + 1<<order; i == 0 {
				break
			}
		}
	case *mapping.Mmap:
		for _, u := range o.Users {
			f.text(fmt.Sprintf("memory %d at %#x", u.MM, u.Start), fmt.Sprintf("to %#x", u.End))
		}
	case *inode.Inode:
		f.inode(o)
	case *inode.File:
		f.id("file", o.Inode)
		f.text("mode", modeText(o.Mode))
		f.int("refs", int64(o.Refs))
		f.int("pos", o.Pos)
	case *sched.RWSem:
		f.some("writer", int64(o.Writer))
		f.some("readers", int64(o.Readers))
	case *sched.SpinLock:
		f.some("owner", int64(o.Owner))
	case *sched.Sleeper:
		f.sleeper(o)
	case *kernel.FDTable:
		f.int("users", int64(o.Users))
		for fd, s := range o.Slots {
			f.id(strconv.Itoa(fd), s.File)
		}
	case *mm.MM:
		f.int("users", int64(o.Users))
		mm.EachVMA(w, id, func(v mm.VMA) { f.text(fmt.Sprintf("%#x", v.Start), vmaText(v)) })
	case *pin.Pipe:
		f.int("readers", int64(o.Readers))
		f.int("writers", int64(o.Writers))
		f.int("slots", int64(o.Slots))
		for i, b := range o.Bufs {
			f.text("holds "+strconv.Itoa(i), fmt.Sprintf("%d, %d bytes", b.Folio, b.Len))
		}
	case *pin.Ring:
		f.ring(o)
	case *pin.Dmabuf:
		f.fixed(o.Pages)
	case *mm.Uffd:
		f.faults(o)
	case *socket.Socket:
		f.socket(w, o)
	case *pin.InFlight:
		f.holds(o.Folios)
	}
	return f
}

type fieldList []field

func (f *fieldList) ring(r *pin.Ring) {
	f.flag("closed", r.Closed)
	f.fixed(r.Fixed)
}

func (f *fieldList) faults(u *mm.Uffd) {
	for _, m := range u.Faults {
		f.text(fmt.Sprintf("waits %d", m.Task), fmt.Sprintf("for %#x", m.Addr))
	}
}

func (f *fieldList) text(name, value string) {
	if value != "" {
		*f = append(*f, field{name, value})
	}
}

func (f *fieldList) int(name string, n int64) { f.text(name, strconv.FormatInt(n, 10)) }

// some leaves out a 0, flag a no, and id an object that is not there.
func (f *fieldList) some(name string, n int64) {
	if n != 0 {
		f.int(name, n)
	}
}

func (f *fieldList) flag(name string, yes bool) {
	if yes {
		f.text(name, "yes")
	}
}

func (f *fieldList) id(name string, id sched.ID) { f.some(name, int64(id)) }

// folio tells of a folio that somebody refers to; a free frame has no fields.
func (f *fieldList) folio(o *folio.Folio) {
	if o.Refs == 0 {
		return
	}
	f.int("refs", int64(o.Refs))
	f.int("maps", int64(o.Maps))
	f.some("pins", int64(o.Pins))
	f.some("order", int64(o.Order))
	f.flag("anon", o.Anon)
	f.flag("lru", o.LRU)
	if o.Pages != 0 {
		f.id("tree", o.Pages)
		f.int("index", int64(o.Index))
	}
	f.content(o.Content)
}

func (f *fieldList) holds(folios []sched.ID) {
	for i, id := range folios {
		f.id("holds "+strconv.Itoa(i), id)
	}
}

func (f *fieldList) content(stamp uint64) {
	if stamp != 0 {
		f.text("content", fmt.Sprintf("%016x", stamp))
	}
}

// entry tells of an entry of a page tree.
func (f *fieldList) entry(o *mapping.Pages, at uint64, e xarray.Entry, order uint8) {
	f.text(entryName(at), entryText(e, order))
	if _, _, _, tagged := o.X.FindMarkedFrom(at, at, mapping.TagToWrite); tagged {
		f.text(tagName(at), "yes")
	}
}

func entryName(index uint64) string { return strconv.FormatUint(index, 10) }

func tagName(index uint64) string { return "tag " + strconv.FormatUint(index, 10) }

func entryText(e xarray.Entry, order uint8) string {
	s := fmt.Sprintf("swap %d", e.Value())
	if e.IsFolio() {
		s = strconv.FormatUint(uint64(e.Folio()), 10)
	}
	if order > 0 {
		s += fmt.Sprintf(", %d pages", 1<<order)
	}
	return s
}

func (f *fieldList) inode(o *inode.Inode) {
	f.text("kind", o.Kind.String())
	f.text("name", strconv.QuoteToASCII(o.Name))
	f.int("refs", int64(o.Refs))
	f.id("lock", o.Lock)
	f.id("counter", o.Map.Counter)
	f.id("tree", o.Map.Pages)
	f.id("mappings", o.Map.Mmap)
	f.id("info", o.Info)
	if !o.Kind.Sealable() {
		return
	}
	f.int("size", o.Size)
	f.text("mode", fmt.Sprintf("%#o", o.Mode))
	if o.Seals != 0 {
		f.text("seals", o.Seals.String())
	}
}

func (f *fieldList) sleeper(o *sched.Sleeper) {
	if o.Armed {
		f.int("sleeps until", o.Expiry)
	}
	if o.Pending != 0 {
		f.text("signals", fmt.Sprintf("%#x", o.Pending))
	}
	f.flag("fatal", o.Fatal)
}

// fixed tells of pages that are pinned.
func (f *fieldList) fixed(pages []pin.Fixed) {
	for i, x := range pages {
		f.text("holds "+strconv.Itoa(i), fmt.Sprintf("%d, %d references", x.Folio, x.Refs))
	}
}

// socket tells of one end of a pair, and of what is on its way to it.
func (f *fieldList) socket(w *sched.World, o *socket.Socket) {
	f.flag("closed", o.Dead)
	f.flag("alone", o.Alone)
	for i, m := range o.Queue {
		text := fmt.Sprintf("%d bytes", m.Len)
		if r := sched.Peek[socket.Rights](w, m.Rights); r != nil {
			text += fmt.Sprintf(", %d open files", len(r.Files))
		}
		f.text("message "+strconv.Itoa(i), text)
	}
}

func modeText(m inode.FMode) string {
	s := ""
	for _, x := range []struct {
		bit  inode.FMode
		text string
	}{{inode.Readable, "r"}, {inode.Writable, "w"}, {inode.PathOnly, "path"}} {
		if m&x.bit != 0 {
			s += x.text
		}
	}
	return s
}

// vmaText tells of a mapping as /proc/PID/maps does, with its file.
func vmaText(v mm.VMA) string {
	s := v.String()
	if v.File != 0 {
		s += fmt.Sprintf(" of %d", v.Inode)
	}
	if v.Flags&mm.VMMayWrite != 0 {
		s += ", may be written"
	}
	return s
}

// diff compares an object with what was last told of it, and remembers it as it is
// now.
func (r *recorder) diff(id sched.ID) []trace.Change {
	o := r.w.Object(id)
	if o == nil || id == r.board {
		return nil
	}
	now := fields(r.w, id, o)
	old := r.seen[id]
	if len(now) == 0 && len(old) == 0 {
		return nil
	}
	var out []trace.Change
	fresh := make(values, len(now))
	for _, f := range now {
		fresh[f.name] = f.value
		if old[f.name] != f.value {
			out = append(out, trace.Change{Object: uint32(id), Field: f.name, Old: old[f.name], New: f.value})
		}
	}
	out = append(out, r.missing(id, old, fresh)...)
	r.seen[id] = fresh
	return out
}

// missing lists the values that are no longer there. What only the recorder knows
// of a task stands with its sleeper, and stays.
func (r *recorder) missing(id sched.ID, old, now values) (out []trace.Change) {
	for name := range old {
		if _, still := now[name]; still {
			continue
		}
		if own(name) {
			now[name] = old[name]
			continue
		}
		out = append(out, trace.Change{Object: uint32(id), Field: name, Old: old[name]})
	}
	slices.SortFunc(out, func(a, b trace.Change) int { return compareFields(a.Field, b.Field) })
	return out
}

func compareFields(a, b string) int {
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	if a < b {
		return -1
	}
	return 1
}

// forget tells that an object is gone.
func (r *recorder) forget(id sched.ID) []trace.Change {
	old := r.seen[id]
	delete(r.seen, id)
	delete(r.holds, id)
	var out []trace.Change
	for name, v := range old {
		out = append(out, trace.Change{Object: uint32(id), Field: name, Old: v})
	}
	slices.SortFunc(out, func(a, b trace.Change) int { return compareFields(a.Field, b.Field) })
	return out
}

// change tells a value that is the recorder's own: what a task does and holds.
func (r *recorder) change(id sched.ID, name, now string) []trace.Change {
	v := r.seen[id]
	if v == nil {
		v = values{}
		r.seen[id] = v
	}
	old := v[name]
	if old == now {
		return nil
	}
	if v[name] = now; now == "" {
		delete(v, name)
	}
	return []trace.Change{{Object: uint32(id), Field: name, Old: old, New: now}}
}

// own says whether a field is told by change, and not by the object.
func own(name string) bool {
	return name == "call" || len(name) > 5 && name[:5] == "uses "
}

// held tells which folios a task has references to for the length of its call.
func (r *recorder) held(t *sched.Task) {
	d := r.of(t)
	if t.Name == driver || slices.Equal(t.Held, d.held) {
		return
	}
	d.held = append(d.held[:0], t.Held...)
	sum := map[sched.ID]int64{}
	for _, h := range t.Held {
		sum[h.ID] += int64(h.N)
	}
	var names []string
	for name := range r.seen[t.Sleep] {
		if own(name) && name != "call" {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, compareFields)
	for _, name := range names {
		if id, _ := strconv.ParseUint(name[5:], 10, 32); sum[sched.ID(id)] == 0 {
			r.carry = append(r.carry, r.change(t.Sleep, name, "")...)
		}
	}
	for _, h := range t.Held {
		if n := sum[h.ID]; n > 0 {
			r.carry = append(r.carry, r.change(t.Sleep, fmt.Sprintf("uses %d", h.ID), strconv.FormatInt(n, 10))...)
		}
	}
}

// diffAfter is diff, but does not look at the whole of a page tree for the sake of
// one entry.
func (r *recorder) diffAfter(id sched.ID, arg any) []trace.Change {
	if a, ok := arg.(mapping.Stored); ok {
		r.order[id] = max(r.order[id], a.Order)
	}
	p, ok := r.w.Object(id).(*mapping.Pages)
	if !ok || r.seen[id] == nil {
		return r.diff(id)
	}
	switch a := arg.(type) {
	case mapping.Marked:
		return r.entries(id, p, a.Index, a.Index)
	case mapping.Stored:
		span := uint64(1)<<r.order[id] - 1
		return r.entries(id, p, a.Index&^span, a.Index|span)
	}
	return r.diff(id)
}

// entries compares the entries of a page tree from one index to another.
func (r *recorder) entries(id sched.ID, p *mapping.Pages, from, last uint64) (out []trace.Change) {
	seen := r.seen[id]
	set := func(name, now string) {
		old := seen[name]
		if old == now {
			return
		}
		out = append(out, trace.Change{Object: uint32(id), Field: name, Old: old, New: now})
		if seen[name] = now; now == "" {
			delete(seen, name)
		}
	}
	now := values{}
	for i := from; i <= last; {
		at, e, order, ok := p.X.FindFrom(i, last)
		if !ok {
			break
		}
		var f fieldList
		f.entry(p, at, e, order)
		for _, x := range f {
			now[x.name] = x.value
		}
		if i = at + 1<<order; i == 0 {
			break
		}
	}
	for i := from; ; i++ { // what was there and is no more, and the rest
		for _, name := range [2]string{entryName(i), tagName(i)} {
			set(name, now[name])
		}
		if i == last {
			return out
		}
	}
}
