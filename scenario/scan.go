package scenario

import "bytes"

// Limits on a single line; what is beyond them is an error, not a crash.
const (
	maxDepth = 64
	maxNodes = 1 << 16
)

// Character classes.
const (
	classLetter = 1 << iota
	classDigit
	classHex
	classEnd // may stand right after a value without belonging to it
)

var class = func() (t [256]uint8) {
	for c := range t {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '_':
			t[c] = classLetter
		case c >= '0' && c <= '9':
			t[c] = classDigit | classHex
		case c == ',' || c == ')' || c == ']' || c == '}':
			t[c] = classEnd
		}
	}
	for _, c := range "abcdefABCDEF" {
		t[c] |= classHex
	}
	return t
}()

// scanner reads the arguments of one call into an Event. Its methods return false after fail.
type scanner struct {
	b      []byte
	i      int
	ev     *Event
	words  *words
	strict bool // nothing Opaque, no unknown names
	depth  int
	cut    bool // the text ended before the call did
	hard   bool // the failure is final, Opaque is no way out
	rawAt  int  // where the text that becomes Event.Raw of a cut line begins

	errCol          int
	msg, want, hint string
}

// fail records the first thing that went wrong at byte col.
func (s *scanner) fail(col int, msg, want string) bool {
	if s.msg == "" {
		s.errCol, s.msg, s.want = col, msg, want
	}
	return false
}

// failAt fails on the byte at s.i.
func (s *scanner) failAt(want string) bool { return s.fail(s.i, s.found(), want) }

// found names what stands at s.i, for an error message.
func (s *scanner) found() string {
	if s.i >= len(s.b) {
		return "the line ends here"
	}
	return "unexpected " + string(quoteByte(s.b[s.i]))
}

func quoteByte(c byte) []byte {
	if c < ' ' || c >= 0x7f {
		return append(Quote(nil, []byte{c}), " (a control or non-ASCII byte)"...)
	}
	return []byte{'\'', c, '\''}
}

func (s *scanner) spaces() {
	for s.i < len(s.b) && (s.b[s.i] == ' ' || s.b[s.i] == '\t') {
		s.i++
	}
}

// has tells whether text stands at s.i.
func (s *scanner) has(text string) bool {
	return len(s.b)-s.i >= len(text) && string(s.b[s.i:s.i+len(text)]) == text
}

// slot returns node n, or for n < 0 the argument being read. Not valid any more once a node is added.
func (s *scanner) slot(n int) *Arg {
	if n < 0 {
		return &s.ev.Args[len(s.ev.Args)-1]
	}
	return &s.ev.Nodes[n]
}

// add appends an empty argument (top) or node and returns its slot number.
func (s *scanner) add(top bool) (n int, ok bool) {
	ev := s.ev
	if len(ev.Nodes)+len(ev.Args) >= maxNodes {
		s.hard = true
		return 0, s.fail(s.i, "more values than a line may have", "")
	}
	if top {
		ev.Args = extend(ev.Args)
		at := int32(len(ev.Nodes))
		a := &ev.Args[len(ev.Args)-1]
		a.First, a.Last, a.End = at, at, at
		return -1, true
	}
	ev.Nodes = extend(ev.Nodes)
	n = len(ev.Nodes) - 1
	at := int32(n + 1)
	a := &ev.Nodes[n]
	a.First, a.Last, a.End = at, at, at
	return n, true
}

func extend(args []Arg) []Arg {
	if len(args) < cap(args) {
		args = args[:len(args)+1]
		args[len(args)-1] = Arg{}
		return args
	}
	return append(args, Arg{})
}

// callArgs reads the arguments of the call itself up to and with the closing parenthesis. Where
// the text ends before, it sets cut.
func (s *scanner) callArgs() bool {
	for first := true; ; first = false {
		s.spaces()
		if s.i < len(s.b) && (s.b[s.i] == '<' && s.leftOpen() || first && s.b[s.i] == ')') {
			s.i++
			return true
		}
		if s.i >= len(s.b) {
			s.cut = true
			return true
		}
		if n, ok := s.add(true); !ok || !s.value(n) {
			return false
		}
		if s.i < len(s.b) && s.b[s.i] == ' ' {
			s.spaces()
		}
		switch {
		case s.i >= len(s.b) || s.cut:
			s.cut = true
			return true
		case s.b[s.i] == ',':
			s.i++
		case s.b[s.i] == ')' || s.b[s.i] == '<' && s.leftOpen():
			s.i++
			return true
		default:
			return s.failAt("',' or ')'")
		}
	}
}

// leftOpen steps over the <unfinished ...> of a call that ended in `<unfinished ...>) = ?`: its
// task died in it.
func (s *scanner) leftOpen() bool {
	if !s.has(unfinished + ")") {
		return false
	}
	s.i += len(unfinished)
	s.ev.Died = true
	return true
}

// value reads one value with its operators and the value after =>.
func (s *scanner) value(n int) bool {
	start, nodes := s.i, len(s.ev.Nodes)
	if s.chain(n) {
		return true
	}
	if s.hard || s.strict {
		return false
	}
	s.ev.Nodes = s.ev.Nodes[:nodes]
	return s.opaque(n, start)
}

