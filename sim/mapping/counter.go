package mapping

import (
	"encoding/binary"
	"fmt"

	"sealab/sim/abi"
	"sealab/sim/mutant"
	"sealab/sim/sched"
)

// Counter is i_mmap_writable.
//
// Kernel: include/linux/fs.h address_space.i_mmap_writable, v3.17 and later.
type Counter struct{ N int32 }

// Clone returns an independent copy.
func (c *Counter) Clone() sched.Object { d := *c; return &d }

// Encode appends the canonical encoding.
func (c *Counter) Encode(dst []byte) []byte {
	return binary.LittleEndian.AppendUint32(dst, uint32(c.N))
}

// String says what the number means.
func (c *Counter) String() string {
	switch {
	case c.N > 0:
		return fmt.Sprintf("i_mmap_writable is %d: %d countable mappings", c.N, c.N)
	case c.N < 0:
		return fmt.Sprintf("i_mmap_writable is %d: new countable mappings are denied", c.N)
	}
	return "i_mmap_writable is 0: no countable mapping"
}

// seen is the result of an operation that may refuse, with the number it saw.
type seen struct {
	ok bool
	n  int32
}

var (
	mapWritable = sched.NewOp("mapping_map_writable", sched.Write, func(c *Counter, _ sched.None) seen {
		if c.N < 0 {
			return seen{false, c.N}
		}
		c.N++
		return seen{true, c.N}
	})
	addWritable = sched.NewOp("atomic_inc i_mmap_writable", sched.Add, func(c *Counter, n int32) sched.None {
		c.N += n
		return sched.None{}
	})
	denyWritable = sched.NewOp("mapping_deny_writable", sched.Write, func(c *Counter, _ sched.None) seen {
		if c.N > 0 {
			return seen{false, c.N}
		}
		c.N--
		return seen{true, c.N}
	})
	readWritable = sched.NewOp("mapping_writably_mapped", sched.Read,
		func(c *Counter, _ sched.None) int32 { return c.N })
)

// MapWritable counts one more mapping that may become writable, or refuses with
// EPERM while such mappings are denied.
//
// Kernel: include/linux/fs.h mapping_map_writable, v3.17 and later.
func (m Mapping) MapWritable(t *sched.Task) error {
	if t.Wrong(mutant.DeniedIgnored) {
		addWritable.On(t, m.Counter, 1)
		return nil
	}
	if r := mapWritable.On(t, m.Counter, sched.None{}); !r.ok {
		return t.RefuseBecause(abi.EPERM, "mapping_map_writable",
			sched.Fact{Name: "i_mmap_writable", Value: int64(r.n)}, m.Counter)
	}
	return nil
}

// UnmapWritable counts one less.
//
// Kernel: include/linux/fs.h mapping_unmap_writable, v3.17 and later.
func (m Mapping) UnmapWritable(t *sched.Task) { addWritable.On(t, m.Counter, -1) }

// AddWritable counts one more mapping without asking: a copy or a piece of one
// that is counted already.
//
// Kernel: mm/vma.c __vma_link_file, v3.17 and later.
func (m Mapping) AddWritable(t *sched.Task) { addWritable.On(t, m.Counter, 1) }

// DenyWritable denies countable mappings from now on, or refuses with EBUSY when
// there is one, or one is just being made.
//
// Kernel: include/linux/fs.h mapping_deny_writable, v3.17 and later.
func (m Mapping) DenyWritable(t *sched.Task) error {
	if t.Wrong(mutant.DenyForgotten) && m.Writable(t) <= 0 {
		return nil
	}
	if r := denyWritable.On(t, m.Counter, sched.None{}); !r.ok {
		if t.Wrong(mutant.NeverBusy) {
			addWritable.On(t, m.Counter, -1)
			return nil
		}
		return t.RefuseBecause(abi.EBUSY, "mapping_deny_writable",
			sched.Fact{Name: "i_mmap_writable", Value: int64(r.n)}, m.Counter)
	}
	return nil
}

// AllowWritable undoes DenyWritable.
//
// Kernel: include/linux/fs.h mapping_allow_writable, v3.17 and later.
func (m Mapping) AllowWritable(t *sched.Task) {
	if !t.Wrong(mutant.DenyForgotten) {
		addWritable.On(t, m.Counter, 1)
	}
}

// Writable reads the counter.
//
// Kernel: include/linux/fs.h mapping_writably_mapped, v3.17 and later.
func (m Mapping) Writable(t *sched.Task) int32 { return readWritable.On(t, m.Counter, sched.None{}) }
