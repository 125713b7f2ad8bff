package host

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"sealab/sim/abi"
)

// Supported tells whether scenarios can be run here.
const Supported = true

// Runner runs scenarios in a helper process of its own. It is for one goroutine; several Runners
// can work at once.
type Runner struct {
	opts Options
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Reader
	// epoch is the time since 1970 at which the monotonic clock was 0, in ns.
	epoch int64
}

// NewRunner returns a Runner. Close ends its helper.
func NewRunner(opts Options) *Runner {
	if opts.Timeout <= 0 {
		opts.Timeout = 5 * time.Second
	}
	if opts.Runs <= 0 {
		opts.Runs = 1000
	}
	if opts.Spread <= 0 {
		opts.Spread = 2000
	}
	var since unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &since) // it has no way to fail
	return &Runner{opts: opts, epoch: time.Now().UnixNano() - since.Nano()}
}

// start starts the helper, if there is none.
func (r *Runner) start() error {
	if r.cmd != nil {
		return nil
	}
	if os.Getenv(helperVar) != "" { // a helper would start a helper, and so on for ever
		return errors.New("host: this program must call host.Child when it starts")
	}
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	r.cmd = exec.Command(exe)
	// A descriptor that Go keeps open to watch its limits would be among the scenario's.
	r.cmd.Env = append(os.Environ(), helperVar+"=1", "GODEBUG=containermaxprocs=0,updatemaxprocs=0")
	r.cmd.Stderr = os.Stderr
	r.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // not interrupted from the keyboard
	if r.in, err = r.cmd.StdinPipe(); err != nil {
		return err
	}
	out, err := r.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	r.out = bufio.NewReaderSize(out, 1<<16)
	full, err := lowFDs()
	if err != nil {
		return err
	}
	defer full.Close()
	r.cmd.ExtraFiles = slices.Repeat([]*os.File{full}, answerFD+1-3)
	if err := r.cmd.Start(); err != nil {
		r.cmd = nil
		return fmt.Errorf("the helper that runs scenarios cannot be started: %w", err)
	}
	return nil
}

// Close ends the helper and everything that it started.
func (r *Runner) Close() error {
	if r.cmd == nil {
		return nil
	}
	r.in.Close()
	err := r.cmd.Wait()
	r.cmd = nil
	return err
}

// Run runs a program, and once only if its tasks share nothing.
func (r *Runner) Run(ctx context.Context, p *Program) (*Result, error) {
	m, err := compile(p, r.opts.Pages)
	if err == nil && r.opts.Pages > 0 {
		err = mayLook(m, r.opts.Pages)
	}
	if errors.Is(err, errNoLook) {
		return &Result{Name: p.Name, Runs: 1, Missing: []string{err.Error()}}, nil
	}
	if err != nil {
		return nil, err
	}
	res := &Result{Name: p.Name, Skipped: m.skipped, Claims: claims(p)}
	runs := 1
	if m.named {
		runs = r.opts.Runs
	}
	counts := map[string]int{}
	for res.Runs < runs {
		if ctx.Err() != nil {
			return res, ctx.Err()
		}
		n := min(runs-res.Runs, 256)
		if err := r.batch(m, n, res, counts); err != nil {
			return nil, err
		}
		if len(res.Stuck) > 0 {
			break
		}
	}
	for i := range res.Claims {
		res.Claims[i].judge(res.Runs)
	}
	slices.SortStableFunc(res.Outcomes, func(a, b Outcome) int { return b.Count - a.Count })
	return res, nil
}

// batch runs an image n times.
func (r *Runner) batch(m *image, n int, res *Result, counts map[string]int) error {
	if err := r.send(m, n, uint64(res.Runs)); err != nil {
		return r.failed(err)
	}
	for range n {
		o, err := r.receive(m)
		if err != nil {
			return r.failed(err)
		}
		if o.Failed != 0 && m.namespaced {
			res.Runs++
			res.Missing = append(res.Missing, noNamespace(o.Failed))
			return nil
		}
		m.outside(o)
		if o.Failed != 0 {
			return fmt.Errorf("the host lets no process be made: %w", syscall.Errno(o.Failed))
		}
		res.Runs++
		key := m.key(o)
		i, ok := counts[key]
		if !ok {
			i = len(res.Outcomes)
			counts[key] = i
			res.Outcomes = append(res.Outcomes, Outcome{Key: key, Log: m.print(nil, o), Maps: m.maps(o)})
			res.Missing = m.missing(o, res.Missing)
		}
		res.Outcomes[i].Count++
		for i := range res.Claims {
			res.Claims[i].count(func(name string) (quantity, bool) { return m.resultOf(o, name) })
		}
		if res.Stuck = append(res.Stuck, m.stuck(o)...); len(res.Stuck) > 0 {
			if o.Stuck != 0 {
				r.kill()
			}
			return nil
		}
	}
	return nil
}

