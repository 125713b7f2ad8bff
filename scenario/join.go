package scenario

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
)

// start is a call that has begun and not ended.
type start struct {
	pid   int
	name  string
	line  int64
	col   int    // where text begins in that line
	text  []byte // the arguments printed so far
	style Style
	task  string
	time  int64
	has   bool
	why   string // why it is lost, "" where that is no surprise
}

// joiner puts the two halves of interrupted calls together.
type joiner struct {
	open map[int]*start // by pid
	free []*start
	size int // bytes of text in open
	max  int
	buf  []byte   // the joined arguments of the current CallEnd
	lost []*start // to be returned as CallLost, last first
	held bool     // Reader.ev is to be returned after them
}

func (j *joiner) init(maxBytes int) {
	j.open, j.max = map[int]*start{}, maxBytes
}

// perStart is what a start costs besides its text, roughly, in bytes.
const perStart = 256

// begin remembers the start in ev, whose arguments begin at col.
func (j *joiner) begin(ev *Event, col int) (old *start, ok bool) {
	old = j.take(ev.Pid)
	if j.size+len(ev.Raw)+perStart > j.max {
		return old, false
	}
	var st *start
	if n := len(j.free); n > 0 {
		st, j.free = j.free[n-1], j.free[:n-1]
	} else {
		st = new(start)
	}
	text := append(st.text[:0], ev.Raw...)
	*st = start{
		pid: ev.Pid, name: ev.Name, line: ev.Line, col: col, text: text,
		style: ev.Style, task: ev.Task, time: ev.Time, has: ev.HasTime,
	}
	st.style.Brackets, st.style.Comm = nil, nil
	j.open[ev.Pid] = st
	j.size += len(text) + perStart
	return old, true
}

// take removes the open call of a task and returns it, or nil.
func (j *joiner) take(pid int) *start {
	st := j.open[pid]
	if st != nil {
		delete(j.open, pid)
		j.size -= len(st.text) + perStart
	}
	return st
}

func (j *joiner) release(st *start) {
	if cap(st.text) <= 4096 && len(j.free) < 1024 {
		j.free = append(j.free, st)
	}
}

// lose arranges for st to be returned as a CallLost.
func (j *joiner) lose(st *start, why string) {
	st.why = why
	j.lost = append(j.lost, st)
}

// loseAll loses all open calls, in the order in which they began.
func (j *joiner) loseAll(why string) {
	for _, st := range j.open {
		j.lose(st, why)
	}
	clear(j.open)
	j.size = 0
	slices.SortFunc(j.lost, func(a, b *start) int { return cmp.Compare(b.line, a.line) })
}

// nextLost returns the next call that was lost.
func (r *Reader) nextLost() (*Event, bool) {
	j := &r.join
	n := len(j.lost)
	if n == 0 {
		return nil, false
	}
	st := j.lost[n-1]
	j.lost = j.lost[:n-1]
	ev := &r.lost
	ev.reset()
	ev.Kind, ev.Pid, ev.Task, ev.Name, ev.Line = CallLost, st.pid, st.task, st.name, st.line
	ev.Style, ev.Time, ev.HasTime, ev.Raw = st.style, st.time, st.has, st.text
	ev.src = source{file: r.name, joined: true, split: len(st.text) + 1, startLine: st.line,
		startCol: st.col, start: st.text}
	s := scanner{b: st.text, ev: ev, words: r.s.words}
	s.callArgs()
	if st.why != "" {
		ev.Warn = ev.src.at(st.line, 0, fmt.Sprintf("%s of %s never ended: %s", st.name, taskName(ev), st.why))
	}
	return ev, true
}

func taskName(ev *Event) string {
	switch {
	case ev.Task != "":
		return "task " + ev.Task
	case ev.Pid == 0:
		return "the task without a pid"
	}
	return fmt.Sprintf("task %d", ev.Pid)
}

// resumed reads <... name resumed>rest) = result, with the arguments of the start before the rest.
func (r *Reader) resumed(s *scanner) bool {
	ev := &r.ev
	ev.Kind = CallEnd
	nameAt := s.i + len("<... ")
	s.i = nameAt
	if s.i >= len(s.b) {
		return s.failAt("the name of a call")
	}
	end := s.wordEnd()
	for end < len(s.b) && s.b[end] == '?' {
		end++
	}
	ev.Name = r.names.get(s.b[s.i:end])
	r.called = true
	s.i = end
	switch {
	case s.has(" resumed>"):
		s.i += len(" resumed>")
	case s.has(" resuming"): // strace before 4.6
		s.i += len(" resuming")
	default:
		return s.failAt(" resumed>")
	}
	r.solo.resolve(ev, &r.join)
	line, restAt := s.b, s.i
	st := r.join.take(ev.Pid)
	if st == nil || st.name != ev.Name {
		return r.unpaired(s, st, nameAt)
	}
	defer r.join.release(st)
	j := &r.join
	j.buf = append(append(j.buf[:0], st.text...), line[restAt:]...)
	split := len(st.text)
	j.buf = j.buf[:len(j.buf):len(j.buf)]
	s.b, s.i, s.rawAt = j.buf, 0, split
	ev.src = source{
		file: r.name, line: line, joined: true, split: split, startLine: st.line,
		startCol: st.col, start: j.buf[:split], endCol: restAt,
	}
	if !s.callArgs() {
		return false
	}
	if s.cut {
		s.rawAt = split
		return true
	}
	if s.i <= split {
		return s.fail(0, "the start of this call was complete already", "")
	}
	ev.Raw = j.buf[split : s.i-1]
	return s.result(restAt - split)
}

