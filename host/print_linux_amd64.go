package host

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"

	"sealab/scenario"
	"sealab/sim/abi"
)

// outcome is one run of an image.
type outcome struct {
	answer
	res    []result
	filled [][]byte // of image.ranges
	epoch  int64    // ns since 1970 at the start
}

// happening is something that a log shows at a time: a call that begins or ends, a process that
// ends.
type happening struct {
	at   int64 // ns since the start
	call int   // index in image.calls, -1 for the end of a process
	end  bool  // of the call
	exit exit
}

// print appends a run as strace would have logged it.
func (m *image) print(dst []byte, o *outcome) []byte {
	all := m.happenings(o)
	for i := 0; i < len(all); i++ {
		h := &all[i]
		if h.call < 0 {
			dst = append(o.appendExit(dst, h), '\n')
			continue
		}
		e := m.answered(h.call, o)
		switch {
		case h.end:
			e.Kind, e.Raw, e.Time = scenario.CallEnd, []byte{}, o.epoch+h.at
		case i+1 < len(all) && all[i+1].call == h.call:
			i++ // it ended before anything else happened
		case o.res[m.calls[h.call].op].state == 2 || len(m.threads) > 1:
			e.Kind = scenario.CallStart
		}
		dst = append(scenario.Append(dst, e), '\n')
	}
	return dst
}

// happenings lists all that happened, by time.
func (m *image) happenings(o *outcome) []happening {
	base := o.Base.Nano()
	var all []happening
	for i, k := range m.calls {
		r := &o.res[k.op]
		if r.state > 0 {
			all = append(all, happening{at: r.start.Nano() - base, call: i})
		}
		if r.state == 2 {
			all = append(all, happening{at: r.end.Nano() - base, call: i, end: true})
		}
	}
	for _, x := range o.Exits[:o.NumExit] {
		all = append(all, happening{at: x.At.Nano() - base, call: -1, exit: x})
	}
	if !m.named {
		all = append(all, happening{at: o.Main.At.Nano() - base, call: -1, exit: o.Main})
	}
	slices.SortStableFunc(all, func(a, b happening) int { return cmp.Compare(a.at, b.at) })
	return all
}

// style is how our lines look: as those of strace -f -ttt -T -o FILE.
var style = scenario.Style{Pid: scenario.PidBare, Time: scenario.TimeEpoch, TimeDigits: 6, DurDigits: 6}

// appendExit appends the end of a process.
func (o *outcome) appendExit(dst []byte, h *happening) []byte {
	e := scenario.Event{Pid: int(h.exit.Pid), Style: style, Time: o.epoch + h.at}
	status := unix.WaitStatus(h.exit.Status)
	if status.Signaled() {
		e.Kind, e.Name, e.CoreDumped = scenario.Killed, abi.Signal(status.Signal()).Name(), status.CoreDump()
	} else {
		e.Kind = scenario.Exit
		e.Ret.Value = int64(status.ExitStatus())
	}
	return scenario.Append(dst, &e)
}

// answered is the line of call i with what the host answered.
func (m *image) answered(i int, o *outcome) *scenario.Event {
	k := m.calls[i]
	r := &o.res[k.op]
	e := clone(k.ev)
	e.Kind, e.Pid, e.Style, e.Target, e.Tail = scenario.Call, int(r.pid), style, "", nil
	e.Task, e.Raw, e.Died = "", nil, false
	e.Time, e.HasTime = o.epoch+r.start.Nano()-o.Base.Nano(), true
	m.substitute(e, o)
	m.fill(k, e, o)
	e.Ret = scenario.Ret{HasRet: true, Text: []byte("?")}
	if r.state == 2 {
		e.Ret = returned(k.ev, r.val)
		e.Dur, e.HasDur = r.end.Nano()-r.start.Nano(), true
	} else if e.Name != "exit" && e.Name != "exit_group" {
		e.Died = true
	}
	return e
}

// returned is the result of a call as it is printed.
func returned(e *scenario.Event, val int64) scenario.Ret {
	ret := scenario.Ret{HasRet: true, Known: true, Value: val}
	switch {
	case val < 0 && val > -4096:
		ret.Value, ret.Errno = -1, abi.Errno(-val)
		ret.HasParen, ret.Paren = true, []byte(ret.Errno.Text())
	case meanings[e.Name] == isAddress:
		ret.Text = strconv.AppendUint([]byte("0x"), uint64(val), 16)
	case e.Name == "fcntl" && e.Arg(1) != nil && e.Arg(1).Num == abi.FGetSeals && val > 0:
		ret.Text = strconv.AppendUint([]byte("0x"), uint64(val), 16)
		ret.HasParen, ret.Paren = true, []byte("seals "+abi.Seals(val).String())
	}
	return ret
}

