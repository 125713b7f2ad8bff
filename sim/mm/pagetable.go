package mm

import (
	"encoding/binary"

	"github.com/google/btree"

	"sealab/sim/folio"
	"sealab/sim/sched"
)

// PTE is an entry of a page table. It has one reference to the folio, and counts
// once in its map count. An entry of a huge page stands at its first base page.
//
// Kernel: arch/x86/include/asm/pgtable_types.h pte_t, all versions.
type PTE struct {
	Folio sched.ID // 0 for no entry
	Write bool     // the hardware lets the program write
	Dirty bool     // the program wrote
	Anon  bool     // the folio is private memory, not the file's
	Own   bool     // nobody else shares the private folio, so it need not be copied
}

// Entry is a page table entry with its place.
type Entry struct {
	Page uint64 // address / abi.PageSize
	PTE
}

// PageTable holds the entries of one MM, sparsely.
//
// Kernel: include/linux/mm_types.h mm_struct.pgd, all versions.
type PageTable struct{ entries *btree.BTreeG[Entry] }

// maxEntries bounds a page table: 1 GiB of base pages.
const maxEntries = 1 << 18

func beforeEntry(a, b Entry) bool { return a.Page < b.Page }

func newPageTable() *PageTable { return &PageTable{btree.NewG(2*degree, beforeEntry)} }

// Clone returns an independent copy, in constant time. Two copies of one table
// must not be made at the same time.
func (p *PageTable) Clone() sched.Object { return &PageTable{p.entries.Clone()} }

// Encode appends the canonical encoding.
func (p *PageTable) Encode(dst []byte) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, uint32(p.entries.Len()))
	p.entries.Ascend(func(e Entry) bool {
		bits := byte(0)
		for i, b := range [...]bool{e.Write, e.Dirty, e.Anon, e.Own} {
			if b {
				bits |= 1 << i
			}
		}
		dst = binary.LittleEndian.AppendUint64(append(dst, bits), e.Page)
		dst = binary.LittleEndian.AppendUint32(dst, uint32(e.Folio))
		return true
	})
	return dst
}

// pages is a run of page numbers, from first up to but not including end. With
// fileOnly, entries of private memory are passed over.
type pages struct {
	first, end uint64
	fileOnly   bool
}

// next returns the first entry of a run.
func (p *PageTable) next(r pages) (found Entry) {
	p.entries.AscendGreaterOrEqual(Entry{Page: r.first}, func(e Entry) bool {
		if e.Page >= r.end {
			return false
		}
		if r.fileOnly && e.Anon {
			return true
		}
		found = e
		return false
	})
	return found
}

var (
	getPTE = sched.NewOp("ptep_get", sched.Read, func(p *PageTable, page uint64) PTE {
		e, _ := p.entries.Get(Entry{Page: page})
		return e.PTE
	})
	setPTE = sched.NewOp("set_pte_at", sched.Write, func(p *PageTable, e Entry) sched.None {
		p.entries.ReplaceOrInsert(e)
		return sched.None{}
	})
	nextPTE = sched.NewOp("walk_page_range", sched.Read, func(p *PageTable, r pages) Entry { return p.next(r) })
	// takePTE takes the first entry of a run out.
	takePTE = sched.NewOp("ptep_get_and_clear", sched.Write, func(p *PageTable, r pages) Entry {
		e := p.next(r)
		if e.Folio != 0 {
			p.entries.Delete(e)
		}
		return e
	})
	entryCount = sched.NewOp("mm_pgtables_bytes", sched.Read, func(p *PageTable, _ sched.None) int {
		return p.entries.Len()
	})
)

// gatherMax is how many references a gather keeps before it gives them back.
//
// Kernel: include/asm-generic/tlb.h MAX_GATHER_BATCH_COUNT, all versions.
const gatherMax = 20 * 510

// zap takes the entries of a run out of the page table. The task holds their
// references from then on: those in t.Held from base.
//
// Kernel: mm/memory.c zap_pte_range, all versions.
func zap(t *sched.Task, s space, r pages, base int) {
	t.Lock(s.ptl)
	for {
		e := takePTE.On(t, s.table, r)
		if e.Folio == 0 {
			break
		}
		folio.RemoveMap(t, e.Folio, e.Dirty)
		t.Hold(e.Folio)
		if len(t.Held)-base >= gatherMax {
			t.Unlock(s.ptl)
			endGather(t, base)
			t.CondResched()
			t.Lock(s.ptl)
		}
	}
	t.Unlock(s.ptl)
}

// endGather gives back the references in t.Held from base, once no CPU can use
// the entries any more.
//
// Kernel: mm/mmu_gather.c tlb_finish_mmu, all versions.
func endGather(t *sched.Task, base int) {
	for n := len(t.Held); n > base; n = len(t.Held) {
		folio.Release(t, t.Held[n-1].ID)
	}
}

// zapRange takes entries out and gives their references back.
//
// Kernel: mm/memory.c zap_page_range_single, v4.0 and later.
func zapRange(t *sched.Task, s space, r pages) {
	base := len(t.Held)
	folio.DrainBatch(t, t.ThisCPU())
	zap(t, s, r, base)
	endGather(t, base)
}
