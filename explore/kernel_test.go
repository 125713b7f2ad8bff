package explore_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sealab/explore"
	"sealab/sim/abi"
	"sealab/sim/inode"
	"sealab/sim/kernel"
	"sealab/sim/profile"
	"sealab/sim/sched"
)

// lab is a machine with one process whose tasks share everything.
type lab struct {
	t    *testing.T
	k    *kernel.Kernel
	main *kernel.Proc
	prog *explore.Program
}

func newLab(t *testing.T, release string) *lab {
	p, _, err := profile.ForRelease(release)
	require.NoError(t, err)
	k := kernel.Boot(kernel.Config{Profile: p})
	l := &lab{t: t, k: k, main: k.Spawn("main", 0)}
	l.prog = &explore.Program{Profile: &k.Config().Profile, Clock: k.S.Clock}
	return l
}

func call(name string, args ...int64) kernel.Call {
	c := kernel.Call{Sys: kernel.SysByName(name)}
	copy(c.Args[:], args)
	return c
}

// do makes a call before the tasks begin.
func (l *lab) do(name string, args ...int64) int64 {
	r, err := l.k.Call(l.main, call(name, args...))
	require.NoError(l.t, err)
	require.Zero(l.t, r.Errno, name)
	return r.Val
}

// task adds a task that makes calls. Its reports are their answers.
func (l *lab) task(name string, calls ...kernel.Call) {
	p := l.k.Spawn(name, len(l.prog.Tasks))
	p.MM, p.FDs = l.main.MM, l.main.FDs
	l.prog.Tasks = append(l.prog.Tasks, explore.Task{
		Name: name, Num: p.Task.Num, CPU: p.Task.CPU, Sleep: p.Task.Sleep,
		Make: func() (func(*sched.Task), func() string) {
			var got []string
			program := func(t *sched.Task, q *kernel.Proc) {
				birth := t.Mark()
				for i, c := range calls {
					r, err := q.Syscall(t, &c)
					require.NoError(l.t, err)
					text := fmt.Sprint(r.Val)
					if r.Errno != 0 {
						text = r.Errno.Name()
					}
					got = append(got, text)
					t.Forget(birth, fmt.Sprint(i, got))
				}
			}
			body := func(t *sched.Task) { l.k.Rehearse(t, kernel.Birth{MM: p.MM, FDs: p.FDs}, program) }
			return body, func() string { return name + "=" + strings.Join(got, ",") }
		},
	})
}

func (l *lab) run(o explore.Options) *explore.Result {
	require.NoError(l.t, l.k.S.Run()) // the tasks get idle
	l.prog.World = l.k.S.World().Clone()
	l.prog.Outcome = func(w *sched.World, reports []string) string {
		text := strings.Join(reports, " ")
		w.Each(func(_ sched.ID, o sched.Object) {
			if i, ok := o.(*inode.Inode); ok && i.Kind == inode.Shmem {
				text += " seals=" + i.Seals.String()
			}
		})
		return text
	}
	o.Check = true
	r, err := explore.Run(context.Background(), l.prog, o)
	require.NoError(l.t, err)
	return r
}

// show tells what came out, without the numbers: they change with every operation
// that the model of the kernel gets or loses.
func show(r *explore.Result) string {
	text := ""
	for _, o := range r.Outcomes {
		text += fmt.Sprintf("%v: %v\n", o.Kind, o.Text)
	}
	return text
}

// memfd makes a memfd of one page before the tasks begin.
func (l *lab) memfd() int64 {
	fd := l.do("memfd_create", 0, abi.MfdAllowSealing)
	l.do("ftruncate", fd, abi.PageSize)
	return fd
}

func TestSealAgainstMmap(t *testing.T) {
	l := newLab(t, "6.12.5")
	fd := l.memfd()
	l.task("a", call("fcntl", fd, abi.FAddSeals, int64(abi.SealWrite)))
	l.task("b", call("mmap", 0, abi.PageSize, abi.ProtRead|abi.ProtWrite, abi.MapShared, fd, 0))
	require.Equal(t, `end: a=0 b=EPERM seals=F_SEAL_WRITE
end: a=EBUSY b=140737354129408 seals=0
`, show(l.run(explore.Options{})))
}

// TestSealAgainstWrite shows what the two readings of time mean: only a task that
// may be delayed at will keeps its reference to the page for long enough.
func TestSealAgainstWrite(t *testing.T) {
	want := map[explore.TimeModel]string{
		explore.FreeTime: `end: a=0 b=100,100 seals=F_SEAL_WRITE
end: a=0 b=EPERM,100 seals=F_SEAL_WRITE
end: a=EBUSY b=100,100 seals=0
`,
		explore.ZeroTime: `end: a=0 b=100,100 seals=F_SEAL_WRITE
end: a=0 b=EPERM,100 seals=F_SEAL_WRITE
`,
	}
	for model, text := range want {
		l := newLab(t, "6.12.5")
		fd := l.memfd()
		l.task("a", call("fcntl", fd, abi.FAddSeals, int64(abi.SealWrite)))
		l.task("b", call("pwrite64", fd, 0, 100, 0), call("pread64", fd, 0, 100, 0))
		require.Equal(t, text, show(l.run(explore.Options{Time: model})), model)
	}
}
