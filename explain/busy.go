package explain

import (
	"fmt"
	"strings"

	"sealab/sim/abi"
	"sealab/sim/folio"
	"sealab/sim/inode"
	"sealab/sim/kernel"
	"sealab/sim/mapping"
	"sealab/sim/mm"
	"sealab/sim/pin"
	"sealab/sim/sched"
)

// checks are the explanations, by the name of the check that refused.
var checks map[string]func(*scene, *Reason)

func init() {
	checks = map[string]func(*scene, *Reason){
		"mapping_deny_writable": mappingExists,
		"memfd_wait_for_pins":   pageHeld,
		"mapping_map_writable":  mappingsDenied,
		"FMODE_WRITE":           notWritable,
		"do_mmap FMODE_WRITE":   notMappable,
		"shmem_fault":           behindTheEnd,
		"access_error":          notForThis,
		"F_SEAL_SEAL":           sealsSealed,
		"F_ALL_SEALS":           unknownSeal,
		"memfd_file_seals_ptr":  notSealable,
	}
}

// mappingExists: EBUSY at once, because of a mapping that may become writable.
func mappingExists(s *scene, r *Reason) {
	n := s.ref.Facts[0].Value
	var b strings.Builder
	fmt.Fprintf(&b, "EBUSY at once from mapping_deny_writable: i_mmap_writable is %d.", n)
	var found int64
	var change, others []string
	if s.ino == nil { // the file is gone: nothing more can be said
		return
	}
	m := sched.Peek[mapping.Mmap](s.w, s.ino.Map.Mmap)
	for _, u := range m.Users {
		v := mm.Lookup(s.w, u.MM, u.Start)
		if !mm.Countable(&s.k.Config().Profile, v) {
			continue
		}
		if found++; found > 3 {
			continue
		}
		h := Holder{Line: v.Origin, Task: s.who(u.MM)}
		h.What = fmt.Sprintf("mapped %d bytes %s, MAP_SHARED through %s, which is open for writing",
			v.Len(), abi.FormatFlags(abi.FamilyProt, uint64(v.Flags&(mm.VMRead|mm.VMWrite|mm.VMExec))),
			s.descriptor(v.File))
		r.Holders = append(r.Holders, h)
		fmt.Fprintf(&b, " %s %s", line(v.Origin), h.What)
		if v.Flags&mm.VMWrite == 0 {
			b.WriteString(", so the mapping may become writable and counts.")
			change = append(change, fmt.Sprintf("or map it through a read-only reopen of /proc/self/fd/%d",
				s.c.Args[0]))
		} else {
			b.WriteString(", so the mapping is writable and counts.")
		}
		if u.MM != s.p.MM && h.Task != "" {
			fmt.Fprintf(&b, " Task %s has it.", h.Task)
			others = append(others, h.Task)
		}
	}
	if found > 3 {
		fmt.Fprintf(&b, " %d more mappings count.", found-3)
	}
	if found < n {
		fmt.Fprintf(&b, " %d more mmap was being made at that moment.", n-found)
	}
	r.Sentence = b.String()
	r.Change = "Unmap it"
	switch {
	case found > 1:
		r.Change = "Unmap them all"
	case len(others) > 0:
		r.Change = fmt.Sprintf("Unmap it in task %s, or let that task exit", others[0])
	}
	if len(change) > 0 && int64(len(change)) == found { // none of them is writable
		r.Change += ", " + change[0]
	}
	r.Change += "."
}

// pageHeld: EBUSY late, because somebody still has a reference to a page.
func pageHeld(s *scene, r *Reason) {
	id := s.ref.Objects[1]
	f := sched.Peek[folio.Folio](s.w, id)
	page := s.ref.Facts[0].Value
	kernel, hugetlb := &s.k.Config().Profile, s.ino != nil && s.ino.Kind == inode.Hugetlb
	cache := int32(0)
	if f.Pages != 0 {
		cache = kernel.CacheRefs(f.Order, hugetlb)
	}
	r.Numbers = append(r.Numbers, Number{"references", int64(f.Refs)}, Number{"page cache", int64(cache)},
		Number{"page tables", int64(f.Maps)})
	var b strings.Builder
	fmt.Fprintf(&b, "EBUSY from memfd_wait_for_pins, after the last look: page %d has %d references, "+
		"%d of the page cache and %d of page tables.", page, f.Refs, cache, f.Maps)
	rest := f.Refs - cache - f.Maps
	r.Change = "Let the call finish before you seal."
	pin.EachHolder(s.w, func(h pin.Holder) {
		if h.Folio != id {
			return
		}
		rest -= h.Refs
		if len(r.Holders) == 0 {
			r.Change = s.letGo(h)
		}
		if len(r.Holders) < 4 {
			r.Holders = append(r.Holders, Holder{Line: h.Origin, What: h.Kind.String()})
			b.WriteString(" " + holds(h))
		}
	})
	for _, p := range s.k.Procs() {
		for _, held := range p.Task.Held {
			if held.ID == id {
				rest -= held.N
				r.Holders = append(r.Holders, Holder{Line: p.Task.Origin, Task: p.Task.Name,
					What: "a call in progress"})
				fmt.Fprintf(&b, " %s is in the middle of a call that uses it (task %s).",
					line(p.Task.Origin), p.Task.Name)
			}
		}
	}
	if rest > 0 {
		fmt.Fprintf(&b, " %d references are held by something that the log does not show.", rest)
	}
	if expected := kernel.ExpectedCacheRefs(f.Order, hugetlb); cache > expected && len(r.Holders) == 0 && rest <= 0 {
		fmt.Fprintf(&b, " Nobody else holds it: this kernel takes %d for the page cache, however large the page is.",
			expected)
		r.Change = "No memfd with a huge page in it can be write-sealed on this kernel: use pages of the usual size."
	}
	r.Sentence = b.String()
}

