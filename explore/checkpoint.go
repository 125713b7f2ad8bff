package explore

import (
	"bufio"
	"encoding/gob"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math/big"

	"sealab/sim/sched"
)

// Checkpoint is a search that ended before its end, as far as it came. Given to
// another search of the same program (Options.Resume), in this process or another, it
// goes on as if it had never ended. It shares its memory with the search that it came
// from and the one that it is given to, so it can be given to one only.
//
// The numbers in rows and fingerprints mean something only together with what was
// learned; but what is learned is a function of the program and of the order in which
// it was asked, so it is enough to ask again.
type Checkpoint struct {
	head head
	seen *set
	left []*block // states not yet looked at
}

// head is all of a checkpoint that is not about single states.
type head struct {
	Format   int
	Program  uint64   // a hash of the program and of what of the options matters
	Asked    []asking // everything that was learned, in order
	Outcomes []saved
	Steps    int64
}

// piece is some states, as they stand in a file behind the head. They are written in pieces so
// that writing takes no more memory than one of them.
type piece struct {
	Met   []uint64 // fingerprints of states that were met
	Times []uint32 // and how often, if that is counted

	Left   []uint64 // fingerprints of states to look at
	Rows   []int32  // and their rows
	Stride int
	Last   bool
}

// pieceStates is how many states a piece has at most.
const pieceStates = 1 << 14

// asking is one question that the machine learned from.
type asking struct {
	From, Version, At int32 // of a local: which versions of its objects; or of a timer: slot and version
	NS                int64
	Timer, Fire       bool
}

type saved struct {
	Text string
	Kind Kind
}

const checkpointFormat = 2

// ErrCheckpoint is returned for a checkpoint that belongs to another program, to
// other options, or to another version of sealab.
var ErrCheckpoint = errors.New("explore: the checkpoint is of another search")

// Write writes a checkpoint.
func (c *Checkpoint) Write(w io.Writer) error {
	b := bufio.NewWriterSize(w, 1<<20)
	e := gob.NewEncoder(b)
	err := e.Encode(&c.head)
	var p piece
	flush := func(least int) {
		if err == nil && len(p.Met) >= least {
			err = e.Encode(&p)
		}
		if len(p.Met) >= least {
			p.Met, p.Times = p.Met[:0], p.Times[:0]
		}
	}
	c.seen.states(func(fp uint64, times uint32) {
		if p.Met = append(p.Met, fp); c.seen.count {
			p.Times = append(p.Times, times)
		}
		flush(pieceStates)
	})
	flush(1)
	for _, l := range c.left {
		if err == nil {
			err = e.Encode(&piece{Left: l.fps, Rows: l.rows, Stride: l.stride})
		}
	}
	if err == nil {
		err = e.Encode(&piece{Last: true})
	}
	if err != nil {
		return err
	}
	return b.Flush()
}

// ReadCheckpoint reads what Write has written.
func ReadCheckpoint(r io.Reader) (*Checkpoint, error) {
	c := &Checkpoint{}
	d := gob.NewDecoder(bufio.NewReaderSize(r, 1<<20))
	err := d.Decode(&c.head)
	for err == nil {
		var p piece
		if err = d.Decode(&p); err != nil || p.Last {
			break
		}
		err = c.add(&p)
	}
	if err != nil {
		return nil, fmt.Errorf("explore: no checkpoint: %w", err)
	}
	if c.seen == nil {
		c.seen = newSet(false, 1)
	}
	return c, nil
}

// add adds the states of a piece.
func (c *Checkpoint) add(p *piece) error {
	if c.seen == nil {
		c.seen = newSet(len(p.Times) > 0, pieceStates)
	}
	if c.seen.count && len(p.Times) != len(p.Met) || p.Stride*len(p.Left) != len(p.Rows) ||
		p.Stride < 0 || len(p.Left) > blockRows {
		return errors.New("a piece of it is torn")
	}
	if c.seen.full() {
		c.seen.grow(len(c.seen.fps)/4*5+2*len(p.Met), 1)
	}
	for i, fp := range p.Met {
		times := uint32(0)
		if c.seen.count {
			times = p.Times[i]
		}
		if c.seen.put(fp, times) {
			c.seen.n.Add(1)
		}
	}
	if len(p.Left) > 0 {
		c.left = append(c.left, &block{p.Rows, p.Left, p.Stride})
	}
	return nil
}

