package law

import (
	"fmt"

	"sealab/sim/abi"
	"sealab/sim/folio"
	"sealab/sim/inode"
	"sealab/sim/kernel"
	"sealab/sim/mapping"
	"sealab/sim/mm"
	"sealab/sim/pin"
	"sealab/sim/profile"
	"sealab/sim/sched"
	"sealab/sim/socket"
	"sealab/sim/xarray"
)

// Broken returns the laws that a machine breaks as it stands, a sentence each. It
// may be called between any two steps, for instance by a chooser.
func Broken(s *sched.Sched) []string {
	b := newBooks(s)
	b.world.Each(b.enter)
	for _, t := range s.Tasks() {
		for _, h := range t.Held {
			b.held[h.ID] += h.N
		}
		if b.idle && len(t.Held) > 0 {
			b.broken("task %s is idle and holds %d references", t.Name, len(t.Held))
		}
	}
	pin.EachHolder(b.world, func(h pin.Holder) { b.held[h.Folio] += h.Refs })
	b.world.Each(b.check)
	return b.wrong
}

// Left returns what is left of a machine whose processes are gone and whose
// batches are drained, a sentence for each thing that should not be there. A ring
// that was closed with buffers stays, and what it pins; and so do pid namespaces.
func Left(s *sched.Sched) (wrong []string) {
	pinned := make([]int32, s.World().Len())
	pin.EachHolder(s.World(), func(h pin.Holder) {
		if h.Kind == pin.KindFixedClosed {
			pinned[h.Folio] += h.Refs
		}
	})
	s.World().Each(func(id sched.ID, o sched.Object) {
		switch o := o.(type) {
		case *folio.Folio:
			if o.Refs != pinned[id] {
				wrong = append(wrong, fmt.Sprintf("folio %d is left with %d references", id, o.Refs-pinned[id]))
			}
		case *folio.Frames, *folio.Batch, *sched.RCU, *sched.Sleeper, *kernel.PidNS:
		case *pin.Ring:
			if !o.Closed || len(o.Fixed) == 0 {
				wrong = append(wrong, fmt.Sprintf("io_uring %d is left", id))
			}
		default:
			wrong = append(wrong, fmt.Sprintf("object %d (%T) is left", id, o))
		}
	})
	return wrong
}

// books are what the objects of a world say about each other, by ID.
type books struct {
	world *sched.World
	p     *profile.Profile
	idle  bool  // no task is in a call
	busy  int32 // tasks in a call
	wrong []string

	cache   []int32 // references of the page cache, by folio
	entries []int32 // page table entries, by folio
	held    []int32 // references of holders and tasks, by folio
	users   []int32 // descriptors and VMAs, by open file
	opens   []int32 // open files, by inode
}

func newBooks(s *sched.Sched) *books {
	b := &books{world: s.World(), p: s.Profile}
	n := b.world.Len()
	all := make([]int32, 5*n)
	for i, part := range []*[]int32{&b.cache, &b.entries, &b.held, &b.users, &b.opens} {
		*part = all[i*n : (i+1)*n]
	}
	for _, t := range s.Tasks() {
		if t.State() == sched.Runnable || t.State() == sched.Waiting && !t.AtRest() {
			b.busy++
		}
	}
	b.idle = b.busy == 0
	return b
}

func (b *books) broken(format string, args ...any) {
	b.wrong = append(b.wrong, fmt.Sprintf(format, args...))
}

// enter notes what an object says about others.
func (b *books) enter(id sched.ID, o sched.Object) {
	switch o := o.(type) {
	case *mm.MM:
		mm.EachVMA(b.world, id, func(v mm.VMA) { b.users[v.File]++ })
		mm.EachPTE(b.world, id, func(e mm.Entry) { b.entries[e.Folio]++ })
	case *inode.Inode:
		b.enterPages(o)
	case *inode.File:
		b.opens[o.Inode]++
	case *socket.Rights:
		for _, f := range o.Files {
			b.users[f]++
		}
	case *kernel.FDTable:
		for _, fd := range o.Slots {
			b.users[fd.File]++
		}
	}
}

