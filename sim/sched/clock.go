package sched

import "container/heap"

// Clock turns virtual nanoseconds into jiffies and says when timers fire.
//
// Kernel: kernel/time/timer.c calc_wheel_index, v4.8 and later.
type Clock struct {
	HZ       int   // jiffies a second: 100, 250, 300, 1000 …
	Phase    int64 // ns by which a jiffy boundary precedes time 0, 0 <= Phase < a jiffy
	Rounding bool  // whether timers fire at wheel boundaries, as in a real kernel
}

const second = 1_000_000_000

// Jiffies returns the number of jiffy boundaries passed at time now (ns).
func (c *Clock) Jiffies(now int64) int64 {
	x := now + c.Phase
	return x/second*int64(c.HZ) + x%second*int64(c.HZ)/second
}

// At returns the time (ns) of a jiffy boundary, rounded up to a whole ns.
func (c *Clock) At(jiffies int64) int64 {
	hz := int64(c.HZ)
	whole, rest := jiffies/hz, jiffies%hz
	return whole*second + (rest*second+hz-1)/hz - c.Phase
}

// Expiry returns when a timer of n jiffies, armed at time now (ns), fires.
//
// Without rounding that is n whole jiffies later. With rounding it is the first
// boundary of its wheel level strictly after expiry, as the timer wheel of v4.8
// and later has it: level 0 (n < 63) has a granularity of one jiffy, level 1
// (n < 504) of 8, and so on, times 8 each.
func (c *Clock) Expiry(now, n int64) int64 {
	if !c.Rounding {
		return now + n*second/int64(c.HZ)
	}
	level := 0
	for delta := n; delta >= 63; delta /= 8 {
		level++
	}
	shift := 3 * level
	bucket := (c.Jiffies(now)+n)>>shift + 1
	return c.At(bucket << shift)
}

// left returns how many of n jiffies, slept for since armed, are left at time now
// (both ns). Without rounding a begun jiffy counts.
//
// Kernel: kernel/time/sleep_timeout.c schedule_timeout, v6.13 and later (timer.c before).
func (c *Clock) left(armed, n, now int64) int64 {
	if c.Rounding {
		return max(0, c.Jiffies(armed)+n-c.Jiffies(now))
	}
	hz := int64(c.HZ)
	return max(0, (c.Expiry(armed, n)-now)*hz+second-1) / second
}

// timer is an armed timer of a sleeping task.
type timer struct {
	at    int64
	seq   uint64 // timers of the same instant fire in the order they were armed
	sleep ID
	gen   uint32 // the sleep that armed it; a later sleep makes it stale
}

// timers is a heap, earliest first.
type timers []timer

func (h timers) Len() int { return len(h) }
func (h timers) Less(i, j int) bool {
	return h[i].at < h[j].at || h[i].at == h[j].at && h[i].seq < h[j].seq
}
func (h timers) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *timers) Push(x any)   { *h = append(*h, x.(timer)) }
func (h *timers) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}

// arm adds a timer.
func (s *Sched) arm(at int64, sleep ID, gen uint32) {
	s.timerSeq++
	heap.Push(&s.timers, timer{at, s.timerSeq, sleep, gen})
}

// nextTimer drops stale timers and returns the earliest live one.
func (s *Sched) nextTimer() (timer, bool) {
	for len(s.timers) > 0 {
		tm := s.timers[0]
		if sl := Peek[Sleeper](s.world, tm.sleep); sl != nil && sl.Armed && sl.gen == tm.gen {
			return tm, true
		}
		heap.Pop(&s.timers)
	}
	return timer{}, false
}

// NextTimer returns when the earliest armed timer fires (virtual ns).
func (s *Sched) NextTimer() (at int64, ok bool) {
	tm, ok := s.nextTimer()
	return tm.at, ok
}

// Tick fires the earliest armed timer, moving the clock to it if that is still
// ahead, and says whether there was one.
func (s *Sched) Tick() bool {
	tm, ok := s.nextTimer()
	if !ok {
		return false
	}
	heap.Pop(&s.timers)
	s.now = max(s.now, tm.at)
	s.mix(0xc10c)
	slot := &s.world.slots[tm.sleep]
	sl := slot.obj.(*Sleeper)
	sl.Armed, sl.Fired, sl.Asleep = false, true, false
	s.wake(slot)
	return true
}
