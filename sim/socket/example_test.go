package socket_test

import (
	"fmt"

	"sealab/sim/folio"
	"sealab/sim/inode"
	"sealab/sim/profile"
	"sealab/sim/sched"
	"sealab/sim/socket"
)

// A file is sent and its only descriptor closed: the message keeps it open. When the other
// end is closed without having received it, it is closed with it.
func Example() {
	p := profile.Newest()
	s := sched.NewSched(&p, sched.Clock{HZ: 250}, nil)
	defer s.Stop()
	folio.Boot(s.World(), 1)
	s.Spawn("story", func(t *sched.Task) {
		from, to := socket.NewPair(t, 1, 0) // SOCK_STREAM
		end := inode.Of(t, inode.FileOf(t, from).Inode).Info

		file := inode.Open(t, inode.New(t, inode.Inode{Kind: inode.Device, Name: "a file"}), inode.Readable, 0)
		ino := inode.FileOf(t, file).Inode
		sent, err := socket.Send(t, end, 1, socket.NewRights(t, []sched.ID{file}))
		fmt.Println("sent", sent, err)
		fmt.Println("the file is there:", s.World().Object(ino) != nil)
		inode.PutFile(t, to)
		fmt.Println("the file is there:", s.World().Object(ino) != nil)
		_, err = socket.Send(t, end, 1, 0)
		fmt.Println(err)
	})
	_ = s.RunAll()
	// Output:
	// sent 1 <nil>
	// the file is there: true
	// the file is there: false
	// EPIPE (Broken pipe)
}
