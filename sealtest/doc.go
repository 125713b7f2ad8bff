// Package sealtest tests somebody else's file seals: a kernel, a sandbox, an emulator, a
// library that hands out sealed memory.
//
// Implement [System], a dozen calls with the meaning that they have on Linux, most of them a
// line each (linux_test.go does it for the running kernel), and let [Check] make random
// programs of them:
//
//	func TestSeals(t *testing.T) {
//		sealtest.Check(t, sealtest.Options{Kernel: "6.12.107"}, func() sealtest.System { return mykernel.Boot() })
//	}
//
// Each call is made on your system and on sealab's model of the Linux release that you
// name. The first answer that differs ends the program; it is made as short as it can be
// (package rapid does that) and reported as a scenario in the syntax of strace, with
// Linux's answers, which `sealab run` plays and explains. The example of Check shows three
// such reports, and the mistakes that they found. What bytes there are in a file does not
// matter, only how many: a call that fails returns an [Errno], or any error that is an
// integer with Linux's number (syscall.Errno).
//
// `go test -rapid.checks=10000` makes more programs than the usual hundred, and
// -rapid.seed repeats a run. Where your system differs on purpose, Options.Set says so.
//
// A system that also has pipes implements [Pipes], and is tested for pages that are held;
// one with fchmod implements [Chmoder]; one whose process can touch its memory and catch what comes
// of it, [Memory]; one that has to be given back after each program,
// [Closer].
//
// What cannot be linked into a Go test is tested by [CheckCommand]: a program that reads
// a scenario and prints it with results. What cannot even run Go plays the portable
// vectors (package vectors, tools/vectors/play.c).
//
// The model is the oracle; [NewModel] is a System as well, on any kernel that sealab has,
// wrong ones included: that is how the kit itself is tested. It also makes the shortest
// first test: embed a *Model and replace one method at a time by your own.
package sealtest
