package replay

import (
	"cmp"
	"fmt"
	"slices"

	"sealab/run"
	"sealab/sim/abi"
	"sealab/sim/inode"
	"sealab/sim/kernel"
	"sealab/sim/mm"
)

// What a log leaves out, and the lines behind it may settle.

// suspect is a call that is not modelled and may hold pages of a file for all that
// the log shows.
type suspect struct {
	name string
	line int64
}

// suspect notes such a call; of many, the latest few.
func (m *machine) suspect(it *item) {
	if len(m.suspects) == 4 {
		copy(m.suspects, m.suspects[1:])
		m.suspects = m.suspects[:3]
	}
	m.suspects = append(m.suspects, suspect{it.name, it.line})
}

// mayHold are calls that can take references to pages of a process's memory, or
// hand a file to somebody whom the log does not show.
var mayHold = run.WordSet(`read readv pread64 preadv preadv2 write writev pwrite64 pwritev pwritev2 io_submit
	io_uring_enter io_uring_register sendmsg sendmmsg sendto recvmsg recvfrom ioctl vmsplice splice tee sendfile
	copy_file_range process_vm_readv process_vm_writev ptrace bpf clone clone3 fork vfork execve pidfd_getfd`)

// guesses says whether a call's arguments are only in part in the log: of buffers
// that could be read, strace shows the contents and not the address.
func (it *item) guesses() bool {
	if it.name != "vmsplice" && it.name != "io_uring_register" || !it.ans.OK() {
		return false
	}
	return slices.ContainsFunc(it.call.Vec, func(v kernel.Iovec) bool { return v.Base == 0 && v.Len > 0 })
}

// unsure says whether later lines, or a search, are needed to know what a call did.
func (it *item) unsure(m *machine) bool {
	return it.kind == whole && it.class == modelled && (it.guesses() || it.hidden(m))
}

// hidden says whether a call was refused, perhaps because of somebody whom the log
// does not show.
func (it *item) hidden(m *machine) bool {
	return it.name == "fcntl" && it.call.Args[1] == abi.FAddSeals && it.ans.Errno == abi.EBUSY &&
		(len(m.suspects) > 0 || m.hasUnseen())
}

// hide lets somebody whom the log does not show hold a page of the file, if the
// search asks for it.
func (p *play) hide(t *task, f *flight) {
	if !f.it.hidden(p.machine) {
		return
	}
	line := int64(0)
	if n := len(p.suspects); n > 0 {
		line = p.suspects[n-1].line
	}
	switch p.d.ask("somebody whom the log does not show is in the way", f.it.line, 3) {
	case 1:
		f.io = p.k.HoldPage(t.proc, f.it.call.Args[0], line)
	case 2: // one look would have been enough for a mapping
		f.it.class, f.it.carriedWhy = carried, "a task that the log does not show may have a mapping"
	}
}

// locate finds where the buffers of a call may lie whose addresses the log does not
// show: first where the latest mapping begins.
func (p *play) locate(t *task, it *item) {
	it.call.Vec = slices.Clone(it.call.Vec)
	places := p.places(t, it)
	for i := range it.call.Vec {
		v := &it.call.Vec[i]
		if v.Base != 0 || v.Len == 0 {
			continue
		}
		if n := p.d.ask("its buffer lies elsewhere", it.line, len(places)+1); n < len(places) {
			v.Base = places[n]
			continue
		}
		v.Base = p.k.MapAnywhere(t.proc, v.Len)
	}
}

// places returns the addresses at which a buffer may begin: where mappings begin, the
// latest first, then at their other pages. A call that took less than it was given
// stopped at the end of a page, and the others often end there.
func (p *play) places(t *task, it *item) (out []uint64) {
	offsets := []uint64{0, uint64(-it.ans.Val) & (abi.PageSize - 1)}
	if offsets[1] == 0 {
		offsets = offsets[:1]
	}
	var vmas []mm.VMA
	mm.EachVMA(p.k.S.World(), t.proc.MM, func(v mm.VMA) {
		if v.Flags&(mm.VMRead|mm.VMWrite) != 0 {
			vmas = append(vmas, v)
		}
	})
	slices.SortStableFunc(vmas, func(v, w mm.VMA) int { return cmp.Compare(w.Origin, v.Origin) })
	const most = 100
	for page := range uint64(64) {
		for _, v := range vmas {
			for _, off := range offsets {
				if at := v.Start + page<<abi.PageShift + off; at < v.End && len(out) < most {
					out = append(out, at)
				}
			}
		}
	}
	return out
}

// note is something that was taken from the log, because the log has it so.
type note struct {
	line int64
	text string
}

