package pin_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"sealab/sim/abi"
	"sealab/sim/folio"
	"sealab/sim/inode"
	"sealab/sim/mapping"
	"sealab/sim/memfd"
	"sealab/sim/pin"
	"sealab/sim/sched"
)

// An isolated page looks pinned, and a sealer that meets it waits to the end.
func TestIsolatedPageIsWaitedFor(tb *testing.T) {
	s := machine(tb, "newest")
	run(tb, s, func(t *sched.Task) {
		f := newFile(t, page)
		ino := inode.FileOf(t, f).Inode
		iso, err := pin.Isolate(t, ino, 0)
		require.NoError(tb, err)
		_, err = pin.Isolate(t, ino, 0)
		require.Equal(tb, abi.EBUSY, err, "isolated twice")
		require.Equal(tb, abi.EBUSY, memfd.AddSeals(t, f, uint64(abi.SealWrite)))
		require.EqualValues(tb, 148_000_000, s.Now())
		pin.Putback(t, iso)
		require.NoError(tb, memfd.AddSeals(t, f, uint64(abi.SealWrite)))
		_, err = pin.Isolate(t, ino, 7)
		require.Equal(tb, abi.ENOENT, err)
		inode.PutFile(t, f)
	})
}

// Migration keeps contents and tags, and gives up where somebody else holds the page.
func TestMigrate(tb *testing.T) {
	s := machine(tb, "newest")
	run(tb, s, func(t *sched.Task) {
		f := newFile(t, 2*page)
		ino := inode.FileOf(t, f).Inode
		m := inode.Of(t, ino).Map
		m.LockPages(t)
		m.Tag(t, 0, mapping.TagToWrite, true)
		m.UnlockPages(t)
		before, content := pageOf(t, f, 0), folio.Content(t, pageOf(t, f, 0))
		iso, err := pin.Isolate(t, ino, 0)
		require.NoError(tb, err)
		require.NoError(tb, pin.Migrate(t, ino, iso))
		after := pageOf(t, f, 0)
		require.EqualValues(tb, 2, folio.RefCount(t, after), "it waits in a batch")
		folio.DrainAllBatches(t)
		require.NotEqual(tb, before, after)
		require.Equal(tb, content, folio.Content(t, after))
		require.True(tb, m.Tagged(t, mapping.TagToWrite), "the tag stays in its place")
		require.EqualValues(tb, 1, folio.RefCount(t, after))
		require.EqualValues(tb, 2, m.NrPages(t))
		m.Tag(t, 0, mapping.TagToWrite, false)

		r, w := pin.NewPipe(t, 0)
		_, err = pin.Splice(t, f, page, w, -1, page, 0)
		require.NoError(tb, err)
		iso, err = pin.Isolate(t, ino, 1)
		require.NoError(tb, err)
		require.Equal(tb, abi.EAGAIN, pin.Migrate(t, ino, iso), "a pipe holds it")
		for _, x := range []sched.ID{r, w, f} {
			inode.PutFile(t, x)
		}
	})
}

// While pages migrate, every count is what holders make of it, and no sealer is misled
// for good.
func TestMigrateRaces(tb *testing.T) {
	for seed := range uint64(300) {
		s := machine(tb, "newest")
		var f sched.ID
		run(tb, s, func(t *sched.Task) { f = newFile(t, 2*page) })
		ino := sched.Peek[inode.File](s.World(), f).Inode
		sealed := error(abi.EBUSY)
		s.Spawn("sealer", func(t *sched.Task) {
			for range 3 { // a migration may be in the way, but not for ever
				if sealed = memfd.AddSeals(t, f, uint64(abi.SealWrite)); sealed == nil {
					return
				}
			}
		})
		s.Spawn("migrator", func(t *sched.Task) {
			for i := range uint64(2) {
				if iso, err := pin.Isolate(t, ino, i); err == nil {
					_ = pin.Migrate(t, ino, iso)
				}
			}
		})
		s.SetChooser(sched.NewRandom(seed))
		require.NoError(tb, s.RunAll())
		require.NoError(tb, sealed, "seed %d", seed)
		s.SetChooser(nil)
		run(tb, s, func(t *sched.Task) {
			folio.DrainAllBatches(t)
			for i := range uint64(2) {
				require.EqualValues(tb, 1, folio.RefCount(t, pageOf(t, f, i)), "seed %d", seed)
			}
			require.Zero(tb, sched.Peek[folio.Folio](s.World(), pageOf(t, f, 0)).Frozen)
			inode.PutFile(t, f)
		})
		require.Zero(tb, sched.Peek[folio.Frames](s.World(), folio.FramesID).Used, "seed %d", seed)
	}
}