// unpaired reads the end of a call whose start is not known: only the result can be told.
func (r *Reader) unpaired(s *scanner, st *start, nameAt int) bool {
	ev, rest := &r.ev, s.i
	ev.Unpaired = true
	msg := fmt.Sprintf("%s ends in %s, which has not begun it", ev.Name, taskName(ev))
	if st != nil {
		msg = fmt.Sprintf("%s ends in %s, which began %s in line %d", ev.Name, taskName(ev), st.name, st.line)
		r.join.lose(st, "")
	}
	ev.Warn = ev.src.at(ev.Line, nameAt, msg)
	end := closingParen(s.b, rest)
	if end < 0 {
		s.i, s.rawAt, s.cut = len(s.b), rest, true
		return true
	}
	ev.Raw, s.i, s.rawAt = s.b[rest:end], end+1, rest
	return s.result(0)
}

// closingParen finds the parenthesis that ends the arguments whose rest begins at i, or -1.
func closingParen(b []byte, i int) int {
	depth := 0
	for ; i < len(b); i++ {
		switch b[i] {
		case '"':
			i = closingQuote(b, i+1)
		case '(':
			depth++
		case ')':
			if depth--; depth < 0 {
				return i
			}
		}
	}
	return -1
}

// finish does what an event means for the lines after it; false if the caller has no use for it.
func (r *Reader) finish() bool {
	ev, j := &r.ev, &r.join
	switch ev.Kind {
	case Call, CallEnd, Signal:
		r.solo.resolve(ev, j)
		if r.opts.CutAt > 0 && !ev.Truncated && len(ev.src.line) >= r.opts.CutAt {
			ev.Truncated, ev.Raw = true, r.s.b[r.s.rawAt:]
		}
	case CallStart:
		r.solo.resolve(ev, j)
		col := len(ev.src.line) - len(ev.Raw) - len(unfinished)
		old, ok := j.begin(ev, col)
		if old != nil {
			ev.Warn = ev.src.at(ev.Line, max(col-1-len(ev.Name), 0), fmt.Sprintf(
				"%s begins in %s, which has not ended %s of line %d", ev.Name, taskName(ev), old.name, old.line))
			j.lose(old, "")
		}
		if !ok {
			ev.Warn = ev.src.at(ev.Line, col, "too many calls under way: this one is forgotten")
		}
	case Exit, Killed, Superseded:
		r.solo.resolve(ev, j)
		r.gone(ev)
	case Program:
		j.loseAll("the next program begins")
		r.solo.reset()
		clear(r.s.words.syms)
		clear(r.tasks)
		r.called = false
	case Note:
		r.solo.note(ev.Raw)
	case Comment:
		return r.opts.Comments
	case Header, Condition, Stopped:
		r.solo.resolve(ev, j)
	}
	if ev.Truncated {
		ev.Ret, ev.Dur, ev.HasDur, ev.Tail = Ret{}, 0, false, nil
		ev.Style.Column, ev.Style.DurDigits = 0, 0
	}
	return true
}

// gone ends the call that the task of an Exit, Killed or Superseded was in. An execve goes on in
// the task that takes the thread's place.
func (r *Reader) gone(ev *Event) {
	j := &r.join
	st := j.take(ev.Pid)
	if ev.Kind == Superseded {
		leader := int(ev.Ret.Value)
		if old := j.take(leader); old != nil {
			j.lose(old, "")
		}
		if st != nil {
			st.pid = leader
			j.open[leader] = st
			j.size += len(st.text) + perStart
		}
		return
	}
	if st != nil {
		j.lose(st, "")
	}
	r.solo.gone(ev.Pid)
}

// tear recognises a call into which strace wrote "strace: Process 7 attached" and the end of the
// line. It keeps what stands before for the next line, and makes a Note of the message.
func (r *Reader) tear(line []byte) bool {
	if !bytes.HasSuffix(line, []byte(" attached")) {
		return false
	}
	at := bytes.LastIndex(line, []byte("strace: Process "))
	if at <= 0 || at > r.opts.MaxLine {
		return false
	}
	lineNo := r.ev.Line
	r.torn, r.tornLine = append(r.torn[:0], line[:at]...), lineNo
	note := r.torn[at:at]
	note = append(note, line[at:]...)
	r.ev.reset()
	r.ev.Kind, r.ev.Line, r.ev.Raw = Note, r.lineNo, note
	r.solo.note(note)
	return true
}

// mend puts the line after the first half of the torn call.
func (r *Reader) mend(line []byte) ([]byte, int64) {
	if bytes.HasPrefix(line, []byte("strace: ")) {
		return line, r.lineNo
	}
	whole := append(r.torn, line...)
	r.torn = whole[:0]
	return whole, r.tornLine
}
