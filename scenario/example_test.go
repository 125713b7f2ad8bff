package scenario_test

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"sealab/scenario"
)

// A log of strace -f -ttt -T: one task seals a memfd while the other writes to it.
func ExampleReader() {
	log := `98 1795417950.019764 memfd_create("a", MFD_ALLOW_SEALING) = 3 <0.000788>
98 1795417950.023879 fcntl(3, F_ADD_SEALS, F_SEAL_GROW|F_SEAL_WRITE <unfinished ...>
99 1795417950.024000 write(3, "x", 1) = -1 EPERM (Operation not permitted) <0.000135>
98 1795417950.187124 <... fcntl resumed>) = -1 EBUSY (Device or resource busy) <0.163245>
98 1795417950.187300 +++ exited with 0 +++
`
	r := scenario.NewReader(strings.NewReader(log), "seal.strace", scenario.Options{})
	for {
		ev, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			fmt.Println(err)
			continue
		}
		switch ev.Kind {
		case scenario.Call:
			fmt.Printf("%d %s = %s\n", ev.Pid, ev.Name, ev.Ret.Text)
		case scenario.CallEnd:
			fmt.Printf("%d %s of seals %#x took %d us: %s\n",
				ev.Pid, ev.Name, ev.Arg(2).Num, ev.Dur/1000, ev.Ret.Errno.Name())
		}
	}
	// Output:
	// 98 memfd_create = 3
	// 99 write = -1
	// 98 fcntl of seals 0xc took 163245 us: EBUSY
}

// A scenario written by hand: two tasks run concurrently, and what may come of it.
func ExampleReader_written() {
	text := `kernel 6.12.5
r0 = memfd_create("a", MFD_ALLOW_SEALING)
ftruncate(r0, 4096) = 0
a: s0 = fcntl(r0, F_ADD_SEALS, F_SEAL_WRITE)
b: @15ms m0 = mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_SHARED, r0, 0)
exists (s0 = 0 /\ m0 = EPERM)
never (s0 = 0 /\ ~(m0 = EPERM))
`
	r := scenario.NewReader(strings.NewReader(text), "two.sealab", scenario.Options{})
	for {
		ev, err := r.Next()
		if err != nil {
			break
		}
		fmt.Printf("%-9v task %2d  %s\n", ev.Kind, ev.Pid, scenario.Append(nil, ev))
	}
	// Output:
	// Header    task  0  kernel 6.12.5
	// Call      task  0  r0 = memfd_create("a", MFD_ALLOW_SEALING)
	// Call      task  0  ftruncate(r0, 4096) = 0
	// Call      task -1  a: s0 = fcntl(r0, F_ADD_SEALS, F_SEAL_WRITE)
	// Call      task -2  b: @15ms m0 = mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_SHARED, r0, 0)
	// Condition task  0  exists (s0 = 0 /\ m0 = EPERM)
	// Condition task  0  never (s0 = 0 /\ ~m0 = EPERM)
}

// An error shows the line, the place, and what may have been meant. The reader goes on after it.
func ExampleSyntaxError() {
	text := `r0 = memfd_create("a", MFD_ALLOW_SEALING)
fcntl(r0, F_ADD_SEALS, F_SEAL_GROW|F_SEAL_WRTIE)
close(r0)
`
	r := scenario.NewReader(strings.NewReader(text), "typo.sealab", scenario.Options{})
	for {
		ev, err := r.Next()
		var syntax *scenario.SyntaxError
		switch {
		case errors.As(err, &syntax):
			fmt.Println(syntax)
		case err != nil:
			return
		default:
			fmt.Println("read:", ev.Name)
		}
	}
	// Output:
	// read: memfd_create
	// typo.sealab:2:36: unknown name F_SEAL_WRTIE
	//     fcntl(r0, F_ADD_SEALS, F_SEAL_GROW|F_SEAL_WRTIE)
	//                                        ^
	//     hint: did you mean F_SEAL_WRITE?
	// read: close
}

// The parts of a vector of buffers.
func ExampleEvent_Children() {
	line := `9 writev(7<pipe:[3]>, [{iov_base="ab\n"..., iov_len=20}, {iov_base=NULL, iov_len=0}], 2) = 20`
	ev, err := scenario.NewReader(strings.NewReader(line), "", scenario.Options{}).Next()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("descriptor %d is %s\n", ev.Arg(0).Num, ev.Arg(0).Path)
	for iov := range ev.Children(ev.Arg(1)) {
		base := ev.Field(iov, "iov_base")
		fmt.Printf("%v %q, %d bytes\n", base.Kind, base.Decode(nil), ev.Field(iov, "iov_len").Num)
	}
	// Output:
	// descriptor 7 is pipe:[3]
	// String "ab\n", 20 bytes
	// Null "NULL", 0 bytes
}
