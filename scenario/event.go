package scenario

import (
	"bytes"
	"iter"
	"slices"

	"sealab/sim/abi"
)

// Kind says what one line of a scenario is.
type Kind uint8

// The kinds of event. Only those from Header on are an extension of strace's own syntax.
const (
	// Call is a complete call: name, arguments and, where the line has one, the result.
	Call Kind = iota + 1
	// CallStart is a call that had not returned when the log went on with another task
	// (<unfinished ...>): Args holds what was printed so far.
	CallStart
	// CallEnd is the rest of such a call (<... name resumed>): Args holds all arguments, those
	// of the start included.
	CallEnd
	// CallLost is made by the reader for a call that began and never ended: its task exited or
	// was killed, the program or the log came to an end. Line is the line of the start.
	CallLost
	// Signal is a delivered signal: Name is the signal, Args its siginfo.
	Signal
	// Stopped is a task stopped by a signal, Name.
	Stopped
	// Exit is +++ exited with N +++: Ret.Value is N.
	Exit
	// Killed is +++ killed by SIGNAL +++: Name is the signal.
	Killed
	// Superseded is a thread that disappeared because its process executed a new program;
	// Ret.Value is the pid that its execve returns in.
	Superseded
	// Program is a line `# program NAME`: nothing is left of the program before.
	Program
	// Note is a line in which strace speaks of itself ("strace: Process 7 attached"), or a
	// frame of a stack trace (-k).
	Note
	// Comment is a line beginning with #; only read with Options.Comments.
	Comment
	// Header is `kernel RELEASE`, `hz N`, `cpus N`, `roam 1`, `stray 1` or `swap 1`: Name is the key, Raw the value.
	Header
	// Condition is `exists (...)`, `never (...)` or `always (...)`: Name is the word, Cond what
	// is in the parentheses.
	Condition
)

var kindNames = [...]string{
	"nothing", "Call", "CallStart", "CallEnd", "CallLost", "Signal", "Stopped", "Exit", "Killed",
	"Superseded", "Program", "Note", "Comment", "Header", "Condition",
}

func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "Kind(?)"
}

// Event is one line of a scenario. The reader hands out the same Event again and again, and every
// []byte in it points into a buffer of the reader: both are good until the next call of Next.
// Strings may be kept.
type Event struct {
	Kind Kind
	Line int64 // 1-based number of the line
	// Pid is the task: the number the line begins with, 0 if it has none, and for tasks with a
	// name -1, -2, ... in the order in which the names first appear.
	Pid  int
	Task string // name of the task, "" for a numbered one
	// Learnt tells that Pid is the number of the task which, until this line, had none (0): a
	// log on the terminal leaves pids out while there is but one task.
	Learnt bool
	Style  Style

	Time    int64 // ns: since 1970 (-ttt), since the first midnight (-t, -tt), since the start (-r, @)
	HasTime bool
	Delta   int64 // ns since the line before, where the line says so (-r)
	Dur     int64 // ns spent in the call (-T)
	HasDur  bool

	Target string // symbol that the result is bound to: r0 in `r0 = close(3)`
	Name   string // call, signal, program, header key, or word of a condition
	Args   []Arg  // arguments, or the siginfo of a signal
	Nodes  []Arg  // parts of Args in preorder: use Children, Field, Elem, Out
	Ret    Ret
	Cond   *Cond // only of a Condition; may be kept
	// Raw is text of the line itself: the arguments that a CallStart or CallEnd printed, the
	// value of a Header, what follows the name of a Program or Signal, the text of a Note or Comment.
	Raw  []byte
	Tail []byte // a comment after a call, without its #

	// Truncated tells that the line ended before the call did: it was cut, or the writer died.
	// Args are those before the cut, the last one perhaps incomplete; there is no result.
	Truncated  bool
	Unpaired   bool // a CallEnd whose start is not known: Args is empty, see Raw
	Detached   bool // strace detached from the task inside this call
	Died       bool // the line is `name(... <unfinished ...>) = ?`: its task died in the call
	CoreDumped bool // of Killed
	// Warn is a contradiction between this line and earlier ones that leaves the line readable:
	// a call that ends without having begun, begins inside another, or never ends. Mostly nil.
	Warn *SyntaxError

	src source
}

// PidStyle is how a line names its task.
type PidStyle uint8

// The ways to name a task.
const (
	PidNone    PidStyle = iota // not at all
	PidBare                    // `7155  close(3)`: strace -f -o FILE
	PidBracket                 // `[pid  7155] close(3)`: strace -f on the terminal
	PidName                    // `a: close(3)`: written by hand
)

// TimeStyle is how a line tells the time.
type TimeStyle uint8

// The ways to tell the time.
const (
	TimeNone     TimeStyle = iota
	TimeClock              // 12:34:56.123456, strace -t and -tt
	TimeEpoch              // 1795417950.019764, strace -ttt
	TimeRelative           //      0.000123, strace -r
	TimeMark               // @15ms, written by hand: since the start
)

