package mm

import (
	"sealab/sim/profile"
	"sealab/sim/sched"
)

// EachVMA visits the VMAs of an MM in order of their addresses. Like all of this
// file it is for drivers, checkers and explanations, and takes no step.
func EachVMA(w *sched.World, mm sched.ID, visit func(VMA)) {
	if m := sched.Peek[MM](w, mm); m != nil {
		m.vmas.Ascend(func(v VMA) bool {
			visit(v)
			return true
		})
	}
}

// EachPTE visits the page table entries of an MM in order of their addresses.
func EachPTE(w *sched.World, mm sched.ID, visit func(Entry)) {
	if m := sched.Peek[MM](w, mm); m != nil {
		sched.Peek[PageTable](w, m.Table).entries.Ascend(func(e Entry) bool {
			visit(e)
			return true
		})
	}
}

// Lookup returns the VMA that an address lies in, or the zero VMA.
func Lookup(w *sched.World, mm sched.ID, addr uint64) VMA {
	if m := sched.Peek[MM](w, mm); m != nil {
		if v := m.find(addr); v.Start <= addr {
			return v
		}
	}
	return VMA{}
}

// Countable says whether a mapping counts as one that may become writable.
//
// Kernel: include/linux/fs.h vma_is_shared_maywrite, v6.7 and later.
func Countable(p *profile.Profile, v VMA) bool { return v.OK() && v.File != 0 && countable(p, v.Flags) }