// identity is a hash of all that a checkpoint depends on.
func (s *search) identity() uint64 {
	h := fnv.New64a()
	p := s.m.prog
	o := s.opts
	fmt.Fprintln(h, checkpointFormat, p.Key, o.Time, o.NoSymmetry, o.NoForget, o.NoCounts, p.Law != nil,
		o.Shard, o.Shards, p.Stray, p.Roam)
	for _, t := range p.Tasks {
		fmt.Fprintln(h, t.Name, t.Num, t.CPU, t.Twin)
	}
	h.Write(p.World.Encode(nil))
	return h.Sum64()
}

// checkpoint is how far the search came.
func (s *search) checkpoint(workers []*worker) *Checkpoint {
	c := &Checkpoint{seen: s.seen, head: head{
		Format: checkpointFormat, Program: s.identity(), Asked: s.m.asked, Steps: s.steps,
	}}
	for _, w := range workers {
		c.left = append(append(c.left, w.left...), w.later.blocks...)
	}
	if at := s.next.Load(); at < int64(len(s.now.blocks)) {
		c.left = append(c.left, s.now.blocks[at:]...)
	}
	for f := range s.found {
		c.head.Outcomes = append(c.head.Outcomes, saved{f.text, f.kind})
	}
	return c
}

// resume takes up a search where a checkpoint left it.
func (s *search) resume(c *Checkpoint, into *worker) error {
	h := &c.head
	if h.Format != checkpointFormat || h.Program != s.identity() || c.seen.len() > 0 && s.seen.count != c.seen.count {
		return ErrCheckpoint
	}
	s.m.starts()
	for _, a := range h.Asked {
		if !s.m.ask(a) {
			return ErrCheckpoint
		}
	}
	c.seen.slack = s.seen.slack
	s.seen = c.seen
	for _, b := range c.left {
		for i := range b.len() {
			if !s.m.sound(b.state(i).row) {
				return ErrCheckpoint
			}
		}
	}
	into.later.adopt(c.left)
	c.left = nil
	for _, o := range h.Outcomes {
		s.found[result{o.Text, o.Kind}] = (*big.Int)(nil)
	}
	into.steps = h.Steps
	return nil
}

// sound says whether a row is one of this machine.
func (m *machine) sound(row []int32) bool {
	for i, v := range row {
		n := len(m.locals)
		if i >= m.width {
			n = 1
		} else if i >= len(m.prog.Tasks) {
			n = len(m.slots[m.columns[i-len(m.prog.Tasks)]].versions)
		}
		if v < 0 || int(v) >= n {
			return false
		}
	}
	return len(row) >= len(m.prog.Tasks)
}

// ask asks a question again. It says false if the machine does not know what it is
// about.
func (m *machine) ask(a asking) bool {
	if a.Timer {
		if a.From < 0 || a.Version < 0 || int(a.From) >= len(m.slots) ||
			int(a.Version) >= len(m.slots[a.From].versions) {
			return false
		}
		if _, sleeper := m.slots[a.From].versions[a.Version].(*sched.Sleeper); !sleeper {
			return false
		}
		m.passTime(a.From, passing{a.Version, a.NS, a.Fire})
		return true
	}
	if a.From < 0 || a.Version < 0 || a.At < 0 || int(a.From) >= len(m.locals) || m.locals[a.From].req == nil {
		return false
	}
	l := &m.locals[a.From]
	if int(a.Version) >= len(m.slots[l.slot].versions) || l.at >= 0 && int(a.At) >= len(m.slots[l.at].versions) {
		return false
	}
	m.know(a.From, a.Version, a.At)
	return true
}