// substitute puts numbers in the place of names.
func (m *image) substitute(e *scenario.Event, o *outcome) {
	for _, args := range [][]scenario.Arg{e.Args, e.Nodes} {
		for i := range args {
			a := &args[i]
			if a.Kind != scenario.Symbol && a.Kind != scenario.Expr || a.Known() {
				continue
			}
			v, address, ok := m.evaluate(e, a, o)
			if !ok {
				continue
			}
			base := uint8(10)
			if address {
				base = 16
			}
			a.Kind, a.Bits, a.Base, a.Num, a.Text = scenario.Int, scenario.Known, base, v, nil
		}
	}
}

// evaluate works out a name, or a sum with one in it.
func (m *image) evaluate(e *scenario.Event, a *scenario.Arg, o *outcome) (v int64, address, ok bool) {
	switch a.Kind {
	case scenario.Symbol:
		s, ok := m.syms[string(a.Text)]
		if !ok {
			return 0, false, false
		}
		v = o.res[s.reg-1].val
		if v < 0 && v > -4096 {
			v = -1
		}
		return v, s.what == isAddress, true
	case scenario.Expr:
		for t := range e.Children(a) {
			n, addr, ok := m.evaluate(e, t, o)
			if !ok {
				return 0, false, false
			}
			address = address || addr
			switch t.Op {
			case scenario.OpNone:
				v = n
			case scenario.OpAdd:
				v += n
			case scenario.OpSub:
				v -= n
			case scenario.OpMul:
				v *= n
			}
		}
		return v, address, true
	}
	return a.Num, a.Base == 16, a.Known()
}

// fill shows what the call has put into its buffers.
func (m *image) fill(k *call, e *scenario.Event, o *outcome) {
	r := &o.res[k.op]
	if k.got != nil {
		defer m.fillMessage(k, e, o) // what came with it comes last
	}
	left := r.val // bytes that are in the buffers still to come
	for _, f := range k.outs {
		a := sameArg(k.ev, e, f.arg)
		got := o.filled[f.what]
		switch {
		case f.size == 0:
			fd := int32(binary.LittleEndian.Uint32(got))
			a.Kind, a.Bits, a.Base, a.Num, a.Text = scenario.Int, scenario.Known, 10, int64(fd), nil
		case r.state == 2 && r.val >= 0:
			here := min(left, f.size)
			left -= here
			n := min(here, int64(len(got)))
			a.Kind, a.Text, a.Bits = scenario.String, escape(got[:n]), 0
			if here > n {
				a.Bits = scenario.Truncated
			}
		default:
			addr := int64(boardData) + m.ranges[f.what].Start
			a.Kind, a.Bits, a.Base, a.Num, a.Text = scenario.Int, scenario.Known, 16, addr, nil
		}
	}
}

// sameArg finds the argument of a copy of an event.
func sameArg(e, copied *scenario.Event, a *scenario.Arg) *scenario.Arg {
	for i := range e.Args {
		if &e.Args[i] == a {
			return &copied.Args[i]
		}
	}
	for i := range e.Nodes {
		if &e.Nodes[i] == a {
			return &copied.Nodes[i]
		}
	}
	return &scenario.Arg{}
}

// escape writes bytes as strace does between quotes.
func escape(b []byte) []byte {
	out := make([]byte, 0, 2*len(b))
	for i, c := range b {
		switch {
		case c == '"' || c == '\\':
			out = append(out, '\\', c)
		case c == '\n':
			out = append(out, `\n`...)
		case c == '\t':
			out = append(out, `\t`...)
		case c >= ' ' && c < 0x7f:
			out = append(out, c)
		case i+1 < len(b) && b[i+1] >= '0' && b[i+1] <= '9':
			out = append(out, '\\', '0'+c>>6, '0'+c>>3&7, '0'+c&7)
		default:
			out = strconv.AppendUint(append(out, '\\'), uint64(c), 8)
		}
	}
	return out
}

// appendText is a line without task, time and result.
func appendText(e *scenario.Event) string { return string(scenario.Append(nil, e)) }
