package scenario

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sealab/sim/abi"

	"github.com/stretchr/testify/require"
)

// genArg appends an argument of any kind, with its parts, to e.
func genArg(t *rapid.T, e *Event, top bool, depth int) {
	at := len(e.Nodes)
	var a Arg
	if !top {
		e.Nodes = append(e.Nodes, Arg{})
		at++
	}
	if rapid.IntRange(0, 3).Draw(t, "named") == 0 {
		a.Name = []byte(rapid.StringMatching(`[a-z][a-z_0-9]{0,8}`).Draw(t, "name"))
	}
	kinds := []ArgKind{Int, Null, String, Flags, Unknown, More}
	if depth < 4 {
		kinds = append(kinds, Struct, Array, Func)
	}
	a.Kind = rapid.SampledFrom(kinds).Draw(t, "kind")
	switch a.Kind {
	case Int:
		a.Num = rapid.Int64().Draw(t, "num")
		a.Base = rapid.SampledFrom([]uint8{10, 16}).Draw(t, "base")
		a.Bits = Known
		if rapid.Bool().Draw(t, "path") {
			a.Path = Escape(nil, rapid.SliceOf(rapid.ByteRange('a', 'z')).Draw(t, "file"))
			a.Bits |= HasPath
		}
	case Null:
		a.Bits = Known
	case String:
		a.Text = Escape(nil, rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "bytes"))
		a.Bits = Known | rapid.SampledFrom([]Bits{0, Truncated, Abstract}).Draw(t, "bits")
	case Flags:
		a.Text = []byte("MFD_CLOEXEC|" + rapid.SampledFrom([]string{"MFD_ALLOW_SEALING", "0x8"}).Draw(t, "flag"))
		a.Num, a.Bits = 1|map[bool]int64{true: 2, false: 8}[a.Text[12] == 'M'], Known
	case Func:
		a.Text = []byte(rapid.SampledFrom([]string{"makedev", "htons"}).Draw(t, "func"))
	}
	if a.Kind == Struct || a.Kind == Array || a.Kind == Func {
		for range rapid.IntRange(0, 3).Draw(t, "children") {
			genArg(t, e, false, depth+1)
		}
	}
	a.First, a.Last = int32(at), int32(len(e.Nodes))
	if depth < 4 && rapid.IntRange(0, 5).Draw(t, "out") == 0 {
		genArg(t, e, false, depth+1)
	}
	a.End = int32(len(e.Nodes))
	if top {
		e.Args = append(e.Args, a)
	} else {
		e.Nodes[at-1] = a
	}
}

func genEvent(t *rapid.T) *Event {
	e := &Event{Kind: Call, Line: 1, Name: rapid.SampledFrom([]string{"mmap", "fcntl", "_llseek"}).Draw(t, "call")}
	st := &e.Style
	st.Pid = rapid.SampledFrom([]PidStyle{PidNone, PidBare, PidBracket}).Draw(t, "pid style")
	if st.Pid != PidNone {
		e.Pid, st.PidWidth = rapid.IntRange(1, maxPid).Draw(t, "pid"), 5
	}
	digits := rapid.SampledFrom([]uint8{0, 3, 6, 9})
	st.Time = rapid.SampledFrom([]TimeStyle{TimeNone, TimeClock, TimeEpoch, TimeRelative}).Draw(t, "time style")
	upTo := map[TimeStyle]int64{TimeClock: 86399, TimeEpoch: maxSeconds, TimeRelative: maxPid - 1}
	if st.Time != TimeNone {
		e.HasTime, st.TimeDigits = true, digits.Draw(t, "digits")
		low := int64(0)
		if st.Time == TimeEpoch {
			low = maxPid + 1
		}
		unit := tens[9-st.TimeDigits]
		e.Time = rapid.Int64Range(low, upTo[st.Time]).Draw(t, "s") * secondNS
		e.Time += rapid.Int64Range(0, secondNS/unit-1).Draw(t, "fraction") * unit
		if st.Time == TimeRelative {
			st.TimeWidth, st.TimeDigits = 6, 6
			e.Time -= e.Time % 1000
			e.Delta = e.Time
		}
	}
	for range rapid.IntRange(0, 6).Draw(t, "args") {
		genArg(t, e, true, 0)
	}
	if rapid.Bool().Draw(t, "ret") {
		e.Ret = Ret{HasRet: true, Known: true, Value: rapid.Int64().Draw(t, "value")}
		st.Column = rapid.SampledFrom([]uint16{0, 40, 60}).Draw(t, "column")
		if rapid.Bool().Draw(t, "errno") {
			e.Ret.Value, e.Ret.Errno = -1, rapid.SampledFrom([]abi.Errno{abi.EBUSY, abi.EPERM}).Draw(t, "errno")
			e.Ret.Paren, e.Ret.HasParen = []byte(e.Ret.Errno.Text()), true
		}
		if rapid.Bool().Draw(t, "timed") {
			e.HasDur, st.DurDigits, e.Dur = true, 6, rapid.Int64Range(0, 1e12).Draw(t, "dur")*1000
		}
	}
	return e
}

