package scenario

import "bytes"

// maxPid is the largest pid of Linux; a larger number at the start of a line is a time.
const maxPid = 4 << 20

const (
	secondNS = int64(1e9)
	dayNS    = 24 * 3600 * secondNS
)

// prefix reads what stands before the call: pid, time, instruction pointer.
func (r *Reader) prefix(s *scanner) bool {
	if !r.task(s) {
		return false
	}
	at := s.i
	s.spaces()
	if s.i < len(s.b) {
		switch c := s.b[s.i]; {
		case class[c]&classDigit != 0:
			if !r.time(s, at) {
				return false
			}
			s.spaces()
		case c == '@':
			if !r.mark(s) {
				return false
			}
			s.spaces()
		}
	}
	if s.has("(+") && !r.delta(s) {
		return false
	}
	for start := s.i; s.i < len(s.b) && s.b[s.i] == '['; {
		end := bytes.IndexByte(s.b[s.i:], ']')
		if end < 0 {
			return s.failAt("a call")
		}
		s.ev.Style.Brackets = s.b[start : s.i+end+1]
		s.i += end + 1
		s.spaces()
	}
	return true
}

// task reads the pid or the name of the task.
func (r *Reader) task(s *scanner) bool {
	ev, b := s.ev, s.b
	c := b[0]
	switch {
	case class[c]&classDigit != 0:
		i, pid := 0, 0
		for i < len(b) && class[b[i]]&classDigit != 0 && pid < 1e9 {
			pid = pid*10 + int(b[i]-'0')
			i++
		}
		if i >= len(b) || pid > maxPid || i > 1 && b[0] == '0' || b[i] != ' ' && b[i] != '<' {
			return true
		}
		ev.Pid, ev.Style.Pid, ev.Style.PidWidth = pid, PidBare, uint8(i)
		s.i = i
		if b[i] == '<' {
			return s.comm()
		}
		for i+1 < len(b) && b[i+1] == ' ' && i < 5 {
			i++
		}
		s.i, ev.Style.PidWidth = i, uint8(i)
	case c == '[' && s.has("[pid "):
		i, pid := 5, 0
		for i < len(b) && b[i] == ' ' {
			i++
		}
		first := i
		for i < len(b) && class[b[i]]&classDigit != 0 && pid <= maxPid {
			pid = pid*10 + int(b[i]-'0')
			i++
		}
		if i == first || pid > maxPid || i > 200 {
			s.i = first
			return s.failAt("a pid")
		}
		ev.Pid, ev.Style.Pid, ev.Style.PidWidth = pid, PidBracket, uint8(i-5)
		s.i = i
		if i < len(b) && b[i] == '<' && !s.comm() {
			return false
		}
		if s.i >= len(b) || b[s.i] != ']' {
			return s.failAt("']'")
		}
		s.i++
	case class[c]&classLetter != 0:
		if end := s.wordEnd(); end+1 < len(b) && b[end] == ':' && b[end+1] == ' ' && string(b[:end]) != "strace" {
			ev.Task, ev.Style.Pid = r.names.get(b[:end]), PidName
			ev.Pid = r.namedPid(ev.Task)
			s.i = end + 1
			s.strict = true
		}
	}
	return true
}

// comm reads the program's name that strace -Y prints after a pid.
func (s *scanner) comm() bool {
	end := bytes.IndexByte(s.b[s.i:], '>')
	if end < 0 {
		return s.failAt("a pid")
	}
	s.ev.Style.Comm = s.b[s.i+1 : s.i+end]
	s.i += end + 1
	return true
}

// namedPid numbers the tasks that have names -1, -2, ...
func (r *Reader) namedPid(name string) int {
	pid, ok := r.tasks[name]
	if !ok {
		pid = -1 - len(r.tasks)
		r.tasks[name] = pid
	}
	return pid
}

