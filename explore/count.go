package explore

import (
	"context"
	"math/big"
)

// count counts the interleavings that lead to each outcome: the paths through the
// graph. A state is done when all steps that lead to it are, so its count is
// complete when it is handed on. States that are never done lie on a circle or
// behind one.
func (s *search) count(ctx context.Context, r *Result) {
	c := counter{at: make([]uint32, len(s.seen.fps)), nums: make([]*big.Int, 1)}
	ends := map[result]*big.Int{}
	ready := layer{pool: &s.pool}
	for _, r := range s.begins() {
		s.arrive(&c, &ready, r.state, r.count)
	}
	handled := 0
	for ready.len() > 0 {
		if handled++; handled&0xfff == 0 && (ctx.Err() != nil || s.meter.over(s.kept()+c.bytes())) {
			return
		}
		st := ready.pop()
		n := c.take(s.seen.find(st.fp))
		if !s.m.after(st, func(_ move, next state) { s.arrive(&c, &ready, next, n) }) {
			text, kind := s.m.label(st.row)
			f := result{text, kind}
			if ends[f] == nil {
				ends[f] = new(big.Int)
			}
			ends[f].Add(ends[f], n)
		}
		c.free = append(c.free, n)
	}
	if handled < s.seen.len() {
		r.Loops = true
		r.Stuck = s.stuck()
		return
	}
	r.Total = new(big.Int)
	for i := range r.Outcomes {
		o := &r.Outcomes[i]
		if o.Count = ends[result{o.Text, o.Kind}]; o.Count != nil {
			r.Total.Add(r.Total, o.Count)
		}
	}
}

// countable says whether there is room to begin to count.
func (s *search) countable() bool { return !s.meter.over(s.kept() + 4*int64(len(s.seen.fps))) }

// counter holds the counts of the states that some but not all steps have led to.
type counter struct {
	at   []uint32 // place in the set → index in nums, 0 for none
	nums []*big.Int
	idle []uint32   // indices that are free
	free []*big.Int // numbers to be used again
}

// bytes is how much memory the counts take: those of half a dozen words each.
func (c *counter) bytes() int64 { return 4*int64(len(c.at)) + 100*int64(len(c.nums)) }

// add adds to the count of a state.
func (c *counter) add(place int, n *big.Int) {
	i := c.at[place]
	if i == 0 {
		if k := len(c.idle); k > 0 {
			i, c.idle = c.idle[k-1], c.idle[:k-1]
		} else {
			i = uint32(len(c.nums))
			c.nums = append(c.nums, nil)
		}
		c.at[place] = i
		var x *big.Int
		if k := len(c.free); k > 0 {
			x, c.free = c.free[k-1], c.free[:k-1]
		} else {
			x = new(big.Int)
		}
		c.nums[i] = x.SetUint64(0)
	}
	c.nums[i].Add(c.nums[i], n)
}

// take returns the count of a state that is complete.
func (c *counter) take(place int) *big.Int {
	i := c.at[place]
	c.at[place] = 0
	c.idle = append(c.idle, i)
	return c.nums[i]
}

// arrive is one step that leads to a state: when it is the last, the state is ready.
func (s *search) arrive(c *counter, ready *layer, st state, n *big.Int) {
	place := s.seen.find(st.fp)
	c.add(place, n)
	if s.seen.degrees[place]--; s.seen.degrees[place] == 0 {
		ready.push(st.row, st.fp, len(st.row))
	}
}
