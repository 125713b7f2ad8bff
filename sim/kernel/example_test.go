package kernel_test

import (
	"fmt"

	"sealab/sim/abi"
	"sealab/sim/kernel"
	"sealab/sim/profile"
)

// A program that maps a memfd read-only and seals it: the first question that this
// project was made for.
func Example() {
	k := kernel.Boot(kernel.Config{Profile: profile.Newest()})
	defer k.S.Stop()
	p := k.Spawn("program", 0)
	call := func(name, str string, args ...int64) int64 {
		c := kernel.Call{Sys: kernel.SysByName(name), Str: str}
		copy(c.Args[:], args)
		res, err := k.Call(p, c)
		if err != nil {
			fmt.Println(err)
		}
		fmt.Printf("%s: ", name)
		if res.Errno != 0 {
			fmt.Printf("%s, by %s\n", res.Errno.Name(), p.Task.Refusal.Check)
		} else {
			fmt.Printf("%#x\n", res.Val)
		}
		return res.Val
	}
	fd := call("memfd_create", "example", 0, abi.MfdAllowSealing)
	call("ftruncate", "", fd, abi.PageSize)
	addr := call("mmap", "", 0x10000000, abi.PageSize, abi.ProtRead, abi.MapShared|abi.MapFixed, fd, 0)
	call("fcntl", "", fd, abi.FAddSeals, int64(abi.SealWrite))
	call("munmap", "", addr, abi.PageSize)
	call("fcntl", "", fd, abi.FAddSeals, int64(abi.SealWrite))
	call("mmap", "", 0x10000000, abi.PageSize, abi.ProtRead, abi.MapShared|abi.MapFixed, fd, 0)
	call("mprotect", "", addr, abi.PageSize, abi.ProtRead|abi.ProtWrite)
	// Output:
	// memfd_create: 0x3
	// ftruncate: 0x0
	// mmap: 0x10000000
	// fcntl: EBUSY, by mapping_deny_writable
	// munmap: 0x0
	// fcntl: 0x0
	// mmap: 0x10000000
	// mprotect: EACCES, by mprotect VM_MAYWRITE
}
