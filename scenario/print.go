package scenario

import "strconv"

// Append appends e to dst as one line without its end, in the way its Style says. What it appends
// reads as an equal event again, and of a line that strace printed it is that line. Numbers and
// names that have a Text are copied from it; those without are made from Num.
//
// A CallLost is printed as the start that it was.
func Append(dst []byte, e *Event) []byte {
	line := len(dst)
	switch e.Kind {
	case Note:
		return append(dst, e.Raw...)
	case Program:
		dst = append(append(dst, "# program "...), e.Name...)
		return append(dst, e.Raw...)
	case Header:
		dst = append(append(dst, e.Name...), ' ')
		return append(dst, e.Raw...)
	}
	dst = appendPrefix(dst, e)
	switch e.Kind {
	case Comment:
		return append(append(dst, '#'), e.Raw...)
	case Condition:
		dst = append(append(dst, e.Name...), " ("...)
		dst = appendCond(dst, e.Cond, Or)
		return appendTail(append(dst, ')'), e)
	case Signal, Stopped:
		return appendSignal(dst, e)
	case Exit:
		dst = appendNumber(append(dst, "+++ exited with "...), e.Ret.Text, e.Ret.Value)
		return append(dst, " +++"...)
	case Superseded:
		dst = appendNumber(append(dst, "+++ superseded by execve in pid "...), e.Ret.Text, e.Ret.Value)
		return append(dst, " +++"...)
	case Killed:
		dst = append(append(dst, "+++ killed by "...), e.Name...)
		if e.CoreDumped {
			dst = append(dst, " (core dumped)"...)
		}
		return append(dst, " +++"...)
	}
	return appendCall(dst, line, e)
}

// appendCall appends the line from the name of the call on; the line begins at dst[line].
func appendCall(dst []byte, line int, e *Event) []byte {
	if e.Target != "" {
		dst = append(append(dst, e.Target...), " = "...)
	}
	if e.Kind == CallEnd {
		dst = append(append(append(dst, "<... "...), e.Name...), " resumed>"...)
	} else {
		dst = append(append(dst, e.Name...), '(')
	}
	switch {
	case e.Truncated:
		return append(dst, e.Raw...)
	case e.Kind == CallEnd:
		dst = append(dst, e.Raw...)
	case e.Kind == CallStart || e.Kind == CallLost || e.Detached:
		if e.Raw != nil {
			dst = append(dst, e.Raw...)
		} else {
			dst = append(appendArgs(dst, e), ' ')
		}
		if e.Detached {
			return append(dst, detached...)
		}
		return append(dst, unfinished...)
	default:
		dst = appendArgs(dst, e)
		if e.Died {
			dst = append(append(dst, ' '), unfinished...)
		}
	}
	return appendTail(appendRet(append(dst, ')'), line, e), e)
}

func appendTail(dst []byte, e *Event) []byte {
	if e.Tail != nil {
		dst = append(append(dst, " #"...), e.Tail...)
	}
	return dst
}

func appendSignal(dst []byte, e *Event) []byte {
	dst = append(dst, "--- "...)
	if e.Kind == Stopped {
		dst = append(dst, "stopped by "...)
	}
	dst = append(dst, e.Name...)
	switch {
	case e.Truncated:
		return append(dst, e.Raw...)
	case len(e.Args) == 0:
		dst = append(dst, e.Raw...)
	default:
		dst = appendArg(append(dst, ' '), e, &e.Args[0])
	}
	return append(dst, " ---"...)
}

// appendPrefix appends pid, time, and what -i and -n print.
func appendPrefix(dst []byte, e *Event) []byte {
	st := &e.Style
	switch st.Pid {
	case PidBare:
		from := len(dst)
		dst = strconv.AppendInt(dst, int64(e.Pid), 10)
		dst = appendComm(dst, st)
		dst = pad(dst, from+int(st.PidWidth))
		dst = append(dst, ' ')
	case PidBracket:
		dst = append(dst, "[pid "...)
		dst = appendRight(dst, int64(e.Pid), int(st.PidWidth))
		dst = append(appendComm(dst, st), "] "...)
	case PidName:
		dst = append(append(dst, e.Task...), ": "...)
	}
	if st.Time != TimeNone {
		dst = appendTime(dst, e)
	}
	if st.HasDelta {
		dst = append(dst, "(+"...)
		dst = appendSeconds(dst, e.Delta, 6, max(st.TimeDigits, 6))
		dst = append(dst, ") "...)
	}
	if len(st.Brackets) > 0 {
		dst = append(append(dst, st.Brackets...), ' ')
	}
	return dst
}

