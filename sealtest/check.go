package sealtest

import (
	"fmt"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"sealab/sim/abi"
	"sealab/sim/profile"
)

// Options say what a system is compared with.
type Options struct {
	// Kernel is a Linux release ("6.12.107"), or whatever else profile.Find takes; "" is
	// the newest.
	Kernel string
	// Set changes features of that kernel, as profile.Set takes them, where a system
	// differs on purpose: "seals=F_SEAL_SEAL|F_SEAL_WRITE".
	Set []string
	// Calls is how many calls a program has at most, and about; 0 means 30.
	Calls int
}

// Profile returns the kernel that a system is compared with.
func (o Options) Profile() (profile.Profile, error) {
	if o.Kernel == "" {
		o.Kernel = "newest"
	}
	p, _, err := profile.Find(o.Kernel)
	for _, s := range o.Set {
		if err == nil {
			err = p.Set(s)
		}
	}
	return p, err
}

// Check makes random programs and compares what the system answers with what the kernel
// does. boot makes a system for each program: with one process, and nothing open but
// perhaps descriptors 0 to 2. How many programs there are, and from which seed, is up to
// the flags of rapid (-rapid.checks, -rapid.seed).
func Check(t rapid.TB, o Options, boot func() System) {
	t.Helper()
	p, err := o.Profile()
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(r *rapid.T) {
		if v := Program(r, o, p, boot()); v != nil {
			r.Fatal(v)
		}
	})
}

// Program makes one program and returns where the system differs, nil if it does not. It
// is Check without the loop, for those who have their own.
func Program(r *rapid.T, o Options, p profile.Profile, s System) *Verdict {
	m := &machine{profile: p, model: NewModel(p), system: s, all: ops}
	defer m.model.Shutdown()
	if c, ok := s.(Closer); ok {
		defer c.Shutdown()
	}
	if _, ok := s.(Chmoder); ok {
		m.all = append(m.all[:len(m.all):len(m.all)], fchmod)
	}
	if _, ok := s.(Pipes); ok {
		m.openPipe()
		m.all = append(m.all[:len(m.all):len(m.all)], splice, splice, splice, readPipe, readPipe)
	}
	if _, ok := s.(Memory); ok {
		m.all = append(m.all[:len(m.all):len(m.all)], touch)
	}
	return m.play(r, o.Calls)
}

// play draws calls (about so many; 0 means 30) and makes them on both sides.
func (m *machine) play(r *rapid.T, calls int) *Verdict {
	if calls == 0 {
		calls = 30
	}
	for range rapid.IntRange(1, calls).Draw(r, "calls") {
		d := draw{T: r, fds: m.fds, pipe: m.pipe}
		next := createOp
		if len(m.fds) > 0 && rapid.IntRange(0, 15).Draw(r, "create") > 0 {
			next = rapid.SampledFrom(m.all).Draw(r, "call")
		}
		if v := m.step(next(d)); v != nil {
			return v
		}
	}
	return nil
}

// machine is a program in progress.
type machine struct {
	profile profile.Profile
	model   *Model
	system  System
	all     []func(draw) op
	fds     []descriptor
	pipe    *[2]descriptor
	lines   []string // what was done, with results
	asked   []string // the same without results
	wants   []string // and the results
	opened  int      // how many descriptors there have been
}

// openPipe opens the pipe that pages can be spliced to.
func (m *machine) openPipe() {
	var d [2]descriptor
	for side, s := range []Pipes{m.model, m.system.(Pipes)} {
		r, w, err := s.Pipe()
		if err != nil {
			panic(fmt.Sprintf("sealtest: Pipe: %v", err))
		}
		d[0].n[side], d[1].n[side] = r, w
	}
	d[0].name, d[1].name = "p0", "p1"
	m.pipe = &d
	m.lines = append(m.lines, "pipe2([p0, p1], O_NONBLOCK) = 0")
}

// step makes a call on both sides.
func (m *machine) step(o op) *Verdict {
	want, err := o.do(m.model, 0)
	wantErrno, ok := errnoOf(err)
	if !ok {
		panic(fmt.Sprintf("sealtest: the model cannot do %s: %v", o.text, err))
	}
	got, err := o.do(m.system, 1)
	gotErrno, ok := errnoOf(err)
	if !ok {
		return m.differs(o.text, result(want, wantErrno, o.opens), err.Error())
	}
	if gotErrno == abi.EFAULT && (wantErrno == SIGBUS || wantErrno == SIGSEGV) {
		gotErrno = wantErrno
	}
	if gotErrno != wantErrno || wantErrno == 0 && !o.opens && got != want {
		return m.differs(o.text, result(want, wantErrno, o.opens), result(got, gotErrno, o.opens))
	}
	line, asked := o.text+" = "+result(want, wantErrno, false), o.text
	if o.opens && wantErrno == 0 {
		d := descriptor{name: fmt.Sprintf("r%d", m.opened), n: [2]int{int(want), int(got)}}
		m.opened++
		line = d.name + " = " + o.text
		asked = line
		m.fds = append(m.fds, d)
	}
	m.fds = slices.DeleteFunc(m.fds, func(d descriptor) bool { return d.name == o.fd })
	m.lines, m.asked = append(m.lines, line), append(m.asked, asked)
	m.wants = append(m.wants, result(want, wantErrno, o.opens))
	return nil
}

func (m *machine) differs(text, want, got string) *Verdict {
	return &Verdict{Kernel: m.profile.Release, Before: m.lines, Call: text, Want: want, Got: got}
}

// aDescriptor stands for a result whose number does not matter.
const aDescriptor = "a descriptor"

// result writes a result as strace does.
func result(v int64, errno Errno, opens bool) string {
	switch {
	case errno != 0:
		return fmt.Sprintf("-1 %s (%s)", errno.Name(), errno.Text())
	case opens:
		return aDescriptor
	case v >= window:
		return fmt.Sprintf("%#x", v)
	}
	return fmt.Sprint(v)
}

// Verdict is an answer that differs, and how it came to it.
type Verdict struct {
	Kernel string   // what it was compared with
	Before []string // the calls before it, with results
	Call   string
	Want   string // what the kernel answers
	Got    string // what the system answered
}

// String prints a scenario that `sealab run` plays: the comment says what is wrong, the
// lines what Linux does.
func (v *Verdict) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n# Linux %s answers the last call with %s, the system with %s\n", v.Kernel, v.Want, v.Got)
	fmt.Fprintf(&b, "kernel %s\n", v.Kernel)
	for _, l := range v.Before {
		fmt.Fprintln(&b, l)
	}
	if v.Want == aDescriptor {
		fmt.Fprintf(&b, "r = %s\n", v.Call)
	} else {
		fmt.Fprintf(&b, "%s = %s\n", v.Call, v.Want)
	}
	return b.String()
}
