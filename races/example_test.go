package races_test

import (
	"fmt"

	"sealab/races"
)

func Example() {
	text, ok := races.Text("write")
	fmt.Println(ok)
	fmt.Print(text)
	// Output:
	// true
	// # A write holds the inode lock, so it is before the seal or refused.
	// r0 = memfd_create("a", MFD_ALLOW_SEALING)
	// ftruncate(r0, 4096) = 0
	// a: s0 = fcntl(r0, F_ADD_SEALS, F_SEAL_WRITE)
	// b: w0 = pwrite64(r0, "x", 1, 0)
	// always (s0 = 0)
	// exists (w0 = EPERM)
}
