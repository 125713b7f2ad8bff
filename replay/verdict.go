package replay

import (
	"fmt"

	"sealab/sim/abi"
)

// judgement is how a call's answer compares with the recorded one.
type judgement struct {
	compared bool
	differs  bool
	late     bool // it waited, and not as long as the log says, by more than two ticks
	recorded string
	model    string
}

// verdict compares. It changes the model only where a number is the log's to
// choose: it gives a new descriptor the number that the log gave it.
func verdict(p *play, t *task, f *flight) judgement {
	var v judgement
	if f.it.class != modelled || !f.it.ans.Known {
		return v
	}
	v.compared = true
	switch {
	case !f.done:
		v.differs = true
		v.model = "waits for ever"
	case f.res.Errno != f.it.ans.Errno:
		v.differs = true
	case f.res.Errno == 0:
		v.differs = !p.sameValue(t, f)
	}
	if v.differs {
		v.recorded = answerText(f.it.ans.Val, f.it.ans.Errno)
		if v.model == "" {
			v.model = answerText(f.res.Val, f.res.Errno)
		}
		return v
	}
	v.late = tooLate(p.machine, f)
	v.differs = v.late && p.opts.StrictTime
	return v
}

// sameValue compares what a successful call returned.
func (p *play) sameValue(t *task, f *flight) bool {
	a := &f.it.ans
	switch {
	case isClone(f.it.name):
		return true // pids are the log's to choose
	case f.it.name == "readlink" && a.Text != "" && f.res.Text != a.Text:
		return false
	case f.it.name == "load":
		return true // the model has stamps, not bytes
	case a.HasPair:
		got := f.res.Pair
		if got[1] == a.Pair[0] { // its place must be free first
			return p.renumber(t, f, got[1], a.Pair[1]) && p.renumber(t, f, got[0], a.Pair[0])
		}
		return p.renumber(t, f, got[0], a.Pair[0]) && p.renumber(t, f, got[1], a.Pair[1])
	case f.it.name == "recvmsg" && a.HasMsg:
		return f.res.Val == a.Val && p.sameMessage(t, f)
	case makesDescriptor(f):
		return p.renumber(t, f, f.res.Val, a.Val)
	}
	return f.res.Val == a.Val
}

// sameMessage compares what came with a message.
func (p *play) sameMessage(t *task, f *flight) bool {
	got, want := f.res.FDs, f.it.ans.FDs
	if len(got) != len(want) || f.res.Flags != f.it.ans.Flags {
		return false
	}
	for i := range got {
		if len(want) > 0 && got[0] < want[0] { // the place of the first must be free first
			i = len(got) - 1 - i
		}
		if !p.renumber(t, f, got[i], want[i]) {
			return false
		}
	}
	return true
}

// makesDescriptor says whether a call returns a new descriptor.
func makesDescriptor(f *flight) bool {
	switch f.it.name {
	case "memfd_create", "openat", "open", "dup", "io_uring_setup", "ioctl":
		return true
	case "fcntl":
		cmd := f.it.call.Args[1]
		return cmd == abi.FDupfd || cmd == abi.FDupfdCloexec
	}
	return false
}

// renumber gives a new descriptor the number that the log gave it, unless that
// cannot be: something of ours is there, or all numbers are known.
func (p *play) renumber(t *task, f *flight, model, recorded int64) bool {
	if model == recorded {
		return true
	}
	if t.complete {
		return false
	}
	if p.k.MoveFD(t.proc, model, recorded) {
		return true
	}
	if !p.d.mayInfer(t) {
		return false
	}
	p.infer(f.it.line, fmt.Sprintf("descriptor %d is open in the model, so a close is missing from the log", recorded))
	p.k.CloseFD(t.proc, recorded)
	return p.k.MoveFD(t.proc, model, recorded)
}

// tooLate says whether a call that slept took another time than the log says, by
// more than two ticks.
func tooLate(m *machine, f *flight) bool {
	predicted := f.ended - f.began
	if predicted == 0 || !f.it.ans.HasDur {
		return false
	}
	tick := int64(1_000_000_000 / m.k.S.Clock.HZ)
	off := predicted - f.it.ans.Dur
	return off > 2*tick || off < -2*tick
}

// answerText prints an answer as strace does.
func answerText(val int64, errno abi.Errno) string {
	if errno != 0 {
		return fmt.Sprintf("-1 %s (%s)", errno.Name(), errno.Text())
	}
	if val > 1<<20 || val < -4096 {
		return fmt.Sprintf("%#x", uint64(val))
	}
	return fmt.Sprint(val)
}
