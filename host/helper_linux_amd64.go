package host

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"reflect"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// helperVar is the variable in the environment that makes a process a helper.
const helperVar = "SEALAB_HOST_HELPER"

// The helper's own descriptors are out of the way of those of scenarios.
const requestFD, answerFD = 900, 901

// request is what the helper is asked to run; the instructions follow it, the buffers, and the
// ranges of the buffers to send back.
type request struct {
	Ops, Data, Ranges int64
	Flags             int64 // how many of them are in use
	Timeout           int64 // ns
	Threads           int64 // 0: one process of its own, running all instructions
	Runs              int64
	Seed              uint64
	Namespace         int64            // 1: in a pid namespace of its own
	Spread            int64            // largest random delay, in turns of an empty loop
	Thread            [maxThreads]span // the first is the main task
}

// span is a range: of instructions, or of the buffers.
type span struct{ Start, End int64 }

const maxThreads = 16

// answer is what came of one run; the results follow it, and the ranges of the buffers.
type answer struct {
	Pid     int64         // of the main task
	Failed  int64         // errno of the helper's own making of processes
	Stuck   int64         // 1: threads did not end in time; the helper ends
	Base    unix.Timespec // when the run began
	Main    exit          // of the main task, where it is a process of its own
	Exits   [maxThreads]exit
	NumExit int64
}

// exit is the end of a process.
type exit struct {
	Pid, Status int64
	At          unix.Timespec
}

// Child runs a helper and exits, if the process was started as one. A program that uses Run calls
// it first of all in its main function.
//
// settled is how long after its start such a program may still do something by itself, because of
// what else is linked into it: threads of a scenario, which share memory with all that the process
// does, begin later.
func Child(settled time.Duration) {
	if os.Getenv(helperVar) == "" {
		return
	}
	code := 0
	quietFrom = began.Add(settled)
	if err := help(); err != nil {
		fmt.Fprintln(os.Stderr, "sealab: the helper:", err)
		code = 1
	}
	os.Exit(code)
}

// quietFrom is when nothing but scenarios goes on in this process.
var began, quietFrom = time.Now(), time.Time{}

// help answers requests until there are no more.
func help() error {
	runtime.LockOSThread()
	if err := moveFDs(); err != nil {
		return err
	}
	b, err := newBoard()
	if err != nil {
		return fmt.Errorf("no memory for the board: %w", err)
	}
	unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
	b.env = newEnvironment()
	if pid := forkMaker(b); pid < 0 {
		return fmt.Errorf("no process can be made: %w", syscall.Errno(-pid))
	}
	in, out := pipe(requestFD), pipe(answerFD)
	for {
		var q request
		if _, err := io.ReadFull(in, asBytes(&q, 1)); err != nil {
			if err == io.EOF {
				return nil
			}
			return err
		}
		if err := serve(b, &q, in, out); err != nil {
			return err
		}
	}
}

// lowFDs is what a helper finds at the descriptors that scenarios will have. The Go runtime opens
// some for itself when a package first reads a file or starts a timer, perhaps before main does:
// they must lie above.
func lowFDs() (*os.File, error) { return os.Open(os.DevNull) }

// moveFDs makes room at the descriptors from 3 on, and opens /dev/null at 0, 1 and 2 as a
// terminal would be. If the Go runtime has opened none yet (see lowFDs), it is made to do so
// while the low ones are taken.
func moveFDs() error {
	for from, to := range []int{requestFD, answerFD} {
		if err := unix.Dup3(from, to, 0); err != nil {
			return fmt.Errorf("descriptor %d: %w", to, err)
		}
	}
	null, err := unix.Open("/dev/null", unix.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("/dev/null: %w", err)
	}
	for fd := range requestFD {
		if fd != null && fd != 2 {
			unix.Dup3(null, fd, 0)
		}
	}
	time.Sleep(time.Nanosecond)
	closeFrom3()
	return nil
}

// closeFrom3 closes what scenarios may have opened.
func closeFrom3() {
	if unix.CloseRange(3, requestFD-1, 0) != nil {
		for fd := 3; fd < requestFD; fd++ {
			unix.Close(fd)
		}
	}
}

