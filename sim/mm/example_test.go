package mm_test

import (
	"fmt"

	"sealab/sim/abi"
	"sealab/sim/folio"
	"sealab/sim/inode"
	"sealab/sim/mm"
	"sealab/sim/profile"
	"sealab/sim/sched"
)

// story runs a body as the only task of a machine with the newest kernel.
func story(body func(*sched.Task)) {
	p := profile.Newest()
	s := sched.NewSched(&p, sched.Clock{HZ: 250}, nil)
	folio.Boot(s.World(), 1)
	s.Spawn("story", body)
	if err := s.RunAll(); err != nil {
		fmt.Println(err)
	}
	s.Stop()
}

// A mapping that only reads blocks F_SEAL_WRITE too, because mprotect could make it
// writable: the descriptor allows it. Through a read-only descriptor it could not.
func Example_readOnlyCounts() {
	story(func(t *sched.Task) {
		m := mm.New(t)
		file := newFile(t, inode.Shmem, 1, inode.Readable|inode.Writable)
		readOnly := inode.Open(t, inode.FileOf(t, file).Inode, inode.Readable, abi.ORdonly)
		for _, f := range []sched.ID{readOnly, file} {
			_, err := mm.Map(t, m, mm.MapArgs{Len: abi.PageSize, Prot: abi.ProtRead, Flags: abi.MapShared, File: f})
			fmt.Println(err, "- countable mappings:", counter(t, file))
		}
		err := mapOf(t, file).DenyWritable(t)
		fmt.Println("sealing against writing:", err)
	})
	// Output:
	// <nil> - countable mappings: 0
	// <nil> - countable mappings: 1
	// sealing against writing: EBUSY (Device or resource busy)
}

// Unmapping the middle page of three leaves two mappings, and both must go.
func Example_split() {
	story(func(t *sched.Task) {
		m := mm.New(t)
		file := newFile(t, inode.Shmem, 3, inode.Readable|inode.Writable)
		show := func(what string) {
			fmt.Printf("%s: counter %d\n", what, counter(t, file))
			for _, line := range layout(t, m) {
				fmt.Println("  " + line)
			}
		}
		a, _ := mm.Map(t, m, mm.MapArgs{Len: 3 * abi.PageSize, Prot: abi.ProtRead | abi.ProtWrite,
			Flags: abi.MapShared, File: file})
		show("three pages")
		_ = mm.Unmap(t, m, a+abi.PageSize, abi.PageSize)
		show("without the middle one")
		_ = mm.Unmap(t, m, a, 3*abi.PageSize)
		show("without all")
	})
	// Output:
	// three pages: counter 1
	//   7ffff7ffc000-7ffff7fff000 rw-s 00000000
	// without the middle one: counter 2
	//   7ffff7ffc000-7ffff7ffd000 rw-s 00000000
	//   7ffff7ffe000-7ffff7fff000 rw-s 00002000
	// without all: counter 0
}
