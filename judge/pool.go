package judge

import (
	"context"
	"errors"
	"iter"
	"sync"
	"sync/atomic"
)

// pool hands the numbers of programs to workers that compare them at the same time.
type pool struct {
	programs uint64
	done     *atomic.Int64 // counts those that have been compared, if it is not nil
	next     atomic.Uint64

	mu     sync.Mutex // of what follows, and of the report
	failed error
}

// numbers are those that one worker takes, until there are no more or the context ends.
func (p *pool) numbers(ctx context.Context) iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		for ctx.Err() == nil {
			n := p.next.Add(1) - 1
			if n >= p.programs || !yield(n) {
				return
			}
			if p.done != nil {
				p.done.Add(1)
			}
		}
	}
}

// fail ends the work of all, because of an error that is not the end of the context.
func (p *pool) fail(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failed = errors.Join(p.failed, err)
	p.next.Store(p.programs)
}
