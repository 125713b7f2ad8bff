package xarray_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"sealab/sim/xarray"
)

// What the model test of model_test/xarray_test.go would need luck to hit.

const end = math.MaxUint64

func folio(n uint32) xarray.Entry { return xarray.FolioEntry(n) }

func TestAnEntryAtZeroIsNotEverywhere(t *testing.T) {
	x := xarray.New(6)
	x.Store(0, folio(1)) // a tree with no node
	require.Equal(t, folio(1), x.Load(0))
	require.Zero(t, x.Load(1))
	require.Zero(t, x.Load(end))
	x.SetMark(1, xarray.Mark0)
	require.False(t, x.Marked(xarray.Mark0), "there is nothing at 1 to be marked")
}

func TestTheLastIndex(t *testing.T) {
	for width := uint(1); width <= 6; width++ {
		x := xarray.New(width)
		x.Store(0, folio(1))
		x.Store(end, folio(2))
		x.StoreOrder(end-5, 2, folio(3)) // covers end-7 to end-4
		x.SetMark(end, xarray.Mark2)
		require.NoError(t, x.Check())

		var got []uint64
		x.Each(func(index uint64, _ uint8, _ xarray.Entry) bool {
			got = append(got, index)
			return true
		})
		require.Equal(t, []uint64{0, end - 7, end}, got)

		s := x.At(end)
		require.Equal(t, folio(2), s.Next(end))
		require.Zero(t, s.Next(end), "nothing lies behind the last index")
		s.Pause()
		require.Zero(t, s.Next(end), "and a pause does not go round")

		for it := x.IterMarked(1, xarray.Mark2); it.Next(); it.Resume() {
			require.EqualValues(t, uint64(end), it.Index())
			require.Equal(t, folio(2), it.Deref())
		}
		x.Store(end, 0)
		x.Store(end-4, 0)
		require.False(t, x.Marked(xarray.Mark2))
		require.Equal(t, "0: folio 1\n", x.String(), "the nodes are gone")
	}
}

func TestTheLargestOrder(t *testing.T) {
	x := xarray.New(6)
	x.StoreOrder(5, 63, folio(1))
	x.StoreOrder(end, 63, folio(2))
	require.NoError(t, x.Check())
	require.Equal(t, folio(1), x.Load(1<<63-1))
	require.Equal(t, folio(2), x.Load(1<<63))
	x.Store(7, folio(3))
	require.Equal(t, folio(3), x.Load(1<<62), "a larger entry is replaced whole")
	x.StoreOrder(0, 63, 0)
	x.StoreOrder(1<<63, 63, 0)
	require.True(t, x.Empty())
}

func TestJoinKeepsMarks(t *testing.T) {
	x := xarray.New(2)
	x.Store(4, folio(1))
	x.Store(9, folio(2))
	x.SetMark(9, xarray.Mark1)
	x.StoreOrder(0, 4, folio(3)) // over both, and two nodes
	require.NoError(t, x.Check())
	require.True(t, x.Mark(15, xarray.Mark1))
	x.Split(0, 1)
	for i := uint64(0); i < 16; i += 2 {
		_, e, order, _ := x.FindFrom(i, i)
		require.Equal(t, folio(3), e)
		require.EqualValues(t, 1, order)
		require.True(t, x.Mark(i, xarray.Mark1))
	}
}

func TestMarkGoesWithTheEntry(t *testing.T) {
	x := xarray.New(6)
	x.Store(1, folio(1))
	x.Store(100, folio(2))
	x.SetMark(100, xarray.Mark2)
	x.Store(100, xarray.ValueEntry(7)) // as swapping out does
	require.True(t, x.Mark(100, xarray.Mark2), "a mark belongs to the place")
	x.Store(100, 0)
	require.False(t, x.Marked(xarray.Mark2))
	x.Store(100, folio(3))
	require.False(t, x.Mark(100, xarray.Mark2), "and does not come back")
}