// Style is how the line was written, so that it can be written in the same way again. The zero
// Style is that of a scenario of one task, without times.
type Style struct {
	Pid        PidStyle
	PidWidth   uint8 // columns of the pid, padded with spaces
	Time       TimeStyle
	TimeWidth  uint8  // columns of the whole seconds, padded with spaces
	TimeDigits uint8  // digits after the point: 0, 3, 6 or 9
	HasDelta   bool   // -r together with -t: `12:34:56 (+     0.000123)`
	DurDigits  uint8  // digits after the point in the <...> of -T
	Column     uint16 // column that the result's = is padded to, 0 for a single space
	Comm       []byte // name of the program after the pid, strace -Y
	Brackets   []byte // instruction pointer (-i) or call number (-n), with their brackets
}

// Ret is what follows the = of a call.
type Ret struct {
	HasRet   bool
	Known    bool  // Value is valid; false for ?
	Value    int64 // as printed: -1 with an errno; bit pattern for addresses
	Errno    abi.Errno
	ErrName  []byte // EBUSY, or a name that abi does not know (ERESTARTSYS)
	Text     []byte // the number as written, "?" if unknown
	Path     []byte // decoration of strace -y: 3</memfd:a>
	HasPath  bool
	Deleted  bool   // the decoration is followed by (deleted)
	Paren    []byte // what follows in parentheses: message of the errno, `seals F_SEAL_WRITE`, Timeout
	HasParen bool
	Unavail  bool // = ? <unavailable>
}

// Arg returns argument i, or nil if there are fewer.
func (e *Event) Arg(i int) *Arg {
	if i < 0 || i >= len(e.Args) {
		return nil
	}
	return &e.Args[i]
}

// Children ranges over the elements of an array, the fields of a struct, the arguments of a call
// inside an argument, or the operands of an expression.
func (e *Event) Children(a *Arg) iter.Seq[*Arg] {
	return func(yield func(*Arg) bool) {
		for i := a.First; i < a.Last; i = e.Nodes[i].End {
			if !yield(&e.Nodes[i]) {
				return
			}
		}
	}
}

// NumChildren counts the Children of a.
func (e *Event) NumChildren(a *Arg) int {
	n := 0
	for i := a.First; i < a.Last; i = e.Nodes[i].End {
		n++
	}
	return n
}

// Elem returns child i of a, or nil if there are fewer.
func (e *Event) Elem(a *Arg, i int) *Arg {
	for j := a.First; j < a.Last; j = e.Nodes[j].End {
		if i == 0 {
			return &e.Nodes[j]
		}
		i--
	}
	return nil
}

// Keep leaves a the first n of its children.
func (e *Event) Keep(a *Arg, n int) {
	from, to := a.First, a.Last
	for ; n > 0 && from < to; n-- {
		from = e.Nodes[from].End
	}
	for _, args := range [][]Arg{e.Args, e.Nodes} {
		for i := range args {
			for _, at := range []*int32{&args[i].First, &args[i].Last, &args[i].End} {
				if *at >= to {
					*at -= to - from
				}
			}
		}
	}
	e.Nodes = slices.Delete(e.Nodes, int(from), int(to))
}

// Field returns the field of struct a with that name, or nil.
func (e *Event) Field(a *Arg, name string) *Arg {
	for i := a.First; i < a.Last; i = e.Nodes[i].End {
		if string(e.Nodes[i].Name) == name {
			return &e.Nodes[i]
		}
	}
	return nil
}

// Out returns what the call left in the place of a, in `[0] => [8192]` the [8192]; or nil.
func (e *Event) Out(a *Arg) *Arg {
	if a.End <= a.Last {
		return nil
	}
	return &e.Nodes[a.Last]
}

// Clone returns a copy that stays good.
func (e *Event) Clone() *Event {
	c := *e
	c.Args, c.Nodes = cloneArgs(e.Args), cloneArgs(e.Nodes)
	for _, b := range []*[]byte{&c.Style.Comm, &c.Style.Brackets, &c.Ret.ErrName, &c.Ret.Text, &c.Ret.Path,
		&c.Ret.Paren, &c.Raw, &c.Tail, &c.src.line, &c.src.start} {
		*b = bytes.Clone(*b)
	}
	return &c
}

func cloneArgs(args []Arg) []Arg {
	c := slices.Clone(args)
	for i := range c {
		for _, b := range []*[]byte{&c[i].Text, &c[i].Name, &c[i].Path, &c[i].Note} {
			*b = bytes.Clone(*b)
		}
	}
	return c
}

// reset empties e and keeps its buffers.
func (e *Event) reset() {
	args, nodes := e.Args[:0], e.Nodes[:0]
	*e = Event{Args: args, Nodes: nodes}
}
