package scenario

import "bytes"

// term reads a value without operators: [name=] primary, then the decoration of a descriptor and
// a comment.
func (s *scanner) term(n int, named bool) bool {
	if s.i >= len(s.b) {
		return s.failAt("a value")
	}
	s.slot(n).Col = int32(s.i)
	if !s.primary(n, named) {
		return false
	}
	for s.i < len(s.b) {
		c := s.b[s.i]
		if class[c]&classEnd != 0 {
			return true
		}
		switch {
		case c == '<':
			if a := s.slot(n); s.has("<<") || a.Bits&HasPath != 0 || a.Kind != Int && a.Kind != Ident {
				return true
			}
			if !s.decoration(n) {
				return false
			}
		case c == ' ':
			at := s.i
			if s.spaces(); !s.has("/*") {
				s.i = at
				return true
			}
			if !s.note(n) {
				return false
			}
		default:
			return true
		}
	}
	return true
}

// primary reads a number, name, string, bracket or one of the small marks.
func (s *scanner) primary(n int, named bool) bool {
	c := s.b[s.i]
	if class[c]&classLetter != 0 {
		return s.word(n, named)
	}
	a := s.slot(n)
	switch c {
	case '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '-':
		return s.number(a)
	case '"':
		return s.text(a)
	case '[':
		return s.brackets(n, Array, ']')
	case '{':
		return s.brackets(n, Struct, '}')
	case '.':
		if s.has("...") {
			a.Kind = More
			s.i += 3
			return true
		}
	case '?':
		a.Kind = Unknown
		s.i++
		return true
	case '@', '&':
		a.Bits |= Abstract
		s.i++
		if c == '@' && s.has("\"") {
			return s.text(a)
		}
		if c == '&' && s.i < len(s.b) && class[s.b[s.i]]&classLetter != 0 {
			a.Kind, a.Text = Ident, s.b[s.i:s.wordEnd()]
			s.i += len(a.Text)
			return true
		}
	case '~':
		s.i++
		if s.i < len(s.b) && (s.b[s.i] == '[' || class[s.b[s.i]] != 0) {
			ok := s.primary(n, false)
			a = s.slot(n)
			a.Bits |= Negated
			a.Num = ^a.Num
			return ok
		}
	}
	return s.failAt("a value")
}

// wordEnd returns the end of the name at s.i. A point belongs to it if a letter follows.
func (s *scanner) wordEnd() int {
	i := s.i + 1
	for i < len(s.b) {
		c := s.b[i]
		if class[c]&(classLetter|classDigit) == 0 &&
			!(c == '.' && i+1 < len(s.b) && class[s.b[i+1]]&classLetter != 0) {
			break
		}
		i++
	}
	return i
}

// word reads what begins with a letter: a field's name and its value, a call, a constant, flags.
func (s *scanner) word(n int, named bool) bool {
	start, end := s.i, s.wordEnd()
	w := s.b[start:end]
	a := s.slot(n)
	s.i = end
	if end < len(s.b) {
		switch s.b[end] {
		case '=':
			if !named || s.has("==") || s.has("=>") {
				break
			}
			a.Name = w
			s.i++
			if s.i >= len(s.b) {
				s.cut = true
				a.Kind, a.Bits = Unknown, a.Bits|Truncated
				return true
			}
			return s.primary(n, false)
		case '(':
			a.Text = w
			return s.brackets(n, Func, ')')
		case '|':
			if v, ok := s.name(w); ok {
				a.Num, a.Bits = v, a.Bits|Known
			} else if s.msg != "" {
				return false
			}
			return s.flags(a, start)
		}
	}
	a.Text = w
	if string(w) == "NULL" {
		a.Kind, a.Bits = Null, a.Bits|Known
		return true
	}
	a.Kind = Ident
	if len(s.words.syms) > 0 {
		if _, ok := s.words.syms[string(w)]; ok {
			a.Kind = Symbol
			return true
		}
	}
	if v, ok := s.name(w); ok {
		a.Num, a.Bits = v, a.Bits|Known
		return true
	}
	return s.msg == ""
}

// name looks up a constant. In a scenario written by hand an unknown one is a mistake, except in
// a set, whose members have names of their own ([INT CHLD]).
func (s *scanner) name(w []byte) (int64, bool) {
	v, ok := s.words.constant(w)
	if !ok && s.strict && s.depth == 0 {
		s.hard = true
		s.fail(s.i-len(w), "unknown name "+string(w), "")
		s.hint = s.words.nameHint(string(w))
	}
	return v, ok
}

