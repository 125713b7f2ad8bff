package shmem_test

import (
	"fmt"

	"sealab/sim/abi"
	"sealab/sim/folio"
	"sealab/sim/inode"
	"sealab/sim/profile"
	"sealab/sim/sched"
	"sealab/sim/shmem"
)

// A file that must not grow, of a page and a half: writing inside it works, past its
// end it does not, and a write across the end is cut short or refused as a whole,
// depending on how much the kernel copies at a time.
func ExampleWrite() {
	for _, release := range []string{"6.18.44", "6.12.107"} {
		p, _, _ := profile.ForRelease(release)
		s := sched.NewSched(&p, sched.Clock{HZ: 250}, nil)
		folio.Boot(s.World(), 1)
		s.Spawn("story", func(t *sched.Task) {
			ino := inode.New(t, inode.Inode{Kind: inode.Shmem, Size: 6000})
			f := inode.Open(t, ino, inode.Writable, abi.OWronly)
			inode.AddSeals(t, ino, abi.SealGrow)
			fmt.Println("Linux", release)
			for _, n := range []int64{6000, 8192} {
				done, _, err := shmem.Write(t, f, 0, n, 1)
				fmt.Printf("  write of %d bytes: %d, %v\n", n, done, err)
			}
			_, _, err := shmem.Write(t, f, 6000, 1, 1)
			fmt.Println("  write at the end:", err)
			fmt.Println("  truncate to 7000:", shmem.Truncate(t, f, 7000))
		})
		_ = s.RunAll()
		s.Stop()
	}
	// Output:
	// Linux 6.18.44
	//   write of 6000 bytes: 6000, <nil>
	//   write of 8192 bytes: 4096, <nil>
	//   write at the end: EPERM (Operation not permitted)
	//   truncate to 7000: EPERM (Operation not permitted)
	// Linux 6.12.107
	//   write of 6000 bytes: 6000, <nil>
	//   write of 8192 bytes: 0, EPERM (Operation not permitted)
	//   write at the end: EPERM (Operation not permitted)
	//   truncate to 7000: EPERM (Operation not permitted)
}
