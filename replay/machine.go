package replay

import (
	"cmp"
	"slices"

	"sealab/sim/kernel"
	"sealab/sim/sched"
)

// task is a task of the log and the process that plays it.
type task struct {
	pid      int
	proc     *kernel.Proc
	flight   *flight // the call it is in, nil between calls
	handlers uint64  // signals that do not end it, bit n-1 for signal n
	seen     bool    // the log has shown a line of it
	complete bool    // all its descriptors are known, so numbers can be compared
	mem      *memory // shared with the other tasks of its address space
}

// memory is what the log has shown of an address space: what was ever mapped, or
// taken to be there from the start. In order, and not overlapping.
type memory struct {
	mm   sched.ID
	seen []span
}

// span is a range of addresses.
type span struct{ start, end uint64 }

// flight is a call that has begun and whose end the log has not reached yet.
type flight struct {
	it      item
	running bool     // given to the model
	io      sched.ID // an I/O in flight that holds pages for as long as the call lasts
	held    int      // how many more lines to hold it back; -1 until its own end
	done    bool     // the model has answered
	res     kernel.Result
	err     error
	refusal sched.Refusal
	began   int64 // virtual ns
	ended   int64
}

// machine is the model with the tasks of one program of the log: all that a line
// of the log can change.
type machine struct {
	k     *kernel.Kernel
	tasks []*task // by first appearance
	now   int64   // ns since the log began, of the latest line
	held  int     // flights that are held back

	suspects []suspect // calls that may have left a reference behind, latest last
	notes    []note    // what was taken from the log, to be reported
	complete bool      // the log has whole programs, with all their descriptors
}

// task returns the task of a pid, or nil.
func (m *machine) task(pid int) *task {
	for i := len(m.tasks) - 1; i >= 0; i-- {
		if m.tasks[i].pid == pid {
			return m.tasks[i]
		}
	}
	return nil
}

// drop forgets a task.
func (m *machine) drop(t *task) {
	i := slices.Index(m.tasks, t)
	m.tasks = slices.Delete(m.tasks, i, i+1)
	m.k.Reap(t.proc)
}

// saved is a copy of a machine with no call in flight.
type saved struct {
	snap  *kernel.Snapshot
	tasks []task
	now   int64

	suspects []suspect
	complete bool
}

// save copies the machine. No call may be in flight.
func (m *machine) save() *saved {
	s := &saved{snap: m.k.Snapshot(), now: m.now, suspects: slices.Clone(m.suspects), complete: m.complete}
	for _, t := range m.tasks {
		if !t.proc.Gone() { // its last line may be yet to come
			s.tasks = append(s.tasks, *t)
		}
	}
	copyMemory(s.tasks)
	return s
}

// restore makes a machine from the copy, which may be used again.
func (s *saved) restore() *machine {
	k, procs := s.snap.Restore()
	m := &machine{k: k, now: s.now, suspects: slices.Clone(s.suspects), complete: s.complete}
	tasks := slices.Clone(s.tasks)
	copyMemory(tasks)
	for i := range tasks {
		tasks[i].proc = procs[i]
		m.tasks = append(m.tasks, &tasks[i])
	}
	return m
}

// copyMemory gives tasks their own copies of what they know of memory, shared
// among them as before.
func copyMemory(tasks []task) {
	for i := range tasks {
		old := tasks[i].mem
		for j := range tasks[:i] {
			if tasks[j].mem.mm == old.mm {
				tasks[i].mem = tasks[j].mem
			}
		}
		if tasks[i].mem == old {
			tasks[i].mem = &memory{old.mm, slices.Clone(old.seen)}
		}
	}
}

// maxSpans bounds what is remembered of an address space. Beyond it, gaps are taken
// for seen.
const maxSpans = 1 << 14

// saw notes that the log has shown what is at these addresses.
func (m *memory) saw(start, end uint64) {
	if start > end {
		return
	}
	i := m.first(start)
	j := i
	for j < len(m.seen) && m.seen[j].start <= end {
		start, end = min(start, m.seen[j].start), max(end, m.seen[j].end)
		j++
	}
	m.seen = slices.Replace(m.seen, i, j, span{start, end})
	if len(m.seen) > maxSpans {
		m.coarsen()
	}
}

// first returns the index of the first span that ends at or after an address.
func (m *memory) first(at uint64) int {
	i, _ := slices.BinarySearchFunc(m.seen, at, func(s span, at uint64) int { return cmp.Compare(s.end, at) })
	return i
}

// coarsen makes one span of each two.
func (m *memory) coarsen() {
	for i := range len(m.seen) / 2 {
		m.seen[i] = span{m.seen[2*i].start, m.seen[2*i+1].end}
	}
	m.seen = m.seen[:len(m.seen)/2]
}

// hasSeen says whether the log has shown anything in the range.
func (m *memory) hasSeen(start, end uint64) bool {
	i := m.first(start + 1)
	return i < len(m.seen) && m.seen[i].start < end
}
