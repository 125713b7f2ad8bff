package explore

import (
	"math/bits"
	"sync"
	"sync/atomic"
)

// set is the fingerprints of all states that were met, in open addressing. With
// degrees it also counts how often each was met. Several workers may add at the
// same time; while it grows, none may use it. Fingerprints are in their order, but for
// those that found their place taken, so growing goes through memory from front to end,
// and workers can do it together, each a part.
type set struct {
	fps     []uint64 // 0 is a free place
	degrees []uint32
	n       atomic.Int64
	count   bool
	slack   int // how many may be added before somebody looks whether it is full
}

func newSet(count bool, slack int) *set {
	s := &set{count: count, slack: slack}
	s.make(max(1024, 2*slack))
	return s
}

func (s *set) make(places int) {
	s.fps = make([]uint64, places)
	if s.count {
		s.degrees = make([]uint32, places)
	}
}

func (s *set) len() int { return int(s.n.Load()) }

// bytes is how much memory the set takes.
func (s *set) bytes() int64 { return int64(len(s.fps)) * s.each() }

// each is how much memory a place takes.
func (s *set) each() int64 {
	if s.count {
		return 12
	}
	return 8
}

// full says whether the set must grow before much is added.
func (s *set) full() bool { return 4*(s.len()+s.slack) >= 3*len(s.fps) }

// place is where a fingerprint would be, were it the only one.
func (s *set) place(fp uint64) int {
	hi, _ := bits.Mul64(fp, uint64(len(s.fps)))
	return int(hi)
}

// peek reads the place where a state would be.
func (s *set) peek(fp uint64) uint64 { return atomic.LoadUint64(&s.fps[s.place(fp)]) }

// add notes a state, and says whether it is new. There is room: see full.
func (s *set) add(fp uint64) bool {
	if !s.put(fp, 1) {
		return false
	}
	s.n.Add(1)
	return true
}

// put notes a state that was met so many times, and leaves it to the caller to count it if
// it is new.
func (s *set) put(fp uint64, times uint32) (fresh bool) {
	i := s.place(fp)
	fp = max(fp, 1)
	for {
		at := atomic.LoadUint64(&s.fps[i])
		if at == 0 {
			if fresh = atomic.CompareAndSwapUint64(&s.fps[i], 0, fp); fresh {
				break
			}
			at = atomic.LoadUint64(&s.fps[i])
		}
		if at == fp {
			break
		}
		if i++; i == len(s.fps) {
			i = 0
		}
	}
	if s.count {
		atomic.AddUint32(&s.degrees[i], times)
	}
	return fresh
}

// grow makes room for more, with so many places and so many workers.
func (s *set) grow(places, workers int) {
	fps, degrees := s.fps, s.degrees
	s.make(places)
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() {
			for i := w * len(fps) / workers; i < (w+1)*len(fps)/workers; i++ {
				switch {
				case fps[i] == 0:
				case s.count:
					s.put(fps[i], degrees[i])
				default:
					s.put(fps[i], 0)
				}
			}
		})
	}
	all.Wait()
}

// addAlone notes a state in a set that only the caller uses, and says whether it is new.
func (s *set) addAlone(fp uint64) bool {
	if s.full() {
		s.grow(2*len(s.fps), 1)
	}
	return s.add(fp)
}

// find returns the place of a state that was added.
func (s *set) find(fp uint64) int {
	i := s.place(fp)
	for fp = max(fp, 1); s.fps[i] != fp; {
		if i++; i == len(s.fps) {
			i = 0
		}
	}
	return i
}

// states goes through all states, with how often each was met (0 if that is not counted). They
// come in no order: those of an order would all want the same few places of a smaller set.
func (s *set) states(visit func(fp uint64, times uint32)) {
	const far = 1021
	for k := range far {
		for i := k; i < len(s.fps); i += far {
			switch {
			case s.fps[i] == 0:
			case s.count:
				visit(s.fps[i], s.degrees[i])
			default:
				visit(s.fps[i], 0)
			}
		}
	}
}
