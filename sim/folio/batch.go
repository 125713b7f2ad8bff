package folio

import (
	"encoding/binary"

	"sealab/sim/sched"
)

// Batch holds the folios that one CPU is about to put on the LRU list, each with
// a reference of its own.
//
// Kernel: mm/swap.c cpu_fbatches, v5.16 and later (lru_add_pvecs before).
type Batch struct{ Folios []sched.ID }

// Clone returns an independent copy.
func (b *Batch) Clone() sched.Object {
	return &Batch{append([]sched.ID(nil), b.Folios...)}
}

// Encode appends the canonical encoding.
func (b *Batch) Encode(dst []byte) []byte {
	dst = append(dst, byte(len(b.Folios)))
	for _, id := range b.Folios {
		dst = binary.LittleEndian.AppendUint32(dst, uint32(id))
	}
	return dst
}

var (
	batchAdd = sched.NewOp("folio_batch_add", sched.Write, func(b *Batch, id sched.ID) int {
		b.Folios = append(b.Folios, id)
		return len(b.Folios)
	})
	batchLen  = sched.NewOp("folio_batch_count", sched.Read, func(b *Batch, _ sched.None) int { return len(b.Folios) })
	batchTake = sched.NewOp("folio_batch_move_lru", sched.Write, func(b *Batch, _ sched.None) sched.ID {
		n := len(b.Folios)
		if n == 0 {
			return 0
		}
		id := b.Folios[n-1]
		b.Folios = b.Folios[:n-1]
		return id
	})
)

// AddLRU puts a folio in the batch of the task's CPU, which takes a reference
// until it is drained.
//
// Kernel: mm/swap.c folio_add_lru, v5.16 and later (lru_cache_add before).
func AddLRU(t *sched.Task, id sched.ID) {
	p := t.Profile()
	cpu := t.ThisCPU() // and there it stays: the batch has a lock of its CPU
	b := BatchID(cpu)
	Hold(t, id)
	if p.LRUDrainFirst && batchLen.On(t, b, sched.None{}) >= p.LRUBatch {
		DrainBatch(t, cpu)
	}
	n := batchAdd.On(t, b, id)
	t.Drop(id)
	large := p.LRULargeBypass && ShapeOf(t, id).Order > 0
	if large || !p.LRUDrainFirst && n >= p.LRUBatch {
		DrainBatch(t, cpu)
	}
}

// DrainBatch empties the batch of one CPU (from 0) and gives its references back.
//
// Kernel: mm/swap.c lru_add_drain, all versions.
func DrainBatch(t *sched.Task, cpu int) {
	for {
		id := batchTake.On(t, BatchID(cpu), sched.None{})
		if id == 0 {
			return
		}
		t.Hold(id)
		setLRU.On(t, id, sched.None{})
		Release(t, id)
	}
}

// DrainAllBatches empties the batches of all CPUs. It cannot be killed.
//
// Kernel: mm/swap.c lru_add_drain_all, all versions.
// Differs: the caller does the work that the kernel queues on each CPU.
func DrainAllBatches(t *sched.Task) {
	w := t.Sched().World()
	for cpu := 0; sched.Peek[Batch](w, BatchID(cpu)) != nil; cpu++ {
		DrainBatch(t, cpu)
	}
}
