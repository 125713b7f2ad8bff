package explore

// set is the fingerprints of all states that were met, in open addressing. With
// degrees it also counts how often each was met.
type set struct {
	fps     []uint64 // 0 is a free place
	degrees []uint16
	shift   uint8 // place = fingerprint >> shift
	n       int
	count   bool
}

const firstSet = 10 // log2 of the places of a new set

func newSet(count bool) *set {
	s := &set{count: count}
	s.make(firstSet)
	return s
}

func (s *set) make(log uint8) {
	s.fps = make([]uint64, 1<<log)
	if s.count {
		s.degrees = make([]uint16, 1<<log)
	}
	s.shift = 64 - log
}

// bytes is how much memory the set takes, and would take while it grows next.
func (s *set) bytes() (now, growing int64) {
	each := int64(8)
	if s.count {
		each = 10
	}
	now = each * int64(len(s.fps))
	return now, 3 * now
}

// full says whether the next add makes the set grow.
func (s *set) full() bool { return s.n*4 >= len(s.fps)*3 }

// add notes a state, and says whether it is new.
func (s *set) add(fp uint64) bool {
	if fp == 0 {
		fp = 1
	}
	mask := uint64(len(s.fps) - 1)
	for i := fp >> s.shift; ; i = (i + 1) & mask {
		switch s.fps[i] {
		case fp:
			if s.count {
				s.degrees[i]++
			}
			return false
		case 0:
			if s.full() {
				s.grow()
				return s.add(fp)
			}
			s.fps[i] = fp
			s.n++
			if s.count {
				s.degrees[i] = 1
			}
			return true
		}
	}
}

func (s *set) grow() {
	fps, degrees := s.fps, s.degrees
	s.make(64 - s.shift + 1)
	mask := uint64(len(s.fps) - 1)
	for j, fp := range fps {
		if fp == 0 {
			continue
		}
		i := fp >> s.shift
		for s.fps[i] != 0 {
			i = (i + 1) & mask
		}
		s.fps[i] = fp
		if s.count {
			s.degrees[i] = degrees[j]
		}
	}
}

// find returns the place of a state that was added.
func (s *set) find(fp uint64) int {
	if fp == 0 {
		fp = 1
	}
	mask := uint64(len(s.fps) - 1)
	i := fp >> s.shift
	for s.fps[i] != fp {
		i = (i + 1) & mask
	}
	return int(i)
}
