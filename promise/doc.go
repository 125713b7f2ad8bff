// Package promise finds out what a seal promises, and what it does not.
//
// A sender gives a file to a receiver by some [Means]: with a seal, with a descriptor for
// reading only, for a private mapping. A [Threat] is something that a sender or a
// receiver may then do to the other. [Try] puts the two together in a scenario, plays it
// on the model, and says whether the threat came true or which check of the kernel
// prevented it. A [Card] is one means against every threat: what whoever relies on it may
// rely on, and what can still happen. No answer is written down anywhere.
package promise
