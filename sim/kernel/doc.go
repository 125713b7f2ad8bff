// Package kernel puts the parts together: processes, descriptor tables and the
// table of system calls, on a machine booted with a profile.
//
// A driver boots a [Kernel], makes processes, and hands each task one [Call] at a
// time; the task runs it and leaves a [Result]. Who runs when is the scheduler's
// business, what was recorded elsewhere is the driver's.
//
// # Not modelled
//
// Everything that NOT_MODELLED.md lists. A call that is not in the table gets
// ErrNotModelled, never a guess.
package kernel
