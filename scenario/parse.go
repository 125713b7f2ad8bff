package scenario

import "bytes"

const (
	unfinished = "<unfinished ...>"
	detached   = "<detached ...>"
)

// parse reads one line into r.ev; ok is false if there is nothing in it for the caller.
func (r *Reader) parse(line []byte) (ok bool, err error) {
	ev, s := &r.ev, &r.s
	lineNo := r.lineNo
	if len(r.torn) > 0 {
		line, lineNo = r.mend(line)
	}
	ev.reset()
	ev.Line = lineNo
	if blank(line) {
		return false, nil
	}
	ev.src = source{file: r.name, line: line}
	r.scan(line)
	if r.prefix(s) && r.body(s) {
		if s.cut && !r.endOfText(s) {
			return false, r.syntaxError()
		}
		if !ev.Truncated || !r.tear(line) {
			return r.finish(), nil
		}
		return true, nil
	}
	if r.tear(line) {
		return true, nil
	}
	if r.afterError && (bytes.HasPrefix(line, []byte(") ")) || bytes.HasPrefix(line, []byte(")="))) {
		ev.reset()
		ev.Line, ev.Kind, ev.Raw = lineNo, Note, line
		return true, nil
	}
	return false, r.syntaxError()
}

func blank(line []byte) bool {
	for _, c := range line {
		if c != ' ' && c != '\t' {
			return false
		}
	}
	return true
}

// scan points the scanner at text, for the event r.ev.
func (r *Reader) scan(text []byte) {
	s := &r.s
	*s = scanner{b: text, ev: &r.ev, strict: r.opts.Strict, words: s.words}
}

// syntaxError makes an error of what the scanner complained about.
func (r *Reader) syntaxError() error {
	s := &r.s
	e := r.ev.src.at(r.ev.Line, s.errCol, s.msg)
	e.Want, e.Hint = s.want, s.hint
	return e
}

// endOfText decides about a line that ended inside a call: a mistake in a scenario written by
// hand, in a log the place where it was cut.
func (r *Reader) endOfText(s *scanner) bool {
	if s.strict {
		return s.fail(len(s.b), "the line ends inside the call", "')'")
	}
	r.ev.Truncated, r.ev.Raw = true, s.b[s.rawAt:]
	return true
}

// body reads what follows the prefix.
func (r *Reader) body(s *scanner) bool {
	if s.i >= len(s.b) {
		if s.b[0] == '[' && len(s.ev.Style.Brackets) > 0 {
			r.note(s) // [ Process PID=7 runs in 32 bit mode. ]
			return true
		}
		return s.failAt("a call")
	}
	c := s.b[s.i]
	switch {
	case class[c]&classLetter != 0 || c == '?':
		return r.word(s)
	case s.has("<... "):
		return r.resumed(s)
	case s.has("--- "):
		return r.signal(s)
	case s.has("+++ "):
		return r.exit(s)
	case c == '#':
		r.comment(s)
		return true
	case s.has("> "):
		r.note(s)
		return true
	}
	return s.failAt("a call")
}

func (r *Reader) note(s *scanner) {
	r.ev.Style = Style{}
	r.ev.Kind, r.ev.Raw = Note, s.b
}

// comment reads `# program NAME` or any other comment.
func (r *Reader) comment(s *scanner) {
	const program = "# program "
	ev := &r.ev
	if !s.has(program) {
		ev.Kind, ev.Raw = Comment, s.b[s.i+1:]
		return
	}
	text := s.b[s.i+len(program):]
	end := bytes.IndexAny(text, ": ")
	if end < 0 {
		end = len(text)
	}
	ev.Kind, ev.Name, ev.Raw = Program, r.names.get(text[:end]), text[end:]
}

// word reads a line that begins with a name: a call, a bound result, a header, a condition.
func (r *Reader) word(s *scanner) bool {
	start, end := s.i, s.wordEnd()
	for s.b[start] == '?' && end < len(s.b) && s.b[end] == '?' {
		end++
	}
	w := s.b[start:end]
	s.i = end
	if end < len(s.b) && s.b[end] == '(' {
		return r.call(s, start, w)
	}
	s.spaces()
	switch {
	case s.i < len(s.b) && s.b[s.i] == '=' && !s.has("=="):
		return r.target(s, start, w)
	case s.i < len(s.b) && s.b[s.i] == '(' && isCondition(w):
		return r.condition(s, w)
	case string(w) == "strace" && end < len(s.b) && s.b[end] == ':',
		string(w) == "Process" && bytes.HasSuffix(s.b, []byte("ed")):
		r.note(s)
		return true
	}
	return r.header(s, start, end)
}

// maxSymbols bounds the table of bound results.
const maxSymbols = 1 << 16

