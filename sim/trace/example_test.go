package trace_test

import (
	"fmt"
	"os"

	"sealab/sim/trace"
)

// A step forward applies what an event changed, a step back undoes it.
func ExampleState() {
	e := trace.Event{
		Step: 12, At: 0, Task: 1, Who: "main", Kind: trace.Count, Op: "mapping_deny_writable",
		Object:  trace.Object{ID: 7, Kind: "counter", Name: `i_mmap_writable of "a"`},
		Changes: []trace.Change{{Object: 7, Field: "n", Old: "0", New: "-1"}},
	}
	s := trace.State{7: {"n": "0"}}
	fmt.Println(e.Describe())
	s.Apply(&e)
	fmt.Println("after: ", s[7]["n"])
	s.Undo(&e)
	fmt.Println("before:", s[7]["n"])
	// Output:
	// main denies new mappings that could write: i_mmap_writable of "a" 0 → -1
	// after:  -1
	// before: 0
}

func ExampleTrace_Write() {
	t := &trace.Trace{Header: trace.Header{Kernel: "7.2.13", HZ: 250, CPUs: 2}}
	t.Events = []trace.Event{{Step: 1, Task: 1, Who: "main", Kind: trace.Begin, Op: "close", Text: "close(3)"}}
	if err := t.Write(os.Stdout); err != nil {
		fmt.Println(err)
	}
	// Output:
	// {"trace":{"version":1,"kernel":"7.2.13","hz":250,"cpus":2}}
	// {"event":{"step":1,"at":0,"task":1,"who":"main","kind":"begin","op":"close","text":"close(3)"}}
	// {"end":{"events":1}}
}
