package replay

import (
	"sealab/sim/abi"
	"sealab/sim/kernel"
)

// kind is what a log line means for the machine.
type kind uint8

const (
	whole kind = iota + 1 // a call that began and ended on this line
	begin                 // a call that began
	end                   // the end of a call that began before
	gone                  // a task that exited or was killed
)

// class is how far a call can be judged.
type class uint8

const (
	modelled class = iota
	carried        // not modelled: its recorded answer is taken as it is
	passive        // known to have no effect on what is modelled
)

// answer is what the log says a call returned.
type answer struct {
	known   bool // the log has an answer
	val     int64
	errno   abi.Errno
	pair    [2]int64 // what pipe2 stored
	hasPair bool
	fds     []int64 // descriptors received with a message
	dur     int64   // ns, from -T
	hasDur  bool
}

// ok says whether the log shows the call succeeding.
func (a *answer) ok() bool { return a.known && a.errno == 0 && a.val >= 0 }

// item is one log line, ready to be played; a copy of it can be played again.
type item struct {
	kind    kind
	class   class
	name    string // of the call
	pid     int
	line    int64 // where the call began
	at      int64 // ns since the log began: when this line happened
	hasTime bool
	call    kernel.Call
	ans     answer
	target  string // the symbol that names the result
	text    string // the line itself, kept only where it may have to be shown

	carriedWhy  string
	unknownBase bool  // an iovec whose address strace did not print
	child       int   // the pid of the task that a clone made, 0 if not known yet
	signal      int   // the signal that killed the task
	share       clone // what a clone shares
}

// clone is what a clone's flags say.
type clone struct {
	vm, files, thread, vfork bool
}