// meaning is dump without the text that only a reader knows.
func meaning(e *Event) string {
	c := *e
	c.Args, c.Nodes = append([]Arg(nil), e.Args...), append([]Arg(nil), e.Nodes...)
	for _, args := range [][]Arg{c.Args, c.Nodes} {
		for i := range args {
			if a := &args[i]; a.Kind == Int || a.Kind == Null {
				a.Text = nil
			}
		}
	}
	c.Ret.Text, c.Ret.ErrName, c.Style.Column, c.Style.PidWidth, c.Style.TimeWidth = nil, nil, 0, 0, 0
	return dump(&c)
}

// Whatever an event says, its line says the same.
func TestPrintThenRead(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		e := genEvent(rt)
		check(t, e)
		line := string(Append(nil, e))
		got, err := one(t, line, Options{})
		require.NoError(rt, err, line)
		require.Equal(rt, meaning(e), meaning(got), line)
		require.Equal(rt, line, string(Append(nil, got)))
	})
}

// Calls cut in two at any place, and those of several tasks shuffled, say what they said whole.
func TestSplitThenJoin(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var heads, tails, want []string
		tasks := rapid.IntRange(1, 4).Draw(rt, "tasks")
		for pid := 1; pid <= tasks; pid++ {
			e := genEvent(rt)
			e.Pid, e.Style = pid, Style{Pid: PidBare, DurDigits: e.Style.DurDigits}
			e.Ret.HasRet = true
			line := string(Append(nil, e))
			open := strings.IndexByte(line, '(')
			cut := open + 1
			for i := range e.Args { // cut after any argument
				if rapid.Bool().Draw(rt, "cut") {
					args := string(appendArgs(nil, &Event{Args: e.Args[:i+1], Nodes: e.Nodes}))
					cut = open + 1 + len(args)
				}
			}
			name := line[strings.IndexByte(line, ' ')+1 : open]
			prefix := line[:strings.IndexByte(line, ' ')+1]
			heads = append(heads, line[:cut]+" <unfinished ...>")
			tails = append(tails, prefix+"<... "+name+" resumed>"+line[cut:])
			want = append(want, line)
		}
		order := rapid.Permutation([]int{0, 1, 2, 3}).Draw(rt, "order")
		var expected []string
		for _, i := range order {
			if i < tasks {
				heads = append(heads, tails[i])
				expected = append(expected, want[i])
			}
		}
		got, errs := read(t, strings.Join(heads, "\n"), Options{}, func(e *Event) string {
			if e.Kind == CallStart {
				return ""
			}
			e.Kind = Call // print the whole call
			return string(Append(nil, e))
		})
		require.Empty(rt, errs)
		require.Equal(rt, expected, got[tasks:])
	})
}