// time reads a wall clock, seconds since 1970, or seconds since the line before. The spaces
// before it begin at byte at.
func (r *Reader) time(s *scanner, at int) bool {
	ev, start := s.ev, s.i
	ns, digits, ok := s.seconds()
	isClock := s.i < len(s.b) && s.b[s.i] == ':'
	if !ok || !isClock && s.b[start] == '0' && s.i > start+1 && class[s.b[start+1]]&classDigit != 0 {
		return s.fail(start, "no time and no pid", "")
	}
	st := &ev.Style
	st.TimeDigits = digits
	ev.HasTime = true
	switch {
	case isClock:
		s.i = start
		if ns, st.TimeDigits, ok = s.clock(); !ok {
			return s.fail(start, "bad time of day", "hh:mm:ss")
		}
		st.Time = TimeClock
		if ns < r.clock-dayNS/2 {
			r.day += dayNS
		}
		r.clock = ns
		ns += r.day
	case ns > maxPid*secondNS:
		st.Time = TimeEpoch
	default:
		st.Time = TimeRelative
		width := s.i - at
		if digits > 0 {
			width -= int(digits) + 1
		}
		if ev.Style.Pid != PidNone {
			width-- // the space after the pid
		}
		st.TimeWidth = uint8(min(width, 200))
		ev.Delta = ns
		r.elapsed += ns
		ns = r.elapsed
		if r.elapsed < 0 {
			return s.fail(start, "the times add up to more than 292 years", "")
		}
	}
	ev.Time = ns
	if s.i >= len(s.b) || s.b[s.i] != ' ' {
		return s.failAt("a space")
	}
	return true
}

// clock reads hh:mm:ss[.digits].
func (s *scanner) clock() (ns int64, digits uint8, ok bool) {
	for _, limit := range [...]int64{24, 60} {
		if s.i+2 >= len(s.b) || s.b[s.i+2] != ':' {
			return 0, 0, false
		}
		n := int64(s.b[s.i]-'0')*10 + int64(s.b[s.i+1]-'0')
		if n < 0 || n >= limit || class[s.b[s.i+1]]&classDigit == 0 {
			return 0, 0, false
		}
		ns = ns*60 + n
		s.i += 3
	}
	start := s.i
	sec, digits, ok := s.seconds()
	if !ok || sec >= 61*secondNS || s.i < start+2 || s.i > start+2 && s.b[start+2] != '.' {
		return 0, 0, false
	}
	return ns*60*secondNS + sec, digits, true
}

// delta reads `(+     0.000123)`, which strace -r prints after the time of -t.
func (r *Reader) delta(s *scanner) bool {
	start := s.i
	s.i += 2
	s.spaces()
	ns, digits, ok := s.seconds()
	if !ok || s.i >= len(s.b) || s.b[s.i] != ')' || digits != s.ev.Style.TimeDigits && digits != 6 {
		return s.fail(start, "bad relative time", "(+ seconds)")
	}
	s.i++
	s.ev.Delta, s.ev.Style.HasDelta = ns, true
	s.spaces()
	return true
}

var markUnits = [...]struct {
	name string
	ns   int64
}{{"ms", 1e6}, {"us", 1e3}, {"ns", 1}, {"s", 1e9}}

// mark reads @15ms: the time since the start at which the call is to begin.
func (r *Reader) mark(s *scanner) bool {
	start := s.i
	s.i++
	s.strict = true
	ns, _, ok := s.seconds()
	if ok {
		for _, u := range markUnits {
			if !s.has(u.name) {
				continue
			}
			s.i += len(u.name)
			s.ev.Time, s.ev.HasTime = ns/secondNS*u.ns+ns%secondNS*u.ns/secondNS, true
			s.ev.Style.Time = TimeMark
			if s.i < len(s.b) && s.b[s.i] != ' ' {
				return s.failAt("a space")
			}
			return true
		}
	}
	return s.fail(start, "bad time mark", "@ and a time, as @15ms")
}
