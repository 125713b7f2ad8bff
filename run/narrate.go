package run

import (
	"fmt"
	"strings"

	"sealab/sim/abi"
	"sealab/sim/folio"
	"sealab/sim/inode"
	"sealab/sim/kernel"
	"sealab/sim/mapping"
	"sealab/sim/mm"
	"sealab/sim/pin"
	"sealab/sim/profile"
	"sealab/sim/sched"
	"sealab/sim/trace"
)

// What each operation means to a reader, by the kind of object that it is done to.

// locked: a lock is taken or let go.
func (r *recorder) locked(t *sched.Task, e *trace.Event, id sched.ID, story bool) {
	e.Kind, e.Detail, e.Site = trace.Lock, !story, r.site()
	if strings.HasPrefix(e.Op, "up_") || strings.HasSuffix(e.Op, "unlock") {
		e.Kind = trace.Unlock
		for _, f := range []string{"writer", "readers", "owner"} {
			e.Cause = max(e.Cause, r.last[value{id, f}])
		}
	}
	r.add(t, e)
}

// slept: a task goes to sleep, wakes up, or is sent a signal.
func (r *recorder) slept(t *sched.Task, e *trace.Event, id sched.ID, o *sched.Sleeper) {
	e.Site = r.site()
	switch e.Op {
	case "__set_current_state":
		e.Kind, e.Object = trace.Sleep, r.names.task(t)
		e.Facts = []trace.Fact{{Name: "until", Value: o.Expiry}}
	case "schedule_timeout":
		e.Kind, e.Object = trace.Wake, r.names.task(t)
		if r.woken(o, e) {
			e.Facts = []trace.Fact{{Name: "early", Value: 1}}
			e.Cause = max(r.last[value{id, "signals"}], r.last[value{id, "fatal"}])
		}
	case "send_signal_locked":
		e.Kind, e.Other = trace.Signal, e.Object
		e.Object = r.names.task(t)
		e.Text = "a signal"
		for _, c := range e.Changes {
			if c.Field == "signals" {
				e.Text = newSignals(c.Old, c.New)
			}
		}
	default:
		r.detail(t, e)
		return
	}
	r.add(t, e)
}

// woken says whether something woke a task before its time, and by which signal.
func (r *recorder) woken(o *sched.Sleeper, e *trace.Event) bool {
	early := r.k.S.Now() < o.Expiry
	if early && o.Pending != 0 {
		e.Text = newSignals("", fmt.Sprintf("%#x", o.Pending))
	}
	return early
}

// newSignals names the signals of a mask that are not in an earlier one.
func newSignals(old, now string) string {
	var was, is uint64
	fmt.Sscanf(old, "0x%x", &was)
	fmt.Sscanf(now, "0x%x", &is)
	var names []string
	for n := range 64 {
		if (is&^was)>>n&1 != 0 {
			names = append(names, abi.Signal(n+1).Name())
		}
	}
	return strings.Join(names, " and ")
}

// counted: i_mmap_writable changes.
func (r *recorder) counted(t *sched.Task, e *trace.Event, id sched.ID) {
	if len(e.Changes) == 0 {
		return // refused; Refused has told it
	}
	var old, now int64
	fmt.Sscan(e.Changes[0].Old, &old)
	fmt.Sscan(e.Changes[0].New, &now)
	e.Kind, e.Site = trace.Count, r.site()
	e.Facts = []trace.Fact{{Name: "by", Value: now - old}}
	e.Cause = r.last[value{id, "n"}]
	r.add(t, e)
}

// paged: an entry of a page tree comes or goes, or is tagged; or the wait for pins
// asks for tags.
func (r *recorder) paged(t *sched.Task, e *trace.Event, id sched.ID, arg, result any) {
	d := r.of(t)
	e.Site = r.site()
	switch e.Op {
	case "mapping_tagged":
		if !r.within(e.Site, "memfd.waitForPins") {
			return
		}
		d.scans++
		e.Kind, e.Object = trace.Scan, r.names.fileOf(id)
		e.Facts = []trace.Fact{{Name: "scan", Value: d.scans}, {Name: "tagged", Value: 0}}
		if yes, _ := result.(bool); yes {
			e.Facts[1].Value = 1
		}
	case "xas_set_mark":
		a := arg.(mapping.Marked)
		if len(e.Changes) == 0 {
			return
		}
		e.Kind, e.Object, e.Cause = trace.Untag, r.names.pageAt(id, a.Index), d.look
		if a.Set {
			e.Kind = trace.Tag
		}
	case "xas_store":
		a := arg.(mapping.Stored)
		e.Kind, e.Object = trace.Cache, r.names.pageAt(id, a.Index)
		switch {
		case a.Entry.IsFolio():
			e.Facts = []trace.Fact{{Name: "enters", Value: 1}}
		case a.Entry.IsValue():
			e.Text = "swap"
		}
	default:
		r.detail(t, e)
		return
	}
	r.add(t, e)
}

