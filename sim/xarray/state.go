package xarray

import "math"

// State is a place in a tree, for walking it under its lock. Before the lock is let
// go it must be paused: a node may be gone when others have stored something, and a
// State that goes on regardless panics. Marks may change under it.
//
// Kernel: include/linux/xarray.h xa_state, v4.20 and later.
type State struct {
	x       *XArray
	next    uint64 // the first index not visited yet
	index   uint64 // of the present entry
	order   uint8  // of the present entry
	on      bool   // there is a present entry
	ended   bool   // nothing lies behind
	at      located
	version uint64 // of the tree, when the present entry was found; 0 for nowhere
	copies  uint64 // of the tree, when at was found
}

// At returns a State before an index.
//
// Kernel: include/linux/xarray.h XA_STATE, v4.20 and later.
func (x *XArray) At(index uint64) State { return State{x: x, next: index} }

// Index returns the first index of the present entry.
func (s *State) Index() uint64 { return s.index }

// Order returns the order of the present entry.
func (s *State) Order() uint8 { return s.order }

// Next goes on to the next entry up to last, and returns it, or 0 when there is
// none.
//
// Kernel: lib/xarray.c xas_find, v4.20 and later.
func (s *State) Next(last uint64) Entry { return s.advance(last, allEntries) }

// NextMarked is Next for entries with a mark.
//
// Kernel: lib/xarray.c xas_find_marked, v4.20 and later.
func (s *State) NextMarked(last uint64, m Mark) Entry { return s.advance(last, m) }

func (s *State) advance(last uint64, m Mark) Entry {
	s.check()
	near := s.nearby(m)
	s.Pause()
	if s.ended || s.next > last {
		return 0
	}
	if s.x.root == nil {
		if s.next > 0 || !s.x.headWanted(m) {
			return 0
		}
		return s.arrive(0, s.x.head, 0)
	}
	s.at = near
	if s.at.n == nil {
		s.at = s.x.find(s.next, last, m)
	}
	index, e, order, ok := s.at.entry()
	if !ok || index > last {
		s.at = located{}
		return 0
	}
	return s.arrive(index, e, order)
}

// nearby looks for the next entry in the node of the present one, which spares the
// way from the root.
func (s *State) nearby(m Mark) located {
	n := s.at.n
	if n == nil || s.ended || s.copies != s.x.copies || s.next-s.at.base > uint64(n.mask)<<n.shift {
		return located{}
	}
	l, _ := n.look(s.next, m)
	return l
}

// arrive makes an entry the present one.
func (s *State) arrive(index uint64, e Entry, order uint8) Entry {
	s.index, s.order, s.on = index, order, true
	s.version, s.copies = s.x.version, s.x.copies
	end := index | (1<<order - 1)
	s.next, s.ended = end+1, end == math.MaxUint64
	return e
}

// check finds a State that was not paused.
func (s *State) check() {
	if s.version != 0 && s.version != s.x.version {
		panic("xarray: a State was used after the tree had changed; Pause it before the lock is let go")
	}
}

// Pause forgets everything but the place, so that the lock may be let go. The walk
// goes on behind the present entry, all of it.
//
// Kernel: lib/xarray.c xas_pause, v4.20 and later.
func (s *State) Pause() { s.version, s.at, s.on = 0, located{}, false }

// Retry is Pause, but goes on with the present entry once more. Without a present
// entry it does nothing else.
//
// Kernel: include/linux/xarray.h xas_reset, v4.20 and later.
func (s *State) Retry() {
	if s.on {
		s.next, s.ended = s.index, false
	}
	s.Pause()
}

// Store stores another entry in the place of the present one, of the same order;
// 0 takes it away, and then there is no present entry.
//
// Kernel: lib/xarray.c xas_store, v4.20 and later.
func (s *State) Store(e Entry) {
	s.present("Store")
	s.x.StoreOrder(s.index, s.order, e)
	s.version, s.at = s.x.version, located{}
	if e == 0 {
		s.Pause()
	}
}

// Mark says whether the present entry has the mark.
//
// Kernel: lib/xarray.c xas_get_mark, v4.20 and later.
func (s *State) Mark(m Mark) bool {
	s.present("Mark")
	if s.at.n == nil || s.copies != s.x.copies {
		return s.x.Mark(s.index, m)
	}
	return s.at.n.marks[m]>>s.at.o&1 != 0
}

// SetMark gives the mark to the present entry.
//
// Kernel: lib/xarray.c xas_set_mark, v4.20 and later.
func (s *State) SetMark(m Mark) {
	s.present("SetMark")
	s.x.SetMark(s.index, m)
}

// ClearMark takes the mark from the present entry.
//
// Kernel: lib/xarray.c xas_clear_mark, v4.20 and later.
func (s *State) ClearMark(m Mark) {
	s.present("ClearMark")
	s.x.ClearMark(s.index, m)
}

func (s *State) present(what string) {
	s.check()
	if !s.on {
		panic("xarray: " + what + " without a present entry")
	}
}
