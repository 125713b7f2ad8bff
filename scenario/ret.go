package scenario

import "bytes"

// result reads what follows the closing parenthesis of a call: ` = 3 <0.000123>`. base is the
// column of the line at which byte 0 of the text stands.
func (s *scanner) result(base int) bool {
	after := s.i
	s.spaces()
	if s.i >= len(s.b) {
		return true
	}
	if s.b[s.i] == '#' {
		return s.tail()
	}
	if s.b[s.i] != '=' {
		if class[s.b[s.i]]&classLetter != 0 {
			s.hint = hintSpliced
		}
		return s.failAt("'=' and the result")
	}
	if s.i > after+1 && s.i+base < 1<<16 {
		s.ev.Style.Column = uint16(s.i + base)
	}
	s.i++
	s.spaces()
	if s.i >= len(s.b) {
		s.cut = true
		return true
	}
	s.ev.Ret.HasRet = true
	return s.retValue() && s.retRest()
}

// retValue reads the number or ? and the decoration of a descriptor.
func (s *scanner) retValue() bool {
	ret, start := &s.ev.Ret, s.i
	c := s.b[s.i]
	switch {
	case c == '?':
		s.i++
	case class[c]&classDigit != 0 || c == '-':
		neg := c == '-'
		if neg {
			if s.i++; s.i >= len(s.b) || class[s.b[s.i]]&classDigit == 0 {
				return s.failAt("a number")
			}
		}
		var a Arg
		ret.Value, ret.Known = s.digits(&a)
		if neg {
			ret.Value = -ret.Value
		}
	default:
		if c == 'E' {
			s.hint = "a failed call returns -1: = -1 " + string(s.b[s.i:s.wordEnd()])
		}
		return s.failAt("a number or '?'")
	}
	ret.Text = s.b[start:s.i]
	if s.i < len(s.b) && s.b[s.i] == '<' {
		end := decorationEnd(s.b, s.i)
		if end < 0 {
			s.cut = true
			return true
		}
		ret.Path, ret.HasPath = s.b[s.i+1:end], true
		s.i = end + 1
		if s.has(deleted) {
			ret.Deleted = true
			s.i += len(deleted)
		}
	}
	return true
}

const unavailable = "<unavailable>"

// retRest reads the errno, the parentheses, the time spent and a comment.
func (s *scanner) retRest() bool {
	ret := &s.ev.Ret
	for !s.cut {
		at := s.i
		s.spaces()
		if s.i >= len(s.b) {
			return true
		}
		c := s.b[s.i]
		if s.i == at {
			return s.failAt("the end of the line")
		}
		switch {
		case (c == 'E' || c == 'S') && ret.ErrName == nil && !ret.HasParen:
			ret.ErrName = s.b[s.i:s.wordEnd()]
			s.i += len(ret.ErrName)
			if !s.errno() {
				return false
			}
		case c == '(' && !ret.HasParen:
			s.paren()
		case c == '<' && s.has(unavailable) && !ret.Unavail:
			ret.Unavail = true
			s.i += len(unavailable)
		case c == '<' && !s.ev.HasDur:
			if !s.duration() {
				return false
			}
		case c == '#':
			return s.tail()
		default:
			return s.failAt("the end of the line")
		}
	}
	return true
}

func (s *scanner) errno() bool {
	ret := &s.ev.Ret
	if ret.Errno = s.words.errno(ret.ErrName); ret.Errno == 0 && s.strict {
		return s.fail(s.i-len(ret.ErrName), "unknown error "+string(ret.ErrName), "")
	}
	return true
}

// paren reads (...), and further ones after it, as one text.
func (s *scanner) paren() {
	start, depth := s.i+1, 0
	ret := &s.ev.Ret
	if n := bytes.IndexByte(s.b[start:], ')'); n >= 0 && start+n+3 < len(s.b) && s.b[start+n+2] == '<' &&
		bytes.IndexByte(s.b[start:start+n], '(') < 0 && bytes.IndexByte(s.b[start:start+n], '"') < 0 {
		ret.Paren, ret.HasParen, s.i = s.b[start:start+n], true, start+n+1 // the message of an errno
		return
	}
	for i := s.i; i < len(s.b); i++ {
		switch s.b[i] {
		case '"':
			i = closingQuote(s.b, i+1)
		case '(':
			depth++
		case ')':
			depth--
			if depth > 0 || bytes.HasPrefix(s.b[i+1:], []byte(" (")) {
				continue
			}
			ret.Paren, ret.HasParen, s.i = s.b[start:i], true, i+1
			return
		}
	}
	ret.Paren, ret.HasParen, s.i, s.cut = s.b[start:], true, len(s.b), true
}

// duration reads <0.000123>.
func (s *scanner) duration() bool {
	at := s.i
	s.i++
	ns, digits, ok := s.seconds()
	if s.i >= len(s.b) {
		s.i, s.cut = len(s.b), true
		return true
	}
	if !ok || s.b[s.i] != '>' {
		s.i = at
		return s.failAt("the time spent, as <0.000123>,")
	}
	s.i++
	s.ev.Dur, s.ev.HasDur, s.ev.Style.DurDigits = ns, true, digits
	return true
}

// seconds reads 12 or 12.345678 and returns nanoseconds and the number of digits after the point.
func (s *scanner) seconds() (ns int64, digits uint8, ok bool) {
	start := s.i
	for s.i < len(s.b) && class[s.b[s.i]]&classDigit != 0 {
		ns = ns*10 + int64(s.b[s.i]-'0')
		s.i++
	}
	if s.i == start || s.i-start > 10 || ns > maxSeconds {
		return 0, 0, false
	}
	if s.i+1 >= len(s.b) || s.b[s.i] != '.' || class[s.b[s.i+1]]&classDigit == 0 {
		return ns * secondNS, 0, true
	}
	s.i++
	start = s.i
	for s.i < len(s.b) && class[s.b[s.i]]&classDigit != 0 && s.i-start < 10 {
		ns = ns*10 + int64(s.b[s.i]-'0')
		s.i++
	}
	if s.i-start > 9 {
		return 0, 0, false
	}
	return ns * tens[9-(s.i-start)], uint8(s.i - start), true
}

var tens = [10]int64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9}

// maxSeconds is what fits into nanoseconds of an int64, with room to add to it.
const maxSeconds = 4_000_000_000

// tail reads a comment up to the end of the line.
func (s *scanner) tail() bool {
	s.ev.Tail = bytes.TrimRight(s.b[s.i+1:], " ")
	s.i = len(s.b)
	return true
}