// enterPages notes the references of a page cache.
func (b *books) enterPages(i *inode.Inode) {
	tree := sched.Peek[mapping.Pages](b.world, i.Map.Pages)
	if tree == nil {
		return
	}
	nr := int64(0)
	tree.X.Each(func(_ uint64, order uint8, e xarray.Entry) bool {
		if e.IsFolio() {
			nr += 1 << order
			b.cache[e.Folio()] += b.p.CacheRefs(order, i.Kind == inode.Hugetlb)
		} else if sched.Peek[folio.Slot](b.world, sched.ID(e.Value())) == nil {
			b.broken("%s: a page is in swap, and what its slot has is gone", i.Name)
		}
		return true
	})
	if nr != tree.Nr {
		b.broken("%s: nrpages is %d, with %d pages in the tree", i.Name, tree.Nr, nr)
	}
}

// check holds what an object says of itself against the books.
func (b *books) check(id sched.ID, o sched.Object) {
	switch o := o.(type) {
	case *mm.MM:
		b.checkMemory(id)
	case *folio.Folio:
		b.checkFolio(id, o)
	case *inode.Inode:
		b.checkInode(id, o)
	case *inode.File:
		if b.idle && o.Refs != b.users[id] {
			b.broken("open file %d has %d references, with %d descriptors and mappings", id, o.Refs, b.users[id])
		}
	case *sched.RWSem:
		if b.idle && (o.Writer != 0 || o.Readers != 0) {
			b.broken("%s is left behind", o)
		}
	case *sched.SpinLock:
		if b.idle && o.Owner != 0 {
			b.broken("%s is left behind by task %d", o.Label, o.Owner)
		}
	case *sched.RCU:
		if b.idle && o.Readers != 0 {
			b.broken("%d RCU read sections are left open", o.Readers)
		}
	}
}

// checkFolio is the law of references.
func (b *books) checkFolio(id sched.ID, f *folio.Folio) {
	if want := b.cache[id] + f.Maps + b.held[id]; f.Refs+f.Frozen != want {
		b.broken("folio %d has %d references: %d of the page cache, %d of page tables and %d held make %d",
			id, f.Refs+f.Frozen, b.cache[id], f.Maps, b.held[id], want)
	}
	if b.idle && f.Maps != b.entries[id] {
		b.broken("folio %d has a map count of %d, with %d page table entries", id, f.Maps, b.entries[id])
	}
}

// checkInode holds the laws of one file.
func (b *books) checkInode(id sched.ID, i *inode.Inode) {
	if b.idle && i.Refs != b.opens[id] {
		b.broken("inode %d has %d references, with %d open files", id, i.Refs, b.opens[id])
	}
	if i.Map.Pages == 0 {
		return
	}
	locked := sched.Peek[sched.RWSem](b.world, i.Lock).Writer != 0
	pages := sched.Peek[mapping.Pages](b.world, i.Map.Pages)
	if pages.X.Marked(mapping.TagToWrite) && !locked && b.p.ValueClearsMark {
		b.broken("%s: a page is tagged, and nobody waits for pins", i.Name)
	}
	n := sched.Peek[mapping.Counter](b.world, i.Map.Counter).N
	sealed := i.Seals.Any(abi.SealWrite) && !Excepted(b.p, i)
	switch {
	case n < -1:
		b.broken("%s: i_mmap_writable is %d: denied more than once", i.Name, n)
	case sealed && n != -1:
		b.broken("%s: F_SEAL_WRITE is set, and i_mmap_writable is %d", i.Name, n)
	case n < 0 && !i.Seals.Any(abi.SealWrite) && !locked:
		b.broken("%s: i_mmap_writable is %d: denied, without a seal and without a sealer", i.Name, n)
	}
	b.checkCounter(i, n)
}

// Excepted says whether a file may have got F_SEAL_WRITE without the check for
// writers, by F_SEAL_EXEC on a kernel that does not check then.
func Excepted(p *profile.Profile, i *inode.Inode) bool {
	return p.ExecImply == profile.ExecImplyAfterCheck && i.Seals.Has(abi.SealExec|abi.SealWrite)
}