func appendComm(dst []byte, st *Style) []byte {
	if st.Comm != nil {
		dst = append(append(append(dst, '<'), st.Comm...), '>')
	}
	return dst
}

func appendTime(dst []byte, e *Event) []byte {
	st := &e.Style
	switch st.Time {
	case TimeClock:
		sec := e.Time / secondNS % 86400
		dst = append(appendTwo(dst, sec/3600), ':')
		dst = append(appendTwo(dst, sec/60%60), ':')
		dst = appendFraction(appendTwo(dst, sec%60), e.Time%secondNS, st.TimeDigits)
	case TimeEpoch:
		dst = appendSeconds(dst, e.Time, 0, st.TimeDigits)
	case TimeRelative:
		dst = appendSeconds(dst, e.Delta, int(st.TimeWidth), st.TimeDigits)
	case TimeMark:
		unit := markUnits[2]
		for _, u := range [...]int{3, 0, 1} {
			if e.Time%markUnits[u].ns == 0 {
				unit = markUnits[u]
				break
			}
		}
		dst = strconv.AppendInt(append(dst, '@'), e.Time/unit.ns, 10)
		dst = append(dst, unit.name...)
	}
	return append(dst, ' ')
}

func appendTwo(dst []byte, v int64) []byte { return append(dst, byte('0'+v/10), byte('0'+v%10)) }

// appendSeconds appends ns as seconds, right-aligned in width, with that many digits after the point.
func appendSeconds(dst []byte, ns int64, width int, digits uint8) []byte {
	return appendFraction(appendRight(dst, ns/secondNS, width), ns%secondNS, digits)
}

func appendFraction(dst []byte, ns int64, digits uint8) []byte {
	if digits == 0 {
		return dst
	}
	dst = append(dst, '.')
	for unit := secondNS / 10; digits > 0; digits-- {
		dst = append(dst, byte('0'+ns/unit%10))
		unit /= 10
	}
	return dst
}

func appendRight(dst []byte, v int64, width int) []byte {
	n := 1
	for w := v; w >= 10; w /= 10 {
		n++
	}
	return strconv.AppendInt(pad(dst, len(dst)+width-n), v, 10)
}

// pad appends spaces up to length end.
func pad(dst []byte, end int) []byte {
	for len(dst) < end {
		dst = append(dst, ' ')
	}
	return dst
}

func appendArgs(dst []byte, e *Event) []byte {
	for i := range e.Args {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = appendArg(dst, e, &e.Args[i])
	}
	return dst
}

// AppendArg appends one argument of e, or a part of one, in strace's syntax.
func (e *Event) AppendArg(dst []byte, a *Arg) []byte { return appendArg(dst, e, a) }

func appendArg(dst []byte, e *Event, a *Arg) []byte {
	if a.Name != nil {
		dst = append(append(dst, a.Name...), '=')
	}
	if a.Bits&Negated != 0 {
		dst = append(dst, '~')
	}
	dst = appendBare(dst, e, a)
	if a.Bits&HasPath != 0 {
		dst = append(append(append(dst, '<'), a.Path...), '>')
		if a.Bits&Deleted != 0 {
			dst = append(dst, deleted...)
		}
	}
	if a.Bits&HasNote != 0 {
		dst = append(append(append(dst, " /*"...), a.Note...), "*/"...)
	}
	if out := e.Out(a); out != nil {
		dst = appendArg(append(dst, " => "...), e, out)
	}
	return dst
}

