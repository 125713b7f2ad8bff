package replay

import (
	"sealab/run"
	"sealab/sim/kernel"
)

// kind is what a log line means for the machine.
type kind uint8

const (
	whole kind = iota + 1 // a call that began and ended on this line
	begin                 // a call that began
	end                   // the end of a call that began before
	gone                  // a task that exited or was killed
	lost                  // a call whose end is missing is given up
)

// How far a call can be judged.
const (
	modelled = run.Modelled
	carried  = run.Carried
	passive  = run.Passive
)

// partial says whether a call has begun whose arguments are not all known yet: strace
// prints those that the kernel fills when the call ends.
func (it *item) partial() bool { return it.class == carried && it.call.Sys != 0 && !it.linked }

// item is one log line, ready to be played; a copy of it can be played again.
type item struct {
	kind    kind
	class   run.Class
	name    string // of the call
	pid     int
	line    int64 // where the call began
	at      int64 // ns since the log began: when this line happened
	hasTime bool
	call    kernel.Call
	ans     run.Answer
	target  string // the symbol that names the result
	text    string // the line itself, kept only where it may have to be shown

	carriedWhy string
	bad        int  // the first argument that cannot be read, from 1; 0 for none
	child      int  // the pid of the task that a clone made, 0 if not known yet
	signal     int  // the signal that killed the task
	linked     bool // a beginning that knows what its end told
	holds      bool // a passive call that may take references to pages
	waited     int  // the pid of a child that wait4 says has ended
	sig        int  // rt_sigaction: the signal
	caught     bool // and whether it no longer ends the task
}
