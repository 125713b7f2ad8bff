// Package xarray models the kernel's page tree: a radix tree whose nodes have 64
// slots, in which an entry may cover a range of indices and carry three marks.
//
// It is a pure data structure. It knows no task and never yields; what of it is
// one step, and under which lock, is decided by package mapping.
//
// # Entries
//
// An [Entry] is one word: nothing, the name of a folio, or a value (what a swapped
// out page leaves behind). An entry of order n covers 2^n indices, from a multiple
// of 2^n on; to load, mark or replace any of them is to do so to all. To store an
// entry over smaller ones is to join them; [XArray.Split] takes it apart again.
//
// # Marks
//
// Every slot has three marks, and a slot that leads to a node has a mark when
// anything below has it. So the root tells at once whether a mark is set anywhere
// ([XArray.Marked]), and a search for marked entries skips the rest of the tree
// ([XArray.FindMarkedFrom]). A mark belongs to its place: it stays when another
// entry is stored there, and goes when nothing is.
//
// # Two ways of walking
//
// [State] is the walk of v4.20 and later: under the lock, and paused before the
// lock is let go. [Iter] is the walk of the radix tree before: without the lock, so
// that it may meet a slot that has moved, and must retry. Both see one tree.
//
// # Drawing
//
// The number of slots of a node is a parameter of [New]: with 4 slots a tree of a
// dozen pages is three levels deep and fits a blackboard ([XArray.String]).
//
// # Not modelled
//
// Allocation failure, the search for free indices (xa_alloc), and entries other
// than folios and values.
package xarray