// infer takes something from the log that the model has otherwise, and says so.
func (m *machine) infer(line int64, text string) { m.notes = append(m.notes, note{line, text}) }

// inferred reports it.
func (r *Replayer) inferred(m *machine) {
	for _, n := range m.notes {
		r.remark(Place{File: r.file, Line: n.line}, n.text)
	}
	m.notes = m.notes[:0]
}

// makeRoom unmaps what the model has where the log shows a new mapping: the line
// that took it away is not in the log.
func (p *play) makeRoom(t *task, it *item) {
	fixed := it.name == "mmap" && it.call.Args[3]&(abi.MapFixed|abi.MapFixedNoreplace) != 0
	at, n := it.call.Place, uint64(it.call.Args[1])
	if it.name == "mremap" {
		fixed = it.call.Args[3]&abi.MremapFixed != 0
		n = uint64(it.call.Args[2])
	}
	if !p.d.mayInfer(t) || fixed || !it.ans.Known || it.ans.Errno != 0 || at == 0 || n > 1<<40 ||
		at == uint64(it.call.Args[0]) && it.name == "mremap" || !p.k.Mapped(t.proc, at, at+n) {
		return
	}
	p.k.Unmap(t.proc, at, n)
	p.infer(it.line, "the log puts a mapping where the model has one, so a munmap is missing from it")
}

// mayInfer says whether what the model has may give way to what the log shows.
func (d *deviations) mayInfer(t *task) bool { return d.lax && !t.complete }

// foreign says whether a call is about a descriptor of something that is not
// modelled, as far as is known before it is played.
func (r *Replayer) foreign(it *item) bool {
	t := r.m.task(it.pid)
	if t == nil || len(descriptors[it.call.Sys]) == 0 {
		return false
	}
	for _, i := range descriptors[it.call.Sys] {
		fd := it.call.Args[i]
		if r.saved != nil && r.touched[fd] {
			return false
		}
		file := r.m.k.FileAt(t.proc, fd)
		if file == 0 || !unjudged(it, r.m.k.KindOf(file)) {
			return false
		}
	}
	return true
}

// hasUnseen says whether there is a task that the log does not show.
func (m *machine) hasUnseen() bool { return slices.ContainsFunc(m.tasks, (*task).unseen) }

// unseen says whether the log has shown a task being made, but no line of it: a log
// made without strace -f has no more of a child.
func (t *task) unseen() bool { return !t.seen }

// heardOfUnseen says why an answer shows what a task has done that the log does not show,
// "" if it does not: a call waits for ever in the model, at one end of a pipe or of a
// pair of sockets, or something else comes out of a socket.
func (p *play) heardOfUnseen(t *task, f *flight) string {
	if !f.it.ans.Known || len(descriptors[f.it.call.Sys]) == 0 || !p.hasUnseen() {
		return ""
	}
	if !f.done {
		return "it waits for a task that the log does not show"
	}
	file := p.k.FileAt(t.proc, f.it.call.Args[0])
	if f.it.class != modelled || f.err != nil || file == 0 || p.k.KindOf(file) != inode.Socket {
		return ""
	}
	if f.res.Errno == f.it.ans.Errno && (f.res.Errno != 0 || f.res.Val == f.it.ans.Val) &&
		len(f.res.FDs) == len(f.it.ans.FDs) {
		return ""
	}
	return "a task that the log does not show uses the other end"
}

// reaped ends a child that the log does not show, once its parent has waited for it.
func (p *play) reaped(it *item) {
	if t := p.task(it.waited); t != nil && t.unseen() {
		p.exit(t, &item{line: it.line})
	}
}

// unseenLetGo ends children that the log does not show and that have mappings in the
// way of a write-seal, where the log has that seal set: they must have let them go. In
// the same way, what pipes hold must have been read.
func (p *play) unseenLetGo(t *task, it *item) {
	file := p.k.FileAt(t.proc, it.call.Args[0])
	if it.call.Args[1] != abi.FAddSeals || it.ans.Errno != 0 || !it.ans.Known || file == 0 {
		return
	}
	for _, u := range slices.Clone(p.tasks) {
		if u.unseen() && u.proc.MM != t.proc.MM && p.k.Maps(u.proc, file) {
			p.infer(it.line, fmt.Sprintf("task %d, which the log does not show, must have let its mappings go", u.pid))
			p.exit(u, &item{line: it.line})
		}
	}
	if it.kind == whole && p.hasUnseen() && p.k.EmptyPipes(file) {
		p.infer(it.line, "a task that the log does not show must have emptied the pipe that held a page")
	}
}