// target reads NAME = call(...).
func (r *Reader) target(s *scanner, start int, w []byte) bool {
	s.strict, r.opts.Strict = true, true
	if _, ok := s.words.constant(w); ok {
		return s.fail(start, "a constant cannot name a result", "a name as r0")
	}
	r.ev.Target = r.names.get(w)
	s.i++
	s.spaces()
	if s.i >= len(s.b) || class[s.b[s.i]]&classLetter == 0 {
		return s.failAt("a call")
	}
	start = s.i
	end := s.wordEnd()
	s.i = end
	if end >= len(s.b) || s.b[end] != '(' {
		return s.failAt("'(' and the arguments of the call")
	}
	if !r.call(s, start, s.b[start:end]) {
		return false
	}
	if r.ev.Kind == CallStart {
		return s.fail(start, "a bound result needs the whole call", "no <unfinished ...>")
	}
	if len(s.words.syms) >= maxSymbols {
		return s.fail(start, "more bound results than a scenario may have", "")
	}
	s.words.syms[r.ev.Target] = struct{}{}
	return true
}

// call reads the arguments and the result.
func (r *Reader) call(s *scanner, start int, w []byte) bool {
	ev := &r.ev
	if isCondition(w) {
		return r.condition(s, w)
	}
	ev.Kind, ev.Name = Call, r.names.get(w)
	if s.strict && !IsCall(ev.Name) {
		s.hint = s.words.hint(ev.Name, SuggestCall)
		return s.fail(start, "unknown call "+ev.Name, "")
	}
	r.called = true
	s.i++
	args := s.i
	s.rawAt = args
	switch b := s.b; {
	case len(b) > 16 && b[len(b)-1] == '>' && b[len(b)-2] == '.' && bytes.HasSuffix(b, []byte(unfinished)):
		s.b = b[:max(args, len(b)-len(unfinished))]
		ev.Kind, ev.Raw = CallStart, s.b[args:]
		ok := s.callArgs() && s.onlyCut()
		s.cut = false
		return ok
	case len(b) > 14 && b[len(b)-1] == '>' && b[len(b)-2] == '.' && bytes.HasSuffix(b, []byte(detached)):
		s.b = b[:max(args, len(b)-len(detached))]
		ev.Detached, ev.Raw = true, s.b[args:]
		ok := s.callArgs() && s.onlyCut()
		s.cut = false
		return ok
	}
	if !s.callArgs() || !r.bindStored() {
		return false
	}
	return s.cut || s.result(0)
}

// bindStored binds p0 and p1 in pipe2([p0, p1], 0) to the descriptors that the call stores.
func (r *Reader) bindStored() bool {
	ev := &r.ev
	stored := ev.Stored()
	if stored == nil {
		return true
	}
	for a := range ev.Children(stored) {
		if a.Kind != Ident || a.Known() {
			continue
		}
		if len(r.s.words.syms) >= maxSymbols {
			return r.s.fail(int(a.Col), "more bound results than a scenario may have", "")
		}
		r.s.words.syms[r.names.get(a.Text)] = struct{}{}
	}
	return true
}

// onlyCut makes sure that the text of an unfinished call has not ended before.
func (s *scanner) onlyCut() bool {
	if s.cut {
		return true
	}
	return s.failAt("the end of the line, the call being complete")
}

// signal reads --- SIGALRM {...} --- and --- stopped by SIGSTOP ---.
func (r *Reader) signal(s *scanner) bool {
	ev := &r.ev
	ev.Kind = Signal
	s.i += len("--- ")
	if s.has("stopped by ") {
		ev.Kind = Stopped
		s.i += len("stopped by ")
	}
	start := s.i
	if s.i >= len(s.b) || class[s.b[s.i]]&classLetter == 0 {
		return s.failAt("the name of a signal")
	}
	s.i = s.wordEnd()
	ev.Name = r.names.get(s.b[start:s.i])
	end := len(s.b) - len(" ---")
	if end < s.i || string(s.b[end:]) != " ---" {
		s.i, s.rawAt, s.cut = len(s.b), s.i, true
		return true
	}
	ev.Raw, s.rawAt = s.b[s.i:end], s.i
	if ev.Kind == Stopped || !s.has(" {") {
		return true
	}
	ev.Raw, s.b = nil, s.b[:end]
	s.i++
	n, ok := s.add(true)
	if !ok || !s.value(n) {
		return false
	}
	if s.i < len(s.b) || s.cut {
		return s.failAt("---")
	}
	return true
}

// exit reads the lines between +++ and +++.
func (r *Reader) exit(s *scanner) bool {
	ev := &r.ev
	s.i += len("+++ ")
	switch {
	case s.has("exited with "):
		ev.Kind = Exit
		s.i += len("exited with ")
	case s.has("killed by "):
		ev.Kind = Killed
		s.i += len("killed by ")
		start := s.i
		for s.i < len(s.b) && s.b[s.i] != ' ' {
			s.i++
		}
		ev.Name = r.names.get(s.b[start:s.i])
		if s.has(" (core dumped)") {
			ev.CoreDumped = true
			s.i += len(" (core dumped)")
		}
	case s.has("superseded by execve in pid "):
		ev.Kind = Superseded
		s.i += len("superseded by execve in pid ")
	default:
		return s.failAt("exited with, killed by, or superseded by execve in pid")
	}
	if ev.Kind != Killed {
		if s.i >= len(s.b) || class[s.b[s.i]]&classDigit == 0 {
			return s.failAt("a number")
		}
		start := s.i
		var a Arg
		ev.Ret.Value, ev.Ret.Known = s.digits(&a)
		ev.Ret.Text = s.b[start:s.i]
	}
	if string(s.b[s.i:]) != " +++" {
		return s.failAt("+++")
	}
	return true
}
