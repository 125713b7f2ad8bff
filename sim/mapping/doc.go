// Package mapping models struct address_space: what the kernel knows of the
// memory of one file. (It is not a process's address space; that is package mm.)
//
// A mapping has three parts, each an object of its own, so that what one CPU
// does to one does not seem to touch the others:
//
//   - Counter, the signed i_mmap_writable: above 0 it is the number of countable
//     mappings (those that may become writable), 0 means none, below 0 means that
//     new ones are denied, because the file is write-sealed or being sealed.
//   - Pages, the page tree i_pages with its marks, under the tree's lock.
//   - Mmap, the reverse map i_mmap: which processes map the file where.
//
// "Mark" is the word inside package xarray; here and above it is "tag".
//
// # Lock order
//
//	mm mmap_lock
//	  inode i_rwsem            (a fault inside write is the other way round)
//	    Mapping.MmapLock       (i_mmap_rwsem)
//	      Mapping.Lock         (the page tree's xa_lock)
//
// # Not modelled
//
// Writeback, and with it the other users of the tags: tmpfs never writes back,
// which is why sealing may borrow a tag.
package mapping
