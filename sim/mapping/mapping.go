package mapping

import "sealab/sim/sched"

// Mapping names the parts of one file's address_space. It is a value: tasks pass
// it about, and every method is one or more operations on a part.
//
// Kernel: include/linux/fs.h address_space, all versions.
type Mapping struct {
	Counter  sched.ID // a Counter
	Pages    sched.ID // a Pages
	Lock     sched.ID // the SpinLock of Pages
	Mmap     sched.ID // an Mmap
	MmapLock sched.ID // the RWSem of Mmap
}

// New makes the parts of an empty mapping.
func New(t *sched.Task) Mapping {
	return Mapping{
		Counter:  sched.New(t, &Counter{}),
		Pages:    sched.New(t, NewPages(t.Profile().NodeShift)),
		Lock:     sched.New(t, &sched.SpinLock{Label: "i_pages"}),
		Mmap:     sched.New(t, &Mmap{}),
		MmapLock: sched.New(t, &sched.RWSem{Label: "i_mmap_rwsem"}),
	}
}

// Free takes the parts of a mapping without pages and without users away.
func (m Mapping) Free(t *sched.Task) {
	for _, id := range [...]sched.ID{m.Counter, m.Pages, m.Lock, m.Mmap, m.MmapLock} {
		sched.Free(t, id)
	}
}