// page: somebody looks at a page, or its counts change.
func (r *recorder) page(t *sched.Task, e *trace.Event, id sched.ID, o *folio.Folio, arg, result any) {
	d := r.of(t)
	switch e.Op {
	case "folio_ref_count":
		d.refs, _ = result.(int32)
		return
	case "folio_mapcount":
		r.looked(t, e, id, o, result)
		return
	}
	if len(e.Changes) == 0 {
		return
	}
	e.Detail, e.Site = true, r.site()
	switch e.Op {
	case "folio_get", "folio_try_get":
		e.Kind, e.Facts = trace.Ref, []trace.Fact{{Name: "n", Value: amount(arg)}}
	case "folio_put":
		e.Kind, e.Facts = trace.Unref, []trace.Fact{{Name: "n", Value: amount(arg)}}
	case "folio_add_rmap", "folio_remove_rmap":
		e.Kind, e.Detail = trace.Rmap, false
	case "copy_to_folio":
		e.Kind = trace.Data
	case "prep_new_page":
		e.Kind = trace.Make
	case "free_frame":
		e.Kind = trace.Free
		r.names.forget(id)
	default:
		e.Kind = trace.Set
	}
	r.add(t, e)
}

// amount is how many references an operation is about.
func amount(arg any) int64 {
	if n, ok := arg.(int32); ok {
		return int64(n)
	}
	return 1
}

// looked: the wait for pins has read both counts of a page.
func (r *recorder) looked(t *sched.Task, e *trace.Event, id sched.ID, o *folio.Folio, result any) {
	e.Site = r.site()
	if !r.within(e.Site, "memfd.hasExtraRefs") {
		return
	}
	d := r.of(t)
	p := t.Profile()
	order, huge := o.Order, false
	if ino := r.names.inodeOf(o.Pages); ino != nil {
		huge = ino.Kind == inode.Hugetlb
	}
	if p.PinTest == profile.PinTestSubpage {
		order = 0
	}
	maps, _ := result.(int32)
	cache := p.ExpectedCacheRefs(order, huge)
	e.Kind = trace.Look
	e.Facts = []trace.Fact{{Name: "refs", Value: int64(d.refs)}, {Name: "maps", Value: int64(maps)},
		{Name: "cache", Value: int64(cache)}}
	if d.refs-maps-cache != 0 {
		e.Cause = r.last[value{id, "refs"}]
		if h := r.holds[id]; len(h) > 0 {
			e.Cause = h[len(h)-1].since
		}
	}
	d.look = r.add(t, e)
}

// file: seals, size or mode of a file change.
func (r *recorder) file(t *sched.Task, e *trace.Event) {
	e.Site = r.site()
	switch e.Op {
	case "*file_seals |= seals":
		e.Kind = trace.Seal
	case "i_size_write":
		e.Kind = trace.Size
	case "setattr_copy":
		r.add(t, &trace.Event{Kind: trace.Set, Op: e.Op, Object: e.Object, Site: e.Site, Changes: e.Changes})
		return
	default:
		r.detail(t, e)
		return
	}
	r.add(t, e)
}

// other: descriptors, mappings, and those who hold pages.
func (r *recorder) other(t *sched.Task, e *trace.Event, id sched.ID, o sched.Object) {
	switch o := o.(type) {
	case *kernel.FDTable:
		r.descriptors(t, e)
	case *mm.MM:
		r.mapped(t, e)
	case *pin.Pipe, *pin.Ring, *pin.Dmabuf, *pin.InFlight, *pin.Isolated, *folio.Batch:
		r.holders(t, e, id, o)
	default:
		r.detail(t, e)
	}
}

