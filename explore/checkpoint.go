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
// goes on as if it had never ended.
//
// The numbers in rows and fingerprints mean something only together with what was
// learned; but what is learned is a function of the program and of the order in which
// it was asked, so it is enough to ask again.
type Checkpoint struct {
	Format   int
	Program  uint64   // a hash of the program and of what of the options matters
	Asked    []asking // everything that was learned, in order
	Places   int      // of the set, log2
	States   []uint64
	Degrees  []uint32
	Stride   int
	Rows     []int32 // states not yet looked at
	Prints   []uint64
	Outcomes []saved
	Steps    int64
}

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

const checkpointFormat = 1

// ErrCheckpoint is returned for a checkpoint that belongs to another program, to
// other options, or to another version of sealab.
var ErrCheckpoint = errors.New("explore: the checkpoint is of another search")

// Write writes a checkpoint.
func (c *Checkpoint) Write(w io.Writer) error {
	b := bufio.NewWriterSize(w, 1<<20)
	if err := gob.NewEncoder(b).Encode(c); err != nil {
		return err
	}
	return b.Flush()
}

// ReadCheckpoint reads what Write has written.
func ReadCheckpoint(r io.Reader) (*Checkpoint, error) {
	c := &Checkpoint{}
	if err := gob.NewDecoder(bufio.NewReaderSize(r, 1<<20)).Decode(c); err != nil {
		return nil, fmt.Errorf("explore: no checkpoint: %w", err)
	}
	return c, nil
}

// identity is a hash of all that a checkpoint depends on.
func (s *search) identity() uint64 {
	h := fnv.New64a()
	p := s.m.prog
	o := s.opts
	fmt.Fprintln(h, checkpointFormat, p.Key, o.Time, o.NoSymmetry, o.NoForget, o.NoCounts, p.Law != nil,
		o.Shard, o.Shards)
	for _, t := range p.Tasks {
		fmt.Fprintln(h, t.Name, t.Num, t.CPU, t.Twin)
	}
	h.Write(p.World.Encode(nil))
	return h.Sum64()
}

// checkpoint writes down how far the search came.
func (s *search) checkpoint(workers []*worker) *Checkpoint {
	c := &Checkpoint{
		Format: checkpointFormat, Program: s.identity(), Asked: s.m.asked, Places: 64 - int(s.seen.shift),
		States: s.seen.fps, Degrees: s.seen.degrees, Steps: s.steps,
	}
	var left layer
	left.reset(s.m.width)
	for _, w := range workers {
		for _, lo := range w.left {
			for i := lo; i < min(lo+batch, int64(s.now.len())); i++ {
				st := s.now.state(int(i))
				left.push(st.row, st.fp, s.m.width)
			}
		}
		for i := range w.later.len() {
			st := w.later.state(i)
			left.push(st.row, st.fp, s.m.width)
		}
	}
	for i := s.next.Load(); i < int64(s.now.len()); i++ {
		st := s.now.state(int(i))
		left.push(st.row, st.fp, s.m.width)
	}
	c.Stride, c.Rows, c.Prints = left.stride, left.rows, left.fps
	for f := range s.found {
		c.Outcomes = append(c.Outcomes, saved{f.text, f.kind})
	}
	return c
}

// resume takes up a search where a checkpoint left it.
func (s *search) resume(c *Checkpoint, into *worker) error {
	if c.Format != checkpointFormat || c.Program != s.identity() || len(c.States) != 1<<c.Places ||
		s.seen.count != (len(c.Degrees) == len(c.States)) || c.Stride*len(c.Prints) != len(c.Rows) {
		return ErrCheckpoint
	}
	s.m.starts()
	for _, a := range c.Asked {
		if !s.m.ask(a) {
			return ErrCheckpoint
		}
	}
	s.seen.fps, s.seen.degrees, s.seen.shift = c.States, c.Degrees, 64-uint8(c.Places)
	for _, fp := range c.States {
		if fp != 0 {
			s.seen.n.Add(1)
		}
	}
	for i, fp := range c.Prints {
		if !s.m.sound(c.Rows[i*c.Stride : (i+1)*c.Stride]) {
			return ErrCheckpoint
		}
		into.later.push(c.Rows[i*c.Stride:(i+1)*c.Stride], fp, s.m.width)
	}
	for _, o := range c.Outcomes {
		s.found[result{o.Text, o.Kind}] = (*big.Int)(nil)
	}
	into.steps = c.Steps
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
