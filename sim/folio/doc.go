// Package folio models the folio: a run of 2^order pages of memory with its
// reference count and its map count, and the per-CPU LRU batches that hold
// references for a while.
//
// The two counts are what sealing looks at. A reference says that somebody may
// still use the memory; a map count says how many page tables show it. In a
// quiet page cache the references are exactly: one per page for the cache, one
// per page table entry. Whatever is left over is a pin, and F_SEAL_WRITE waits
// for it.
//
// # Invariants
//
//   - references = cache + maps + named holders, at every step. The named holders
//     are pipe buffers, fixed buffers, I/O in flight, LRU batches and tasks in
//     the middle of a call.
//   - a folio with no reference is free, and is in no page tree, page table or
//     holder.
//   - a free frame is used again; it is never removed, as a struct page never is.
//
// # Not modelled
//
// Memory zones and shortage, the LRU lists themselves, dirty and writeback state
// beyond what a reader can see, and per-page map counts within a large folio.
package folio
