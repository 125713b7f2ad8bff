package queue_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sealab/explore"
	"sealab/queue"
)

const scenario = `kernel 6.18.44
r0 = memfd_create("a", MFD_ALLOW_SEALING)
ftruncate(r0, 4096) = 0
a: s0 = fcntl(r0, F_ADD_SEALS, F_SEAL_WRITE)
b: m0 = mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_SHARED, r0, 0)
exists (s0 = EBUSY)
never (s0 = 0 /\ m0 = 0)
`

func job(parts int) *explore.Job {
	return &explore.Job{Name: "race", Scenario: scenario, Search: explore.Complete, Time: "free", Parts: parts}
}

// impatient gives a worker that says nothing for so long up: this is how long the tests
// below take, and nothing in them depends on it.
var impatient = queue.Options{Patience: 300 * time.Millisecond}

func start(t *testing.T) (*queue.Queue, string) {
	t.Helper()
	s, err := queue.Serve("127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(s.Close)
	return connect(t, s.URL()), s.URL()
}

func connect(t *testing.T, url string) *queue.Queue {
	t.Helper()
	q, err := queue.Connect(t.Context(), url, impatient)
	require.NoError(t, err)
	t.Cleanup(q.Close)
	return q
}

// whole is what one search of the job comes to.
func whole(t *testing.T) *explore.Report {
	t.Helper()
	one := job(1)
	require.NoError(t, one.Resolve())
	p, err := one.Do(t.Context(), 0, explore.Options{})
	require.NoError(t, err)
	r, err := explore.Merge([]*explore.Part{p})
	require.NoError(t, err)
	return r
}

// compare merges what was collected and compares it with one search.
func compare(t *testing.T, parts []*explore.Part, err error) {
	t.Helper()
	require.NoError(t, err)
	got, err := explore.Merge(parts)
	require.NoError(t, err)
	want := whole(t)
	require.True(t, got.Complete, got.Why)
	require.Equal(t, want.Orders, got.Orders, "each order is counted once")
	require.Equal(t, want.Conditions, got.Conditions)
	require.Len(t, got.Outcomes, len(want.Outcomes))
	for i := range want.Outcomes {
		require.Equal(t, want.Outcomes[i].Orders, got.Outcomes[i].Orders)
	}
}

// TestWorkers has two workers do a job.
func TestWorkers(t *testing.T) {
	q, url := start(t)
	ctx, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for range 2 {
		w := connect(t, url)
		all.Go(func() { _ = w.Work(ctx, queue.Worker{Options: explore.Options{Workers: 1}}) })
	}
	told := 0
	parts, err := q.Collect(t.Context(), job(12), func(n int) { told = n })
	stop()
	all.Wait()
	require.Equal(t, 12, told)
	compare(t, parts, err)
}

// TestDrain does what is there and ends.
func TestDrain(t *testing.T) {
	q, url := start(t)
	var parts []*explore.Part
	var err error
	began := make(chan bool)
	over := make(chan bool)
	go func() {
		defer close(over)
		parts, err = q.Collect(t.Context(), job(3), func(n int) {
			if n == 1 {
				close(began)
			}
		})
	}()
	first := connect(t, url)
	ctx, stop := context.WithCancel(t.Context())
	go func() { _ = first.Work(ctx, queue.Worker{}) }()
	<-began
	stop()
	require.NoError(t, connect(t, url).Work(t.Context(), queue.Worker{Drain: true}))
	<-over
	compare(t, parts, err)
}

// TestMain is also the worker that is killed.
func TestMain(m *testing.M) {
	if url := os.Getenv("SEALAB_QUEUE_WORKER"); url != "" {
		fmt.Println(victim(url, os.Getenv("SEALAB_QUEUE_HANGS") == "done"))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// victim is a worker that hangs, with the first part begun or just sent.
func victim(url string, done bool) error {
	q, err := queue.Connect(context.Background(), url, impatient)
	if err != nil {
		return err
	}
	return q.Work(context.Background(), queue.Worker{Tell: func(_ string, i int, p *explore.Part) {
		if (p != nil) == done {
			fmt.Println("hangs", i)
			select {}
		}
	}})
}

// collect has a job done meanwhile, and returns how to wait for it.
func collect(t *testing.T, q *queue.Queue, j *explore.Job) (wait func() ([]*explore.Part, error)) {
	t.Helper()
	var parts []*explore.Part
	var err error
	over := make(chan bool)
	go func() {
		defer close(over)
		parts, err = q.Collect(t.Context(), j, nil)
	}()
	return func() ([]*explore.Part, error) {
		<-over
		return parts, err
	}
}

// kill starts a worker, waits until it hangs, and kills it as nobody can help.
func kill(t *testing.T, url, when string) {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), "SEALAB_QUEUE_WORKER="+url, "SEALAB_QUEUE_HANGS="+when)
	out, err := c.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(line, "hangs "), line)
	require.NoError(t, c.Process.Kill())
	require.Error(t, c.Wait())
}

