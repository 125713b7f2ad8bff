package xarray

import (
	"encoding/binary"
	"math"
)

// Each visits all entries in order of their indices, until visit returns false.
// visit must not store into the tree.
func (x *XArray) Each(visit func(index uint64, order uint8, e Entry) bool) {
	s := x.At(0)
	for e := s.Next(math.MaxUint64); e != 0; e = s.Next(math.MaxUint64) {
		if !visit(s.Index(), s.Order(), e) {
			return
		}
	}
}

// Encode appends a canonical encoding: trees with the same entries and the same
// marks give the same bytes, however they came about, and others give others. It
// begins with the number of entries, so that it can stand before something else.
func (x *XArray) Encode(dst []byte) []byte {
	at, n := len(dst), uint64(0)
	dst = append(dst, make([]byte, 8)...)
	s := x.At(0)
	for e := s.Next(math.MaxUint64); e != 0; e = s.Next(math.MaxUint64) {
		n++
		dst = binary.LittleEndian.AppendUint64(dst, s.Index())
		dst = binary.LittleEndian.AppendUint64(dst, uint64(e))
		bits := byte(0)
		for m := Mark(0); m < marks; m++ {
			if s.Mark(m) {
				bits |= 1 << m
			}
		}
		dst = append(dst, s.Order(), bits)
	}
	binary.LittleEndian.PutUint64(dst[at:], n)
	return dst
}
