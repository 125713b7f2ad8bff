package folio_test

import (
	"fmt"

	"sealab/sim/folio"
	"sealab/sim/profile"
	"sealab/sim/sched"
)

// A page of a file that one process maps and a pipe holds. What F_SEAL_WRITE looks at
// is what is left when the page cache and the page tables have been taken away.
func Example() {
	p := profile.Newest()
	s := sched.NewSched(&p, sched.Clock{HZ: 250}, nil)
	defer s.Stop()
	folio.Boot(s.World(), 1)
	s.Spawn("story", func(t *sched.Task) {
		page := folio.Alloc(t, 0, false)
		show := func(what string) {
			refs, maps := folio.RefCount(t, page), folio.MapCount(t, page)
			fmt.Printf("%-22s references %d, mapped %d, left over %d\n", what, refs, maps, refs-maps-1)
		}
		show("in the page cache")
		folio.Get(t, page)
		folio.AddMap(t, page)
		show("mapped")
		folio.Get(t, page)
		show("and in a pipe")
		folio.Pin(t, page, 1024)
		show("and pinned")
		folio.Unpin(t, page, 1024)
		folio.Put(t, page)
		show("both let go")
	})
	_ = s.RunAll()
	// Output:
	// in the page cache      references 1, mapped 0, left over 0
	// mapped                 references 2, mapped 1, left over 0
	// and in a pipe          references 3, mapped 1, left over 1
	// and pinned             references 1027, mapped 1, left over 1025
	// both let go            references 2, mapped 1, left over 0
}
