package run

import (
	"fmt"
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
)

// names says what a sentence calls an object.
type names struct {
	r     *recorder
	owner map[sched.ID]sched.ID // which inode a part belongs to
	files map[sched.ID]string   // what an inode is called
	used  map[string]int        // how many are called that
	proc  map[sched.ID]string   // which task's memory, descriptors or lock it is
	page  map[sched.ID]string   // where a folio is, or last was, in a file
}

func (n *names) init(r *recorder) {
	*n = names{r: r, owner: map[sched.ID]sched.ID{}, files: map[sched.ID]string{}, used: map[string]int{},
		proc: map[sched.ID]string{}, page: map[sched.ID]string{}}
	for _, p := range r.k.Procs() {
		n.process(p)
	}
}

// inode takes up a new inode and its parts.
func (n *names) inode(id sched.ID, i *inode.Inode) {
	name := strconv.QuoteToASCII(i.Name)
	switch i.Kind {
	case inode.Pipe:
		name = "the pipe"
	case inode.Socket:
		name = "the socket"
	case inode.Dmabuf:
		name = "the dma-buf"
	case inode.Ring:
		name = "the io_uring"
	case inode.Userfault:
		name = "the userfaultfd"
	case inode.Device, inode.Udmabuf, inode.Anonymous, inode.Directory, inode.Regular:
		name = i.Name
	}
	if n.used[name]++; n.used[name] > 1 {
		name += fmt.Sprintf(" (%d)", n.used[name])
	}
	n.files[id] = name
	m := &i.Map
	for _, part := range []sched.ID{i.Lock, m.Counter, m.Pages, m.Lock, m.Mmap, m.MmapLock, i.Info} {
		if part != 0 {
			n.owner[part] = id
		}
	}
	if p := sched.Peek[pin.Pipe](n.r.w, i.Info); p != nil {
		n.owner[p.Lock], n.owner[p.Wait] = id, id
	}
	if u := sched.Peek[mm.Uffd](n.r.w, i.Info); u != nil {
		n.owner[u.Queue], n.owner[u.Readers] = id, id
	}
	if s := sched.Peek[socket.Socket](n.r.w, i.Info); s != nil {
		n.owner[s.Wait] = id
	}
}

// process takes up the parts of a process.
func (n *names) process(p *kernel.Proc) {
	set := func(id sched.ID) {
		if _, known := n.proc[id]; !known {
			n.proc[id] = p.Task.Name
		}
	}
	set(p.MM)
	set(p.FDs)
	if m := sched.Peek[mm.MM](n.r.w, p.MM); m != nil {
		set(m.Lock)
		set(m.PTL)
	}
}

// forget drops what is known of an object that is gone: its number may become
// another's.
func (n *names) forget(id sched.ID) {
	delete(n.owner, id)
	delete(n.files, id)
	delete(n.proc, id)
	delete(n.page, id)
}

// task names a task.
func (n *names) task(t *sched.Task) trace.Object {
	return trace.Object{ID: uint32(t.Sleep), Kind: "task", Name: t.Name}
}

// fileOf names the file that a part belongs to.
func (n *names) fileOf(part sched.ID) trace.Object { return n.object(n.owner[part]) }

// inodeOf returns the inode that a part belongs to, nil if it is none's.
func (n *names) inodeOf(part sched.ID) *inode.Inode {
	return sched.Peek[inode.Inode](n.r.w, n.owner[part])
}

// pageAt names the page at an index of a page tree.
func (n *names) pageAt(tree sched.ID, index uint64) trace.Object {
	p := sched.Peek[mapping.Pages](n.r.w, tree)
	at, e, _, ok := p.X.FindFrom(index, index)
	if !ok || !e.IsFolio() {
		return trace.Object{ID: uint32(tree), Kind: "tree", Name: fmt.Sprintf("page %d of %s", index, n.fileOf(tree))}
	}
	return trace.Object{ID: e.Folio(), Kind: "page", Name: fmt.Sprintf("page %d of %s", at, n.fileOf(tree))}
}

// object names any object.
func (n *names) object(id sched.ID) trace.Object {
	o := trace.Object{ID: uint32(id)}
	switch x := n.r.w.Object(id).(type) {
	case *folio.Folio:
		o.Kind, o.Name = "page", n.folio(id, x)
	case *folio.Slot:
		o.Kind, o.Name = "slot", fmt.Sprintf("slot %d of swap", id)
	case *folio.Batch:
		o.Kind, o.Name = "batch", fmt.Sprintf("CPU %d's batch of new pages", id-folio.BatchID(0))
	case *mapping.Counter:
		o.Kind, o.Name = "counter", "i_mmap_writable of "+n.fileOf(id).Name
	case *mapping.Pages:
		o.Kind, o.Name = "tree", "the page tree of "+n.fileOf(id).Name
	case *mapping.Mmap:
		o.Kind, o.Name = "mappings", "the mappings of "+n.fileOf(id).Name
	case *inode.Inode:
		o.Kind, o.Name = "file", n.files[id]
	case *inode.File:
		o.Kind, o.Name = "open file", n.files[x.Inode]
	case *sched.RWSem:
		o.Kind, o.Name = "lock", x.Label+n.of(id)
	case *sched.SpinLock:
		o.Kind, o.Name = "lock", x.Label+n.of(id)
	case *sched.WaitQueue:
		o.Kind, o.Name = "queue", x.Label+n.of(id)
	case *sched.Sleeper:
		o.Kind = "task"
		for _, t := range n.r.k.S.Tasks() {
			if t.Sleep == id {
				o.Name = t.Name
			}
		}
	case *kernel.FDTable:
		o.Kind, o.Name = "descriptors", "the descriptors"+n.of(id)
	case *mm.MM:
		if o.Kind, o.Name = "memory", "the memory"+n.of(id); o.Name == "the memory" {
			o.Name = trace.NewMemory
		}
	case *pin.Pipe:
		o.Kind, o.Name = "pipe", n.fileOf(id).Name
	case *pin.Ring:
		o.Kind, o.Name = "ring", n.fileOf(id).Name
	case *pin.Dmabuf:
		o.Kind, o.Name = "dma-buf", n.fileOf(id).Name
	case *mm.Uffd:
		o.Kind, o.Name = "userfaultfd", n.fileOf(id).Name
	case *socket.Socket:
		o.Kind, o.Name = "socket", n.fileOf(id).Name
	case *socket.Rights:
		o.Kind, o.Name = "open files", "open files in a message"
	case *pin.InFlight:
		o.Kind, o.Name = "I/O", "I/O in flight"
	}
	return o
}

// of says whose something is.
func (n *names) of(id sched.ID) string {
	if ino := n.owner[id]; ino != 0 {
		return " of " + n.files[ino]
	}
	if p := n.proc[id]; p != "" {
		return " of " + p
	}
	return ""
}

// folio names a page by its place in a file, also after it has left it.
func (n *names) folio(id sched.ID, f *folio.Folio) string {
	switch {
	case f.Pages != 0:
		n.page[id] = fmt.Sprintf("page %d of %s", f.Index, n.fileOf(f.Pages))
	case f.Anon:
		return "a private page"
	case n.page[id] == "":
		return "a new page"
	}
	return n.page[id]
}
