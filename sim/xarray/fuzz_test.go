package xarray_test

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"

	"sealab/sim/xarray"
)

// FuzzOps reads its input as changes to a tree of width 1 to 6, ten bytes each: what,
// the order, and the index. A tree that was built anew from the entries must be the
// same, node by node, and a clone must stay what it was.
func FuzzOps(f *testing.F) {
	op := func(what, order byte, index uint64) []byte {
		return binary.LittleEndian.AppendUint64([]byte{what, order}, index)
	}
	f.Add(append([]byte{1}, op(0, 0, 5)...))
	f.Add(append(append(append([]byte{2}, op(0, 3, 1<<20)...), op(1, 0, 1<<20)...), op(3, 1, 1<<20)...))
	f.Add(append(append([]byte{5}, op(0, 0, end)...), op(2, 63, 0)...))
	f.Fuzz(func(t *testing.T, in []byte) {
		if len(in) == 0 || len(in) > 4000 {
			return
		}
		width := uint(in[0])%6 + 1
		x := xarray.New(width)
		for in = in[1:]; len(in) >= 10; in = in[10:] {
			before, code := x.Clone(), x.Encode(nil)
			fuzzOp(x, in[0], in[1]%64, binary.LittleEndian.Uint64(in[2:]))
			require.NoError(t, x.Check())
			require.NoError(t, before.Check())
			require.Equal(t, code, before.Encode(nil))
		}
		fresh := xarray.New(width)
		x.Each(func(index uint64, order uint8, e xarray.Entry) bool {
			fresh.StoreOrder(index, order, e)
			for m := xarray.Mark0; m <= xarray.Mark2; m++ {
				if x.Mark(index, m) {
					fresh.SetMark(index, m)
				}
			}
			return true
		})
		require.Equal(t, x.String(), fresh.String())
		require.Equal(t, x.Encode(nil), fresh.Encode(nil))
	})
}

func fuzzOp(x *xarray.XArray, what, order byte, index uint64) {
	m := xarray.Mark(what >> 4 % 3)
	switch what % 6 {
	case 0:
		x.StoreOrder(index, order, xarray.FolioEntry(uint32(what)+1))
	case 1:
		x.SetMark(index, m)
	case 2:
		x.StoreOrder(index, order, 0)
	case 3:
		if _, _, old, ok := x.FindFrom(index, index); ok && old > 0 {
			x.Split(index, old-1)
		}
	case 4:
		x.ClearMark(index, m)
	case 5:
		x.Store(index, xarray.ValueEntry(uint64(what)))
	}
}
