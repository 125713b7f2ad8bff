package model_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"sealab/sim/abi"
	"sealab/sim/folio"
	"sealab/sim/inode"
	"sealab/sim/kernel"
	"sealab/sim/law"
	"sealab/sim/mm"
	"sealab/sim/profile"
	"sealab/sim/sched"
)

// The memory of processes against a page-by-page oracle, and against the laws of
// package law.

const (
	mmPages = 12         // pages of the place where everything happens
	mmBase  = 0x10000000 // and where it is
	mmFile  = 6          // pages of the file
)

// mmFake is a file system with sizes, holes and faults, and nothing else. It
// answers for regular files while a test of this file runs.
type mmFake struct{}

func (mmFake) Fault(t *sched.Task, ino sched.ID, pgoff uint64, _ bool) (sched.ID, error) {
	m := inode.Of(t, ino).Map
	if int64(pgoff) >= inode.Size(t, ino)>>abi.PageShift {
		return 0, t.Refuse(abi.EFAULT, "end of file")
	}
	m.LockPages(t)
	fo := m.Load(t, pgoff).Folio()
	if fo == 0 {
		fo = folio.Alloc(t, 0, false)
		t.Hold(fo)
		if err := m.Insert(t, pgoff, 0, fo); err != nil {
			panic(err)
		}
		t.Drop(fo)
		folio.AddLRU(t, fo)
	}
	folio.Hold(t, fo)
	m.UnlockPages(t)
	return fo, nil
}

func (mmFake) Punch(t *sched.Task, file sched.ID, off, n int64) error {
	for at := off; at < off+n; at += abi.PageSize {
		mmDrop(t, inode.FileOf(t, file).Inode, uint64(at)>>abi.PageShift)
	}
	return nil
}

func (mmFake) Cached(*sched.Task, sched.ID, uint64) sched.ID { return 0 }

func (mmFake) Release(*sched.Task, sched.ID) {}

func (mmFake) Reclaim(*sched.Task, sched.ID, sched.ID) {}

func (mmFake) Evict(t *sched.Task, ino sched.ID) {
	for page := range uint64(mmFile) {
		mmDrop(t, ino, page)
	}
}

// mmDrop removes a page of a file, in the order of a truncation.
func mmDrop(t *sched.Task, ino sched.ID, page uint64) {
	m := inode.Of(t, ino).Map
	m.UnmapRange(t, page, page+1, false)
	m.LockPages(t)
	f := m.Load(t, page)
	if f.Folio() != 0 {
		m.Remove(t, f, 1)
	}
	m.UnlockPages(t)
	m.UnmapRange(t, page, page+1, false)
	if f.Folio() != 0 {
		folio.Release(t, f.Folio())
	}
}

// mmMachine is a machine with one file that is open twice: for reading and
// writing, and read-only.
func mmMachine(tb testing.TB) (s *sched.Sched, rw, ro sched.ID) {
	old := inode.Ops(inode.Regular)
	inode.Register(inode.Regular, mmFake{})
	p := profile.Newest()
	s = sched.NewSched(&p, sched.Clock{HZ: 250}, nil)
	folio.Boot(s.World(), 2)
	tb.Cleanup(func() {
		s.Stop()
		inode.Register(inode.Regular, old)
	})
	s.Spawn("boot", func(t *sched.Task) {
		ino := inode.New(t, inode.Inode{Kind: inode.Regular, Size: mmFile * abi.PageSize})
		rw = inode.Open(t, ino, inode.Readable|inode.Writable, 0)
		ro = inode.Open(t, ino, inode.Readable, 0)
		sched.New(t, &kernel.FDTable{Slots: []kernel.FD{{File: rw}, {File: ro}}, Users: 1})
	})
	require.NoError(tb, s.RunAll())
	return s, rw, ro
}

// mmPage is what the oracle knows of a mapped page.
type mmPage struct {
	file    sched.ID // 0 for private memory
	off     uint64
	prot    uint64
	shared  bool // VM_SHARED
	maywr   bool
	account bool // it has been private and writable
	nofork  bool
}

// follows says whether a page could be in the same mapping as the one before it.
func (p mmPage) follows(q mmPage) bool {
	q.off++
	return p == q
}

// mmOracle is a process as the oracle sees it.
type mmOracle struct {
	id    sched.ID
	pages [mmPages]*mmPage
}

// mmState is the state machine.
type mmState struct {
	s      *sched.Sched
	rw, ro sched.ID
	procs  []*mmOracle
}

