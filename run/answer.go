package run

import (
	"fmt"
	"strconv"

	"sealab/scenario"
	"sealab/sim/abi"
)

// Of returns the call that was answered.
func (a *Answered) Of() *Call { return a.call }

// conclude compares a call with its line, and writes the line with the model's
// answer in place of its own.
func (a *Answered) conclude() {
	e := a.call.Event.Clone()
	want := retText(&e.Ret)
	if a.State != Unknown {
		a.fill(e)
		if a.answer.Known && !a.same() {
			a.Expected = want
		}
	}
	e.Kind, e.Raw = scenario.Call, nil
	a.Text = string(scenario.Append(nil, e))
}

// same says whether the model's answer is the line's.
func (a *Answered) same() bool {
	want := &a.answer
	switch {
	case a.State != Returned || a.val.errno != want.Errno:
		return false
	case a.val.errno != 0 || isClone(a.call.Event.Name) || a.call.Event.Name == "load":
		return true // the numbers of tasks are not the model's to know, nor are bytes
	case want.Text != "" && a.text != "" && want.Text != a.text:
		return false
	case want.HasPair && a.val.pair != want.Pair, want.HasMsg && a.val.msg != want.message():
		return false
	}
	return a.val.val == want.Val
}

// fill puts the model's answer in a line.
func (a *Answered) fill(e *scenario.Event) {
	e.HasDur, e.Died = false, false
	e.Ret = scenario.Ret{HasRet: a.State != NotMade}
	if a.State != Returned {
		return
	}
	ret := &e.Ret
	ret.Known, ret.Value, ret.Errno = true, a.val.val, a.val.errno
	if ret.Errno != 0 {
		ret.Text = []byte("-1")
		ret.Paren, ret.HasParen = []byte(ret.Errno.Text()), true
		return
	}
	text, note := a.number(e)
	ret.Text = []byte(text)
	if note != "" {
		ret.Paren, ret.HasParen = []byte(note), true
	}
	switch e.Name {
	case "pipe", "pipe2", "socketpair":
		fillStored(e, a.val.pair[:])
	case "recvmsg":
		a.fillMessage(e)
	case "readlink":
		if b := e.Arg(1); b != nil && b.Kind == scenario.String {
			q := scenario.Quote(nil, []byte(a.text))
			b.Text, b.Bits = q[1:len(q)-1], 0
		}
	}
}

// number prints what a call returned, with the note that strace adds.
func (a *Answered) number(e *scenario.Event) (text, note string) {
	v := a.val.val
	switch cmd := e.Arg(1); {
	case e.Name == "mmap" || e.Name == "mremap":
		return fmt.Sprintf("%#x", uint64(v)), ""
	case e.Name == "fcntl" && cmd != nil && cmd.Num == abi.FGetSeals && v != 0:
		return fmt.Sprintf("%#x", uint64(v)), "seals " + abi.Seals(v).String()
	case e.Name == "fcntl" && cmd != nil && cmd.Num == abi.FGetfl:
		return fmt.Sprintf("%#x", uint64(v)), ""
	}
	return strconv.FormatInt(v, 10), ""
}

// fillStored writes the descriptors that a call stored.
func fillStored(e *scenario.Event, fds []int64) {
	p := e.Stored()
	if p == nil || e.NumChildren(p) != len(fds) {
		return
	}
	for i, fd := range fds {
		el := e.Elem(p, i)
		if !el.Known() {
			continue // a name stays, so that later lines may use it
		}
		*el = scenario.Arg{Kind: scenario.Int, Bits: scenario.Known, Base: 10, Num: fd,
			First: el.First, Last: el.First, End: el.End}
	}
}

// retText prints what a line says that its call returned.
func retText(r *scenario.Ret) string {
	s := string(r.Text)
	switch {
	case r.ErrName != nil:
		s += " " + string(r.ErrName)
	case r.Errno != 0:
		s += " " + r.Errno.Name()
	}
	if r.HasParen {
		s += " (" + string(r.Paren) + ")"
	}
	return s
}

// AnswerText prints the model's answer as strace does: "0", "-1 EBUSY (Device or
// resource busy)", "?".
func (a *Answered) AnswerText() string {
	e := a.call.Event.Clone()
	if a.State == Unknown {
		return retText(&e.Ret)
	}
	a.fill(e)
	if !e.Ret.Known {
		return "?"
	}
	return retText(&e.Ret)
}
