package law

import (
	"slices"

	"sealab/sim/abi"
	"sealab/sim/folio"
	"sealab/sim/inode"
	"sealab/sim/mapping"
	"sealab/sim/mm"
	"sealab/sim/sched"
)

// checkMemory looks through a process's mappings and page table.
func (b *books) checkMemory(id sched.ID) {
	mm.EachPTE(b.world, id, func(e mm.Entry) {
		v := mm.Lookup(b.world, id, e.Page*abi.PageSize)
		if b.idle && (!v.OK() || e.Write && v.Flags&mm.VMWrite == 0) {
			b.broken("memory %d: entry %+v does not fit the mapping %v", id, e, v)
		}
		i := sched.Peek[inode.Inode](b.world, v.Inode)
		if b.idle && !e.Anon && i != nil && sched.Peek[folio.Folio](b.world, e.Folio).Pages != i.Map.Pages {
			b.broken("memory %d: entry %+v shows a page that %s has no more", id, e, i.Name)
		}
	})
	mm.EachVMA(b.world, id, func(v mm.VMA) {
		if b.idle && v.File != 0 && !b.linked(id, v) {
			b.broken("memory %d: the reverse map lacks %v", id, v)
		}
	})
}

// linked says whether the reverse map of a VMA's file has it.
func (b *books) linked(id sched.ID, v mm.VMA) bool {
	i := sched.Peek[inode.Inode](b.world, v.Inode)
	if i == nil || i.Map.Mmap == 0 {
		return i != nil
	}
	return slices.Contains(sched.Peek[mapping.Mmap](b.world, i.Map.Mmap).Users, mapping.User{MM: id,
		Start: v.Start, End: v.End, PgOff: v.PgOff, Shared: v.Flags&mm.VMMayShare != 0})
}

// checkCounter is the law of i_mmap_writable, whose value is n. While a task changes
// the reverse map the two differ.
func (b *books) checkCounter(i *inode.Inode, n int32) {
	if sched.Peek[sched.RWSem](b.world, i.Map.MmapLock).Writer != 0 {
		return
	}
	users := sched.Peek[mapping.Mmap](b.world, i.Map.Mmap).Users
	counted, unknown := int32(0), int32(0)
	for _, u := range users {
		switch v := mm.Lookup(b.world, u.MM, u.Start); {
		case v.Start != u.Start || v.File == 0:
			unknown++ // linked, and not in its process's memory yet
		case mm.Countable(b.p, v):
			counted++
		}
	}
	if b.idle && unknown > 0 {
		b.broken("%s: the reverse map has %d mappings that no process has", i.Name, unknown)
	}
	switch {
	case n < 0 && counted > 0:
		b.broken("%s: i_mmap_writable is %d, and there are %d countable mappings", i.Name, n, counted)
	case n >= 0 && (n < counted || n > counted+unknown+b.busy):
		b.broken("%s: i_mmap_writable is %d, with %d countable mappings", i.Name, n, counted)
	}
}
