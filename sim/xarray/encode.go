package xarray

import (
	"encoding/binary"
	"math"
)

// Each visits all entries in order of their indices, until visit returns false.
func (x *XArray) Each(visit func(index uint64, order uint8, e Entry) bool) {
	s := x.At(0)
	for {
		e := s.Next(math.MaxUint64)
		if e == 0 || !visit(s.Index(), s.Order(), e) {
			return
		}
	}
}

// Encode appends a canonical encoding: trees with the same entries and the same
// marks give the same bytes, however they came about.
func (x *XArray) Encode(dst []byte) []byte {
	x.Each(func(index uint64, order uint8, e Entry) bool {
		dst = binary.LittleEndian.AppendUint64(dst, index)
		dst = binary.LittleEndian.AppendUint64(dst, uint64(e))
		bits := byte(0)
		for m := Mark(0); m < marks; m++ {
			if x.marks[m] && x.Mark(index, m) {
				bits |= 1 << m
			}
		}
		dst = append(dst, order, bits)
		return true
	})
	return append(dst, 0xff)
}