// pipe reads and writes a descriptor without Go's poller, which would need one of its own.
type pipe int

func (p pipe) Read(b []byte) (int, error) {
	n, err := unix.Read(int(p), b)
	if n == 0 && err == nil && len(b) > 0 {
		return 0, io.EOF
	}
	return max(n, 0), err
}

func (p pipe) Write(b []byte) (int, error) {
	for done := 0; done < len(b); {
		n, err := unix.Write(int(p), b[done:])
		if err != nil {
			return done, err
		}
		done += n
	}
	return len(b), nil
}

// asBytes is the memory of n values.
func asBytes[T any](p *T, n int64) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(p)), n*int64(unsafe.Sizeof(*p)))
}

// newEnvironment finds out what a process of a scenario unmaps: everything between Go's heap and
// the stack, but for the memory of the thread itself (where a C library is linked in). It must be
// called on the thread that makes the processes.
func newEnvironment() environment {
	env := environment{event: sigevent{signo: int32(unix.SIGKILL)}, access: accessAction()}
	// Go's heap begins at a random address and grows upwards from there.
	low := (uint64(uintptr(unsafe.Pointer(new([64]uint64)))) + 2<<30) &^ (1<<20 - 1)
	var tls uint64
	const archGetFS = 0x1003
	unix.Syscall(unix.SYS_ARCH_PRCTL, archGetFS, uintptr(unsafe.Pointer(&tls)), 0)
	own, stack := findMaps(tls)
	code := uint64(reflect.ValueOf(help).Pointer())
	if stack <= low || low < code && code < stack {
		return env
	}
	env.unmap = [2]area{{low, stack}, {}}
	if low <= own.start && own.end <= stack {
		env.unmap = [2]area{{low, own.start}, {own.end, stack}}
	}
	return env
}

// findMaps finds the mapping that an address lies in, and where the main thread's stack begins, 0
// if that cannot be read.
func findMaps(addr uint64) (own area, stack uint64) {
	fd, err := unix.Open("/proc/self/maps", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return area{}, 0
	}
	defer unix.Close(fd)
	maps, _ := io.ReadAll(pipe(fd))
	for line := range bytes.Lines(maps) {
		var a area
		fmt.Sscanf(string(line), "%x-%x", &a.start, &a.end)
		if a.start <= addr && addr < a.end {
			own = a
		}
		if bytes.Contains(line, []byte("[stack]")) {
			stack = a.start &^ (1<<20 - 1)
		}
	}
	return own, stack
}

// serve runs one request.
func serve(b *board, q *request, in io.Reader, out io.Writer) error {
	if q.Ops < 0 || q.Ops > maxOps || q.Data < 0 || q.Data > maxData || q.Ranges < 0 || q.Ranges > maxOps {
		return fmt.Errorf("a request for %d instructions and %d bytes", q.Ops, q.Data)
	}
	ranges := make([]span, q.Ranges)
	if _, err := io.ReadFull(in, asBytes(&b.ops[0], q.Ops)); err != nil {
		return err
	}
	data := make([]byte, q.Data)
	if _, err := io.ReadFull(in, data); err != nil {
		return err
	}
	if len(ranges) > 0 {
		if _, err := io.ReadFull(in, asBytes(&ranges[0], q.Ranges)); err != nil {
			return err
		}
	}
	env := &b.env
	env.start, env.end = uint64(q.Thread[0].Start), uint64(q.Thread[0].End)
	env.namespace = q.Namespace
	copy(env.self[:], "/proc/self")
	env.timeout.Value = unix.NsecToTimespec(q.Timeout)
	rng := rand.New(rand.NewPCG(q.Seed, 0))
	a := &b.answer
	for range q.Runs {
		clear(asBytes(&b.flags[0], q.Flags))
		clear(b.res[:q.Ops])
		copy(b.data[:], data)
		*a = answer{}
		begin(b, a)
		if q.Threads == 0 {
			atomic.AddUint32(&b.turn, 1)
			unix.Syscall(unix.SYS_FUTEX, uintptr(unsafe.Pointer(&b.turn)), futexWake, 1)
			if !waitFor(&b.done, b.turn, patience*q.Timeout) {
				return errors.New("processes of the scenario cannot be killed")
			}
		} else {
			runThreads(b, q, env, rng, a)
		}
		answer := [][]byte{asBytes(a, 1), asBytes(&b.res[0], q.Ops)}
		for _, r := range ranges {
			answer = append(answer, b.data[r.Start:r.End])
		}
		for _, part := range answer {
			if _, err := out.Write(part); err != nil {
				return err
			}
		}
		if a.Stuck != 0 {
			return nil
		}
	}
	return nil
}

