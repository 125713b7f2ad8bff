package scenario

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// brief says in a word or two what an event is.
func brief(ev *Event) string {
	s := fmt.Sprintf("%d %v", ev.Pid, ev.Kind)
	if ev.Name != "" {
		s += " " + ev.Name
	}
	for i := range ev.Args {
		s += " " + string(ev.AppendArg(nil, &ev.Args[i]))
	}
	if ev.Ret.HasRet {
		s += " = " + string(ev.Ret.Text)
	}
	if ev.Learnt {
		s += ", learnt"
	}
	if ev.Warn != nil {
		s += "; " + ev.Warn.Headline()
	}
	return s
}

var joinCases = []struct{ name, text, want string }{
	{"arguments of both halves", `
			7 read(4,  <unfinished ...>
			8 close(4) = 0
			7 <... read resumed>"aa", 4096) = 2
			`, `
			7 CallStart read 4
			8 Call close 4 = 0
			7 CallEnd read 4 "aa" 4096 = 2`},
	{"in the middle of a struct", `
			7 ioctl(4, X, {a=1 <unfinished ...>
			7 <... ioctl resumed>, b=[2]} => {c=3}) = 2
			`, `
			7 CallStart ioctl 4 X {a=1}
			7 CallEnd ioctl 4 X {a=1, b=[2]} => {c=3} = 2`},
	{"old strace", `
			[pid 7] futex(0x1, FUTEX_WAIT, 2, NULL <unfinished ...>
			[pid 7] <... futex resumed> ) = 0
			`, `
			7 CallStart futex 0x1 FUTEX_WAIT 2 NULL
			7 CallEnd futex 0x1 FUTEX_WAIT 2 NULL = 0`},
	{"killed inside", `
			7 pause( <unfinished ...>
			8 fcntl(3, F_ADD_SEALS, F_SEAL_WRITE <unfinished ...>
			8 +++ killed by SIGKILL +++
			7 <... pause resumed>) = ?
			`, `
			7 CallStart pause
			8 CallStart fcntl 3 F_ADD_SEALS F_SEAL_WRITE
			8 CallLost fcntl 3 F_ADD_SEALS F_SEAL_WRITE
			8 Killed SIGKILL
			7 CallEnd pause = ?`},
	{"never ended", `
			9 pause( <unfinished ...>
			7 close(1 <unfinished ...>
			# program next
			7 close(2 <unfinished ...>
			`, `
			9 CallStart pause
			7 CallStart close 1
			9 CallLost pause; f:1:9: pause of task 9 never ended: the next program begins
			7 CallLost close 1; f:2:9: close of task 7 never ended: the next program begins
			0 Program next
			7 CallStart close 2
			7 CallLost close 2; f:4:9: close of task 7 never ended: the log ends`},
	{"end without start", `
			7 <... close resumed>, 5) = 0
			`, `
			7 CallEnd close = 0; f:1:8: close ends in task 7, which has not begun it`},
	{"end of another", `
			7 close(1 <unfinished ...>
			7 <... read resumed>"", 5) = 0
			`, `
			7 CallStart close 1
			7 CallLost close 1
			7 CallEnd read = 0; f:2:8: read ends in task 7, which began close in line 1`},
	{"start inside a call", `
			7 close(1 <unfinished ...>
			7 read(1 <unfinished ...>
			7 <... read resumed>, "", 5) = 0
			`, `
			7 CallStart close 1
			7 CallLost close 1
			7 CallStart read 1; f:2:3: read begins in task 7, which has not ended close of line 1
			7 CallEnd read 1 "" 5 = 0`},
	{"execve in a thread", `
			7 pause( <unfinished ...>
			8 execve("/a", [], NULL <unfinished ...>
			8 +++ superseded by execve in pid 7 +++
			7 <... execve resumed>) = 0
			`, `
			7 CallStart pause
			8 CallStart execve "/a" [] NULL
			7 CallLost pause
			8 Superseded
			7 CallEnd execve "/a" [] NULL = 0`},
	{"torn at the end", `
			close(3) = 0
			fork(strace: Process 8 attached
			`, `
			0 Call close 3 = 0
			0 Note
			0 Call fork`},
	{"on the terminal", `
			fork(strace: Process 8 attached
			 <unfinished ...>
			[pid 8] close(3) = 0
			[pid 7] <... fork resumed>) = 8
			[pid 7] wait4(8,  <unfinished ...>
			[pid 8] +++ exited with 0 +++
			<... wait4 resumed>NULL, 0, NULL) = 8
			close(4) = 0
			`, `
			0 Note
			0 CallStart fork
			8 Call close 3 = 0
			7 CallEnd fork = 8, learnt
			7 CallStart wait4 8
			8 Exit
			7 CallEnd wait4 8 NULL 0 NULL = 8
			7 Call close 4 = 0`},
}

func TestJoin(t *testing.T) {
	for _, c := range joinCases {
		t.Run(c.name, func(t *testing.T) {
			trim := func(s string) string { return strings.ReplaceAll(strings.Trim(s, "\n\t"), "\t", "") }
			r := NewReader(strings.NewReader(trim(c.text)), "f", Options{})
			var got []string
			for {
				ev, err := r.Next()
				if err != nil {
					require.EqualError(t, err, "EOF")
					break
				}
				check(t, ev)
				got = append(got, brief(ev))
			}
			require.Equal(t, trim(c.want), strings.Join(got, "\n"))
		})
	}
}

// The memory for calls under way is bounded.
func TestJoinBounded(t *testing.T) {
	var b strings.Builder
	for pid := 1; pid <= 100; pid++ {
		fmt.Fprintf(&b, "%d read(%s <unfinished ...>\n", pid, strings.Repeat("1", 1000))
	}
	warned := 0
	_, errs := read(t, b.String(), Options{MaxPending: 50_000}, func(ev *Event) string {
		if ev.Kind == CallStart && ev.Warn != nil {
			warned++
		}
		return ""
	})
	require.Empty(t, errs)
	require.Greater(t, warned, 50)
	require.Less(t, warned, 70)
}

// Times: the clock passes midnight, relative times add up.
func TestTimes(t *testing.T) {
	times := func(text string) (ns []int64) {
		_, errs := read(t, text, Options{}, func(ev *Event) string {
			require.True(t, ev.HasTime)
			ns = append(ns, ev.Time)
			return ""
		})
		require.Empty(t, errs)
		return ns
	}
	require.Equal(t, []int64{86399_500000000, 86401_000000000},
		times("23:59:59.500000 close(3) = 0\n00:00:01.000000 close(3) = 0\n"))
	require.Equal(t, []int64{0, 1500, 1_000002500},
		times("     0.000000 close(3) = 0\n     0.0000015 close(3) = 0\n     1.000001 close(3) = 0\n"))
	require.Equal(t, []int64{15e6, 2e9, 1500},
		times("a: @15ms close(3)\nb: @2s close(3)\n@1.5us close(3)\n"))
}