func TestWhatPanics(t *testing.T) {
	x := xarray.New(6)
	require.PanicsWithValue(t, "xarray: nodes of 2^7 slots; the exponent is 1 to 6", func() { xarray.New(7) })
	require.PanicsWithValue(t, "xarray: order 64, entry folio 1 cannot be stored",
		func() { x.StoreOrder(0, 64, folio(1)) })
	require.PanicsWithValue(t, "xarray: order 0, entry retry cannot be stored",
		func() { x.Store(0, xarray.RetryEntry) })
	x.StoreOrder(0, 40, folio(1))
	require.PanicsWithValue(t, "xarray: an entry of order 40 cannot be split to order 0 at once",
		func() { x.Split(0, 0) })
	s := x.At(0)
	require.PanicsWithValue(t, "xarray: Store without a present entry", func() { s.Store(0) })
	s.Next(end)
	x.Store(1<<50, folio(2))
	require.PanicsWithValue(t,
		"xarray: a State was used after the tree had changed; Pause it before the lock is let go",
		func() { s.Next(end) })
}

// TestStateAndClone: a clone makes the tree copy its nodes, and a State must not go
// on in a node that is the clone's alone by now.
func TestStateAndClone(t *testing.T) {
	x := xarray.New(6)
	for i := range uint64(4) {
		x.Store(i, folio(uint32(i)+1))
	}
	x.SetMark(2, xarray.Mark1)
	x.SetMark(3, xarray.Mark1)
	s := x.At(0)
	require.Equal(t, folio(1), s.Next(end))
	c := x.Clone()
	x.SetMark(0, xarray.Mark0)
	x.ClearMark(2, xarray.Mark1)
	require.True(t, s.Mark(xarray.Mark0))
	require.Equal(t, folio(4), s.NextMarked(end, xarray.Mark1))
	require.False(t, c.Marked(xarray.Mark0))
	require.True(t, c.Mark(2, xarray.Mark1))
}

// TestIterRetry has a walk of the radix tree meet slots that have moved.
func TestIterRetry(t *testing.T) {
	x := xarray.New(2)
	x.Store(0, folio(1))
	it := x.Iter(0)
	require.True(t, it.Next())
	x.Store(5, folio(2)) // the only entry is given a node
	require.Equal(t, xarray.RetryEntry, it.Deref())
	it.Retry()
	require.True(t, it.Next())
	require.Equal(t, folio(1), it.Deref())
	x.Store(3, folio(3)) // into the same chunk, ahead of the walk
	require.True(t, it.Next())
	require.Equal(t, folio(3), it.Deref())
	require.True(t, it.Next())
	x.Store(5, 0) // the next node goes
	require.Zero(t, it.Deref())
	x.Store(6, folio(4)) // and another one comes, which this chunk is not
	require.False(t, it.Next())

	it = x.Iter(0)
	require.True(t, it.Next())
	x.Store(3, 0)
	x.Store(6, 0) // the last node goes, and leaves its first entry behind
	require.Equal(t, xarray.RetryEntry, it.Deref())

	x.Store(6, folio(4))
	it = x.Iter(6)
	require.True(t, it.Next())
	x.StoreOrder(4, 3, folio(5)) // a larger entry takes the node's place
	require.Equal(t, xarray.RetryEntry, it.Deref())
	it.Retry()
	require.True(t, it.Next())
	require.EqualValues(t, 0, it.Index())
	require.Equal(t, folio(5), it.Deref())
	it.Resume()
	require.False(t, it.Next(), "Resume goes behind the whole entry")
}

// TestIterTagsAreNoted is why the walk for pins of v4.19 may look at a page whose
// tag is gone.
func TestIterTagsAreNoted(t *testing.T) {
	x := xarray.New(6)
	for i := range uint64(3) {
		x.Store(i, folio(uint32(i)+1))
		x.SetMark(i, xarray.Mark2)
	}
	it := x.IterMarked(0, xarray.Mark2)
	require.True(t, it.Next())
	x.ClearMark(1, xarray.Mark2)
	x.Store(2, 0)
	require.True(t, it.Next())
	require.Equal(t, folio(2), it.Deref())
	require.True(t, it.Next())
	require.Zero(t, it.Deref())
	require.False(t, it.Next())
}
