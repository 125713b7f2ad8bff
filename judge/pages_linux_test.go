package judge_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sealab/host"
	"sealab/run"
	"sealab/scenario"
	"sealab/sim/folio"
	"sealab/sim/inode"
	"sealab/sim/kernel"
	"sealab/sim/mapping"
	"sealab/sim/profile"
	"sealab/sim/sched"
)

// looked is how many pages of a file are looked at.
const looked = 6

// pageScenarios are played on the host and on the model in step.
//
//tidy:table scenarios
var pageScenarios = map[string]string{
	"writes and shared mappings": `
r0 = memfd_create("a", MFD_ALLOW_SEALING)
ftruncate(r0, 24576)
pwrite64(r0, "x"..., 8192, 4096)
mmap(0x100000000, 24576, PROT_READ, MAP_SHARED|MAP_FIXED, r0, 0)
madvise(0x100000000, 12288, MADV_POPULATE_READ)
mmap(0x100010000, 8192, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_FIXED|MAP_POPULATE, r0, 4096)
mprotect(0x100010000, 4096, PROT_NONE)
madvise(0x100000000, 8192, MADV_DONTNEED)
munmap(0x100011000, 4096)
munmap(0x100000000, 24576)
munmap(0x100010000, 4096)
fcntl(r0, F_ADD_SEALS, F_SEAL_WRITE)
pread64(r0, ""..., 24576, 0)
`,
	"private copies": `
r0 = memfd_create("a", MFD_ALLOW_SEALING)
pwrite64(r0, "x"..., 16384, 0)
mmap(0x100000000, 16384, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED, r0, 0)
madvise(0x100000000, 16384, MADV_POPULATE_READ)
madvise(0x100001000, 8192, MADV_POPULATE_WRITE)
madvise(0x100002000, 4096, MADV_DONTNEED)
madvise(0x100002000, 4096, MADV_POPULATE_READ)
munmap(0x100000000, 16384)
`,
	"a cut and a hole": `
r0 = memfd_create("a", MFD_ALLOW_SEALING)
pwrite64(r0, "x"..., 24576, 0)
mmap(0x100000000, 24576, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_FIXED|MAP_POPULATE, r0, 0)
fallocate(r0, FALLOC_FL_KEEP_SIZE|FALLOC_FL_PUNCH_HOLE, 4096, 8192)
madvise(0x100002000, 4096, MADV_POPULATE_READ)
ftruncate(r0, 10000)
madvise(0x100000000, 24576, MADV_POPULATE_WRITE)
ftruncate(r0, 24576)
madvise(0x100000000, 24576, MADV_POPULATE_WRITE)
fallocate(r0, 0, 0, 24576)
madvise(0x100000000, 4096, MADV_REMOVE)
`,
	"moves": `
r0 = memfd_create("a", MFD_ALLOW_SEALING)
pwrite64(r0, "x"..., 16384, 0)
mmap(0x100000000, 8192, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_FIXED|MAP_POPULATE, r0, 0)
mremap(0x100000000, 8192, 16384, MREMAP_MAYMOVE|MREMAP_FIXED, 0x100100000)
madvise(0x100100000, 16384, MADV_POPULATE_READ)
mremap(0x100100000, 16384, 4096, 0)
mmap(0x100100000, 4096, PROT_READ, MAP_PRIVATE|MAP_FIXED, r0, 8192)
madvise(0x100100000, 4096, MADV_POPULATE_READ)
mlock(0x100100000, 4096)
`,
	"pipes hold pages that nobody maps": `
r0 = memfd_create("a", MFD_ALLOW_SEALING)
pwrite64(r0, "x"..., 12288, 0)
pipe2([p0, p1], O_NONBLOCK)
splice(r0, [0], p1, NULL, 8192, 0)
mmap(0x100000000, 12288, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_POPULATE, r0, 0)
vmsplice(p1, [{iov_base=0x100002000, iov_len=4096}], 1, 0)
munmap(0x100000000, 12288)
fcntl(r0, F_ADD_SEALS, F_SEAL_WRITE)
read(p0, ""..., 12288)
fcntl(r0, F_ADD_SEALS, F_SEAL_WRITE)
`,
	"a child": `
r0 = memfd_create("a", MFD_ALLOW_SEALING)
pwrite64(r0, "x"..., 16384, 0)
mmap(0x100000000, 8192, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_FIXED|MAP_POPULATE, r0, 0)
mmap(0x100010000, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_POPULATE, r0, 8192)
pipe2([p0, p1], 0)
c = fork()
close(p1)
c: madvise(0x100000000, 8192, MADV_POPULATE_READ)
c: madvise(0x100010000, 4096, MADV_POPULATE_READ)
munmap(0x100000000, 4096)
c: madvise(0x100010000, 8192, MADV_POPULATE_WRITE)
c: munmap(0x100000000, 8192)
madvise(0x100010000, 8192, MADV_DONTNEED)
c: mmap(0x100020000, 16384, PROT_READ, MAP_SHARED|MAP_FIXED|MAP_POPULATE, r0, 0)
readv(p0, [{iov_base=""..., iov_len=1}], 1)
`,
}

