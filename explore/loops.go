package explore

// stuck says whether some state has no way to an end: a circle that nothing leads
// out of. A graph too large to be kept is not looked at.
func (s *search) stuck() bool {
	if 16*s.steps > s.opts.budget() {
		return false
	}
	number := make([]int32, len(s.seen.fps)) // place → number from 1
	var all []state                          // by number
	visit := func(st state) int32 {
		place := s.seen.find(st.fp)
		if number[place] == 0 {
			all = append(all, st)
			number[place] = int32(len(all))
		}
		return number[place] - 1
	}
	for _, r := range s.begins() {
		visit(r.state)
	}
	var after [][]int32
	for i := 0; i < len(all); i++ { //nolint:intrange // it grows meanwhile
		var to []int32
		s.m.after(all[i], func(_ move, next state) { to = append(to, visit(next)) })
		after = append(after, to)
	}
	return !allEnd(after)
}

// allEnd says whether a way leads from each node of a graph to one without
// successors.
func allEnd(after [][]int32) bool {
	before := make([][]int32, len(after))
	var good []int32
	ends := make([]bool, len(after))
	for i, to := range after {
		for _, j := range to {
			before[j] = append(before[j], int32(i))
		}
		if len(to) == 0 {
			good, ends[i] = append(good, int32(i)), true
		}
	}
	for k := 0; k < len(good); k++ {
		for _, i := range before[good[k]] {
			if !ends[i] {
				good, ends[i] = append(good, i), true
			}
		}
	}
	return len(good) == len(after)
}
