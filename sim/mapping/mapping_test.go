package mapping_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"sealab/sim/abi"
	"sealab/sim/folio"
	"sealab/sim/mapping"
	"sealab/sim/profile"
	"sealab/sim/sched"
	"sealab/sim/xarray"
)

// with runs a body with an empty mapping, on the newest kernel.
func with(tb testing.TB, body func(*sched.Task, mapping.Mapping)) {
	p := profile.Newest()
	s := sched.NewSched(&p, sched.Clock{HZ: 250}, nil)
	folio.Boot(s.World(), 1)
	defer s.Stop()
	t := s.Spawn("test", func(t *sched.Task) { body(t, mapping.New(t)) })
	require.NoError(tb, s.RunAll())
	require.Equal(tb, sched.Done, t.State())
	require.Empty(tb, t.Held)
}

// The counter is what one says who counts mappings and denials: never both at once.
func TestCounter(tb *testing.T) {
	rapid.Check(tb, func(r *rapid.T) {
		with(tb, func(t *sched.Task, m mapping.Mapping) {
			mapped, denied := int32(0), int32(0)
			r.Repeat(map[string]func(*rapid.T){
				"": func(r *rapid.T) { require.Equal(r, mapped-denied, m.Writable(t)) },
				"map": func(r *rapid.T) {
					err := m.MapWritable(t)
					if denied > 0 {
						require.Equal(r, abi.EPERM, err)
						require.Equal(r, "mapping_map_writable", t.Refusal.Check)
						require.EqualValues(r, -denied, t.Refusal.Facts[0].Value)
						return
					}
					require.NoError(r, err)
					mapped++
				},
				"copy": func(r *rapid.T) {
					if mapped == 0 {
						r.Skip("nothing to copy")
					}
					m.AddWritable(t)
					mapped++
				},
				"unmap": func(r *rapid.T) {
					if mapped == 0 {
						r.Skip("nothing mapped")
					}
					m.UnmapWritable(t)
					mapped--
				},
				"deny": func(r *rapid.T) {
					err := m.DenyWritable(t)
					if mapped > 0 {
						require.Equal(r, abi.EBUSY, err)
						require.Equal(r, m.Counter, t.Refusal.Objects[0])
						require.EqualValues(r, mapped, t.Refusal.Facts[0].Value)
						return
					}
					require.NoError(r, err)
					denied++
				},
				"allow": func(r *rapid.T) {
					if denied == 0 {
						r.Skip("not denied")
					}
					m.AllowWritable(t)
					denied--
				},
			})
		})
	})
}

func TestPages(tb *testing.T) {
	with(tb, func(t *sched.Task, m mapping.Mapping) {
		small, large := folio.Alloc(t, 0, false), folio.Alloc(t, 2, false)
		m.LockPages(t)
		require.NoError(tb, m.Insert(t, 1, 0, small))
		require.NoError(tb, m.Insert(t, 4, 2, large))
		require.Equal(tb, abi.EEXIST, m.Insert(t, 4, 2, folio.Alloc(t, 2, false)))
		require.Equal(tb, abi.EEXIST, m.Insert(t, 0, 1, folio.Alloc(t, 1, false)), "one of its places is taken")
		require.EqualValues(tb, 5, m.NrPages(t))
		require.Equal(tb, folio.Shape{Order: 2, Pages: m.Pages, Index: 4}, folio.ShapeOf(t, large))

		require.Zero(tb, m.Load(t, 0).Folio(), "a hole")
		require.Equal(tb, small, m.Load(t, 1).Folio())
		require.Equal(tb, large, m.Load(t, 7).Folio(), "any of its pages leads to it")
		require.Equal(tb, mapping.Found{Index: 4, Order: 2, Entry: xarray.FolioEntry(uint32(large)), OK: true}, m.Find(t, 2, 99))
		require.False(tb, m.Find(t, 8, 99).OK)

		require.False(tb, m.Tagged(t, mapping.TagToWrite))
		m.Tag(t, 5, mapping.TagToWrite, true)
		require.True(tb, m.Tagged(t, mapping.TagToWrite))
		require.EqualValues(tb, 4, m.FindTagged(t, 0, 99, mapping.TagToWrite).Index)
		require.False(tb, m.FindTagged(t, 0, 99, mapping.TagDirty).OK)

		m.Replace(t, 1, 0, xarray.ValueEntry(3))
		require.True(tb, m.Load(t, 1).OK)
		require.Zero(tb, m.Load(t, 1).Folio(), "a swap entry is no page")
		require.EqualValues(tb, 4, m.NrPages(t))
		require.EqualValues(tb, 3, m.Load(t, 1).Slot())
		require.Equal(tb, abi.EEXIST, m.Insert(t, 1, 0, small), "and it does not give way to another")
		m.ReplaceFolio(t, 1, 0, small)
		require.Zero(tb, m.Load(t, 1).Slot())

		m.Remove(t, m.Load(t, 4), 4)
		require.False(tb, m.Tagged(t, mapping.TagToWrite), "its tag goes with it")
		require.Zero(tb, folio.ShapeOf(t, large).Pages)
		require.Equal(tb, []sched.Held{{ID: large, N: 4}}, t.Held, "the tree's references are the task's now")
		t.DropN(large, 4)
		m.UnlockPages(t)
	})
}