// do runs something as a task.
func (st *mmState) do(r *rapid.T, body func(*sched.Task)) {
	t := st.s.Spawn("op", body)
	require.NoError(r, st.s.RunAll())
	require.Equal(r, sched.Done, t.State())
	require.Empty(r, t.Held)
	st.s.Reap(t)
}

func (st *mmState) proc(r *rapid.T) *mmOracle { return rapid.SampledFrom(st.procs).Draw(r, "process") }

// span draws pages [first, end) of the place.
func mmSpan(r *rapid.T) (first, end int) {
	first = rapid.IntRange(0, mmPages-1).Draw(r, "first")
	return first, rapid.IntRange(first+1, mmPages).Draw(r, "end")
}

func mmAddr(page int) uint64 { return mmBase + uint64(page)*abi.PageSize }

func mmLen(first, end int) uint64 { return uint64(end-first) * abi.PageSize }

func mmProt(r *rapid.T) uint64 {
	return rapid.SampledFrom([]uint64{0, abi.ProtRead, abi.ProtRead | abi.ProtWrite}).Draw(r, "prot")
}

// Map maps fixed, over whatever is there or refusing to.
func (st *mmState) Map(r *rapid.T) {
	p, prot := st.proc(r), mmProt(r)
	first, end := mmSpan(r)
	kind := rapid.SampledFrom([]string{"shared", "read-only", "private", "anonymous"}).Draw(r, "kind")
	off := rapid.Uint64Range(0, 3).Draw(r, "offset")
	a := mm.MapArgs{Addr: mmAddr(first), Len: mmLen(first, end), Prot: prot, Off: off * abi.PageSize, File: st.rw,
		Flags: abi.MapShared}
	write := prot&abi.ProtWrite != 0
	page := mmPage{prot: prot, off: off, maywr: true}
	want := error(nil)
	switch kind {
	case "shared":
		page.shared = true
	case "read-only":
		a.File, page.maywr = st.ro, false
		if write {
			want = abi.EACCES
		}
	case "private":
		a.Flags, page.account = abi.MapPrivate, write
	case "anonymous":
		a.File, a.Flags = 0, abi.MapPrivate|abi.MapAnonymous|abi.MapNoreserve // never VM_ACCOUNT
		page.off = mmAddr(first) / abi.PageSize
	}
	page.file = a.File
	a.Flags |= abi.MapFixed
	if rapid.Bool().Draw(r, "noreplace") {
		a.Flags |= abi.MapFixedNoreplace
		for _, q := range p.pages[first:end] {
			if q != nil {
				want = abi.EEXIST
			}
		}
	}
	st.do(r, func(t *sched.Task) {
		_, err := mm.Map(t, p.id, a)
		require.Equal(r, want, err)
	})
	for i := first; want == nil && i < end; i++ {
		q := page
		q.off += uint64(i - first)
		p.pages[i] = &q
	}
}

// Unmap removes pages.
func (st *mmState) Unmap(r *rapid.T) {
	p := st.proc(r)
	first, end := mmSpan(r)
	st.do(r, func(t *sched.Task) {
		require.NoError(r, mm.Unmap(t, p.id, mmAddr(first), mmLen(first, end)))
	})
	clear(p.pages[first:end])
}

// Protect changes pages up to the first that it may not.
func (st *mmState) Protect(r *rapid.T) {
	p, prot := st.proc(r), mmProt(r)
	first, end := mmSpan(r)
	want := error(nil)
	for i := first; i < end && want == nil; i++ {
		q := p.pages[i]
		switch {
		case q == nil:
			want = abi.ENOMEM
		case prot&abi.ProtWrite != 0 && !q.maywr:
			want = abi.EACCES
		default:
			q.prot = prot
			q.account = q.account || !q.shared && q.file != 0 && prot&abi.ProtWrite != 0
		}
	}
	st.do(r, func(t *sched.Task) {
		require.Equal(r, want, mm.Protect(t, p.id, mmAddr(first), mmLen(first, end), prot))
	})
}

// Move moves a run of file pages to another place, or makes a second one.
func (st *mmState) Move(r *rapid.T) {
	p := st.proc(r)
	first, end := mmSpan(r)
	to := rapid.IntRange(0, mmPages-1).Draw(r, "to")
	n := end - first
	duplicate := rapid.Bool().Draw(r, "duplicate")
	for i := first; i < end; i++ {
		q := p.pages[i]
		if q == nil || q.file == 0 || i > first && !q.follows(*p.pages[i-1]) || duplicate && !q.shared {
			r.Skip("not one mapping of a file")
		}
	}
	if to+n > mmPages || to < end && first < to+n {
		r.Skip("no room")
	}
	old := mmLen(first, end)
	if duplicate {
		old = 0
	}
	st.do(r, func(t *sched.Task) {
		_, err := mm.Remap(t, p.id, mm.RemapArgs{Addr: mmAddr(first), OldLen: old, NewLen: mmLen(first, end),
			Flags: abi.MremapMaymove | abi.MremapFixed, NewAddr: mmAddr(to)})
		require.NoError(r, err)
	})
	for i := range n {
		q := *p.pages[first+i]
		p.pages[to+i] = &q
	}
	if !duplicate {
		clear(p.pages[first:end])
	}
}