// flags reads on after the first of several names or numbers joined by |.
func (s *scanner) flags(a *Arg, start int) bool {
	num, known := a.Num, a.Known()
	for s.i+1 < len(s.b) && s.b[s.i] == '|' {
		bar := s.i
		s.i++
		c := s.b[s.i]
		switch {
		case class[c]&classLetter != 0:
			end := s.wordEnd()
			w := s.b[s.i:end]
			if end < len(s.b) && s.b[end] == '(' {
				s.i = bar
				return s.endFlags(a, start, num, known)
			}
			s.i = end
			v, ok := s.name(w)
			if s.msg != "" {
				return false
			}
			num, known = num|v, known && ok
		case class[c]&classDigit != 0:
			v, ok := s.digits(a)
			v, ok = s.shifted(a, v, ok)
			num, known = num|v, known && ok
		default:
			s.i = bar
			return s.endFlags(a, start, num, known)
		}
	}
	return s.endFlags(a, start, num, known)
}

// shifted reads on where a number among flags is shifted, as in MFD_HUGETLB|21<<MFD_HUGE_SHIFT.
func (s *scanner) shifted(a *Arg, v int64, ok bool) (int64, bool) {
	if !s.has("<<") || s.i+2 >= len(s.b) {
		return v, ok
	}
	at := s.i
	s.i += 2
	var by int64
	var known bool
	switch c := s.b[s.i]; {
	case class[c]&classLetter != 0:
		w := s.b[s.i:s.wordEnd()]
		by, known = s.words.constant(w)
		s.i += len(w)
	case class[c]&classDigit != 0:
		by, known = s.digits(a)
	default:
		s.i = at
		return v, ok
	}
	return v << uint64(by&63), ok && known && by >= 0 && by < 64
}

func (s *scanner) endFlags(a *Arg, start int, num int64, known bool) bool {
	if a.Text = s.b[start:s.i]; bytes.IndexByte(a.Text, '|') >= 0 {
		a.Kind, a.Base = Flags, 0
	} else if a.Kind == 0 {
		a.Kind = Ident
	}
	a.Num, a.Bits = num, a.Bits&^Known
	if known {
		a.Bits |= Known
	}
	return true
}

// number reads an integer, and the flags that may follow it.
func (s *scanner) number(a *Arg) bool {
	start := s.i
	neg := s.b[s.i] == '-'
	if neg {
		if s.i++; s.i >= len(s.b) || class[s.b[s.i]]&classDigit == 0 {
			return s.failAt("a number")
		}
	}
	v, ok := s.digits(a)
	if neg {
		v = -v
	}
	a.Kind, a.Num, a.Text = Int, v, s.b[start:s.i]
	if ok {
		a.Bits |= Known
	}
	if s.i < len(s.b) && s.b[s.i] == '|' {
		return s.flags(a, start)
	}
	return true
}

// digits reads an unsigned integer and sets a.Base; ok is false beyond 64 bits.
func (s *scanner) digits(a *Arg) (v int64, ok bool) {
	b, i := s.b, s.i
	var u uint64
	ok = true
	if b[i] == '0' && i+2 < len(b) && b[i+1] == 'x' && class[b[i+2]]&classHex != 0 {
		i += 2
		first := i
		for ; i < len(b) && class[b[i]]&classHex != 0; i++ {
			c := b[i]
			if c > '9' {
				c = c&^0x20 - 'A' + 10 + '0'
			}
			u = u<<4 | uint64(c-'0')
		}
		a.Base = 16
		ok = i-first <= 16
	} else {
		first := i
		for ; i < len(b) && class[b[i]]&classDigit != 0; i++ {
			d := uint64(b[i] - '0')
			if u > (1<<64-1-d)/10 {
				ok = false
			}
			u = u*10 + d
		}
		a.Base = 10
		if b[first] == '0' && i-first > 1 {
			u, ok = octal(b[first:i])
			a.Base = 8
		}
	}
	s.i = i
	return int64(u), ok
}

func octal(b []byte) (u uint64, ok bool) {
	for _, c := range b {
		if c > '7' || u >= 1<<61 {
			return 0, false
		}
		u = u<<3 | uint64(c-'0')
	}
	return u, true
}

