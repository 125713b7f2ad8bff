package model_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"sealab/sim/abi"
	"sealab/sim/kernel"
	"sealab/sim/law"
	"sealab/sim/profile"
)

// specRun runs one program on the specification and on the model.
type specRun struct {
	r    *rapid.T
	s    *spec
	k    *kernel.Kernel
	p    *kernel.Proc
	done []string // the calls so far, as lines of a scenario

	release string
}

// newSpecRun begins with a pipe and a memfd.
func newSpecRun(r *rapid.T, release string) *specRun {
	p, _, err := profile.ForRelease(release)
	require.NoError(r, err)
	x := &specRun{r: r, release: release, k: kernel.Boot(kernel.Config{Profile: p, HZ: 1000}), s: &spec{
		kernel: specKernels[release], onExec: map[int64]bool{}, fds: map[int64]*specOpen{},
		memory: map[int64]*specMapped{}}}
	x.p = x.k.Spawn("a", 0)
	x.call(sys("pipe2", 0, abi.ONonblock), 0, 0)
	x.make(abi.MfdAllowSealing)
	return x
}

// playable is what was done so far.
func (x *specRun) playable() playable { return playable{text: scenarioOf(x.release, x.done)} }

const (
	specFDs   = 8 // descriptors that are tried, from 5
	specSlots = 3 // places of memory, each with room for its pages and a gap
	specRoom  = 4 // pages of a place
	specBase  = 0x100000000 / abi.PageSize
)

// anyByte is an answer that the specification leaves open: it knows nothing of contents.
const anyByte = -1

// call makes a call on the model and compares.
func (x *specRun) call(o sysCall, want int64, errno abi.Errno) {
	start := x.k.S.Now()
	o.Line = int64(len(x.done) + 1)
	line, open := o.line(), want == anyByte && errno == 0
	if !open {
		line += " = " + answered(want, errno)
	}
	x.done = append(x.done, line)
	got, err := x.k.Call(x.p, o.Call)
	require.NoError(x.r, err)
	if want != got.Val && errno == 0 && !open || errno != got.Errno {
		x.r.Fatalf("the model answers %s:\n%s", specAnswer(got.Val, got.Errno), x.playable().keep(x.r))
	}
	took := (x.k.S.Now() - start) / 1e6
	if late := took > 0; late != x.s.late || late && took != 150 {
		x.r.Fatalf("it took %d ms:\n%s", took, x.playable().keep(x.r))
	}
	x.s.late = false
}

func specAnswer(val int64, errno abi.Errno) string {
	if errno != 0 {
		return errno.Name()
	}
	return fmt.Sprint(val)
}

func (x *specRun) draw(label string, from ...int64) int64 {
	return rapid.SampledFrom(from).Draw(x.r, label)
}

// fd draws a descriptor, an open one mostly.
func (x *specRun) fd() int64 {
	open := slices.Sorted(maps.Keys(x.s.fds))
	if len(open) == 0 || rapid.IntRange(0, 19).Draw(x.r, "any") == 19 {
		return 5 + int64(rapid.IntRange(0, specFDs-1).Draw(x.r, "fd"))
	}
	return rapid.SampledFrom(open).Draw(x.r, "fd")
}

// make makes a memfd.
func (x *specRun) make(flags int64) {
	o := sys("memfd_create", 0, flags)
	o.Str = "x"
	fd, errno := x.s.create(flags)
	x.call(o, fd, errno)
}

// begin brings the first file near an edge, where few random programs would get to.
func (x *specRun) begin() {
	const fd, size = 5, 2 * abi.PageSize
	switch x.draw("begin", 0, 1, 2) {
	case 1: // a write can be short
		x.call(sys("ftruncate", fd, size), 0, x.s.ftruncate(fd, size))
		x.call(sys("fcntl", fd, abi.FAddSeals, int64(abi.SealGrow)), 0, x.s.addSeals(fd, int64(abi.SealGrow)))
	case 2: // a mapping is older than the seal
		const prot = abi.ProtRead | abi.ProtWrite
		x.call(sys("ftruncate", fd, size), 0, x.s.ftruncate(fd, size))
		errno := x.s.mmap(specBase, 2, prot, true, fd, 0)
		x.call(sys("mmap", specBase*abi.PageSize, size, prot, abi.MapShared|abi.MapFixed, fd, 0),
			specBase*abi.PageSize, errno)
		x.call(sys("fcntl", fd, abi.FAddSeals, int64(abi.SealFutureWrite)), 0,
			x.s.addSeals(fd, int64(abi.SealFutureWrite)))
	}
}

