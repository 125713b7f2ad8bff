package queue

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"sealab/explore"
)

// Worker says how parts are done.
type Worker struct {
	Options explore.Options // workers, memory, progress
	Drain   bool            // end when the queue is empty, and not when the context does
	// Tell, if it is not nil, is told of each part: when it is begun, with a nil result, and
	// when it is done.
	Tell func(job string, part int, p *explore.Part)
}

// Work does one part after another until the context ends; with Drain, until there is none.
func (q *Queue) Work(ctx context.Context, w Worker) error {
	for ctx.Err() == nil {
		m, err := next(ctx, q.work, w.Drain)
		switch {
		case err != nil:
			return ended(ctx, err)
		case m == nil && w.Drain:
			return nil
		case m == nil:
			continue
		}
		if err := q.do(ctx, &w, m); err != nil {
			return ended(ctx, err)
		}
	}
	return ctx.Err()
}

// next takes a part from the queue, nil if there is none for a while.
func next(ctx context.Context, c jetstream.Consumer, drain bool) (jetstream.Msg, error) {
	wait := 5 * time.Second
	if drain {
		wait = time.Second
	}
	var cancel context.CancelFunc
	ctx, cancel = context.WithTimeout(ctx, wait)
	defer cancel()
	batch, err := c.Fetch(1, jetstream.FetchContext(ctx))
	if err != nil {
		return nil, err
	}
	for m := range batch.Messages() {
		return m, nil
	}
	if err := batch.Error(); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return nil, err
	}
	return nil, nil //nolint:nilnil // there is nothing, and nothing is wrong
}

// do does one part, tells what it came to, and only then takes it out of the queue.
func (q *Queue) do(ctx context.Context, w *Worker, m jetstream.Msg) error {
	job, i, ok := part(work, m.Subject())
	if !ok {
		return m.TermWithReason("no part of a search")
	}
	entry, err := q.jobs.Get(ctx, job)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return m.TermWithReason("its search has ended")
	}
	if err != nil {
		return err
	}
	j := &explore.Job{}
	if err := json.Unmarshal(entry.Value(), j); err != nil || j.ID() != job {
		return m.TermWithReason("written by another sealab")
	}
	if w.Tell != nil {
		w.Tell(job, i, nil)
	}
	p, err := q.search(ctx, w, m, j, i)
	if ctx.Err() != nil {
		return errors.Join(ctx.Err(), m.Nak()) // somebody else does it, from the beginning
	}
	if err != nil {
		p = &explore.Part{Format: explore.PartFormat, Job: *j, Number: i, Why: err.Error()}
	}
	var text bytes.Buffer
	if err := p.Write(&text); err != nil {
		return err
	}
	if _, err := q.js.Publish(ctx, subject(done, job, i), text.Bytes()); err != nil {
		return fmt.Errorf("part %d of job %s: %w", i+1, job, err)
	}
	if w.Tell != nil {
		w.Tell(job, i, p)
	}
	return m.DoubleAck(ctx)
}

// search does a part, and says all the while that it is at it.
func (q *Queue) search(ctx context.Context, w *Worker, m jetstream.Msg, j *explore.Job, i int) (*explore.Part, error) {
	if meta, err := m.Metadata(); err == nil && meta.NumDelivered > Deliveries {
		return nil, fmt.Errorf("given up: %d workers took it and did not come back", Deliveries)
	}
	beat := time.NewTicker(q.opts.patience() / 3)
	defer beat.Stop()
	over := make(chan struct{})
	defer close(over)
	go func() {
		for {
			select {
			case <-beat.C:
				_ = m.InProgress() // if the server is gone, so is the part
			case <-over:
				return
			}
		}
	}()
	return j.Do(ctx, i, w.Options)
}
