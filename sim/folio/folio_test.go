package folio_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"sealab/sim/folio"
	"sealab/sim/profile"
	"sealab/sim/sched"
)

func machine(tb testing.TB, release string, chooser sched.Chooser) *sched.Sched {
	p, _, err := profile.Find(release)
	require.NoError(tb, err)
	s := sched.NewSched(&p, sched.Clock{HZ: 250}, chooser)
	folio.Boot(s.World(), 2)
	return s
}

func run(tb testing.TB, s *sched.Sched, body func(*sched.Task)) {
	t := s.Spawn("test", body)
	require.NoError(tb, s.RunAll())
	require.Equal(tb, sched.Done, t.State())
	require.Empty(tb, t.Held)
	s.Reap(t)
}

func look(s *sched.Sched, id sched.ID) folio.Folio { return *sched.Peek[folio.Folio](s.World(), id) }

func frames(s *sched.Sched) *folio.Frames { return sched.Peek[folio.Frames](s.World(), folio.FramesID) }

func TestFreedFrameIsUsedAgain(tb *testing.T) {
	s := machine(tb, "newest", nil)
	defer s.Stop()
	run(tb, s, func(t *sched.Task) {
		a := folio.Alloc(t, 0, false)
		b := folio.Alloc(t, 3, true)
		require.NotEqual(tb, a, b)
		folio.Change(t, a, 7)
		folio.Place(t, a, 99, 5)
		require.EqualValues(tb, 8, folio.ShapeOf(t, b).NrPages())
		require.EqualValues(tb, 2, frames(s).Used)

		folio.Put(t, a)
		require.Zero(tb, look(s, a), "a free frame has nothing left of what it was")
		require.False(tb, folio.TryGet(t, a), "nobody can refer to it again")
		folio.Put(t, b)

		require.Equal(tb, b, folio.Alloc(t, 0, false), "last freed, first used")
		require.Equal(tb, a, folio.Alloc(t, 0, false))
		require.Equal(tb, folio.Folio{Refs: 1}, look(s, a), "one reference and zeros")
		require.Empty(tb, frames(s).Free)
	})
}

func TestReferences(tb *testing.T) {
	s := machine(tb, "newest", nil)
	defer s.Stop()
	run(tb, s, func(t *sched.Task) {
		id := folio.Alloc(t, 0, false)
		folio.GetN(t, id, 3)
		folio.AddMap(t, id)
		require.True(tb, folio.TryGet(t, id))
		require.EqualValues(tb, 5, folio.RefCount(t, id))
		require.EqualValues(tb, 1, folio.MapCount(t, id))
		folio.RemoveMap(t, id, false)
		folio.PutN(t, id, 4)

		folio.HoldN(t, id, 2)
		require.Equal(tb, []sched.Held{{ID: id, N: 2}}, t.Held)
		folio.ReleaseN(t, id, 2)
		require.Empty(tb, t.Held)

		folio.Pin(t, id, 1024)
		require.Equal(tb, folio.Folio{Refs: 1025, Pins: 1}, look(s, id), "one pin, and as many references as its bias")
		folio.Unpin(t, id, 1024)

		was := folio.Content(t, id)
		folio.Change(t, id, 1)
		require.NotEqual(tb, was, folio.Content(t, id))
		f := look(s, id)
		require.Equal(tb, "folio index 0 refs 1 maps 0", f.String())
		folio.Put(t, id)
	})
	for name, wrong := range map[string]func(*sched.Task, sched.ID){
		"too many put back": func(t *sched.Task, id sched.ID) { folio.PutN(t, id, 2) },
		"unmapped twice":    func(t *sched.Task, id sched.ID) { folio.RemoveMap(t, id, false) },
	} {
		tb.Run(name, func(tb *testing.T) {
			s := machine(tb, "newest", nil)
			s.Spawn("wrong", func(t *sched.Task) { wrong(t, folio.Alloc(t, 0, false)) })
			require.Panics(tb, func() { _ = s.RunAll() }, "a mistake of the model is not passed over")
		})
	}
}

// Tasks that allocate and free at once never get the same frame.
func TestAllocConcurrently(tb *testing.T) {
	rapid.Check(tb, func(r *rapid.T) {
		seed := rapid.Uint64().Draw(r, "seed")
		s := machine(tb, "newest", sched.NewRandom(seed))
		defer s.Stop()
		owner := map[sched.ID]int{}
		for task := range 3 {
			choose := sched.NewRandom(seed + uint64(task))
			s.Spawn("task", func(t *sched.Task) {
				var mine []sched.ID
				for range 12 {
					if n := len(mine); n > 0 && choose.Intn(2) == 0 {
						id := mine[n-1]
						mine = mine[:n-1]
						delete(owner, id)
						folio.Put(t, id)
						continue
					}
					id := folio.Alloc(t, 0, false)
					require.NotContains(r, owner, id, "somebody has it")
					require.EqualValues(r, 1, look(s, id).Refs)
					owner[id] = task
					mine = append(mine, id)
				}
			})
		}
		require.NoError(r, s.RunAll())
		require.EqualValues(r, len(owner), frames(s).Used)
		for id := range owner {
			require.NotContains(r, frames(s).Free, id)
		}
	})
}

