package run_test

import (
	"fmt"
	"strings"

	"sealab/run"
	"sealab/sim/trace"
)

// A page in a pipe keeps a file from being sealed; the trace says since when.
func Example() {
	scripts, err := run.Read(strings.NewReader(`
r0 = memfd_create("a", MFD_ALLOW_SEALING)
write(r0, "x", 1) = 1
pipe2([p0, p1], 0)
splice(r0, [0], p1, NULL, 1, 0) = 1
s0 = fcntl(r0, F_ADD_SEALS, F_SEAL_WRITE)
always (s0 = EBUSY)
`), "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	r, err := run.Play(scripts[0], run.Options{Kernel: "6.12.107", Record: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	last := &r.Calls[len(r.Calls)-1]
	fmt.Println(last.Text)
	fmt.Println(r.Conds[0].Text, "holds:", r.Conds[0].Holds)

	events := r.Trace.Events
	for i := range events {
		if events[i].Kind != trace.Refuse {
			continue
		}
		for why := i + 1; why > 0; why = events[why-1].Cause {
			fmt.Printf("%s, %s\n", trace.Time(events[why-1].At), events[why-1].Describe())
		}
	}
	// Output:
	// s0 = fcntl(r0, F_ADD_SEALS, F_SEAL_WRITE) = -1 EBUSY (Device or resource busy)
	// always (s0 = EBUSY) holds: true
	// 164 ms, main is refused by memfd_wait_for_pins: EBUSY, since somebody still holds page 0
	// 164 ms, main looks at page 0 of "a": 2 references, and 1 expected (page cache 1, page tables 0), so 1 too many
	// 0 ms, the pipe now holds a reference to page 0 of "a" (by splice)
}
