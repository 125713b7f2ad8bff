package inode_test

import (
	"fmt"

	"sealab/sim/abi"
	"sealab/sim/inode"
	"sealab/sim/sched"
)

// Seals belong to the inode, so every open file of it has them; what may be done
// through it, and where it stands, belongs to the open file.
func Example() {
	s := machine(nil)
	defer s.Stop()
	s.Spawn("story", func(t *sched.Task) {
		ino := inode.New(t, inode.Inode{Kind: inode.Shmem, Name: "memfd:x", Mode: 0o777})
		rw := inode.Open(t, ino, inode.Readable|inode.Writable, abi.ORdwr)
		ro := inode.Open(t, ino, inode.Readable, abi.ORdonly)
		inode.AddSeals(t, ino, abi.SealShrink)
		inode.SetPos(t, rw, 10)
		for _, f := range []sched.ID{rw, ro} {
			o := inode.FileOf(t, f)
			fmt.Println(inode.Seals(t, o.Inode), "- position", inode.Pos(t, f), "- to write:",
				o.May(t, inode.Writable, "vfs_write"))
		}
	})
	_ = s.RunAll()
	// Output:
	// F_SEAL_SHRINK - position 10 - to write: <nil>
	// F_SEAL_SHRINK - position 0 - to write: EBADF (Bad file descriptor)
}
