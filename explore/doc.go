// Package explore runs a program of concurrent tasks in every order that could
// happen, and says what can come out.
//
// # How it can be fast
//
// A task is ordinary Go, the same code that a run executes. What it does next is a
// function of what it has observed, so it need not be run again and again: it is
// rehearsed, alone, once for each place where it can stand (a local), and a small
// automaton remembers what it wants there. In the same way an object's next version
// and what an operation observes are a function of the object's version and the
// operation, so versions get numbers, by their encoding, and operations on them are
// remembered. What is searched is then a graph of small integers:
//
//	row: local of each task | version of each object that has changed
//
// A step looks up one entry, by the task's local and the version of the object that
// it wants. The fingerprint of a row is the sum of one strong random number for each
// of its columns, so a step changes it by an addition.
//
// Objects that tasks make get names from their maker's own share, the lowest that is
// free as far as the maker knows, so the names do not depend on who was faster.
// An object that never changes has no column.
//
// # What is counted
//
// A step is one operation. An operation that would have to wait is no step, and
// neither is what nobody else can see: making an object, answering a choice. A timer
// that fires is a step of its own. The number of interleavings is the number of
// paths in the graph, counted exactly, however large.
//
// # Two readings of time
//
// With ZeroTime, steps take no time, and a timer fires when nothing else can happen.
// With FreeTime any task may be delayed at will, so the next timer may fire at any
// moment; timers keep their order in either.
//
// # What may go wrong, and is looked for
//
// Two states with one fingerprint would be taken for one: with n states the risk is
// about n²/2^65. An encoding that leaves out what an operation depends on, or a task
// that forgets what it still needs (sched.Task.Forget), would merge what is
// different: Options.Check tests both on the way, and [Blind], which uses nothing of
// all this, is there to compare with.
//
// # Not modelled
//
// Tasks that make tasks. Times of the real clock: a sleep that is cut short tells how
// much was left as if no time had passed but that of timers.
package explore
