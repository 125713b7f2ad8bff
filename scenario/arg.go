package scenario

// ArgKind is the kind of an argument, or of a part of one.
type ArgKind uint8

// The kinds of argument.
const (
	// Int is a number; Base says how it was written. With strace -y, Path is the file behind it.
	Int ArgKind = iota + 1
	// Null is NULL.
	Null
	// String is text in quotes; Decode yields its bytes.
	String
	// Ident is one name: a constant (Known, Num), or a word that is nothing known.
	Ident
	// Symbol is a name that an earlier line bound to its result: r0.
	Symbol
	// Flags are names and numbers joined by |; Num is their union if all of them are Known.
	Flags
	// Struct is {...}; its Children mostly have Names.
	Struct
	// Array is [...], a vector or a set.
	Array
	// Func is a call inside an argument, as makedev(0x1, 0x3): Text is the name, the Children
	// are its arguments.
	Func
	// Expr is operands joined by operators, as 8192*1024 or m0+4096: the Children are the
	// operands, each with the Op before it. Evaluated from left to right, and only if all the
	// operators are the same and all operands are numbers.
	Expr
	// Unknown is a single ?.
	Unknown
	// More is ..., standing for what strace left out.
	More
	// Opaque is text of no known form, kept as it is. A scenario written by hand has none.
	Opaque
)

var argKindNames = [...]string{
	"nothing", "Int", "Null", "String", "Ident", "Symbol", "Flags", "Struct", "Array", "Func",
	"Expr", "Unknown", "More", "Opaque",
}

func (k ArgKind) String() string {
	if int(k) < len(argKindNames) {
		return argKindNames[k]
	}
	return "ArgKind(?)"
}

// Bits are the marks on an Arg.
type Bits uint8

// The marks.
const (
	// Known: Num is what the text means.
	Known Bits = 1 << iota
	// Truncated: "..." follows the closing quote, or the line ended inside this value.
	Truncated
	// Negated: ~ stands before the value, as in ~[KILL STOP]; an Int's Num is complemented.
	Negated
	// Spaced: the children are separated by spaces instead of commas, as in [INT CHLD].
	Spaced
	// Abstract: @ stands before the quotes, a socket name that begins with a zero byte; before
	// an Ident it is &, as in &sin6_addr.
	Abstract
	// Deleted: (deleted) follows Path.
	Deleted
	// HasPath: there is a decoration, perhaps an empty one.
	HasPath
	// HasNote: a comment follows.
	HasNote
)

// Arg is one argument of a call, or a part of one. Those with Text are printed by copying it; to
// change a number clear Text and set Num.
type Arg struct {
	Kind ArgKind
	Bits Bits
	Base uint8 // 8, 10 or 16, of an Int
	Op   Op    // operator before this operand of an Expr
	Col  int32 // where it begins; for ErrorAt
	// The parts of a in Event.Nodes: the children are in [First, Last), the value after => in
	// [Last, End). Each node's End is where the next begins.
	First, Last, End int32
	Num              int64  // value if Known; the bit pattern if above the int64 range
	Text             []byte // as written: digits, names, what is between the quotes
	Name             []byte // of a field: iov_len in iov_len=8192
	Path             []byte // decoration of strace -y and -yy, as written, without < and >
	Note             []byte // comment, as in 0x8 /* F_SEAL_WRITE */
}

// Known tells whether Num is what the argument means.
func (a *Arg) Known() bool { return a.Bits&Known != 0 }

// Truncated tells whether strace left out the end of a string, or the line that of the value.
func (a *Arg) Truncated() bool { return a.Bits&Truncated != 0 }

// Is tells whether the argument is the single word name.
func (a *Arg) Is(name string) bool {
	return (a.Kind == Ident || a.Kind == Symbol || a.Kind == Null) && string(a.Text) == name
}

// Op is an operator between two operands of an Expr.
type Op uint8

// The operators that strace prints.
const (
	OpNone  Op = iota
	OpAdd      // +
	OpSub      // -
	OpMul      // *
	OpShift    // <<
	OpBar      // | where one of its sides is more than a name or a number
	OpAnd      // &&, as in WIFEXITED(s) && WEXITSTATUS(s) == 0
	OpEq       // ==
	OpOr       // or, as in SNDCTL_TMR_TIMEBASE or TCGETS
	OpBarSp    // | with spaces around it
	opLast
)

var opText = [opLast]string{"", "+", "-", "*", "<<", "|", " && ", " == ", " or ", " | "}

func (o Op) String() string {
	if o < opLast {
		return opText[o]
	}
	return "?"
}

// apply evaluates l o r; ok is false for operators that have no number as their result.
func (o Op) apply(l, r int64) (v int64, ok bool) {
	switch o {
	case OpAdd:
		return l + r, true
	case OpSub:
		return l - r, true
	case OpMul:
		return l * r, true
	case OpShift:
		return l << uint64(r&63), r >= 0 && r < 64
	case OpBar, OpBarSp:
		return l | r, true
	}
	return 0, false
}