func TestReverseMap(tb *testing.T) {
	type zapped struct {
		mm         sched.ID
		start, end uint64
		cows       bool
	}
	var got []zapped
	old := mapping.Zap
	mapping.Zap = func(_ *sched.Task, mm sched.ID, start, end uint64, cows bool) {
		got = append(got, zapped{mm, start, end, cows})
	}
	defer func() { mapping.Zap = old }()
	with(tb, func(t *sched.Task, m mapping.Mapping) {
		a := mapping.User{MM: 7, Start: 0x10000, End: 0x14000, PgOff: 2, Shared: true}
		b := mapping.User{MM: 7, Start: 0x20000, End: 0x21000, PgOff: 9}
		c := mapping.User{MM: 6, Start: 0x30000, End: 0x31000, PgOff: 3}
		t.DownWrite(m.MmapLock)
		for _, u := range []mapping.User{a, b, c} {
			m.Link(t, u)
		}
		t.UpWrite(m.MmapLock)
		require.Equal(tb, []mapping.User{c, a, b}, sched.Peek[mapping.Mmap](t.Sched().World(), m.Mmap).Users)

		m.UnmapRange(t, 3, 5, true)
		require.Equal(tb, []zapped{{6, 0x30000, 0x31000, true}, {7, 0x11000, 0x13000, true}}, got)
		got = nil
		m.UnmapRange(t, 6, 9, false)
		require.Empty(tb, got)

		t.DownWrite(m.MmapLock)
		m.Unlink(t, a)
		t.UpWrite(m.MmapLock)
		m.UnmapRange(t, 0, 99, false)
		require.Len(tb, got, 2)
	})
	with(tb, func(t *sched.Task, m mapping.Mapping) { m.Free(t) })
	for name, wrong := range map[string]func(*sched.Task, mapping.Mapping){
		"linked twice":   func(t *sched.Task, m mapping.Mapping) { m.Link(t, mapping.User{MM: 1}); m.Link(t, mapping.User{MM: 1}) },
		"never linked":   func(t *sched.Task, m mapping.Mapping) { m.Unlink(t, mapping.User{MM: 1}) },
		"another length": func(t *sched.Task, m mapping.Mapping) { m.Link(t, mapping.User{}); m.Unlink(t, mapping.User{End: 1}) },
	} {
		require.Panics(tb, func() { with(tb, wrong) }, name)
	}
}

func TestCopies(tb *testing.T) {
	c := &mapping.Counter{N: 1}
	d := c.Clone().(*mapping.Counter)
	d.N = -1
	require.NotEqual(tb, c.Encode(nil), d.Encode(nil))
	m := &mapping.Mmap{Users: []mapping.User{{MM: 1}}}
	n := m.Clone().(*mapping.Mmap)
	n.Users[0].End = 1
	require.NotEqual(tb, m.Encode(nil), n.Encode(nil))
	p := mapping.NewPages(6)
	q := p.Clone().(*mapping.Pages)
	q.X.Store(3, xarray.FolioEntry(1))
	require.NotEqual(tb, p.Encode(nil), q.Encode(nil))
	require.Zero(tb, p.X.Load(3))
}
