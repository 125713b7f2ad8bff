package xarray_test

import (
	"fmt"
	"math"

	"sealab/sim/xarray"
)

// With four slots a node, a tree of a few pages can be drawn. The mark at 17 is seen
// at every node above it, and nowhere else.
func Example() {
	x := xarray.New(2)
	x.Store(0, xarray.FolioEntry(1))
	x.Store(2, xarray.FolioEntry(2))
	x.StoreOrder(4, 2, xarray.FolioEntry(3)) // four pages
	x.Store(17, xarray.ValueEntry(9))        // swapped out
	x.SetMark(17, xarray.Mark2)
	fmt.Print(x)
	// Output:
	// 0 to 15:
	//   0 to 3:
	//     0: folio 1
	//     2: folio 2
	//   4: folio 3, to 7
	// 16 to 31: [mark 2]
	//   16 to 19: [mark 2]
	//     17: value 9 [mark 2]
}

func ExampleXArray_FindMarkedFrom() {
	x := xarray.New(6)
	for page := range uint64(1000) {
		x.Store(page, xarray.FolioEntry(uint32(page)+1))
	}
	x.SetMark(700, xarray.Mark2)
	index, e, _, ok := x.FindMarkedFrom(0, math.MaxUint64, xarray.Mark2)
	fmt.Println(index, e, ok)
	_, _, _, ok = x.FindMarkedFrom(index+1, math.MaxUint64, xarray.Mark2)
	fmt.Println(ok)
	// Output:
	// 700 folio 701 true
	// false
}

// A State is paused before the lock is let go, and goes on behind its place.
func ExampleState() {
	x := xarray.New(6)
	for page := range uint64(4) {
		x.Store(page, xarray.FolioEntry(uint32(page)+1))
	}
	s := x.At(0)
	for e := s.Next(math.MaxUint64); e != 0; e = s.Next(math.MaxUint64) {
		fmt.Println(s.Index(), e)
		if s.Index() == 1 {
			s.Pause()
			x.Store(0, xarray.FolioEntry(10)) // behind the walk, not seen
			x.Store(2, 0)
		}
	}
	// Output:
	// 0 folio 1
	// 1 folio 2
	// 3 folio 4
}

// An Iter holds no lock, and reads a slot as it is at that moment.
func ExampleIter() {
	x := xarray.New(6)
	x.Store(0, xarray.FolioEntry(1))
	for it := x.Iter(0); it.Next(); {
		if it.Index() == 0 && x.Load(3) == 0 {
			x.Store(3, xarray.FolioEntry(2)) // the tree grows its first node
		}
		e := it.Deref()
		fmt.Println(it.Index(), e)
		if e == xarray.RetryEntry {
			it.Retry()
		}
	}
	// Output:
	// 0 retry
	// 0 folio 1
	// 3 folio 2
}

// A clone costs nothing until one of the two changes.
func ExampleXArray_Clone() {
	x := xarray.New(6)
	x.Store(1, xarray.FolioEntry(1))
	c := x.Clone()
	c.Store(1, 0)
	fmt.Println(x.Load(1), c.Load(1), c.Empty())
	// Output: folio 1 - true
}
