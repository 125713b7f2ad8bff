// Package mutant names wrong kernels: each departs from Linux in one place, and is
// otherwise the model that the rest of sim/ is.
//
// A mutant is data. [profile.Profile] has a [Set] of them, and the code that a mutant
// breaks asks for its bit. A kernel without mutants is Linux, and pays a bit test where
// one could be.
//
// They are there for two things: to measure which tests notice which mistake
// (docs/mutants.md), and to be somebody else's kernel, or an exercise: find the bug.
package mutant