// holds says who holds a page.
func holds(h pin.Holder) string {
	by := line(h.Origin)
	switch h.Kind {
	case pin.KindSplice:
		return by + " spliced it into a pipe, which still holds it."
	case pin.KindVmsplice:
		return by + " put it into a pipe with vmsplice, which still holds it."
	case pin.KindTee:
		return by + " put it into one more pipe with tee, which still holds it."
	case pin.KindFixed:
		return by + " registered it as a buffer of an io_uring, which pins it."
	case pin.KindFixedClosed:
		return by + " registered it as a buffer of an io_uring, which is closed, but not torn down yet, and pins it."
	case pin.KindDmabuf:
		return by + " made a dma-buf of it, which still has it."
	case pin.KindInFlight:
		return by + " began I/O on it that is still in flight."
	case pin.KindUnseen:
		if h.Origin == 0 {
			return "The log does not show who holds it: it has no line of a task that it shows being made."
		}
		return fmt.Sprintf("The log does not show who holds it; line %d is the latest that may have made "+
			"somebody do so.", h.Origin)
	}
	return by + " holds it: " + h.Kind.String() + "."
}

// letGo says how a reference is given back.
func (s *scene) letGo(h pin.Holder) string {
	if fd, ok := s.readEnd(h.Object); ok {
		return fmt.Sprintf("Read what is in the pipe from descriptor %d, or close both its ends, before you seal.", fd)
	}
	return h.Kind.LetGo()
}

// readEnd finds the descriptor of the calling process that a pipe is read from.
func (s *scene) readEnd(pipe sched.ID) (fd int, ok bool) {
	t := sched.Peek[kernel.FDTable](s.w, s.p.FDs)
	if t == nil || sched.Peek[pin.Pipe](s.w, pipe) == nil {
		return 0, false
	}
	for fd := range t.Slots {
		f := sched.Peek[inode.File](s.w, t.Slots[fd].File)
		if f == nil || f.Mode&inode.Readable == 0 {
			continue
		}
		if i := sched.Peek[inode.Inode](s.w, f.Inode); i != nil && i.Info == pipe {
			return fd, true
		}
	}
	return 0, false
}

// mappingsDenied: EPERM for a mapping, because the file is write-sealed or
// somebody is about to seal it.
func mappingsDenied(s *scene, r *Reason) {
	if s.ino == nil {
		return
	}
	if s.ino.Seals&abi.SealWrite != 0 {
		by, at := s.sealedBy(abi.SealWrite)
		r.Holders = append(r.Holders, Holder{Line: at, What: by})
		r.Sentence = fmt.Sprintf("EPERM from mapping_map_writable: i_mmap_writable is %d, because %s, and a shared "+
			"mapping of a descriptor that is open for writing could be made writable.", s.ref.Facts[0].Value, by)
		r.Change = fmt.Sprintf("Map it MAP_PRIVATE, or through a read-only reopen of /proc/self/fd/%d.", s.c.Args[4])
		return
	}
	lock := sched.Peek[sched.RWSem](s.w, s.ino.Lock)
	for _, p := range s.k.Procs() {
		if lock != nil && int32(p.Task.Num) == lock.Writer {
			r.Holders = append(r.Holders, Holder{Line: p.Task.Origin, Task: p.Task.Name,
				What: "an F_ADD_SEALS that waits for pins"})
		}
	}
	r.Sentence = fmt.Sprintf("EPERM from mapping_map_writable: i_mmap_writable is %d while another F_ADD_SEALS waits "+
		"for pages to be let go; no seal is set yet, and perhaps none will be.", s.ref.Facts[0].Value)
	if len(r.Holders) > 0 && r.Holders[0].Line > 0 {
		r.Sentence += fmt.Sprintf(" It began on line %d.", r.Holders[0].Line)
	}
	r.Change = "Try again when that call has returned."
}

