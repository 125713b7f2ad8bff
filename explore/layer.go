package explore

// layer is rows one behind the other, of the same length, with their fingerprints.
type layer struct {
	rows   []int32
	fps    []uint64
	stride int
}

func (l *layer) len() int { return len(l.fps) }

func (l *layer) state(i int) state {
	return state{l.rows[i*l.stride : (i+1)*l.stride : (i+1)*l.stride], l.fps[i]}
}

// reset empties the layer, for rows of a length.
func (l *layer) reset(stride int) {
	l.rows, l.fps, l.stride = l.rows[:0], l.fps[:0], stride
}

// push adds a row, which it copies, with room for so many columns, and returns the
// copy.
func (l *layer) push(row []int32, fp uint64, width int) []int32 {
	if width = max(width, len(row)); width > l.stride {
		l.widen(width + 4)
	}
	n := len(l.rows)
	l.rows = append(l.rows, row...)
	for len(l.rows) < n+l.stride {
		l.rows = append(l.rows, 0)
	}
	l.fps = append(l.fps, fp)
	return l.rows[n : n+l.stride]
}

// pop takes the last row out.
func (l *layer) pop() state {
	last := l.len() - 1
	st := l.state(last).copy()
	l.rows, l.fps = l.rows[:last*l.stride], l.fps[:last]
	return st
}

// widen gives all rows room for columns that are new.
func (l *layer) widen(stride int) {
	rows := make([]int32, 0, (l.len()+1)*stride)
	for i := range l.len() {
		rows = append(rows, l.state(i).row...)
		rows = append(rows, make([]int32, stride-l.stride)...)
	}
	l.rows, l.stride = rows, stride
}

// take makes of the layer what the workers have found.
func (l *layer) take(workers []*worker) {
	stride := 0
	for _, w := range workers {
		stride = max(stride, w.later.stride)
	}
	first := &workers[0].later
	if first.stride < stride {
		first.widen(stride)
	}
	*l, *first = *first, *l
	first.reset(stride)
	for _, w := range workers[1:] {
		if w.later.stride < stride {
			w.later.widen(stride)
		}
		l.rows, l.fps = append(l.rows, w.later.rows...), append(l.fps, w.later.fps...)
		w.later.reset(stride)
	}
}

func (l *layer) bytes() int64 { return int64(4*cap(l.rows) + 8*cap(l.fps)) }
