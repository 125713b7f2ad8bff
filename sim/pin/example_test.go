package pin_test

import (
	"fmt"

	"sealab/sim/folio"
	"sealab/sim/inode"
	"sealab/sim/pin"
	"sealab/sim/profile"
	"sealab/sim/sched"
)

// A pipe that a file was spliced into holds the file's pages until it is read empty.
// To sealing that is a pin like any other; here it has a name.
func Example() {
	p := profile.Newest()
	s := sched.NewSched(&p, sched.Clock{HZ: 250}, nil)
	defer s.Stop()
	folio.Boot(s.World(), 1)
	s.Spawn("story", func(t *sched.Task) {
		file := newFile(t, 2*page)
		r, w := pin.NewPipe(t, 0)
		_, _ = pin.Splice(t, file, 0, w, -1, 2*page, 0)
		show := func() {
			for i := range uint64(2) {
				fmt.Println("page", i, "- references too many:", extra(t, file, i))
			}
		}
		show()
		pin.EachHolder(s.World(), func(h pin.Holder) { fmt.Println(h.Kind, "-", h.Kind.LetGo()) })
		_, _ = pin.ReadPipe(t, inode.Of(t, inode.FileOf(t, r).Inode).Info, page, false)
		fmt.Println("after reading a page:")
		show()
	})
	_ = s.RunAll()
	// Output:
	// page 0 - references too many: 1
	// page 1 - references too many: 1
	// the page is in a pipe, by splice - Read the pipe empty, or close both its ends, before you seal.
	// the page is in a pipe, by splice - Read the pipe empty, or close both its ends, before you seal.
	// after reading a page:
	// page 0 - references too many: 0
	// page 1 - references too many: 1
}
