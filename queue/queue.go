package queue

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"sealab/explore"
)

const (
	workStream = "SEALAB_WORK"
	doneStream = "SEALAB_DONE"
	workers    = "workers" // the consumer that all workers share
	jobBucket  = "sealab_jobs"
	work       = "sealab.work."
	done       = "sealab.done."
)

// Settled is how long after its start a process that links this package is not quiet: the NATS
// server's package has set a timer by then, which does nothing more.
const Settled = 1100 * time.Millisecond

// Deliveries is how often a part is given to a worker before it is given up.
const Deliveries = 4

// Options say how a queue is used. The zero value is good.
type Options struct {
	// Patience is how long a worker may say nothing before its part is given to another;
	// 0 means 30 s. All who use a queue should say the same; the last one is heard.
	Patience time.Duration
}

func (o Options) patience() time.Duration {
	if o.Patience <= 0 {
		return 30 * time.Second
	}
	return o.Patience
}

// Queue is a connection to a queue.
type Queue struct {
	opts Options
	nc   *nats.Conn
	js   jetstream.JetStream
	jobs jetstream.KeyValue
	work jetstream.Consumer // what hands parts to workers
}

// Connect connects to a NATS server that has JetStream, and makes there what is missing.
func Connect(ctx context.Context, url string, o Options) (*Queue, error) {
	nc, err := nats.Connect(url, nats.Name("sealab"), nats.MaxReconnects(-1))
	if err != nil {
		return nil, fmt.Errorf("queue: %s: %w", hideSecret(url), err)
	}
	q := &Queue{opts: o, nc: nc}
	if err := q.prepare(ctx); err != nil {
		nc.Close()
		if errors.Is(err, jetstream.ErrJetStreamNotEnabled) {
			err = fmt.Errorf("%w: start it with `nats-server -js`", err)
		}
		return nil, fmt.Errorf("queue: %s: %w", hideSecret(url), err)
	}
	return q, nil
}

// hideSecret is a URL as it may be printed.
func hideSecret(url string) string {
	scheme, rest, ok := strings.Cut(url, "://")
	if at := strings.LastIndexByte(rest, '@'); ok && at >= 0 {
		return scheme + "://…" + rest[at:]
	}
	return url
}

func (q *Queue) prepare(ctx context.Context) (err error) {
	if q.js, err = jetstream.New(q.nc); err != nil {
		return err
	}
	if _, err = q.js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name: workStream, Subjects: []string{work + "*.*"}, Retention: jetstream.WorkQueuePolicy,
		MaxMsgsPerSubject: 1, Discard: jetstream.DiscardNew, DiscardNewPerSubject: true,
	}); err != nil {
		return err
	}
	if _, err = q.js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name: doneStream, Subjects: []string{done + "*.*"}, MaxMsgsPerSubject: 1,
	}); err != nil {
		return err
	}
	q.jobs, err = q.js.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{Bucket: jobBucket})
	if err != nil {
		return err
	}
	q.work, err = q.js.CreateOrUpdateConsumer(ctx, workStream, jetstream.ConsumerConfig{
		Durable: workers, AckPolicy: jetstream.AckExplicitPolicy, AckWait: q.opts.patience(), MaxAckPending: -1,
	})
	return err
}

// Close ends the connection.
func (q *Queue) Close() { q.nc.Close() }

// subject is where part i of a job is told.
func subject(prefix, job string, i int) string { return prefix + job + "." + strconv.Itoa(i) }

// part reads a subject.
func part(prefix, subject string) (job string, i int, ok bool) {
	rest, ok1 := strings.CutPrefix(subject, prefix)
	job, number, ok2 := strings.Cut(rest, ".")
	i, err := strconv.Atoi(number)
	return job, i, ok1 && ok2 && err == nil && i >= 0
}

// Collect has a job done: it offers the parts that are not done yet, and returns when all
// are, or the context ends; then with those that are. tell, if it is not nil, is told how
// many there are whenever that changes.
func (q *Queue) Collect(ctx context.Context, j *explore.Job, tell func(done int)) ([]*explore.Part, error) {
	if err := j.Resolve(); err != nil {
		return nil, err
	}
	text, err := json.Marshal(j)
	if err != nil {
		return nil, err
	}
	if _, err := q.jobs.Put(ctx, j.ID(), text); err != nil {
		return nil, fmt.Errorf("queue: %w", err)
	}
	c := collector{q: q, job: j, parts: make([]*explore.Part, j.Parts), tell: tell}
	err = c.run(ctx)
	var all []*explore.Part
	for _, p := range c.parts {
		if p != nil {
			all = append(all, p)
		}
	}
	if err == nil {
		err = q.forget(ctx, j)
	}
	return all, err
}

// forget removes a job that is done from the server.
func (q *Queue) forget(ctx context.Context, j *explore.Job) error {
	s, err := q.js.Stream(ctx, doneStream)
	if err != nil {
		return err
	}
	return errors.Join(s.Purge(ctx, jetstream.WithPurgeSubject(done+j.ID()+".*")), q.jobs.Purge(ctx, j.ID()))
}

type collector struct {
	q     *Queue
	job   *explore.Job
	parts []*explore.Part
	n     int
	tell  func(int)
}

func (c *collector) run(ctx context.Context) error {
	results, err := c.q.js.OrderedConsumer(ctx, doneStream, jetstream.OrderedConsumerConfig{
		FilterSubjects: []string{done + c.job.ID() + ".*"},
	})
	if err != nil {
		return err
	}
	info, err := results.Info(ctx)
	if err != nil {
		return err
	}
	all, err := results.Messages()
	if err != nil {
		return err
	}
	defer all.Stop()
	stop := context.AfterFunc(ctx, all.Stop)
	defer stop()
	for range info.NumPending { // what was done before
		if err := c.next(all); err != nil {
			return ended(ctx, err)
		}
	}
	for i, p := range c.parts {
		if p == nil {
			if err := c.q.offer(ctx, c.job, i); err != nil {
				return ended(ctx, err)
			}
		}
	}
	for c.n < len(c.parts) {
		if err := c.next(all); err != nil {
			return ended(ctx, err)
		}
	}
	return nil
}

// ended prefers what ended the context to what followed from it.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("queue: %w", err)
}

// next takes one result.
func (c *collector) next(all jetstream.MessagesContext) error {
	m, err := all.Next()
	if err != nil {
		return err
	}
	_, i, ok := part(done, m.Subject())
	p, wrong := explore.ReadPart(bytes.NewReader(m.Data()))
	if ok && wrong == nil && p.Number == i && p.Job == *c.job { // else nobody who works on this job has sent it
		c.take(p)
	}
	return nil
}

func (c *collector) take(p *explore.Part) {
	if c.parts[p.Number] == nil {
		c.n++
	}
	c.parts[p.Number] = p
	if c.tell != nil {
		c.tell(c.n)
	}
}

// offer puts part i of a job into the queue, if it is not there.
func (q *Queue) offer(ctx context.Context, j *explore.Job, i int) error {
	_, err := q.js.Publish(ctx, subject(work, j.ID(), i), nil)
	var refused *jetstream.APIError
	if errors.As(err, &refused) && strings.Contains(refused.Description, "maximum messages per subject") {
		return nil
	}
	return err
}