// fill puts n new folios of an order in CPU 0's batch, and returns how many stay.
func fill(tb testing.TB, kernel string, n int, order uint8) (left int) {
	s := machine(tb, kernel, nil)
	defer s.Stop()
	run(tb, s, func(t *sched.Task) {
		for range n {
			folio.AddLRU(t, folio.Alloc(t, order, false))
		}
		batch := sched.Peek[folio.Batch](s.World(), folio.BatchID(0))
		left = len(batch.Folios)
		for _, id := range batch.Folios {
			require.EqualValues(tb, 2, folio.RefCount(t, id), "the batch has one of its own")
			require.False(tb, look(s, id).LRU)
		}
		all := append([]sched.ID(nil), batch.Folios...)
		folio.DrainAllBatches(t)
		for _, id := range all {
			require.EqualValues(tb, 1, folio.RefCount(t, id))
			require.True(tb, look(s, id).LRU)
		}
	})
	return left
}

func TestBatchSizes(tb *testing.T) {
	for _, c := range []struct {
		kernel string
		n      int
		order  uint8
		left   int
	}{
		{"newest", 30, 0, 30}, {"newest", 31, 0, 0}, {"newest", 32, 0, 1},
		{"6.8.0", 14, 0, 14}, {"6.8.0", 15, 0, 0},
		{"4.14.0", 13, 0, 13}, {"4.14.0", 14, 0, 0},
		{"4.6.0", 14, 0, 14}, {"4.6.0", 15, 0, 1}, // emptied before one is added to a full one
		{"newest", 1, 2, 0}, {"4.6.0", 1, 2, 1}, // a large folio does not stay
	} {
		require.Equal(tb, c.left, fill(tb, c.kernel, c.n, c.order), "%+v", c)
	}
}

func TestOneCPUDrainsOnlyItself(tb *testing.T) {
	s := machine(tb, "newest", nil)
	defer s.Stop()
	run(tb, s, func(t *sched.Task) {
		id := folio.Alloc(t, 0, false)
		t.CPU = 1
		folio.AddLRU(t, id)
		folio.DrainBatch(t, 0)
		require.EqualValues(tb, 2, folio.RefCount(t, id))
		folio.DrainBatch(t, 1)
		require.EqualValues(tb, 1, folio.RefCount(t, id))
	})
}

func TestUptodate(tb *testing.T) {
	s := machine(tb, "newest", nil)
	defer s.Stop()
	run(tb, s, func(t *sched.Task) {
		id := folio.Alloc(t, 0, false)
		require.False(tb, folio.Uptodate(t, id))
		folio.MarkUptodate(t, id)
		require.True(tb, folio.Uptodate(t, id))
	})
}

// Copies are independent, and equal states have equal encodings whatever happened.
func TestCopies(tb *testing.T) {
	f := &folio.Folio{Refs: 2, Maps: 1, Index: 3, Content: 9}
	for name, change := range map[string]func(*folio.Folio){
		"refs": func(f *folio.Folio) { f.Refs++ }, "maps": func(f *folio.Folio) { f.Maps++ },
		"pins": func(f *folio.Folio) { f.Pins++ }, "order": func(f *folio.Folio) { f.Order++ },
		"anon": func(f *folio.Folio) { f.Anon = true }, "lru": func(f *folio.Folio) { f.LRU = true },
		"ready": func(f *folio.Folio) { f.Ready = true }, "pages": func(f *folio.Folio) { f.Pages++ },
		"index": func(f *folio.Folio) { f.Index++ }, "content": func(f *folio.Folio) { f.Content++ },
	} {
		c := f.Clone().(*folio.Folio)
		require.Equal(tb, f.Encode(nil), c.Encode(nil))
		change(c)
		require.NotEqual(tb, f.Encode(nil), c.Encode(nil), name)
	}
	b := &folio.Batch{Folios: []sched.ID{1}}
	c := b.Clone().(*folio.Batch)
	c.Folios[0] = 2
	require.NotEqual(tb, b.Encode(nil), c.Encode(nil))
	m := &folio.Frames{Free: []sched.ID{1}}
	n := m.Clone().(*folio.Frames)
	n.Free[0] = 2
	require.NotEqual(tb, m.Encode(nil), n.Encode(nil))
	require.Panics(tb, func() { folio.Boot(sched.NewWorld(), 1) }, "the RCU object comes first")
}
