package replay

import (
	"errors"
	"fmt"

	"sealab/scenario"
	"sealab/sim/abi"
)

// complain keeps what is wrong with a line.
func (r *Replayer) complain(err *scenario.SyntaxError) {
	if len(r.rep.Errors) < r.opts.keep() {
		r.rep.Errors = append(r.rep.Errors, err.Error())
	}
}

// unread takes what the reader says instead of a line. The error is nil where it can
// go on, or is to be asked again whether the context is done.
func (r *Replayer) unread(err error) error {
	var bad *scenario.SyntaxError
	switch {
	case errors.As(err, &bad):
		r.rep.Broken++
		r.complain(bad)
	case r.ctx.Err() == nil:
		return err
	}
	return nil
}

// odd notes a line that can be read, but makes no sense.
func (r *Replayer) odd(err *scenario.SyntaxError) {
	r.rep.Odd++
	r.complain(err)
}

// doubt notes what makes no sense about a call that is modelled: its line is cut, an
// argument is missing or of no known form, or its result is one that no call has. An
// impossible result is no answer.
func (r *Replayer) doubt(e *scenario.Event, it *item) {
	if it.call.Sys == 0 {
		return
	}
	switch ret := &e.Ret; {
	case e.Truncated:
		it.carriedWhy = "its line is cut short"
		err := e.ErrorAtResult(e.Name + " is cut short")
		err.Want = "the rest of its arguments and its result"
		r.odd(err)
	case it.class == carried && it.bad > 0:
		it.carriedWhy = fmt.Sprintf("its argument %d cannot be read", it.bad)
		a := e.Arg(it.bad - 1)
		if a != nil && (a.Kind == scenario.Struct || a.Kind == scenario.Array) {
			return // it makes sense, but not here: such as the lock of F_SETLK
		}
		err := e.ErrorAt(a, fmt.Sprintf("argument %d of %s is missing or makes no sense", it.bad, e.Name))
		if a != nil {
			err.Hint = isIt(a.Text)
		}
		r.odd(err)
	case isClone(e.Name) && ret.Known && ret.Errno == 0 && int(ret.Value) == e.Pid && e.Pid != 0:
		it.ans.Known = false
		r.odd(e.ErrorAtResult(e.Name + " cannot return the task that called it"))
	case ret.Known && ret.Errno == 0 && (ret.Value < 0 && ret.Value >= -4096 || len(ret.ErrName) > 0):
		it.ans.Known = false
		err := e.ErrorAtResult(fmt.Sprintf("%s cannot return %s", e.Name, impossible(ret)))
		err.Want = "a number from 0, -1 with the name of an error, or ?"
		err.Hint = isIt(ret.ErrName)
		r.odd(err)
	}
}

// inOrder makes each task's lines alternate as a kernel's do: a call begins, and ends
// before the next begins. It says whether the line may be played.
func (r *Replayer) inOrder(it *item) bool {
	during := r.open[it.pid]
	alone := r.first != nil && r.first.pid == it.pid
	switch it.kind {
	case begin, whole:
		switch {
		case alone:
			r.tally(r.first)
			r.first = nil
		case during:
			r.count("a call", "its end is not in the log")
			r.play(&item{kind: lost, pid: it.pid, line: it.line})
		}
	case end:
		if !during && !alone {
			r.count(it.name, "its beginning is not in the log")
			return false
		}
	}
	return true
}

// The largest program that is played: more takes more memory than a log is worth.
const (
	maxFolios = 2 << 20
	maxTasks  = 8192
)

// tooLarge says whether a line is left out because its program has grown too large
// for the model. Then the rest of the program is carried along.
func (r *Replayer) tooLarge(it *item) bool {
	switch {
	case r.full != "":
	case r.m.k.Folios() > maxFolios:
		r.full = fmt.Sprintf("its program uses more than the model's %d pages", maxFolios)
	case len(r.m.tasks) > maxTasks:
		r.full = fmt.Sprintf("its program has more than the model's %d tasks", maxTasks)
	default:
		return false
	}
	if it.kind == whole || it.kind == end {
		r.count(it.name, r.full)
	}
	return true
}

// impossible prints a result that cannot be.
func impossible(ret *scenario.Ret) string {
	if len(ret.ErrName) == 0 {
		return string(ret.Text)
	}
	return string(ret.Text) + " " + string(ret.ErrName)
}

// isIt suggests the constant that was probably meant, or nothing.
func isIt(word []byte) string {
	if name := scenario.Suggest(string(word), abi.Consts()); name != "" {
		return "is it " + name + "?"
	}
	return ""
}