// appendBare appends an argument without what may stand before and after it.
func appendBare(dst []byte, e *Event, a *Arg) []byte {
	switch a.Kind {
	case Int, Flags:
		return appendInt(dst, a)
	case Null:
		return append(dst, "NULL"...)
	case String:
		if a.Bits&Abstract != 0 {
			dst = append(dst, '@')
		}
		dst = append(append(append(dst, '"'), a.Text...), '"')
		if a.Truncated() {
			dst = append(dst, "..."...)
		}
		return dst
	case Struct:
		return append(appendChildren(append(dst, '{'), e, a), '}')
	case Array:
		return append(appendChildren(append(dst, '['), e, a), ']')
	case Func:
		return append(appendChildren(append(append(dst, a.Text...), '('), e, a), ')')
	case Expr:
		for c := range e.Children(a) {
			dst = appendArg(append(dst, c.Op.String()...), e, c)
		}
		return dst
	case Unknown:
		return append(dst, '?')
	case More:
		return append(dst, "..."...)
	}
	if a.Bits&Abstract != 0 {
		dst = append(dst, '&')
	}
	return append(dst, a.Text...)
}

func appendChildren(dst []byte, e *Event, a *Arg) []byte {
	sep := ", "
	if a.Bits&Spaced != 0 {
		sep = " "
	}
	first := true
	for c := range e.Children(a) {
		if !first {
			dst = append(dst, sep...)
		}
		first = false
		dst = appendArg(dst, e, c)
	}
	return dst
}

func appendInt(dst []byte, a *Arg) []byte {
	v := a.Num
	if a.Bits&Negated != 0 {
		v = ^v
	}
	switch {
	case a.Text != nil:
		return append(dst, a.Text...)
	case a.Base == 16 || a.Kind == Flags:
		return strconv.AppendUint(append(dst, "0x"...), uint64(v), 16)
	case a.Base == 8:
		return strconv.AppendUint(append(dst, '0'), uint64(v), 8)
	}
	return strconv.AppendInt(dst, v, 10)
}

func appendNumber(dst, text []byte, v int64) []byte {
	if text != nil {
		return append(dst, text...)
	}
	return strconv.AppendInt(dst, v, 10)
}

// appendRet appends the result of a call; the line begins at dst[line].
func appendRet(dst []byte, line int, e *Event) []byte {
	ret := &e.Ret
	if !ret.HasRet {
		return dst
	}
	dst = pad(append(dst, ' '), line+int(e.Style.Column))
	dst = append(dst, "= "...)
	if ret.Text == nil && !ret.Known {
		dst = append(dst, '?')
	} else {
		dst = appendNumber(dst, ret.Text, ret.Value)
	}
	if ret.HasPath {
		dst = append(append(append(dst, '<'), ret.Path...), '>')
		if ret.Deleted {
			dst = append(dst, deleted...)
		}
	}
	if ret.Unavail {
		dst = append(append(dst, ' '), unavailable...)
	}
	switch {
	case ret.ErrName != nil:
		dst = append(append(dst, ' '), ret.ErrName...)
	case ret.Errno != 0:
		dst = append(append(dst, ' '), ret.Errno.Name()...)
	}
	if ret.HasParen {
		dst = append(append(append(dst, " ("...), ret.Paren...), ')')
	}
	if e.HasDur {
		dst = appendSeconds(append(dst, " <"...), e.Dur, 0, e.Style.DurDigits)
		dst = append(dst, '>')
	}
	return dst
}

// appendCond appends c, in parentheses where it stands below an operator that binds more tightly.
func appendCond(dst []byte, c *Cond, above Logic) []byte {
	switch c.Logic {
	case Compare:
		dst = append(append(dst, c.L.Text...), ' ')
		dst = append(append(dst, c.Cmp.String()...), ' ')
		return append(dst, c.R.Text...)
	case Not:
		return appendCond(append(dst, '~'), c.A, Not)
	}
	op := ` \/ `
	if c.Logic == And {
		op = ` /\ `
	}
	if c.Logic > above {
		return append(appendCond(append(dst, '('), c, Or), ')')
	}
	dst = append(appendCond(dst, c.A, c.Logic), op...)
	return appendCond(dst, c.B, c.Logic-1)
}
