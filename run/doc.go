// Package run plays a scenario once on the model of a kernel.
//
// [ReadCall] and [ReadAnswer] turn a line of a scenario into a call that the
// model can make and the answer that the line has for it. All who play a scenario
// read it through them.
//
// [Read] makes a [Script] of a scenario: its tasks, their calls, and what must have
// ended before each call begins. [Play] runs it. Each task is a program on the
// simulated machine ([kernel.Program]); that a call waits for others to end, or for
// its time, is an operation on an object of the machine, so that a schedule string
// says everything about a run and repeats it. A call without an answer is a
// question, one with an answer is checked. Conditions are about all runs: one run
// can confirm an exists, and violate an always or a never.
//
// What only a device knows is taken from the line: a read or write of a file opened with
// O_DIRECT takes as long as the line says and moves as much, and until then the device has the
// pages of its buffer:
//
//	r1 = openat(AT_FDCWD, "/mnt/slow", O_RDWR|O_DIRECT) = 4
//	a: pread64(r1, m0, 4096, 0) = 4096 <0.400000>
//
// With Options.Record the run is written down as a [trace.Trace]. The recorder is a
// sched.Watcher: it compares each object that an operation touched with what it
// last saw of it, so it needs nothing from the code that it watches, and runs that
// nobody looks at pay nothing. Where in the model something happened it reads off
// the task's own call stack.
//
// # Not modelled
//
// A signal to the sender's own process. What the main task's threads do after one
// of them has executed another program is what the model of the kernel does, which
// lets them go on.
package run
