package scenario

import "bytes"

// solo finds out whose the lines without a pid are. On the terminal strace leaves the pid out
// while it traces one task: before the first fork, and again once all others are gone.
type solo struct {
	bare bool // a line without a pid was seen
	root int  // number of the first task, 0 while unknown
	live map[int]struct{}
	last int // the latest [pid N], known to be live
}

// maxLive bounds the table of live tasks; a log with more gets no guesses.
const maxLive = 1 << 16

func (so *solo) init() { *so = solo{live: map[int]struct{}{}} }

// reset forgets the tasks of the program before.
func (so *solo) reset() {
	clear(so.live)
	*so = solo{live: so.live}
}

// note takes up the pid of "strace: Process 7 attached".
func (so *solo) note(text []byte) {
	const before = "strace: Process "
	if !bytes.HasPrefix(text, []byte(before)) || !bytes.HasSuffix(text, []byte(" attached")) {
		return
	}
	pid := 0
	for _, c := range text[len(before):] {
		if class[c]&classDigit == 0 || pid > maxPid {
			break
		}
		pid = pid*10 + int(c-'0')
	}
	so.add(pid)
}

func (so *solo) add(pid int) {
	if len(so.live) < maxLive {
		so.live[pid] = struct{}{}
	}
}

func (so *solo) gone(pid int) {
	delete(so.live, pid)
	if pid == so.last {
		so.last = 0
	}
}

// resolve sets ev.Pid for a line without one, if it can only be one task's.
func (so *solo) resolve(ev *Event, j *joiner) {
	switch ev.Style.Pid {
	case PidNone:
		so.bare = true
		if so.root == 0 || len(so.live) != 1 {
			return
		}
		for pid := range so.live {
			ev.Pid = pid
		}
	case PidBracket:
		if ev.Pid == so.last {
			return
		}
		so.last = ev.Pid
		if _, ok := so.live[ev.Pid]; ok {
			return
		}
		so.add(ev.Pid)
		if so.bare && so.root == 0 {
			so.root, ev.Learnt = ev.Pid, true
			if st := j.take(0); st != nil {
				st.pid = ev.Pid
				j.open[ev.Pid] = st
				j.size += len(st.text) + perStart
			}
		}
	}
}