// chain reads term { operator term } [ "=>" value ].
func (s *scanner) chain(n int) bool {
	if !s.term(n, true) {
		return false
	}
	prev := OpNone
	for s.i < len(s.b) && class[s.b[s.i]]&classEnd == 0 && !s.cut {
		op, size := s.operator()
		if op != OpNone {
			s.i += size
			if !s.operand(n, op, prev) {
				return false
			}
			prev = op
			continue
		}
		if s.b[s.i] == ' ' {
			at := s.i
			s.spaces()
			if s.has("=>") {
				s.i += 2
				return s.out(n)
			}
			s.i = at
			return true
		}
		if c := s.b[s.i]; n < 0 && s.slot(n).Kind == Int && class[c]&classLetter != 0 {
			s.hard, s.hint = true, hintSpliced
		}
		return s.failAt("',' or an operator")
	}
	return true
}

const hintSpliced = "output of the traced program seems to be mixed into the log; strace -o FILE keeps them apart"

// out reads the value that the call left behind.
func (s *scanner) out(n int) bool {
	s.spaces()
	if s.i >= len(s.b) {
		s.cut = true
		return true
	}
	m, ok := s.add(false)
	if !ok || !s.value(m) {
		return false
	}
	s.slot(n).End = int32(len(s.ev.Nodes))
	return true
}

// operator recognises the operator at s.i and returns its length.
func (s *scanner) operator() (Op, int) {
	switch s.b[s.i] {
	case '+':
		return OpAdd, 1
	case '*':
		return OpMul, 1
	case '|':
		return OpBar, 1
	case '-':
		if !s.has("->") {
			return OpSub, 1
		}
	case '<':
		if s.has("<<") {
			return OpShift, 2
		}
	case ' ':
		at := s.i
		s.spaces()
		op, size := s.spacedOperator()
		size += s.i - at
		s.i = at
		return op, size
	}
	return OpNone, 0
}

// spacedOperator recognises an operator with spaces around it, the first ones passed.
func (s *scanner) spacedOperator() (Op, int) {
	for _, op := range [...]Op{OpAnd, OpEq, OpOr, OpBarSp} {
		if text := opText[op][1:]; s.has(text) {
			return op, len(text)
		}
	}
	if s.has("+ ") {
		return OpAdd, 2
	}
	return OpNone, 0
}

// operand makes an Expr of value n, if it is none yet, and reads one more operand of it.
func (s *scanner) operand(n int, op, prev Op) bool {
	if prev == OpNone {
		if !s.wrap(n) {
			return false
		}
	}
	m, ok := s.add(false)
	if !ok || !s.term(m, false) {
		return false
	}
	a, r := s.slot(n), &s.ev.Nodes[m]
	r.Op = op
	known := a.Known() && r.Known() && (prev == OpNone || prev == op)
	if r.Kind == Flags && op != OpBar && op != OpBarSp {
		known = false // 1<<2|3 reads as 1<<(2|3): rather no number than a wrong one
	}
	a.Bits &^= Known
	if known {
		if v, ok := op.apply(a.Num, r.Num); ok {
			a.Num, a.Bits = v, a.Bits|Known
		}
	}
	a.Last = int32(len(s.ev.Nodes))
	a.End = a.Last
	return true
}

// wrap turns value n into an Expr with what it was as its first child. The nodes of that child
// move up by one to make room for it.
func (s *scanner) wrap(n int) bool {
	if _, ok := s.add(false); !ok {
		return false
	}
	a, nodes := s.slot(n), s.ev.Nodes
	first := a.First
	copy(nodes[first+1:], nodes[first:])
	for i := int(first) + 1; i < len(nodes); i++ {
		nodes[i].First++
		nodes[i].Last++
		nodes[i].End++
	}
	child := *a
	child.Name = nil
	child.Op = OpNone
	child.First, child.Last, child.End = first+1, child.Last+1, child.End+1
	*a = Arg{
		Kind: Expr, Bits: a.Bits & Known, Op: a.Op, Col: a.Col, Num: a.Num, Name: a.Name,
		First: first, Last: child.End, End: child.End,
	}
	nodes[first] = child
	return true
}

// opaque takes the text from start to the next comma or closing bracket as it is. If there is none,
// or the brackets in it do not match, the earlier failure stands.
func (s *scanner) opaque(n, start int) bool {
	end := opaqueEnd(s.b, start)
	if end <= start {
		s.hard = true
		return false
	}
	a, at := s.slot(n), int32(len(s.ev.Nodes))
	*a = Arg{
		Kind: Opaque, Op: a.Op, Col: int32(start), Text: s.b[start:end], First: at, Last: at, End: at,
	}
	s.i, s.msg, s.want, s.hint = end, "", "", ""
	return true
}

// opaqueEnd returns the index of the comma or bracket that ends the value at i, or -1.
func opaqueEnd(b []byte, i int) int {
	var open [maxDepth]byte
	depth := 0
	for ; i < len(b); i++ {
		c := b[i]
		switch c {
		case '"':
			i = closingQuote(b, i+1)
		case '(', '[', '{':
			if depth == maxDepth {
				return -1
			}
			open[depth] = c
			depth++
		case ')', ']', '}':
			if depth == 0 {
				return i
			}
			depth--
			if c != open[depth]+1 && c != open[depth]+2 { // ')' is '('+1, the others +2
				return -1
			}
		case ',':
			if depth == 0 {
				return i
			}
		}
	}
	return -1
}

// closingQuote returns the index of the quote that closes the string whose text begins at i, or
// len(b).
func closingQuote(b []byte, i int) int {
	for {
		n := bytes.IndexByte(b[i:], '"')
		if n < 0 {
			return len(b)
		}
		end := i + n
		slashes := 0
		for j := end - 1; j >= i && b[j] == '\\'; j-- {
			slashes++
		}
		if slashes%2 == 0 {
			return end
		}
		i = end + 1
	}
}
