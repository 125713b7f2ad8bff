package memfd_test

import (
	"fmt"

	"sealab/sim/abi"
	"sealab/sim/folio"
	"sealab/sim/memfd"
	"sealab/sim/profile"
	"sealab/sim/sched"
	"sealab/sim/shmem"
)

// stage is a machine of two CPUs with the newest kernel and 1000 ticks a second.
func stage() *sched.Sched {
	p := profile.Newest()
	s := sched.NewSched(&p, sched.Clock{HZ: 1000}, nil)
	folio.Boot(s.World(), 2)
	return s
}

// story runs a body as the only task.
func story(s *sched.Sched, body func(*sched.Task)) {
	s.Spawn("story", body)
	if err := s.RunAll(); err != nil {
		fmt.Println(err)
	}
}

// EBUSY comes at once when there is a mapping that may become writable, and late when
// somebody holds a page: then the kernel waits, in the hope that it is let go.
func ExampleAddSeals() {
	s := stage()
	defer s.Stop()
	story(s, func(t *sched.Task) {
		f := file(t, 2)
		addWrite := func(what string) {
			start := s.Now()
			err := memfd.AddSeals(t, f, uint64(abi.SealWrite))
			fmt.Printf("%s: %v after %d ms", what, err, (s.Now()-start)/1e6)
			if err != nil {
				fmt.Printf(", by %s", t.Refusal.Check)
			}
			fmt.Println()
		}
		m := mapOf(s.World(), f)
		_ = m.MapWritable(t)
		addWrite("mapped")
		m.UnmapWritable(t)

		page := folioAt(s.World(), f, 1)
		folio.Get(t, page)
		addWrite("page 1 is held")
		folio.Put(t, page)

		addWrite("nobody there")
		fmt.Println(sealsOf(s.World(), f), "- the counter:", counter(s.World(), f))
	})
	// Output:
	// mapped: EBUSY (Device or resource busy) after 0 ms, by mapping_deny_writable
	// page 1 is held: EBUSY (Device or resource busy) after 150 ms, by memfd_wait_for_pins
	// nobody there: <nil> after 0 ms
	// F_SEAL_WRITE - the counter: -1
}

// Pages that another CPU has written a moment ago are still in its batch, which holds
// a reference to each. That costs a drain of all CPUs, and no sleep.
func ExampleAddSeals_batch() {
	s := stage()
	defer s.Stop()
	f := sched.ID(0)
	story(s, func(t *sched.Task) { f = file(t, 0) })
	writer := s.Spawn("writer", func(t *sched.Task) {
		_, _, _ = shmem.Write(t, f, 0, 3*abi.PageSize, 1)
	})
	writer.CPU = 1
	_ = s.Run()
	batch := sched.Peek[folio.Batch](s.World(), folio.BatchID(1))
	fmt.Println("in CPU 1's batch:", len(batch.Folios))
	story(s, func(t *sched.Task) {
		fmt.Println(memfd.AddSeals(t, f, uint64(abi.SealWrite)), "at", s.Now(), "ns")
	})
	fmt.Println("in CPU 1's batch:", len(batch.Folios))
	// Output:
	// in CPU 1's batch: 3
	// <nil> at 0 ns
	// in CPU 1's batch: 0
}

// A task that is killed while it waits takes one last look. If the page has been let
// go by then, the seal is set, although the task will not live to see it.
func ExampleAddSeals_killed() {
	s := stage()
	defer s.Stop()
	f, page := sched.ID(0), sched.ID(0)
	story(s, func(t *sched.Task) {
		f = file(t, 1)
		page = folioAt(s.World(), f, 0)
		folio.Get(t, page)
	})
	sealer := s.Spawn("sealer", func(t *sched.Task) {
		err := memfd.AddSeals(t, f, uint64(abi.SealWrite))
		fmt.Printf("%v after %d ms\n", err, s.Now()/1e6)
	})
	_ = s.RunUntil(12e6) // it has looked at 0 and 10 ms, and would look again at 30
	s.Spawn("holder", func(t *sched.Task) { folio.Put(t, page) })
	_ = s.Run()
	s.Signal(sealer, int(abi.SIGKILL), true)
	_ = s.RunAll()
	fmt.Println(sealsOf(s.World(), f))
	// Output:
	// <nil> after 12 ms
	// F_SEAL_WRITE
}

// The wait samples. A page that was clean when it was looked at may be held when the
// seal is set.
func ExampleAddSeals_sampling() {
	s := stage()
	defer s.Stop()
	f := sched.ID(0)
	hold := func(page uint64) {
		story(s, func(t *sched.Task) { folio.Get(t, folioAt(s.World(), f, page)) })
	}
	story(s, func(t *sched.Task) { f = file(t, 2) })
	hold(0)
	s.Spawn("sealer", func(t *sched.Task) {
		err := memfd.AddSeals(t, f, uint64(abi.SealWrite))
		id := folioAt(s.World(), f, 1)
		fmt.Printf("%v after %d ms, with %d references to page 1\n", err, s.Now()/1e6, folio.RefCount(t, id))
	})
	_ = s.RunUntil(5e6)
	s.Spawn("other", func(t *sched.Task) {
		folio.Get(t, folioAt(s.World(), f, 1)) // page 1 was clean at 0 ms
		folio.Put(t, folioAt(s.World(), f, 0))
	})
	_ = s.RunAll()
	// Output:
	// <nil> after 10 ms, with 2 references to page 1
}
