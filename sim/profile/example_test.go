package profile_test

import (
	"fmt"

	"sealab/sim/profile"
)

func ExampleForRelease() {
	p, notes, err := profile.ForRelease("6.6.100")
	fmt.Println(p.ReadOnlyAfterWriteSeal(), p.LRUBatch, err)
	fmt.Println(len(notes), "note that the release which changed that is not certain")
	_, _, err = profile.ForRelease("3.16")
	fmt.Println(err)
	// Output:
	// false 15 <nil>
	// 1 note that the release which changed that is not certain
	// kernel release "3.16": memfd_create and file sealing came with Linux 3.17; try "3.17"
}

func ExampleDiff() {
	before, _, _ := profile.ForRelease("6.18.15")
	after, _, _ := profile.ForRelease("6.18.44")
	for _, d := range profile.Diff(before, after) {
		fmt.Println(d.Feature, d.A, d.B)
		fmt.Println(d.InB)
	}
	// Output:
	// exec-implies after-check before-check
	// F_SEAL_EXEC on an executable memfd fails with EBUSY while somebody may write.
}

func ExampleProfile_Set() {
	p := profile.Newest()
	fmt.Println(p.Set("lru-batch=14"), p.LRUBatch)
	fmt.Println(p.Set("lru-batch=x"))
	// Output:
	// <nil> 14
	// feature lru-batch: "x" is none of its values: 1 to 255
}