// kill ends a helper whose threads wait for ever.
func (r *Runner) kill() {
	_ = r.cmd.Process.Kill()
	r.Close()
}

// failed ends a helper that cannot be spoken to.
func (r *Runner) failed(err error) error {
	if r.cmd != nil {
		_ = r.cmd.Process.Kill()
	}
	return fmt.Errorf("the helper that ran the scenario is gone: %w", errors.Join(err, r.Close()))
}

// send sends a request.
func (r *Runner) send(m *image, runs int, seed uint64) error {
	if err := r.start(); err != nil {
		return err
	}
	q := request{
		Ops: int64(len(m.ops)), Data: int64(len(m.data)), Ranges: int64(len(m.ranges)), Flags: int64(m.flags),
		Timeout: int64(r.opts.Timeout), Runs: int64(runs), Seed: r.opts.Seed ^ seed, Spread: int64(r.opts.Spread),
	}
	if m.namespaced {
		q.Namespace = 1
	}
	copy(q.Thread[:], m.threads)
	if m.named {
		q.Threads = int64(len(m.threads))
	}
	buf := append([]byte{}, asBytes(&q, 1)...)
	buf = append(buf, asBytes(unsafe.SliceData(m.ops), q.Ops)...)
	buf = append(buf, m.data...)
	buf = append(buf, asBytes(unsafe.SliceData(m.ranges), q.Ranges)...)
	_, err := r.in.Write(buf)
	return err
}

// receive reads the answer of one run.
func (r *Runner) receive(m *image) (*outcome, error) {
	o := &outcome{res: make([]result, len(m.ops)), filled: make([][]byte, len(m.ranges))}
	if _, err := io.ReadFull(r.out, asBytes(&o.answer, 1)); err != nil {
		return nil, err
	}
	o.epoch = r.epoch + o.Base.Nano()
	if _, err := io.ReadFull(r.out, asBytes(unsafe.SliceData(o.res), int64(len(o.res)))); err != nil {
		return nil, err
	}
	for i, s := range m.ranges {
		o.filled[i] = make([]byte, s.End-s.Start)
		if _, err := io.ReadFull(r.out, o.filled[i]); err != nil {
			return nil, err
		}
	}
	return o, nil
}

// resultOf is what a call whose result has a name returned.
func (m *image) resultOf(o *outcome, name string) (quantity, bool) {
	s, ok := m.syms[name]
	if !ok || o.res[s.reg-1].state < 2 {
		return quantity{}, false
	}
	v := o.res[s.reg-1].val
	if v < 0 && v > -4096 {
		return quantity{-1, abi.Errno(-v)}, true
	}
	return quantity{v, 0}, true
}

// key is the results of the calls that run at the same time, and of those that come after them.
func (m *image) key(o *outcome) string {
	if !m.named {
		return ""
	}
	calls := slices.Clone(m.calls)
	slices.SortFunc(calls, func(a, b *call) int { return int(a.ev.Line - b.ev.Line) })
	var parts []string
	for _, k := range calls {
		if k.ev.Task == "" && len(parts) == 0 {
			continue // it comes before them
		}
		name := k.ev.Target
		switch {
		case name != "":
		case k.ev.Task == "":
			name = k.ev.Name
		default:
			name = fmt.Sprintf("%s: %s", k.ev.Task, k.ev.Name)
		}
		parts = append(parts, name+" = "+short(k, &o.res[k.op]))
	}
	return strings.Join(parts, "; ")
}

// short is a result without what differs from run to run.
func short(k *call, r *result) string {
	ret := returned(k.ev, r.val)
	switch {
	case r.state < 2:
		return "?"
	case ret.Errno != 0:
		return ret.Errno.Name()
	case meanings[k.ev.Name] != isNumber:
		return meanings[k.ev.Name].String()
	case k.ev.Name == "load":
		return "a byte"
	case ret.Text != nil:
		return string(ret.Text)
	}
	return fmt.Sprint(r.val)
}

func (w meaning) String() string { return [...]string{"a number", "an address", "a pid"}[w] }

// stuck says which tasks had not come to their end when the time was up.
func (m *image) stuck(o *outcome) (out []string) {
	timedOut := o.Stuck != 0 || syscall.WaitStatus(o.Main.Status).Signal() == syscall.SIGKILL
	if !timedOut {
		return nil
	}
	for i, k := range m.calls {
		if r := &o.res[k.op]; r.state == 1 {
			e := m.answered(i, o)
			e.Style.Pid, e.Style.Time = 0, 0
			e.Ret.HasRet, e.Died = false, false
			out = append(out, fmt.Sprintf("line %d: task %s waits in %s", k.ev.Line, taskName(k, r), appendText(e)))
		}
	}
	return out
}

func taskName(k *call, r *result) string {
	if k.ev.Task != "" {
		return k.ev.Task
	}
	return fmt.Sprint(r.pid)
}