// Touch reads or writes a byte.
func (st *mmState) Touch(r *rapid.T) {
	p := st.proc(r)
	i := rapid.IntRange(0, mmPages-1).Draw(r, "page")
	write := rapid.Bool().Draw(r, "write")
	q := p.pages[i]
	want := error(nil)
	if q == nil || q.prot == 0 || write && q.prot&abi.ProtWrite == 0 || q.file != 0 && q.off >= mmFile {
		want = abi.EFAULT
	}
	st.do(r, func(t *sched.Task) { require.Equal(r, want, mm.Fault(t, p.id, mmAddr(i), write)) })
}

// Advise drops entries, punches holes, or sets what fork does.
func (st *mmState) Advise(r *rapid.T) {
	p := st.proc(r)
	first, end := mmSpan(r)
	all := []int64{abi.MadvDontneed, abi.MadvRemove, abi.MadvDontfork, abi.MadvDofork}
	advice := rapid.SampledFrom(all).Draw(r, "advice")
	want := error(nil)
	for i := first; i < end; i++ {
		q := p.pages[i]
		if q == nil {
			want = abi.ENOMEM // unless a later page refuses
			continue
		}
		if advice == abi.MadvRemove && !(q.shared && q.maywr) {
			want = abi.EACCES
			if q.file == 0 {
				want = abi.EINVAL
			}
			break
		}
		if advice == abi.MadvDontfork || advice == abi.MadvDofork {
			q.nofork = advice == abi.MadvDontfork
		}
	}
	st.do(r, func(t *sched.Task) {
		require.Equal(r, want, mm.Advise(t, p.id, mmAddr(first), mmLen(first, end), advice))
	})
}

// Fork adds a process, and Exit removes one.
func (st *mmState) Fork(r *rapid.T) {
	if len(st.procs) > 3 {
		r.Skip("enough")
	}
	p, c := st.proc(r), &mmOracle{}
	st.do(r, func(t *sched.Task) { c.id = mm.Fork(t, p.id) })
	for i, q := range p.pages {
		if q != nil && !q.nofork {
			d := *q
			c.pages[i] = &d
		}
	}
	st.procs = append(st.procs, c)
}

func (st *mmState) Exit(r *rapid.T) {
	if len(st.procs) < 2 {
		r.Skip("the last one")
	}
	i := rapid.IntRange(0, len(st.procs)-1).Draw(r, "process")
	st.do(r, func(t *sched.Task) { mm.Put(t, st.procs[i].id) })
	st.procs = append(st.procs[:i], st.procs[i+1:]...)
}

// Check compares with the oracle and holds the laws against the world.
func (st *mmState) Check(r *rapid.T) {
	for _, p := range st.procs {
		require.Equal(r, p.layout(), mmLayout(st.s.World(), p.id))
	}
	require.Empty(r, law.Broken(st.s))
}

// layout is what the oracle expects: a mapping for each run of pages.
func (p *mmOracle) layout() (lines []string) {
	for i := 0; i < mmPages; {
		q := p.pages[i]
		if q == nil {
			i++
			continue
		}
		j := i + 1
		for j < mmPages && p.pages[j] != nil && p.pages[j].follows(*p.pages[j-1]) {
			j++
		}
		lines = append(lines, fmt.Sprintf("%d-%d prot %d file %d page %d shared %v maywrite %v", i, j, q.prot, q.file,
			q.off, q.shared, q.maywr))
		i = j
	}
	return lines
}

func mmLayout(w *sched.World, id sched.ID) (lines []string) {
	mm.EachVMA(w, id, func(v mm.VMA) {
		lines = append(lines, fmt.Sprintf("%d-%d prot %d file %d page %d shared %v maywrite %v",
			(v.Start-mmBase)/abi.PageSize, (v.End-mmBase)/abi.PageSize, v.Flags&(mm.VMRead|mm.VMWrite|mm.VMExec), v.File,
			v.PgOff, v.Flags&mm.VMShared != 0, v.Flags&mm.VMMayWrite != 0))
	})
	return lines
}