// begin sets the time from which times in the scenario count.
func begin(b *board, a *answer) {
	now(&a.Base)
	*(*unix.Timespec)(unsafe.Pointer(&b.flags)) = a.Base
}

// patience is how many times the timeout all processes of a scenario may take together: each has
// its own timer, and begins before that of its parent has fired.
const patience = maxThreads

const (
	futexWait = 0
	futexWake = 1
)

func now(t *unix.Timespec) {
	sys(unix.SYS_CLOCK_GETTIME, unix.CLOCK_MONOTONIC, uintptr(unsafe.Pointer(t)), 0)
}

// reap waits for the processes that threads have made.
func reap(b *board, q *request) {
	made := int64(0)
	for i := range b.ops[:q.Ops] {
		if b.ops[i].code == opFork && b.res[i].val > 0 {
			made++
		}
	}
	a := &b.answer
	for a.NumExit < min(made, maxThreads) {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, unix.WALL, nil)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return
		}
		e := exit{Pid: int64(pid), Status: int64(status)}
		now(&e.At)
		a.Exits[a.NumExit] = e
		a.NumExit++
	}
}

// runThreads runs each task on a thread of this process.
func runThreads(b *board, q *request, env *environment, rng *rand.Rand, a *answer) {
	time.Sleep(time.Until(quietFrom))
	runtime.GOMAXPROCS(int(q.Threads) + 4)
	debug.SetGCPercent(-1) // a thread in a raw system call cannot be stopped for it
	defer debug.SetGCPercent(100)
	for i := range b.ops[:q.Ops] {
		if o := &b.ops[i]; o.code == opMeet {
			o.arg[2] = uint64(rng.Int64N(q.Spread + 1))
		}
	}
	for i := range q.Threads {
		t := q.Thread[i]
		go func() {
			runtime.LockOSThread()
			if i == 0 { // the main task's: the others wait for it, and making threads takes time
				begin(b, a)
			}
			runThread(b, uint64(t.Start), uint64(t.End), env)
		}()
	}
	a.Pid = int64(os.Getpid())
	if !waitFor(&b.flags[finished], uint32(q.Threads), q.Timeout) {
		a.Stuck = 1
		return
	}
	reap(b, q)
	tidy(b, q)
}

// waitFor waits until a counter on the board has reached a number, or the time in ns is over.
func waitFor(counter *uint32, want uint32, timeout int64) bool {
	var start, t unix.Timespec
	now(&start)
	for {
		v := atomic.LoadUint32(counter)
		now(&t)
		left := unix.NsecToTimespec(timeout - (t.Nano() - start.Nano()))
		switch {
		case v >= want:
			return true
		case left.Nano() <= 0:
			return false
		}
		unix.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(counter)), futexWait, uintptr(v),
			uintptr(unsafe.Pointer(&left)), 0, 0)
	}
}

// tidy takes away what a run on threads has left in this process: descriptors, and memory.
func tidy(b *board, q *request) {
	closeFrom3()
	for i := range b.ops[:q.Ops] {
		o, r := &b.ops[i], &b.res[i]
		if o.code != opCall || r.state != 2 || r.val < 0 {
			continue
		}
		switch o.nr {
		case unix.SYS_MMAP:
			sys(unix.SYS_MUNMAP, uintptr(r.val), uintptr(o.arg[1]), 0)
		case unix.SYS_MREMAP:
			sys(unix.SYS_MUNMAP, uintptr(r.val), uintptr(o.arg[2]), 0)
		}
	}
}
