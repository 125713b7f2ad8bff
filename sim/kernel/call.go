package kernel

import (
	"errors"

	"sealab/sim/abi"
	"sealab/sim/sched"
)

// Sys is a system call that is modelled.
type Sys uint8

// Iovec is a piece of a process's memory: address and length in bytes.
type Iovec struct{ Base, Len uint64 }

// Call is one system call with its arguments as the kernel gets them. A Call is
// plain data: it can be kept, and made again on a copy of the machine.
type Call struct {
	Sys    Sys
	Args   [6]int64 // numbers: descriptors, addresses, lengths, flags
	Str    string   // a name or a path
	Vec    []Iovec  // an array of struct iovec
	Remote []Iovec  // the second array of process_vm_readv and its like
	FDs    []int64  // descriptors sent along (SCM_RIGHTS) or polled

	// What only the driver can know, and the kernel leaves open:
	Place  uint64   // where an mmap or mremap was put; 0 lets the model choose
	Child  string   // the name of the task that a clone makes
	Run    Program  // what that task does; nil lets the driver feed it
	Birth  sched.ID // of a task that is rehearsed: where the new task waits
	Num    int64    // and the number of that
	Target sched.ID // the Sleeper of the task that a signal goes to
	Fatal  bool     // whether that signal ends it
	MM     sched.ID // the other process's memory, for process_vm_readv
	Device Device   // what a device did, for direct I/O

	Line int64 // how reports call it: a log line, from 1
}

// Device is what a device did that a call waited for.
type Device struct {
	Done  int64    // bytes; 0 if it is not known
	Took  int64    // ns
	Timer sched.ID // the Sleeper of a timer that stands for Took in a rehearsal, 0 for none
}

// Result is what a call answered.
type Result struct {
	Val   int64     // the return value; 0 when Errno is set
	Errno abi.Errno // 0 for success
	Pair  [2]int64  // what pipe2 or socketpair stored
	FDs   []int64   // descriptors received with a message
	Text  string    // what readlink stored
	Flags int64     // msg_flags of what was received: MSG_TRUNC, MSG_CTRUNC
	Off   [2]int64  // offsets that splice, sendfile and their like stored
	Child *Proc     // the process that a clone made
}

// ErrNotModelled is returned for a call that the model does not have.
var ErrNotModelled = errors.New("not modelled")

// ModelLimit is the check that refuses what a real kernel would do, given the memory.
const ModelLimit = "model limit"

// handler runs one system call on a task.
type handler func(t *sched.Task, p *Proc, c *Call, r *Result) (int64, error)

// Name returns the name of the call, as strace prints it.
func (s Sys) Name() string { return table[s].name }

// SysByName returns the call of that name, 0 if it is not modelled.
func SysByName(name string) Sys { return byName[name] }