func TestMMAgainstOracle(tb *testing.T) {
	rapid.Check(tb, func(r *rapid.T) {
		st := &mmState{}
		st.s, st.rw, st.ro = mmMachine(tb)
		st.procs = []*mmOracle{{id: mm.Create(st.s.World())}}
		r.Repeat(map[string]func(*rapid.T){
			"":       st.Check,
			"map":    st.Map,
			"unmap":  st.Unmap,
			"mprot":  st.Protect,
			"move":   st.Move,
			"touch":  st.Touch,
			"touch2": st.Touch,
			"advise": st.Advise,
			"fork":   st.Fork,
			"exit":   st.Exit,
		})
		st.do(r, func(t *sched.Task) {
			for _, p := range st.procs {
				mm.Put(t, p.id)
			}
			inode.PutFile(t, st.rw)
			inode.PutFile(t, st.ro)
			folio.DrainAllBatches(t)
		})
		require.Zero(r, sched.Peek[folio.Frames](st.s.World(), folio.FramesID).Used, "folios are left over")
	})
}

// mmWatch is a chooser that looks at the world before every step.
type mmWatch struct {
	*sched.Random
	look func()
}

func (c *mmWatch) Next(v *sched.View) int {
	c.look()
	return c.Random.Next(v)
}

// mmRandomCall makes one random call on a process's memory.
func mmRandomCall(t *sched.Task, r *sched.Random, id, file sched.ID) {
	addr := mmAddr(r.Intn(3))
	n := uint64(1+r.Intn(3)) * abi.PageSize
	switch r.Intn(9) {
	case 0, 1:
		flags := uint64(abi.MapShared | abi.MapFixed)
		if r.Intn(3) == 0 {
			flags = abi.MapPrivate | abi.MapFixed
		}
		_, _ = mm.Map(t, id, mm.MapArgs{Addr: addr, Len: n, Prot: abi.ProtRead | abi.ProtWrite, Flags: flags, File: file})
	case 2:
		_ = mm.Unmap(t, id, addr, n)
	case 3:
		_ = mm.Protect(t, id, addr, n, uint64(r.Intn(4)))
	case 4:
		_ = mm.Fault(t, id, addr, r.Intn(2) == 0)
	case 5:
		_ = mm.Advise(t, id, addr, n, []int64{abi.MadvDontneed, abi.MadvRemove, abi.MadvPopulateWrite}[r.Intn(3)])
	case 6:
		mm.Put(t, mm.Fork(t, id))
	case 7:
		if fo, err := mm.GetUserPage(t, id, addr, r.Intn(2) == 0, false); err == nil {
			folio.Release(t, fo)
		}
	case 8:
		_, _ = mm.Remap(t, id, mm.RemapArgs{Addr: addr, OldLen: n, NewLen: n,
			Flags: abi.MremapMaymove | abi.MremapFixed, NewAddr: mmAddr(6 + r.Intn(3))})
	}
}

// Whatever three tasks on two CPUs do at once, and a sealer on top, the laws hold at
// every step.
func TestMMConcurrent(tb *testing.T) {
	rapid.Check(tb, func(r *rapid.T) {
		seed := rapid.Uint64().Draw(r, "seed")
		watch := &mmWatch{Random: sched.NewRandom(seed)}
		watch.look = func() {}
		s, rw, _ := mmMachine(tb)
		w := s.World()
		ids := []sched.ID{mm.Create(w), mm.Create(w)}
		file := sched.Peek[inode.Inode](w, sched.Peek[inode.File](w, rw).Inode)
		m, lock := file.Map, file.Lock
		for i := range 3 {
			t := s.Spawn("task", func(t *sched.Task) {
				calls := sched.NewRandom(seed + uint64(i))
				for range 12 {
					mmRandomCall(t, calls, ids[calls.Intn(2)], rw)
				}
			})
			t.CPU = i % 2
		}
		s.Spawn("sealer", func(t *sched.Task) {
			for range 12 {
				t.DownWrite(lock)
				if m.DenyWritable(t) == nil {
					t.CondResched()
					m.AllowWritable(t)
				}
				t.UpWrite(lock)
			}
		})
		watch.look = func() {
			if wrong := law.Broken(s); wrong != nil {
				r.Fatalf("seed %d: %v", seed, wrong)
			}
		}
		s.SetChooser(watch)
		require.NoError(r, s.RunAll())
		for _, t := range s.Tasks() {
			require.Equal(r, sched.Done, t.State(), "a deadlock: %s waits", t.Name)
		}
		s.SetChooser(nil)
		require.Empty(r, law.Broken(s))
	})
}
