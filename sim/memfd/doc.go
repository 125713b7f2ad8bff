// Package memfd is the heart of sealab: memfd_create, F_ADD_SEALS and
// F_GET_SEALS, and the wait for pins.
//
// F_ADD_SEALS with F_SEAL_WRITE asks two questions. Is there a mapping that may
// become writable? That is one look at a counter, and EBUSY comes at once. Does
// anybody still hold a reference to a page, beyond the page cache and the page
// tables? The kernel cannot know who, so it marks such pages, waits, and looks
// again, five times in about 150 ms; EBUSY comes late.
//
//	AddSeals                    one question after the other, under the inode lock
//	 └ Mapping.DenyWritable     question 1
//	 └ waitForPins              question 2
//	    ├ folio.DrainBatch      references that this CPU itself forgot
//	    ├ tagPins               mark every page with a reference too many
//	    └ up to five scans      drain all CPUs, or sleep; look at marked pages only
//
// The wait samples, it does not watch: a page pinned after it was looked at is
// never noticed.
package memfd