// text reads a string in quotes.
func (s *scanner) text(a *Arg) bool {
	start := s.i + 1
	var end int
	if n := bytes.IndexByte(s.b[start:], '"'); n >= 0 && (n == 0 || s.b[start+n-1] != '\\') {
		end = start + n
	} else {
		end = closingQuote(s.b, start)
	}
	a.Kind, a.Text, a.Bits = String, s.b[start:end], a.Bits|Known
	if end >= len(s.b) {
		s.i, s.cut = end, true
		a.Bits |= Truncated
		return true
	}
	s.i = end + 1
	if s.i < len(s.b) && s.b[s.i] == '.' && s.has("...") {
		a.Bits |= Truncated
		s.i += 3
	}
	return true
}

// brackets reads the children of value n up to the closing bracket.
func (s *scanner) brackets(n int, kind ArgKind, closing byte) bool {
	if s.depth++; s.depth > maxDepth {
		s.hard = true
		return s.fail(s.i, "brackets nested too deeply", "")
	}
	spaced, ok := s.children(kind, closing)
	if s.depth--; !ok {
		return false
	}
	a := s.slot(n)
	a.Kind = kind
	a.Last = int32(len(s.ev.Nodes))
	a.End = a.Last
	if spaced {
		a.Bits |= Spaced
	}
	if s.cut {
		a.Bits |= Truncated
	}
	return true
}

// children reads values up to the closing bracket, separated by commas or, if the first two are,
// by spaces.
func (s *scanner) children(kind ArgKind, closing byte) (spaced, ok bool) {
	s.i++
	for count := 0; ; count++ {
		s.spaces()
		if s.i >= len(s.b) {
			break
		}
		if count == 0 && s.b[s.i] == closing {
			s.i++
			return false, true
		}
		if m, ok := s.add(false); !ok || !s.value(m) {
			return false, false
		}
		end := s.i
		s.spaces()
		if s.i >= len(s.b) || s.cut {
			break
		}
		c := s.b[s.i]
		switch {
		case c == closing:
			s.i++
			return spaced, true
		case c == ',' && !spaced:
			s.i++
		case s.i > end && (spaced || count == 0) && class[c]&classEnd == 0 && kind != Func:
			spaced = true
		default:
			return false, s.failAt("',' or '" + string(closing) + "'")
		}
	}
	s.cut = true
	return spaced, true
}

// decoration reads what strace -y and -yy print after a descriptor. A path has its < and >
// escaped; a device follows it in <> of its own; inside the brackets of a socket > may stand
// after -, and in quotes.
func (s *scanner) decoration(n int) bool {
	end := decorationEnd(s.b, s.i)
	if end < 0 {
		s.cut = true
		end = len(s.b)
	}
	a := s.slot(n)
	a.Path, a.Bits = s.b[s.i+1:end], a.Bits|HasPath
	if s.i = end + 1; s.i > len(s.b) {
		s.i = len(s.b)
		a.Bits |= Truncated
	}
	if s.has(deleted) {
		a.Bits |= Deleted
		s.i += len(deleted)
	}
	return true
}

const deleted = "(deleted)"

// decorationEnd returns the index of the > that closes the < at i, or -1.
func decorationEnd(b []byte, i int) int {
	depth, square := 0, 0
	for ; i < len(b); i++ {
		switch b[i] {
		case '<':
			depth++
		case '>':
			if square > 0 && b[i-1] == '-' {
				continue
			}
			if depth--; depth == 0 {
				return i
			}
		case '[':
			square++
		case ']':
			square--
		case '"':
			if square > 0 {
				i = closingQuote(b, i+1)
			}
		}
	}
	return -1
}

// note reads a comment.
func (s *scanner) note(n int) bool {
	a := s.slot(n)
	start := s.i + 2
	end := bytes.Index(s.b[start:], []byte("*/"))
	if end < 0 {
		a.Note, a.Bits = s.b[start:], a.Bits|HasNote|Truncated
		s.i, s.cut = len(s.b), true
		return true
	}
	if a.Bits&HasNote != 0 {
		return s.failAt("no second comment")
	}
	a.Note, a.Bits = s.b[start:start+end], a.Bits|HasNote
	s.i = start + end + 2
	return true
}
