package pin_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"sealab/sim/abi"
	"sealab/sim/folio"
	"sealab/sim/inode"
	"sealab/sim/mapping"
	"sealab/sim/memfd"
	"sealab/sim/pin"
	"sealab/sim/sched"
	"sealab/sim/xarray"
)

// largeFile makes a file of one folio of 2^order pages.
func largeFile(t *sched.Task, order uint8) sched.ID {
	f := newFile(t, 0)
	m := inode.Of(t, inode.FileOf(t, f).Inode).Map
	id := folio.Alloc(t, order, false)
	folio.GetN(t, id, 1<<order-1)
	folio.MarkUptodate(t, id)
	m.LockPages(t)
	if err := m.Insert(t, 0, order, id); err != nil {
		panic(err)
	}
	m.UnlockPages(t)
	inode.SetSize(t, inode.FileOf(t, f).Inode, page<<order)
	return f
}

// TestSplit: the pages of a split folio have its contents, its tags, and one reference each;
// where somebody else holds it, nothing changes.
func TestSplit(tb *testing.T) {
	rapid.Check(tb, func(r *rapid.T) {
		order := uint8(rapid.IntRange(0, 6).Draw(r, "order"))
		tags := rapid.SliceOfDistinct(rapid.SampledFrom(allTags), rapid.ID).Draw(r, "tags")
		at := uint64(rapid.IntRange(0, 1<<order-1).Draw(r, "at"))
		held := rapid.Bool().Draw(r, "held")
		s := machine(tb, "newest")
		run(tb, s, func(t *sched.Task) {
			f := largeFile(t, order)
			ino := inode.FileOf(t, f).Inode
			m := inode.Of(t, ino).Map
			old := pageOf(t, f, at)
			content := folio.Content(t, old)
			m.LockPages(t)
			for _, tag := range tags {
				m.Tag(t, 0, tag, true)
			}
			m.UnlockPages(t)
			if held {
				folio.Hold(t, old)
			}
			err := pin.Split(t, ino, at)
			if held {
				require.Equal(r, abi.EAGAIN, err)
				require.Equal(r, old, pageOf(t, f, at))
				folio.Release(t, old)
				inode.PutFile(t, f)
				return
			}
			require.NoError(r, err)
			require.EqualValues(r, 1<<order, m.NrPages(t))
			for i := range uint64(1) << order {
				id := pageOf(t, f, i)
				require.EqualValues(r, 1, folio.RefCount(t, id), "page %d", i)
				require.Equal(r, content, folio.Content(t, id))
				for _, tag := range allTags {
					found := m.FindTagged(t, i, i, tag)
					require.Equal(r, slices.Contains(tags, tag), found.OK, "page %d, tag %d", i, tag)
				}
			}
			require.Equal(r, abi.ENOENT, pin.Split(t, ino, 1<<order))
			inode.PutFile(t, f)
		})
		s.Stop()
	})
}

var allTags = []xarray.Mark{mapping.TagDirty, mapping.TagWriteback, mapping.TagToWrite}

// TestSplitWhileWaitedFor: a large folio that a sealer waits for is let go and split, and one
// of its pages is held again before the sealer's next look. The tag tells the sealer.
func TestSplitWhileWaitedFor(tb *testing.T) {
	s := machine(tb, "newest")
	var f, big sched.ID
	run(tb, s, func(t *sched.Task) {
		f = largeFile(t, 4)
		big = pageOf(t, f, 0)
		folio.GetN(t, big, 1)
	})
	ino := sched.Peek[inode.File](s.World(), f).Inode
	var sealed error
	s.Spawn("sealer", func(t *sched.Task) { sealed = memfd.AddSeals(t, f, uint64(abi.SealWrite)) })
	s.Spawn("splitter", func(t *sched.Task) {
		t.SleepTimeout(5, sched.Uninterruptible) // until after the first looks
		folio.PutN(t, big, 1)
		require.NoError(tb, pin.Split(t, ino, 3))
		folio.Get(t, pageOf(t, f, 7))
	})
	require.NoError(tb, s.RunAll())
	require.Equal(tb, abi.EBUSY, sealed, "page 7 is held to the end")
}
