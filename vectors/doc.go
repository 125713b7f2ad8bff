// Package vectors exports named scenarios as data, so that other systems can be tested
// without sealab: what to call, and what each kernel answers.
//
// A vector is a scenario, of those that are here or of others: its number is that of the behaviour in the
// history of the kernel that it shows. Its answers are those of the model for every
// mainline release from 3.17 on, where several in a row answer alike as one range.
//
// [Set.JSON] is for programs; [Set.Plain] is for tools/vectors/play.c, which plays
// vectors of one task on any system with memfd_create, and needs nothing but libc. Each
// line of it is a call:
//
//	NAMES CALL ARGUMENT... => RESULT [MS]
//
// NAMES are what the result is called from then on, or -; an argument is a number, $NAME,
// "text", @ for a buffer, &N for a pointer to the number N, or ! for where descriptors are
// stored. RESULT is a number, minus an error number, or + for any that is not negative. MS
// is how many milliseconds the call takes at least, less a fifth.
package vectors
