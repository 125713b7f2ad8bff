// Package vectors exports named scenarios as data, so that other systems can be tested
// without sealab: what to call, and what each kernel answers.
//
// A vector is a scenario, of those that are here or of others. It begins with comments:
//
//	# shows H54 B31         the behaviours that it shows, by their numbers in docs/behaviours.md
//	# A bit in the upper half of the argument.
//	# since 5.1             before that release it means nothing
//	# cases a5_add_bits     recorded programs that do the same
//	# needs huge pages      what not every machine has: these, io_uring, swap, or root
//
// Then come the calls, each with the answer of the kernel in the header, and beneath it,
// where other mainline kernels answer something else, what they do:
//
//	fcntl(r0, F_ADD_SEALS, 0x100000004) = 0
//	#   3.17-6.4: -1 EINVAL (Invalid argument)
//
// These answers are held against the model for every mainline release from 3.17 on
// (`go test ./vectors -run TestAnswers -answers` writes them). A named task whose call has no
// answer depends on the order: the conditions of the scenario say what may come of it.
//
// [Set.JSON] is for programs; [Set.Plain] is for tools/vectors/play.c, which plays
// vectors on any system with memfd_create, and needs nothing but libc. Each line of it is a
// call:
//
//	[TASK@MS] NAMES CALL ARGUMENT... => RESULT [MS]
//
// Without TASK it is the main task's; the lines of tasks between two of those are played at
// the same time, each not before so many ms since the start of the vector.
// NAMES are what the result is called from then on, or -; an argument is a number, $NAME,
// "text", @ for a buffer, &N for a pointer to the number N, %A:L for one to a struct iovec, or
// ! for where descriptors are stored. RESULT is a number, minus an error number (of load and
// store 1000 and the signal: 1007 for SIGBUS), + for any
// that is not negative, or ? for anything. MS is how many milliseconds the call takes at
// least, less a fifth.
package vectors
