package mapping_test

import (
	"fmt"

	"sealab/sim/folio"
	"sealab/sim/mapping"
	"sealab/sim/profile"
	"sealab/sim/sched"
)

// One signed number answers two questions: how many mappings may become writable, and
// whether such mappings are allowed at all. Both can be asked without a lock.
func ExampleCounter() {
	p := profile.Newest()
	s := sched.NewSched(&p, sched.Clock{HZ: 250}, nil)
	defer s.Stop()
	folio.Boot(s.World(), 1)
	s.Spawn("story", func(t *sched.Task) {
		m := mapping.New(t)
		show := func(what string, err error) {
			fmt.Printf("%s: %v\n  %v\n", what, err, sched.Peek[mapping.Counter](s.World(), m.Counter))
		}
		show("mmap", m.MapWritable(t))
		show("seal", m.DenyWritable(t))
		m.UnmapWritable(t)
		show("munmap", nil)
		show("seal", m.DenyWritable(t))
		show("mmap", m.MapWritable(t))
		m.AllowWritable(t)
		show("the seal is refused after all", nil)
	})
	_ = s.RunAll()
	// Output:
	// mmap: <nil>
	//   i_mmap_writable is 1: 1 countable mappings
	// seal: EBUSY (Device or resource busy)
	//   i_mmap_writable is 1: 1 countable mappings
	// munmap: <nil>
	//   i_mmap_writable is 0: no countable mapping
	// seal: <nil>
	//   i_mmap_writable is -1: new countable mappings are denied
	// mmap: EPERM (Operation not permitted)
	//   i_mmap_writable is -1: new countable mappings are denied
	// the seal is refused after all: <nil>
	//   i_mmap_writable is 0: no countable mapping
}
