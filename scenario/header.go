package scenario

import (
	"bytes"
	"slices"
	"strings"
)

// header reads `kernel 6.12.5`, `hz 250`, `cpus 2`, `roam 1`, `stray 1` or `swap 1`. Anything else that begins with a
// word is reported here too.
func (r *Reader) header(s *scanner, start, end int) bool {
	w := string(s.b[start:end])
	value := bytes.TrimRight(s.b[min(s.i, len(s.b)):], " ")
	if i := bytes.Index(value, []byte(" #")); i >= 0 {
		value = bytes.TrimRight(value[:i], " ")
	}
	if !slices.Contains(headerNames, w) || start > 0 {
		return r.noLine(s, w, start, end)
	}
	switch {
	case r.called:
		return s.fail(start, "header line after the first call", "")
	case len(value) == 0 || bytes.IndexByte(value, ' ') >= 0:
		return s.failAt("one value for " + w)
	}
	ev := &r.ev
	ev.Kind, ev.Name, ev.Raw = Header, r.names.get(s.b[start:end]), value
	if w == "kernel" {
		return true
	}
	s.b = s.b[:s.i+len(value)]
	at := s.i
	var a Arg
	if class[value[0]]&classDigit == 0 {
		return s.failAt("a number")
	}
	v, ok := s.digits(&a)
	if !ok || s.i < len(s.b) || v < 1 || v > 1<<16 {
		return s.fail(at, "bad value for "+w, "a number from 1 to 65536")
	}
	ev.Ret.Value, ev.Ret.Known, ev.Ret.Text = v, true, value
	return true
}

// noLine reports a line that is nothing known.
func (r *Reader) noLine(s *scanner, w string, start, end int) bool {
	if !IsCall(w) {
		s.hint = s.words.hint(w, suggestLine)
	}
	switch {
	case end < len(s.b) && s.b[end] == ':' && !strings.Contains(w, "?"):
		return s.fail(end, "no space after the task's name", "'"+w+": '")
	case IsCall(w):
		return s.fail(end, "no arguments after "+w, "'('")
	}
	return s.fail(start, "no call and no header line", "")
}
