// Package exercise makes exercises on file sealing, as many as there are seeds.
//
// An exercise is a small program and a question about it, a function of its kind and
// its seed: what a call answers, what the counter of writable mappings is, how a wait
// for pins ends, how kernels differ, or what is wrong with a broken kernel. Nothing of
// the answer is written down. The right choice is what the model answers, and each
// wrong one is what a wrong kernel of package mutant, or another real one, answers to
// the same program; that is also what is said to whoever chooses it.
//
// [New] makes one and [Kinds] lists what there is. Questions are those of package
// question, so whoever shows a lesson can show an exercise.
package exercise
