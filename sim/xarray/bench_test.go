package xarray_test

import (
	"math"
	"testing"

	"sealab/sim/xarray"
)

// sparse returns a tree of n pages, one in 16 indices, of which every 1000th has a
// mark.
func sparse(n uint64) *xarray.XArray {
	x := xarray.New(6)
	for i := range n {
		x.Store(i*16, xarray.FolioEntry(uint32(i)+1))
		if i%1000 == 0 {
			x.SetMark(i*16, xarray.Mark2)
		}
	}
	return x
}

const million = 1 << 20

// BenchmarkLoad is a look at one of a million pages, here and there.
func BenchmarkLoad(b *testing.B) {
	x := sparse(million)
	at := uint64(0)
	b.ReportAllocs()
	for b.Loop() {
		at = (at + 0x9e3779b1) % million
		if x.Load(at*16) == 0 {
			b.Fatal("no page")
		}
	}
}

// BenchmarkStore replaces one of a million pages, here and there.
func BenchmarkStore(b *testing.B) {
	x := sparse(million)
	at := uint64(0)
	b.ReportAllocs()
	for b.Loop() {
		at = (at + 0x9e3779b1) % million
		x.Store(at*16, xarray.FolioEntry(7))
	}
}

// BenchmarkFind walks over a million pages; the time is for one page.
func BenchmarkFind(b *testing.B) {
	x := sparse(million)
	s := x.At(0)
	b.ReportAllocs()
	for b.Loop() {
		if s.Next(math.MaxUint64) == 0 {
			s = x.At(0)
		}
	}
}

// BenchmarkFindMarked walks over the marked ones of a million pages, one in a
// thousand; the time is for one marked page.
func BenchmarkFindMarked(b *testing.B) {
	x := sparse(million)
	s := x.At(0)
	b.ReportAllocs()
	for b.Loop() {
		if s.NextMarked(math.MaxUint64, xarray.Mark2) == 0 {
			s = x.At(0)
		}
	}
}

// BenchmarkClone copies a tree of a million pages, and changes a page of the copy.
func BenchmarkClone(b *testing.B) {
	x := sparse(million)
	b.ReportAllocs()
	for b.Loop() {
		x.Clone().Store(million*8, xarray.FolioEntry(7))
	}
}

// BenchmarkEncode encodes a tree of a thousand pages.
func BenchmarkEncode(b *testing.B) {
	x := sparse(1000)
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = x.Encode(buf[:0])
	}
}