// TestKilled kills workers that have begun a part, and such that have sent what it came to
// and not said so: every part is done, and counted once.
func TestKilled(t *testing.T) {
	q, url := start(t)
	wait := collect(t, q, job(5))
	kill(t, url, "begun")
	kill(t, url, "done")
	kill(t, url, "done")
	ctx, stop := context.WithCancel(t.Context())
	last := connect(t, url)
	go func() { _ = last.Work(ctx, queue.Worker{}) }()
	parts, err := wait()
	stop()
	compare(t, parts, err)
}

// TestCollectorKilled ends a collector and starts another: what was done is not done again.
func TestCollectorKilled(t *testing.T) {
	q, url := start(t)
	first, stop := context.WithCancel(t.Context())
	w := connect(t, url)
	working, rest := context.WithCancel(t.Context())
	ended := make(chan bool)
	go func() {
		defer close(ended)
		_ = w.Work(working, queue.Worker{})
	}()
	parts, err := q.Collect(first, job(6), func(n int) {
		if n == 2 {
			rest()
			stop()
		}
	})
	require.ErrorIs(t, err, context.Canceled)
	require.GreaterOrEqual(t, len(parts), 2, "what is there is returned")
	<-ended

	again := connect(t, url)
	done := map[int]bool{}
	working, rest = context.WithCancel(t.Context())
	ended = make(chan bool)
	go func() {
		defer close(ended)
		_ = w.Work(working, queue.Worker{Tell: func(_ string, i int, p *explore.Part) {
			if p != nil {
				done[i] = true
			}
		}})
	}()
	all, err := again.Collect(t.Context(), job(6), nil)
	rest()
	<-ended
	compare(t, all, err)
	for _, p := range parts {
		require.False(t, done[p.Number], "part %d was done already", p.Number)
	}
}

// TestGivenUp gives a part up that kills whoever takes it.
func TestGivenUp(t *testing.T) {
	q, url := start(t)
	wait := collect(t, q, job(1))
	for range queue.Deliveries {
		kill(t, url, "begun")
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	last := connect(t, url)
	go func() { _ = last.Work(ctx, queue.Worker{}) }()
	parts, err := wait()
	require.NoError(t, err)
	r, err := explore.Merge(parts)
	require.NoError(t, err)
	require.False(t, r.Complete)
	require.Equal(t, "part 1: given up: 4 workers took it and did not come back", r.Why)
}

// TestRefused says what is wrong with a server, and tells no secret.
func TestRefused(t *testing.T) {
	_, err := queue.Connect(t.Context(), "nats://hush@127.0.0.1:1", queue.Options{})
	require.ErrorContains(t, err, "queue: nats://…@127.0.0.1:1: ")
	require.NotContains(t, err.Error(), "hush")
	_, url := start(t)
	at := url[strings.Index(url, "@")+1:]
	_, err = queue.Connect(t.Context(), "nats://guess@"+at, queue.Options{})
	require.ErrorContains(t, err, "Authorization Violation")
	_, err = queue.Serve("127.0.0.1")
	require.ErrorContains(t, err, "missing port")
	_, err = queue.Serve(at)
	require.ErrorContains(t, err, "queue: ")
	bad := job(2)
	bad.Scenario = "a: fcntl(r0"
	q := connect(t, url)
	_, err = q.Collect(t.Context(), bad, nil)
	require.ErrorContains(t, err, "race:1:10: unknown name r0")
}
