package gen_test

import (
	"fmt"

	"sealab/gen"
)

// A program can be made again from its seed and number.
func ExampleNew() {
	fmt.Print(gen.New(1, 5, gen.Options{Calls: 8}))
	// Output:
	// r0 = memfd_create("a", MFD_ALLOW_SEALING)
	// r1 = memfd_create("a", 0x40)
	// ftruncate(r0, 16384)
	// fcntl(r0, F_ADD_SEALS, F_SEAL_SEAL|F_SEAL_WRITE)
	// munmap(0x10000, 4096)
	// u2 = io_uring_setup(4, {})
	// io_uring_register(u2, IORING_UNREGISTER_BUFFERS, NULL, 0)
}