// descriptors: one is opened or closed.
func (r *recorder) descriptors(t *sched.Task, e *trace.Event) {
	for _, c := range e.Changes {
		var fd, file int64
		if n, _ := fmt.Sscan(c.Field, &fd); n == 0 {
			continue
		}
		e.Facts = []trace.Fact{{Name: "fd", Value: fd}}
		name := c.New
		if c.New == "" {
			name = c.Old
			e.Facts = append(e.Facts, trace.Fact{Name: "closed", Value: 1})
		}
		fmt.Sscan(name, &file)
		e.Kind, e.Detail, e.Site, e.Other = trace.FD, true, r.site(), r.names.object(sched.ID(file))
		r.add(t, e)
		return
	}
	r.detail(t, e)
}

// mapped: a mapping is made, changed or removed.
func (r *recorder) mapped(t *sched.Task, e *trace.Event) {
	if e.Op != "vma_iter_store" && e.Op != "vma_iter_clear" || len(e.Changes) == 0 {
		r.detail(t, e)
		return
	}
	c := e.Changes[0]
	text, gone := c.New, int64(0)
	if text == "" {
		text, gone = c.Old, 1
	}
	e.Kind, e.Site = trace.Map, r.site()
	e.Text, e.Other = r.mapping(text)
	if gone == 1 {
		e.Facts = []trace.Fact{{Name: "gone", Value: 1}}
	} else if c.Old != "" {
		e.Facts = []trace.Fact{{Name: "changed", Value: 1}}
	}
	r.add(t, e)
}

// mapping words what vmaText tells of a mapping.
func (r *recorder) mapping(text string) (string, trace.Object) {
	var start, end, off uint64
	var perm string
	var ino uint32
	fmt.Sscanf(text, "%x-%x %s %x of %d", &start, &end, &perm, &off, &ino)
	perm = strings.TrimSuffix(perm, ",")
	what := fmt.Sprintf("%d bytes at %#x, %s", end-start, start, perm)
	if ino == 0 {
		return what, trace.Object{}
	}
	return what, r.names.object(sched.ID(ino))
}

// holders: a pipe, a ring, I/O or a batch has one page more, or less.
func (r *recorder) holders(t *sched.Task, e *trace.Event, id sched.ID, o sched.Object) {
	holder := e.Object
	gone, come := heldBy(e.Changes)
	if len(gone)+len(come) == 0 {
		r.detail(t, e)
		return
	}
	for _, f := range gone {
		x := *e
		x.Kind, x.Object, x.Other, x.Site = trace.Drop, r.names.object(f), holder, r.site()
		x.Cause = r.letGo(f, id)
		r.add(t, &x)
		e.Changes = nil
	}
	for _, f := range come {
		x := *e
		x.Kind, x.Object, x.Other, x.Site = trace.Hold, r.names.object(f), holder, r.site()
		x.Text = howHeld(o, f)
		if n := r.add(t, &x); n > 0 {
			r.holds[f] = append(r.holds[f], grip{id, n})
		}
		e.Changes = nil
	}
}

func folioNumber(text string) sched.ID {
	var n uint32
	fmt.Sscan(text, &n)
	return sched.ID(n)
}

// heldBy says which folios are held by a holder less often, or more often, than
// before: a buffer that only moved up is neither.
func heldBy(changes []trace.Change) (gone, come []sched.ID) {
	sum := map[sched.ID]int{}
	var order []sched.ID
	count := func(text string, by int) {
		if f := folioNumber(text); f != 0 {
			if _, known := sum[f]; !known {
				order = append(order, f)
			}
			sum[f] += by
		}
	}
	for _, c := range changes {
		if strings.HasPrefix(c.Field, "holds ") {
			count(c.Old, -1)
			count(c.New, 1)
		}
	}
	for _, f := range order {
		for n := sum[f]; n < 0; n++ {
			gone = append(gone, f)
		}
		for n := sum[f]; n > 0; n-- {
			come = append(come, f)
		}
	}
	return gone, come
}

// howHeld says how a holder came by a page.
func howHeld(o sched.Object, f sched.ID) string {
	p, ok := o.(*pin.Pipe)
	if !ok {
		return ""
	}
	for i := len(p.Bufs) - 1; i >= 0; i-- {
		if p.Bufs[i].Folio == f {
			return map[pin.Kind]string{pin.KindSplice: "by splice", pin.KindVmsplice: "by vmsplice",
				pin.KindTee: "by tee", pin.KindData: "its own"}[p.Bufs[i].Kind]
		}
	}
	return ""
}
