package sealtest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"pgregory.net/rapid"
)

// CheckCommand is Check for a system that is a program: it reads a scenario, a call a line,
// and prints each line again with " = " and the result, as strace would: "= 0",
// "= -1 EPERM". r0 in a line stands for what the line that begins with "r0 = " has
// returned. Lines that are not there are not compared, but the last line has to be there;
// other output does no harm.
func CheckCommand(t rapid.TB, o Options, argv ...string) {
	t.Helper()
	p, err := o.Profile()
	if err != nil {
		t.Fatal(err)
		return
	}
	rapid.Check(t, func(r *rapid.T) {
		m := &machine{profile: p, model: NewModel(p), system: NewModel(p), all: ops}
		defer m.model.Shutdown()
		defer m.system.(Closer).Shutdown()
		if v := m.play(r, o.Calls); v != nil {
			panic(v.String()) // the model differs from itself
		}
		if v := m.ask(argv); v != nil {
			r.Fatal(v)
		}
	})
}

// ask lets a command play the program, and returns where it differs.
func (m *machine) ask(argv []string) *Verdict {
	c := exec.Command(argv[0], argv[1:]...)
	c.Stdin = strings.NewReader(strings.Join(m.asked, "\n") + "\n")
	c.Stderr = os.Stderr
	out, err := c.Output()
	answers := map[string][]string{}
	for line := range bytes.Lines(out) {
		line := strings.TrimSpace(string(line))
		if i := strings.LastIndex(line, ") = "); i >= 0 {
			answers[line[:i+1]] = append(answers[line[:i+1]], line[i+4:])
		}
	}
	for i, q := range m.asked {
		if len(answers[q]) == 0 {
			if i == len(m.asked)-1 {
				return m.differsAt(i, fmt.Sprintf("no answer (%v)", err))
			}
			continue
		}
		got := answers[q][0]
		answers[q] = answers[q][1:]
		if !sameResult(m.wants[i], got) {
			return m.differsAt(i, got)
		}
	}
	return nil
}

func (m *machine) differsAt(i int, got string) *Verdict {
	call := m.asked[i]
	if m.wants[i] == aDescriptor {
		_, call, _ = strings.Cut(call, " = ")
	}
	return &Verdict{Kernel: m.profile.Release, Before: m.lines[:i], Call: call, Want: m.wants[i], Got: got}
}

// sameResult compares results as they are written, without what strace adds to them.
func sameResult(want, got string) bool {
	if want == aDescriptor {
		return !strings.HasPrefix(got, "-")
	}
	bare := func(s string) string {
		s, _, _ = strings.Cut(s, " (")
		return s
	}
	want, got = bare(want), bare(got)
	return want == got || number(want) == number(got) && number(want) != ""
}

// number returns a number in decimal, "" for another text.
func number(s string) string {
	var n int64
	if _, err := fmt.Sscanf(s, "%v", &n); err != nil || strings.Contains(s, " ") {
		return ""
	}
	return fmt.Sprint(n)
}
