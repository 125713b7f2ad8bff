package explain

import (
	"fmt"
	"strings"

	"sealab/sim/abi"
	"sealab/sim/inode"
	"sealab/sim/kernel"
	"sealab/sim/mapping"
	"sealab/sim/sched"
)

// Reason is why a call was refused.
type Reason struct {
	Errno    string   `json:"errno"`
	Check    string   `json:"check"`             // the check that refused, as the kernel names it
	Numbers  []Number `json:"numbers,omitempty"` // what the check saw
	Holders  []Holder `json:"holders,omitempty"` // who is responsible
	Sentence string   `json:"sentence"`          // why, for a person
	Change   string   `json:"change,omitempty"`  // the smallest change that lets it pass
}

// Number is a number that a check saw.
type Number struct {
	Name  string `json:"name"`
	Value int64  `json:"value"`
}

// Holder is somebody who is responsible for a refusal.
type Holder struct {
	Line int64  `json:"line,omitempty"` // the log line that made it so, 0 if it was so before the log
	Task string `json:"task,omitempty"`
	What string `json:"what"`
}

// String is the whole answer in one paragraph.
func (r *Reason) String() string {
	s := r.Sentence
	if r.Change != "" {
		s += " " + r.Change
	}
	return s
}

// scene is a refusal with everything around it.
type scene struct {
	k     *kernel.Kernel
	w     *sched.World
	p     *kernel.Proc
	c     *kernel.Call
	ref   *sched.Refusal
	file  sched.ID // the open file that the call is about, 0 if there is none
	ino   *inode.Inode
	inoID sched.ID
}

// Refusal explains why the machine refused a call. It returns nil when the call
// was not refused.
func Refusal(k *kernel.Kernel, p *kernel.Proc, c *kernel.Call, ref *sched.Refusal) *Reason {
	if ref.Errno == 0 {
		return nil
	}
	s := &scene{k: k, w: k.S.World(), p: p, c: c, ref: ref}
	s.find()
	r := &Reason{Errno: ref.Errno.Name(), Check: ref.Check}
	for _, f := range ref.Facts {
		if f.Name != "" {
			r.Numbers = append(r.Numbers, Number{f.Name, f.Value})
		}
	}
	if f := checks[ref.Check]; f != nil {
		f(s, r)
	}
	if r.Sentence == "" {
		s.plain(r)
	}
	r.Sentence = strings.TrimSpace(r.Sentence)
	return r
}

// find finds the file that the call is about: among the objects of the refusal,
// or behind the call's first descriptor.
func (s *scene) find() {
	for _, id := range s.ref.Objects {
		switch o := s.w.Object(id).(type) {
		case *inode.File:
			s.setFile(id, o)
			return
		case *inode.Inode:
			s.ino, s.inoID = o, id
			return
		case *mapping.Counter, *mapping.Pages:
			if s.owner(id); s.ino != nil {
				return
			}
		}
	}
	fd := s.c.Args[0]
	if s.c.Sys == sysMmap {
		fd = s.c.Args[4]
	}
	if t := sched.Peek[kernel.FDTable](s.w, s.p.FDs); t != nil {
		if id := t.File(fd); id != 0 {
			s.setFile(id, sched.Peek[inode.File](s.w, id))
		}
	}
}

// owner finds the inode that a counter or a page tree belongs to: another task may
// have closed the descriptor meanwhile.
func (s *scene) owner(part sched.ID) {
	s.w.Each(func(id sched.ID, o sched.Object) {
		if i, ok := o.(*inode.Inode); ok && (i.Map.Counter == part || i.Map.Pages == part) {
			s.ino, s.inoID = i, id
		}
	})
}

func (s *scene) setFile(id sched.ID, f *inode.File) {
	s.file, s.inoID = id, f.Inode
	s.ino = sched.Peek[inode.Inode](s.w, f.Inode)
}

var sysMmap = kernel.SysByName("mmap")

// plain explains what has no explanation of its own: the errno, the check and
// what it saw.
func (s *scene) plain(r *Reason) {
	var b strings.Builder
	fmt.Fprintf(&b, "%s from %s: %s", r.Errno, r.Check, lower(s.ref.Errno.Text()))
	for _, n := range r.Numbers {
		fmt.Fprintf(&b, "; %s %s", n.Name, number(n.Value))
	}
	b.WriteByte('.')
	r.Sentence = b.String()
}

func lower(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}

func number(n int64) string {
	if n > 1<<16 || n < -4096 {
		return fmt.Sprintf("%#x", uint64(n))
	}
	return fmt.Sprint(n)
}

// line says where something was made.
func line(n int64) string {
	if n <= 0 {
		return "Something from before the log began"
	}
	return fmt.Sprintf("Line %d", n)
}

// who names the task that has an address space, where there is more than one.
func (s *scene) who(mm sched.ID) string {
	if len(s.k.Procs()) < 2 {
		return ""
	}
	for _, p := range s.k.Procs() {
		if p.MM == mm {
			return p.Task.Name
		}
	}
	return ""
}

// descriptor names the descriptors of the calling process that a file is open at.
func (s *scene) descriptor(file sched.ID) string {
	t := sched.Peek[kernel.FDTable](s.w, s.p.FDs)
	if t != nil {
		for fd := range t.Slots {
			if t.Slots[fd].File == file {
				return fmt.Sprintf("descriptor %d", fd)
			}
		}
	}
	return "a descriptor since closed"
}

// sealedBy says which line added a seal.
func (s *scene) sealedBy(seal abi.Seals) (string, int64) {
	for bit, at := range s.ino.Sealed {
		if seal == 1<<bit && at > 0 {
			return fmt.Sprintf("%s was added on line %d", seal, at), at
		}
	}
	return fmt.Sprintf("%s is set since the file was made", seal), s.ino.Origin
}
