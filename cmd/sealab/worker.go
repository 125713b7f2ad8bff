package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"sealab/cmd/sealab/internal/cli"
	"sealab/explore"
	"sealab/queue"
)

const workerLong = `Do parts of searches that others have put into a queue, one after another.

The queue is a NATS server with JetStream: one that "sealab explore --queue here" has started, which
prints its URL, or any other. A part that this worker has begun and does not finish is done by
another. With --drain it ends when there is nothing more to do, else when it is interrupted.

Exit codes: 0 the queue is empty, 2 the command line is wrong or the server cannot be reached,
130 interrupted.`

// worker is one use of the command.
type worker struct {
	explorer
	url     string
	drain   bool
	patient time.Duration
}

func newWorker(app *cli.App) *cobra.Command {
	w := &worker{explorer: explorer{playing: playing{app: app}}}
	c := &cobra.Command{
		Use:   "worker --queue URL",
		Short: "Do parts of searches that are in a queue",
		Long:  workerLong,
		Example: `  sealab worker --queue nats://SECRET@127.0.0.1:4222
  sealab worker --queue nats://nats:4222 --drain`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return w.run(c.Context()) },
	}
	f := c.Flags()
	f.StringVar(&w.url, "queue", "", "`URL` of a NATS server that has JetStream")
	f.BoolVar(&w.drain, "drain", false, "end when there is nothing more to do")
	f.Int64Var(&w.memory, "memory", 1024, "`MiB` of memory that a search may use")
	f.IntVar(&w.plan.Workers, "workers", 0, "CPUs to search with (default all)")
	patienceFlag(c, &w.patient)
	must(c.MarkFlagRequired("queue"))
	return c
}

func patienceFlag(c *cobra.Command, d *time.Duration) {
	c.Flags().DurationVar(d, "patience", 30*time.Second,
		"of a queue: how long a worker may say nothing before its part is given to another")
}

func (w *worker) run(ctx context.Context) error {
	switch {
	case w.memory < 16:
		return cli.Usagef("--memory %d: a search needs 16 MiB at least", w.memory)
	case w.plan.Workers < 0 || w.patient <= 0:
		return cli.Usagef("--workers is not negative, and --patience is some time, as 30s")
	}
	q, err := queue.Connect(ctx, w.url, queue.Options{Patience: w.patient})
	if err != nil {
		return cli.Usagef("%w", err)
	}
	defer q.Close()
	o := w.plan.Options
	o.MaxMemory = w.memory << 20
	defer w.limit(&o)()
	return q.Work(ctx, queue.Worker{Options: o, Drain: w.drain, Tell: func(job string, i int, p *explore.Part) {
		if p != nil {
			fmt.Fprintf(w.app.Stderr, "sealab: part %d of job %s: %d states, %d outcomes\n",
				i+1, job, p.States, len(p.Outcomes))
		}
	}})
}

// queued has a search done by workers, of which this process is one if the queue is its own.
func (x *explorer) queued(ctx context.Context, args []string) error {
	if x.parts < 1 {
		return cli.Usagef("--parts %d: a search has 1 part at least", x.parts)
	}
	j, err := x.job(args, x.parts)
	if err != nil {
		return err
	}
	url, own := x.queue, x.queue == here
	if own {
		s, err := queue.Serve(x.listen)
		if err != nil {
			return cli.Usagef("--listen %s: %w", x.listen, err)
		}
		defer s.Close()
		url = s.URL()
		fmt.Fprintf(x.app.Stderr, "sealab: to help, run: sealab worker --drain --queue %s\n", url)
		if !onlyHere(x.listen) {
			fmt.Fprintln(x.app.Stderr, "sealab: other machines can reach that port; the secret is sent in the clear")
		}
	}
	o := queue.Options{Patience: x.patient}
	q, err := queue.Connect(ctx, url, o)
	if err != nil {
		return cli.Usagef("--queue: %w", err)
	}
	defer q.Close()
	if own {
		stop, err := x.help(ctx, url, o)
		if err != nil {
			return err
		}
		defer stop()
	}
	r, err := x.collect(ctx, q, j)
	if r == nil {
		return err
	}
	return errors.Join(x.tell(r), err)
}

// onlyHere says whether an address is one that other machines cannot reach.
func onlyHere(address string) bool {
	host, _, err := net.SplitHostPort(address)
	return err == nil && (host == "localhost" || net.ParseIP(host).IsLoopback())
}

// here is what --queue says for a server in this process.
const here = "here"

// help does parts in this process, until stop is called.
func (x *explorer) help(ctx context.Context, url string, o queue.Options) (stop func(), err error) {
	q, err := queue.Connect(ctx, url, o)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	over := make(chan struct{})
	go func() {
		defer close(over)
		defer q.Close()
		_ = q.Work(ctx, queue.Worker{Options: x.plan.Options}) // whoever collects sees what is wrong
	}()
	return func() {
		cancel()
		<-over
	}, nil
}

// collect waits for all parts, and puts together those that are there when it ends.
func (x *explorer) collect(ctx context.Context, q *queue.Queue, j *explore.Job) (*explore.Report, error) {
	var done atomic.Int64
	stop := x.app.Progress(func() string { return fmt.Sprintf("sealab: %d of %d parts", done.Load(), j.Parts) })
	parts, err := q.Collect(ctx, j, func(n int) { done.Store(int64(n)) })
	stop()
	if err != nil && ctx.Err() == nil || len(parts) == 0 {
		return nil, err
	}
	r, merging := explore.Merge(parts)
	return r, errors.Join(merging, ctx.Err())
}
