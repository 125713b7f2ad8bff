package explore

import "sync"

// blockRows is how many states a block has at most. A worker takes a block at a time, and
// looks up together what its states lead to: the memory fetches many at a time.
const blockRows = 64

// block is rows one behind the other, of the same length, with their fingerprints.
type block struct {
	rows   []int32
	fps    []uint64
	stride int
}

func (b *block) len() int { return len(b.fps) }

func (b *block) state(i int) state {
	return state{b.rows[i*b.stride : (i+1)*b.stride : (i+1)*b.stride], b.fps[i]}
}

// room says whether one more row of a length fits in.
func (b *block) room(width int) bool {
	return width <= b.stride && len(b.fps) < cap(b.fps) && len(b.rows)+b.stride <= cap(b.rows)
}

func (b *block) bytes() int64 { return int64(4*cap(b.rows) + 8*cap(b.fps)) }

// pool is the blocks of a search that are empty, and how much memory all its blocks take.
type pool struct {
	mu   sync.Mutex
	idle []*block
	all  int64 // bytes
}

// get returns an empty block for rows of a length, and of a few columns more: new objects
// get columns as they are met.
func (p *pool) get(width int) *block {
	stride := width + 4
	p.mu.Lock()
	defer p.mu.Unlock()
	for n := len(p.idle); n > 0; n = len(p.idle) {
		b := p.idle[n-1]
		p.idle = p.idle[:n-1]
		if cap(b.rows) >= blockRows/2*stride {
			b.stride = stride
			return b
		}
		p.all -= b.bytes() // too small by now
	}
	b := &block{make([]int32, 0, blockRows*stride), make([]uint64, 0, blockRows), stride}
	p.all += b.bytes()
	return b
}

// put gives a block back.
func (p *pool) put(b *block) {
	b.rows, b.fps = b.rows[:0], b.fps[:0]
	p.mu.Lock()
	p.idle = append(p.idle, b)
	p.mu.Unlock()
}

// empty forgets all blocks: none is in use any more.
func (p *pool) empty() {
	p.mu.Lock()
	p.idle, p.all = nil, 0
	p.mu.Unlock()
}

func (p *pool) bytes() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.all
}

// layer is a number of states in blocks. One goroutine may use it at a time; its pool is
// shared.
type layer struct {
	pool   *pool
	blocks []*block
	full   int // states in all blocks but the last
}

func (l *layer) len() int {
	if len(l.blocks) == 0 {
		return 0
	}
	return l.full + l.last().len()
}

func (l *layer) last() *block { return l.blocks[len(l.blocks)-1] }

// push adds a row, which it copies, with room for so many columns, and returns the
// copy.
func (l *layer) push(row []int32, fp uint64, width int) []int32 {
	width = max(width, len(row))
	if len(l.blocks) == 0 || !l.last().room(width) {
		l.full = l.len()
		l.blocks = append(l.blocks, l.pool.get(width))
	}
	b := l.last()
	n := len(b.rows)
	b.rows = b.rows[:n+b.stride]
	clear(b.rows[n+copy(b.rows[n:], row):])
	b.fps = append(b.fps, fp)
	return b.rows[n:]
}

// pop takes the last row out.
func (l *layer) pop() state {
	b := l.last()
	last := b.len() - 1
	st := b.state(last).copy()
	b.rows, b.fps = b.rows[:last*b.stride], b.fps[:last]
	if last == 0 {
		l.blocks = l.blocks[:len(l.blocks)-1]
		l.pool.put(b)
		if l.full > 0 {
			l.full -= l.last().len()
		}
	}
	return st
}

// adopt adds blocks that are not of the pool.
func (l *layer) adopt(blocks []*block) {
	for _, b := range blocks {
		l.full = l.len()
		l.blocks = append(l.blocks, b)
		l.pool.all += b.bytes()
	}
}

// take makes of the layer what the workers have found: their blocks are handed over as
// they are.
func (l *layer) take(workers []*worker) {
	l.blocks, l.full = l.blocks[:0], 0
	n := 0
	for _, w := range workers {
		n += w.later.len()
		l.blocks = append(l.blocks, w.later.blocks...)
		w.later.blocks, w.later.full = w.later.blocks[:0], 0
	}
	if len(l.blocks) > 0 {
		l.full = n - l.last().len()
	}
}