// notWritable: EPERM, because the descriptor cannot write.
func notWritable(s *scene, r *Reason) {
	r.Sentence = fmt.Sprintf("EPERM from memfd_add_seals: %s is not open for writing, and only who may write may seal.",
		s.descriptor(s.file))
	s.opened(r)
	r.Change = "Seal through a descriptor that is open for writing."
}

// notMappable: EACCES, because the descriptor cannot write what a mapping could.
func notMappable(s *scene, r *Reason) {
	r.Sentence = fmt.Sprintf("EACCES from do_mmap: %s is not open for writing, and a shared mapping that is writable "+
		"needs that.", s.descriptor(s.file))
	s.opened(r)
	r.Change = "Map it PROT_READ or MAP_PRIVATE, or through a descriptor that is open for writing."
}

// behindTheEnd: EFAULT, because the file has become shorter than its mapping, or always was.
func behindTheEnd(s *scene, r *Reason) {
	if s.ino == nil {
		return
	}
	r.Sentence = fmt.Sprintf("%s from shmem_fault: page %d of the file lies behind its end, at %d bytes",
		r.Errno, s.ref.Facts[0].Value, s.ino.Size)
	if s.ref.Errno != abi.FaultBus {
		r.Sentence += "; a program that touches it itself gets SIGBUS"
	}
	r.Sentence += "."
	r.Change = "Map what is there; F_SEAL_SHRINK keeps others from cutting it off."
}

// notForThis: SIGSEGV, because nothing is mapped there, or not for what was tried.
func notForThis(s *scene, r *Reason) {
	addr := uint64(s.ref.Facts[0].Value)
	v := mm.Lookup(s.w, s.p.MM, addr)
	if !v.OK() {
		r.Sentence = fmt.Sprintf("%s from access_error: nothing is mapped at %#x.", r.Errno, addr)
		return
	}
	r.Holders = append(r.Holders, Holder{Line: v.Origin, What: "mapped it"})
	r.Sentence = fmt.Sprintf("%s from access_error: the mapping that %#x lies in is %s. %s mapped it.", r.Errno, addr,
		abi.FormatFlags(abi.FamilyProt, uint64(v.Flags&(mm.VMRead|mm.VMWrite|mm.VMExec))), line(v.Origin))
	if v.Flags&mm.VMMayWrite != 0 {
		r.Change = "Change it with mprotect."
	}
}

// opened says which line opened the file.
func (s *scene) opened(r *Reason) {
	if f := sched.Peek[inode.File](s.w, s.file); f != nil && f.Origin > 0 {
		r.Holders = append(r.Holders, Holder{Line: f.Origin, What: "opened it"})
		r.Sentence += fmt.Sprintf(" Line %d opened it.", f.Origin)
	}
}

// sealsSealed: EPERM, because the file takes no more seals.
func sealsSealed(s *scene, r *Reason) {
	by, at := s.sealedBy(abi.SealSeal)
	r.Holders = append(r.Holders, Holder{Line: at, What: by})
	r.Sentence = fmt.Sprintf("EPERM from memfd_add_seals: the file takes no more seals, for %s.", by)
	if s.ino.Sealed[0] == 0 {
		r.Sentence = "EPERM from memfd_add_seals: the file has F_SEAL_SEAL from the start"
		if s.ino.Origin > 0 {
			r.Sentence += fmt.Sprintf(", since line %d made it without MFD_ALLOW_SEALING", s.ino.Origin)
		}
		r.Sentence += "."
		r.Change = "Make it with memfd_create(…, MFD_ALLOW_SEALING)."
	}
}

// unknownSeal: EINVAL, because of a bit that this kernel does not know.
func unknownSeal(s *scene, r *Reason) {
	r.Sentence = fmt.Sprintf("EINVAL from memfd_add_seals: this kernel does not know the seals %#x.",
		s.ref.Facts[0].Value)
	r.Change = "Leave them out, or ask for them alone and accept the EINVAL."
}

// notSealable: EINVAL, because the file has no seals.
func notSealable(s *scene, r *Reason) {
	kind := "such a file"
	if s.ino != nil {
		kind = s.ino.Kind.Phrase()
	}
	r.Sentence = fmt.Sprintf("EINVAL from memfd_add_seals: %s has no seals; only memfds and files of tmpfs have.", kind)
}
