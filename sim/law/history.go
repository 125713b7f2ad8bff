package law

import (
	"fmt"
	"slices"

	"sealab/sim/abi"
	"sealab/sim/folio"
	"sealab/sim/inode"
	"sealab/sim/mapping"
	"sealab/sim/sched"
	"sealab/sim/xarray"
)

// History remembers what it saw of the files of one machine, to tell what has
// changed that must not. The zero History has seen nothing.
type History struct {
	files []past // by inode
}

// past is a file as it was at the last look.
type past struct {
	inode  *inode.Inode // which file it was: IDs are used again
	seals  abi.Seals
	stamps []stamp
	whole  uint64 // the pages whose bytes may not change, from the first
}

// stamp is the content of a page that is not all zeros.
type stamp struct{ index, content uint64 }

// Look returns what has changed since the last look and must not have, a sentence
// each. It may be called between any two steps; a change that is undone between
// two looks is not seen.
func (h *History) Look(s *sched.Sched) (wrong []string) {
	w := s.World()
	for len(h.files) < w.Len() {
		h.files = append(h.files, past{})
	}
	w.Each(func(id sched.ID, o sched.Object) {
		i, ok := o.(*inode.Inode)
		if !ok {
			return
		}
		old := h.files[id]
		now := past{inode: i, seals: i.Seals}
		if i.Seals.Any(abi.SealWrite) && !Excepted(s.Profile, i) {
			now.stamps, now.whole = stamps(w, i), frozen(i)
		}
		if old.inode == i {
			if lost := old.seals &^ i.Seals; lost != 0 {
				wrong = append(wrong, fmt.Sprintf("%s: lost %s", i.Name, lost))
			}
			if n := min(old.whole, now.whole); !slices.Equal(below(old.stamps, n), below(now.stamps, n)) {
				wrong = append(wrong, fmt.Sprintf("%s: bytes changed behind F_SEAL_WRITE", i.Name))
			}
		}
		h.files[id] = now
	})
	return wrong
}

// frozen returns how many pages of a write-sealed file may not change: those that
// lie wholly inside. A truncation, even one to the same size, writes zeros over the
// part of the last page that is behind the end. The pages of a file that nobody has
// any more go away.
func frozen(i *inode.Inode) uint64 {
	if i.Refs == 0 {
		return 0
	}
	return uint64(i.Size) >> abi.PageShift
}

// stamps returns the pages of a file that are not all zeros, in order.
func stamps(w *sched.World, i *inode.Inode) (all []stamp) {
	sched.Peek[mapping.Pages](w, i.Map.Pages).X.Each(func(index uint64, _ uint8, e xarray.Entry) bool {
		if e.IsFolio() {
			if c := sched.Peek[folio.Folio](w, sched.ID(e.Folio())).Content; c != 0 {
				all = append(all, stamp{index, c})
			}
		} else if slot := sched.Peek[folio.Slot](w, sched.ID(e.Value())); slot != nil && slot.Content != 0 {
			all = append(all, stamp{index, slot.Content})
		}
		return true
	})
	return all
}

// below returns the stamps of pages below one.
func below(all []stamp, end uint64) []stamp {
	n, _ := slices.BinarySearchFunc(all, end, func(s stamp, end uint64) int {
		if s.index < end {
			return -1
		}
		return 1
	})
	return all[:n]
}
