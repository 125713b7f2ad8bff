package explore

import "sync/atomic"

// set is the fingerprints of all states that were met, in open addressing. With
// degrees it also counts how often each was met. Several workers may add at the
// same time; while it grows, none may use it.
type set struct {
	fps     []uint64 // 0 is a free place
	degrees []uint32
	shift   uint8 // place = fingerprint >> shift
	n       atomic.Int64
	count   bool
	slack   int // how many may be added before somebody looks whether it is full
}

func newSet(count bool, slack int) *set {
	s := &set{count: count, slack: slack}
	s.make(10)
	for s.full() {
		s.grow()
	}
	return s
}

func (s *set) make(log uint8) {
	s.fps = make([]uint64, 1<<log)
	if s.count {
		s.degrees = make([]uint32, 1<<log)
	}
	s.shift = 64 - log
}

func (s *set) len() int { return int(s.n.Load()) }

// bytes is how much memory the set takes, and would take while it grows next.
func (s *set) bytes() (now, growing int64) {
	now = 8 * int64(len(s.fps))
	if s.count {
		now += now / 2
	}
	return now, 3 * now
}

// full says whether the set must grow before much is added.
func (s *set) full() bool { return 4*(s.len()+s.slack) >= 3*len(s.fps) }

// crowded says whether it will be full soon.
func (s *set) crowded() bool { return 3*(s.len()+s.slack) >= 2*len(s.fps) }

// peek reads the place where a state would be.
func (s *set) peek(fp uint64) uint64 { return atomic.LoadUint64(&s.fps[fp>>s.shift]) }

// add notes a state, and says whether it is new.
func (s *set) add(fp uint64) bool {
	if fp == 0 {
		fp = 1
	}
	mask := uint64(len(s.fps) - 1)
	for i := fp >> s.shift; ; i = (i + 1) & mask {
		at := atomic.LoadUint64(&s.fps[i])
		if at == 0 {
			if atomic.CompareAndSwapUint64(&s.fps[i], 0, fp) {
				s.n.Add(1)
				if s.count {
					atomic.AddUint32(&s.degrees[i], 1)
				}
				return true
			}
			at = atomic.LoadUint64(&s.fps[i])
		}
		if at == fp {
			if s.count {
				atomic.AddUint32(&s.degrees[i], 1)
			}
			return false
		}
	}
}

// grow makes twice as many places.
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