// TestPages plays scenarios on the host, which tells the map count of each page after each
// call (/proc/kpagecount), and holds the model's map counts to them.
func TestPages(t *testing.T) {
	if !host.Supported {
		t.Skip(host.ErrUnsupported)
	}
	machine, err := host.Look()
	require.NoError(t, err)
	prof, _, err := profile.ForRelease(machine.Release)
	if err != nil {
		t.Skip(err)
	}
	runner := host.NewRunner(host.Options{Pages: looked})
	t.Cleanup(func() { require.NoError(t, runner.Close()) })
	calls := 0
	for name, text := range pageScenarios {
		t.Run(name, func(t *testing.T) {
			programs, err := host.Read(strings.NewReader(text), name)
			require.NoError(t, err)
			res, err := runner.Run(context.Background(), programs[0])
			require.NoError(t, err)
			for _, missing := range res.Missing {
				t.Skip(missing)
			}
			require.Empty(t, res.Skipped)
			calls += comparePages(t, prof, &res.Outcomes[0])
		})
	}
	t.Logf("%d calls, %d pages after each", calls, looked)
}

// comparePages plays a log of the host on the model, and returns how many calls there were.
func comparePages(t *testing.T, prof profile.Profile, o *host.Outcome) int {
	k := kernel.Boot(kernel.Config{Profile: prof})
	defer k.S.Stop()
	procs := map[int]*kernel.Proc{}
	in := scenario.NewReader(strings.NewReader(string(o.Log)), "host", scenario.Options{})
	defer in.Close()
	for n := 0; ; {
		e, err := in.Next()
		if errors.Is(err, io.EOF) {
			require.Len(t, o.Maps, n)
			return n
		}
		require.NoError(t, err)
		switch {
		case e.Name == "readv":
			return n // with it the main task stays until its child is gone
		case e.Kind != scenario.Call:
			continue
		}
		if len(procs) == 0 {
			procs[e.Pid] = k.Spawn("main", 0)
		}
		p := procs[e.Pid]
		require.NotNil(t, p, "a task that nobody made: %s", scenario.Append(nil, e))
		var c kernel.Call
		class, _ := run.ReadCall(e, nil, &c)
		require.Equal(t, run.Modelled, class, "%s", scenario.Append(nil, e))
		answer := run.ReadAnswer(e, &c)
		r, err := k.Call(p, c)
		require.NoError(t, err)
		require.Equal(t, answer.Errno, r.Errno, "%s", scenario.Append(nil, e))
		if r.Child != nil {
			procs[int(answer.Val)] = r.Child
		}
		require.Equal(t, o.Maps[n].Count, modelCounts(k, p), "map counts after %s", scenario.Append(nil, e))
		n++
	}
}

// modelCounts are the map counts of the first pages of the first memfd.
func modelCounts(k *kernel.Kernel, p *kernel.Proc) (counts []int64) {
	w := k.S.World()
	f := sched.Peek[inode.File](w, k.FileAt(p, 3))
	i := sched.Peek[inode.Inode](w, f.Inode)
	tree := sched.Peek[mapping.Pages](w, i.Map.Pages)
	for at := range uint64(looked) {
		n := int64(-1)
		if _, e, _, ok := tree.X.FindFrom(at, at); ok && e.IsFolio() {
			n = int64(sched.Peek[folio.Folio](w, sched.ID(e.Folio())).Maps)
		}
		counts = append(counts, n)
	}
	return counts
}
