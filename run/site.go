package run

import (
	"encoding/binary"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"

	"sealab/docs"
	"sealab/sim/trace"
)

// simPrefix begins the names of the model's functions.
const simPrefix = "sealab/sim/"

// site returns the number of the place in the model where the running task is: its
// own call stack, from the system call inwards.
func (r *recorder) site() int {
	var pcs [64]uintptr
	n := runtime.Callers(3, pcs[:])
	var buf [64 * 8]byte
	key := buf[:0]
	for _, pc := range pcs[:n] {
		key = binary.LittleEndian.AppendUint64(key, uint64(pc))
	}
	site, known := r.sites[string(key)]
	if !known {
		site = r.newSite(stackOf(string(key), pcs[:n]))
		r.sites[string(key)] = site
	}
	return site
}

// stacks are the call stacks that some run of this process has been in, by their return
// addresses: finding the names is half of a recorded run (BenchmarkRecord), and a page plays many. They
// are as many as the model has ways to a step, and nobody changes one.
var stacks sync.Map

func stackOf(key string, pcs []uintptr) []trace.Frame {
	if known, ok := stacks.Load(key); ok {
		return known.([]trace.Frame)
	}
	frames := stack(pcs)
	stacks.Store(key, frames)
	return frames
}

// newSite gives a stack its number. Different return addresses may be the same
// lines.
func (r *recorder) newSite(stack []trace.Frame) int {
	for i := range r.t.Sites {
		if slices.Equal(r.t.Sites[i].Stack, stack) {
			return i + 1
		}
	}
	r.t.Sites = append(r.t.Sites, trace.Site{Stack: stack})
	return len(r.t.Sites)
}

// stack lists the functions of the model among the callers, the system call first.
func stack(pcs []uintptr) (out []trace.Frame) {
	frames := runtime.CallersFrames(pcs)
	for {
		f, more := frames.Next()
		name, ours := strings.CutPrefix(f.Function, simPrefix)
		if ours && !strings.Contains(name, "[...]") {
			name = plainName(name)
			pkg, _, _ := strings.Cut(name, ".")
			file := path.Join("sim", pkg, path.Base(f.File))
			out = append(out, trace.Frame{Func: name, File: file, Line: f.Line, Kernel: docs.KernelOf(name)})
		}
		if !more {
			break
		}
	}
	slices.Reverse(out)
	for i := range out {
		if strings.HasPrefix(out[i].Func, "kernel.sys") {
			return out[i:]
		}
	}
	return out
}

// pointers is what Go writes about a method's receiver.
var pointers = strings.NewReplacer("(*", "", ")", "")

// plainName turns the name that Go gives a function into the one in the source:
// "mapping.Mapping.DenyWritable", "kernel.sysFcntl".
func plainName(name string) string {
	name = pointers.Replace(name)
	if i := strings.Index(name, ".func"); i > 0 {
		name = name[:i]
	}
	return name
}

// within says whether a function of the model is on the stack of a site.
func (r *recorder) within(site int, name string) bool {
	return slices.ContainsFunc(r.t.Sites[site-1].Stack, func(f trace.Frame) bool { return f.Func == name })
}