// bytes draws an offset or a length, often at the edge of a page.
func (x *specRun) bytes() int64 {
	return max(0, x.draw("pages", 0, 1, 2, 3, 4)*abi.PageSize+x.draw("byte", 0, 0, 0, -1, 1, 100))
}

func (x *specRun) place() (at int64) {
	return specBase + x.draw("slot", 0, 1, 2)*(specRoom+2) + x.draw("page", 0, 1, 2, 3)
}

// specOps are the calls, each with what the specification says of it.
var specOps = map[string]func(*specRun){
	"create": func(x *specRun) {
		if len(x.s.files) == 3 {
			x.r.Skip("enough files")
		}
		x.make(x.draw("flags", abi.MfdAllowSealing, abi.MfdAllowSealing|abi.MfdCloexec, abi.MfdAllowSealing, 0,
			abi.MfdNoexecSeal, abi.MfdExec|abi.MfdAllowSealing, abi.MfdExec|abi.MfdNoexecSeal))
	},
	"getfd": func(x *specRun) {
		fd := x.fd()
		flags, errno := x.s.getFD(fd)
		x.call(sys("fcntl", fd, abi.FGetfd), flags, errno)
	},
	"seal": func(x *specRun) {
		seals := x.draw("seals", 8, 8, 8, 8, 4, 4, 2, 6, 10, 12, 16, 32, 0, 1, 0x40, 1<<32|4)
		fd := x.fd()
		x.call(sys("fcntl", fd, abi.FAddSeals, seals), 0, x.s.addSeals(fd, seals))
	},
	"get": func(x *specRun) {
		fd := x.fd()
		seals, errno := x.s.getSeals(fd)
		x.call(sys("fcntl", fd, abi.FGetSeals), seals, errno)
	},
	"ftruncate": func(x *specRun) {
		fd, n := x.fd(), x.bytes()-x.draw("less", 0, 0, 0, 1<<20)
		x.call(sys("ftruncate", fd, n), 0, x.s.ftruncate(fd, n))
	},
	"fallocate": func(x *specRun) {
		fd, mode, off, n := x.fd(), x.draw("mode", 0, 1, 3, 3, 2, abi.FallocFlZeroRange), x.bytes(), x.bytes()
		x.call(sys("fallocate", fd, mode, off, n), 0, x.s.fallocate(fd, mode, off, n))
	},
	"pwrite": func(x *specRun) {
		fd, n, off := x.fd(), x.bytes(), x.bytes()
		done, errno := x.s.pwrite(fd, n, off)
		x.call(sys("pwrite64", fd, 0, n, off), done, errno)
	},
	"write": func(x *specRun) {
		fd, n := x.fd(), x.bytes()
		done, errno := x.s.write(fd, n)
		x.call(sys("write", fd, 0, n), done, errno)
	},
	"tell": func(x *specRun) {
		fd := x.fd()
		pos, errno := x.s.tell(fd)
		x.call(sys("lseek", fd, 0, abi.SeekCur), pos, errno)
	},
	"pread": func(x *specRun) {
		fd, n, off := x.fd(), x.bytes(), x.bytes()
		done, errno := x.s.pread(fd, n, off)
		x.call(sys("pread64", fd, 0, n, off), done, errno)
	},
	"fchmod": func(x *specRun) {
		fd, mode := x.fd(), x.draw("mode", 0o777, 0o644, 0o700, 0o600)
		x.call(sys("fchmod", fd, mode), 0, x.s.fchmod(fd, mode))
	},
	"dup": func(x *specRun) {
		from := x.fd()
		fd, errno := x.s.dup(from)
		x.call(sys("dup", from), fd, errno)
	},
	"close": func(x *specRun) {
		fd := x.fd()
		x.call(sys("close", fd), 0, x.s.close(fd))
	},
	"reopen": func(x *specRun) {
		from, flags := x.fd(), x.draw("flags", abi.ORdonly, abi.OWronly, abi.ORdwr, abi.ORdwr|abi.OTrunc)
		o := sys("openat", abi.AtFdcwd, 0, flags)
		o.Str = fmt.Sprintf("/proc/self/fd/%d", from)
		fd, errno := x.s.reopen(from, flags)
		x.call(o, fd, errno)
	},
	"mmap": func(x *specRun) {
		slot := specBase + x.draw("slot", 0, 1, 2)*(specRoom+2)
		for i := range int64(specRoom) {
			if x.s.memory[slot+i] != nil {
				x.r.Skip("something is mapped there")
			}
		}
		pages, prot, fd, pgoff := x.draw("pages", 1, 2, specRoom), x.draw("prot", 0, 1, 3), x.fd(), x.draw("page", 0, 1)
		flags := x.draw("flags", abi.MapShared, abi.MapShared, abi.MapPrivate)
		errno := x.s.mmap(slot, pages, prot, flags == abi.MapShared, fd, pgoff)
		x.call(sys("mmap", slot*abi.PageSize, pages*abi.PageSize, prot, flags|abi.MapFixed, fd, pgoff*abi.PageSize),
			slot*abi.PageSize, errno)
	},
	"munmap": func(x *specRun) {
		at, pages := x.place(), x.draw("pages", 1, 2, specRoom)
		x.call(sys("munmap", at*abi.PageSize, pages*abi.PageSize), 0, x.s.munmap(at, pages))
	},
	"mprotect": func(x *specRun) {
		at, pages, prot := x.place(), x.draw("pages", 1, 2), x.draw("prot", 0, 1, 3)
		x.call(sys("mprotect", at*abi.PageSize, pages*abi.PageSize, prot), 0, x.s.mprotect(at, pages, prot))
	},
	"remove": func(x *specRun) {
		at := x.place()
		x.call(sys("madvise", at*abi.PageSize, abi.PageSize, abi.MadvRemove), 0, x.s.remove(at))
	},
	"touch": func(x *specRun) {
		at, write := x.place(), rapid.Bool().Draw(x.r, "write")
		errno := x.s.access(at, write)
		if write {
			x.call(sys("store", at*abi.PageSize, 1), 0, errno)
		} else {
			x.call(sys("load", at*abi.PageSize), anyByte, errno)
		}
	},
	"splice": func(x *specRun) {
		fd, off, n := x.fd(), x.bytes(), x.draw("length", 1, abi.PageSize, 2*abi.PageSize)
		done, errno := x.s.splice(fd, off, n)
		x.call(sys("splice", fd, off, 4, -1, n, abi.SpliceFNonblock), done, errno)
	},
	"readpipe": func(x *specRun) {
		n := x.draw("length", 1, abi.PageSize, 99*abi.PageSize)
		done, errno := x.s.readPipe(n)
		x.call(sys("read", 3, 0, n), done, errno)
	},
}

func TestAgainstSpecification(t *testing.T) {
	names := slices.Sorted(maps.Keys(specOps))
	names = append(names, "seal", "seal", "mmap", "munmap", "pwrite", "pwrite", "readpipe", "splice", "splice", "ftruncate")
	for _, release := range slices.Sorted(maps.Keys(specKernels)) {
		t.Run(release, func(t *testing.T) {
			rapid.Check(t, func(r *rapid.T) {
				x := newSpecRun(r, release)
				defer x.k.S.Stop()
				x.begin()
				actions := map[string]func(*rapid.T){"": func(r *rapid.T) { require.Empty(r, law.Broken(x.k.S)) }}
				for i, name := range names {
					actions[fmt.Sprint(name, i)] = func(r *rapid.T) {
						x.r = r
						specOps[name](x)
					}
				}
				r.Repeat(actions)
			})
		})
	}
}
