package mm_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"sealab/sim/abi"
	"sealab/sim/inode"
	"sealab/sim/mm"
	"sealab/sim/sched"
)

// BenchmarkMapUnmap maps a page shared, touches it and unmaps it again.
func BenchmarkMapUnmap(b *testing.B) {
	run(b, machine(b, ""), func(t *sched.Task) {
		m, file := mm.New(t), newFile(t, inode.Shmem, 1, rw)
		args := mm.MapArgs{Len: page, Prot: abi.ProtRead | abi.ProtWrite, Flags: abi.MapShared, File: file}
		b.ReportAllocs()
		for b.Loop() {
			mapTouchUnmap(b, t, m, args)
		}
	})
}

func mapTouchUnmap(tb testing.TB, t *sched.Task, m sched.ID, args mm.MapArgs) {
	addr, err := mm.Map(t, m, args)
	if err == nil {
		err = mm.Fault(t, m, addr, true)
	}
	if err == nil {
		err = mm.Unmap(t, m, addr, args.Len)
	}
	if err != nil {
		tb.Fatal(err)
	}
}

// What programs do all the time must not allocate.
func TestNoAllocation(tb *testing.T) {
	run(tb, machine(tb, ""), func(t *sched.Task) {
		m, file := mm.New(t), newFile(t, inode.Shmem, 1, rw)
		args := mm.MapArgs{Len: page, Prot: abi.ProtRead | abi.ProtWrite, Flags: abi.MapShared, File: file}
		mapTouchUnmap(tb, t, m, args)
		require.Zero(tb, testing.AllocsPerRun(100, func() { mapTouchUnmap(tb, t, m, args) }))
	})
}
