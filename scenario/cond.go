package scenario

import (
	"sealab/sim/abi"
)

// Logic is the form of a Cond.
type Logic uint8

// The forms.
const (
	Compare Logic = iota // L Cmp R
	Not                  // ~ A
	And                  // A /\ B
	Or                   // A \/ B
)

// Cmp is a comparison.
type Cmp uint8

// The comparisons.
const (
	EQ Cmp = iota // =
	NE            // !=
	LT            // <
	LE            // <=
	GT            // >
	GE            // >=
)

var cmpText = [...]string{"=", "!=", "<", "<=", ">", ">="}

func (c Cmp) String() string { return cmpText[c] }

// Cond is what a condition line says about the end of a run: results compared with values,
// joined by ~, /\ and \/ in this order of binding.
type Cond struct {
	Logic Logic
	A, B  *Cond // of Not (A), And, Or
	Cmp   Cmp
	L, R  *Value // of Compare
	Col   int    // 1-based byte column
}

// Value is one side of a comparison: a number or constant, an errno, the result of a call by its
// symbol, or a function of values, whose meaning is the caller's: seals(r0).
type Value struct {
	Text  string // as written
	Num   int64  // if Known
	Known bool
	Errno abi.Errno // of EBUSY and -1 EBUSY, which are the same
	Sym   string    // of a symbol
	Func  string    // of a function, with Args
	Args  []*Value
	Col   int // 1-based byte column
}

func isCondition(w []byte) bool {
	switch string(w) {
	case "exists", "never", "always":
		return true
	}
	return false
}

// condition reads what follows exists, never or always.
func (r *Reader) condition(s *scanner, w []byte) bool {
	s.strict, r.opts.Strict = true, true
	ev := &r.ev
	ev.Kind, ev.Name = Condition, r.names.get(w)
	s.i++
	c, ok := s.or(0)
	if !ok {
		return false
	}
	if !s.token(")") {
		return s.failAt(`')', /\ or \/`)
	}
	s.spaces()
	if s.i < len(s.b) && s.b[s.i] == '#' {
		s.tail()
	}
	if s.i < len(s.b) {
		return s.failAt("the end of the line")
	}
	ev.Cond = c
	return true
}

// token steps over text, if it is next.
func (s *scanner) token(text string) bool {
	s.spaces()
	if !s.has(text) {
		return false
	}
	s.i += len(text)
	return true
}

func (s *scanner) or(depth int) (*Cond, bool) {
	a, ok := s.and(depth)
	for ok && s.token(`\/`) {
		var b *Cond
		b, ok = s.and(depth)
		a = &Cond{Logic: Or, A: a, B: b, Col: a.Col}
	}
	return a, ok
}

func (s *scanner) and(depth int) (*Cond, bool) {
	a, ok := s.not(depth)
	for ok && s.token(`/\`) {
		var b *Cond
		b, ok = s.not(depth)
		a = &Cond{Logic: And, A: a, B: b, Col: a.Col}
	}
	return a, ok
}

func (s *scanner) not(depth int) (*Cond, bool) {
	if depth > maxDepth {
		return nil, s.fail(s.i, "condition nested too deeply", "")
	}
	s.spaces()
	col := s.i + 1
	switch {
	case s.token("~"):
		a, ok := s.not(depth + 1)
		return &Cond{Logic: Not, A: a, Col: col}, ok
	case s.token("("):
		a, ok := s.or(depth + 1)
		if ok && !s.token(")") {
			ok = s.failAt(`')', /\ or \/`)
		}
		return a, ok
	}
	return s.compare()
}

func (s *scanner) compare() (*Cond, bool) {
	l, ok := s.operandValue()
	if !ok {
		return nil, false
	}
	s.spaces()
	at := s.i
	for _, c := range [...]Cmp{NE, LE, GE, LT, GT, EQ} {
		if !s.token(c.String()) {
			continue
		}
		if c == EQ && s.has("=") {
			s.hint = "equality is a single ="
			return nil, s.failAt("a value")
		}
		r, ok := s.operandValue()
		return &Cond{Cmp: c, L: l, R: r, Col: l.Col}, ok
	}
	return nil, s.fail(at, s.found(), "=, !=, <, <=, > or >=")
}

// operandValue reads a value with the scanner of arguments and copies it out of the event.
func (s *scanner) operandValue() (*Value, bool) {
	s.spaces()
	start := s.i
	if s.i >= len(s.b) || class[s.b[s.i]]&(classLetter|classDigit) == 0 && s.b[s.i] != '-' {
		return nil, s.failAt("a value")
	}
	s.ev.Args, s.ev.Nodes = s.ev.Args[:0], s.ev.Nodes[:0]
	if class[s.b[s.i]]&classLetter != 0 {
		w := s.b[s.i:s.wordEnd()]
		if e, ok := abi.ErrnoByName(string(w)); ok {
			s.i += len(w)
			return &Value{Text: string(w), Num: -1, Known: true, Errno: e, Col: start + 1}, true
		}
	}
	n, ok := s.add(true)
	if !ok || !s.term(n, false) || s.cut {
		return nil, s.failAt("a value")
	}
	v := s.ev.copyValue(&s.ev.Args[0])
	v.Text = string(s.b[start:s.i])
	if v.Known && v.Num == -1 && (s.has(" E") || s.has(" S")) {
		at := s.i
		s.spaces()
		w := s.b[s.i:s.wordEnd()]
		e, ok := abi.ErrnoByName(string(w))
		if !ok {
			return nil, s.fail(at+1, "unknown error "+string(w), "")
		}
		v.Errno = e
		s.i += len(w)
		v.Text = string(s.b[start:s.i])
	}
	if !v.Known && v.Sym == "" && v.Func == "" {
		s.hint = s.words.nameHint(v.Text)
		return nil, s.fail(start, "unknown name "+v.Text, "the name of a result, a number or a constant")
	}
	return v, true
}

// copyValue makes a Value of a, which has no text outside the event's buffers.
func (e *Event) copyValue(a *Arg) *Value {
	v := &Value{Text: string(a.Text), Num: a.Num, Known: a.Known(), Col: int(a.Col) + 1}
	switch a.Kind {
	case Symbol:
		v.Sym = v.Text
	case Func:
		v.Func = v.Text
		for c := range e.Children(a) {
			v.Args = append(v.Args, e.copyValue(c))
		}
	}
	return v
}
