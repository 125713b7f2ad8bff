package explore_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"sealab/explore"
	"sealab/sim/profile"
	"sealab/sim/sched"
)

// The ladder is the same small model of sealing that a model checker is given as a
// program of its own: so many pages, tasks that map one, tasks that hold one for a
// while, one task that seals and one that kills it. Each step is one operation that
// another CPU can observe.

// page is a page's counts.
type page struct{ refs, maps int8 }

func (p *page) Clone() sched.Object      { c := *p; return &c }
func (p *page) Encode(dst []byte) []byte { return append(dst, byte(p.refs), byte(p.maps)) }

var (
	addRef = sched.NewOp("page_ref", sched.Add, func(p *page, n int8) sched.None { p.refs += n; return sched.None{} })
	addMap = sched.NewOp("page_map", sched.Add, func(p *page, n int8) sched.None { p.maps += n; return sched.None{} })
	// grab takes a reference, which may be written through unless that is denied.
	grab = sched.NewLook("get_user_page", sched.Write, func(p *page, c *cell, _ sched.None) bool {
		p.refs++
		return c.n >= 0
	})
	pinned = sched.NewOp("page_pinned", sched.Read, func(p *page, _ sched.None) bool { return p.refs-p.maps != 1 })
	deny   = sched.NewOp("deny", sched.Write, func(c *cell, _ sched.None) bool {
		if c.n > 0 {
			return false
		}
		c.n--
		return true
	})
	allow = sched.NewOp("allow", sched.Write, func(c *cell, _ sched.None) bool {
		if c.n < 0 {
			return false
		}
		c.n++
		return true
	})
)

// ladder is the names of its objects.
type ladder struct {
	lock, writable, sealed, killed sched.ID
	pages                          []sched.ID
}

// newLadder returns the program with so many pages, mappers and pinners.
func newLadder(pages, mappers, pinners int, twins bool) *explore.Program {
	w := sched.NewWorld()
	w.Add(&sched.RCU{})
	l := &ladder{
		lock: w.Add(&sched.SpinLock{}), writable: w.Add(&cell{}), sealed: w.Add(&cell{}), killed: w.Add(&cell{}),
	}
	for range pages {
		l.pages = append(l.pages, w.Add(&page{refs: 1}))
	}
	p := &explore.Program{Profile: &profile.Profile{}, Clock: sched.Clock{HZ: 250}, World: w}
	add := func(name string, twin int, body func(*sched.Task)) {
		n := len(p.Tasks) + 1
		if !twins {
			twin = 0
		}
		p.Tasks = append(p.Tasks, explore.Task{
			Name: fmt.Sprint(name, n), Num: n, Sleep: w.Add(&sched.Sleeper{}), Twin: twin,
			Make: func() (func(*sched.Task), func() string) { return body, nil },
		})
	}
	add("sealer", 0, l.sealer)
	for i := range mappers {
		add("mapper", 100+i%pages, func(t *sched.Task) { l.mapper(t, l.pages[i%pages]) })
	}
	for i := range pinners {
		add("pinner", 200+i%pages, func(t *sched.Task) { l.pinner(t, l.pages[i%pages]) })
	}
	add("signaller", 0, func(t *sched.Task) { cellAdd.On(t, l.killed, 1) })
	p.Outcome = func(w *sched.World, _ []string) string {
		if sched.Peek[cell](w, l.sealed).n == 1 {
			return "sealed"
		}
		return "EBUSY"
	}
	return p
}

// where is what a sealer needs to remember.
type where struct {
	at   string
	scan int
	page int
	tags uint32
	busy bool
}

func (l *ladder) sealer(t *sched.Task) {
	birth := t.Mark()
	t.Lock(l.lock)
	l.seal(t, birth)
	t.Forget(birth, where{at: "unlock"})
	t.Unlock(l.lock)
}

func (l *ladder) seal(t *sched.Task, birth sched.Mark) {
	if cellGet.On(t, l.sealed, sched.None{}) != 0 || !deny.On(t, l.writable, sched.None{}) {
		return
	}
	var tags uint32
	for i, p := range l.pages {
		if pinned.On(t, p, sched.None{}) {
			tags |= 1 << i
		}
		t.Forget(birth, where{at: "tag", page: i, tags: tags})
	}
	const last = 4
	busy := false
	for scan := 0; tags != 0; scan++ {
		t.Forget(birth, where{at: "wait", scan: scan, tags: tags})
		if cellGet.On(t, l.killed, sched.None{}) != 0 && scan > 0 {
			scan = last
		}
		for i, p := range l.pages {
			if tags&(1<<i) == 0 {
				continue
			}
			t.Forget(birth, where{"scan", scan, i, tags, busy})
			still := pinned.On(t, p, sched.None{})
			busy = busy || still && scan == last
			if !still || scan == last {
				tags &^= 1 << i
			}
		}
	}
	t.Forget(birth, where{at: "done", busy: busy})
	if busy {
		cellAdd.On(t, l.writable, 1)
	} else {
		cellAdd.On(t, l.sealed, 1)
	}
}

func (l *ladder) mapper(t *sched.Task, p sched.ID) {
	if cellGet.On(t, l.sealed, sched.None{}) != 0 || !allow.On(t, l.writable, sched.None{}) {
		return
	}
	addRef.On(t, p, 1)
	addMap.On(t, p, 1)
	addMap.On(t, p, -1)
	addRef.On(t, p, -1)
	cellAdd.On(t, l.writable, -1)
}

func (l *ladder) pinner(t *sched.Task, p sched.ID) {
	grab.On(t, p, l.writable, sched.None{})
	addRef.On(t, p, -1)
}

// TestLadder compares the states and transitions with those that SPIN has for the
// same model (testdata/ladder.pml), less the two states and three transitions of its first
// process.
func TestLadder(t *testing.T) {
	for _, c := range []struct{ n, k, p, states, steps int }{
		{1, 1, 1, 542, 1519}, {2, 1, 1, 578, 1621}, {2, 2, 1, 3098, 11263}, {2, 2, 2, 14684, 62904},
		{3, 2, 2, 15332, 65604}, {3, 3, 2, 83768, 431546}, {3, 3, 3, 374744, 2164080},
	} {
		r := search(t, newLadder(c.n, c.k, c.p, false), explore.Options{NoCounts: true})
		require.True(t, r.Complete)
		require.Equal(t, int64(c.states-2), r.States, "%d %d %d", c.n, c.k, c.p)
		require.Equal(t, int64(c.steps-3), r.Steps, "%d %d %d", c.n, c.k, c.p)
		require.Len(t, r.Outcomes, 2)
	}
	r := search(t, newLadder(1, 1, 1, false), explore.Options{})
	require.Equal(t, "578189", r.Total.String())
	r = search(t, newLadder(3, 3, 2, false), explore.Options{})
	require.Equal(t, "43917730927477611936", r.Total.String())
}

// TestSymmetry compares the search that takes equal tasks for one with the search
// that tells them apart: fewer states, and the same number of orders.
func TestSymmetry(t *testing.T) {
	for _, n := range []int{1, 2} {
		all := search(t, newLadder(1, n, n, true), explore.Options{NoSymmetry: true})
		some := search(t, newLadder(1, n, n, true), explore.Options{})
		agree(t, all, some, true)
		require.Equal(t, all.Total, some.Total)
		if n == 2 {
			require.Equal(t, int64(11280), all.States)
			require.Equal(t, int64(4248), some.States)
		}
	}
}
