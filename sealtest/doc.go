// Package sealtest tests somebody else's file seals: a kernel, a sandbox, an emulator, a
// library that hands out sealed memory.
//
// Implement [System], a dozen calls with the meaning that they have on Linux, and let
// [Check] make random programs of them. Each call is made on your system and on sealab's
// model of the Linux release that you name. The first answer that differs ends the
// program; it is made as short as it can be (package rapid does that) and reported as a
// scenario in the syntax of strace, with Linux's answers, which `sealab run` plays and
// explains:
//
//	func TestSeals(t *testing.T) {
//		sealtest.Check(t, sealtest.Options{Kernel: "6.12.107"}, func() sealtest.System { return mykernel.Boot() })
//	}
//
// A system that also has pipes implements [Pipes], and is tested for pages that are held;
// one that can fork implements [Forker].
//
// What cannot be linked into a Go test is tested by [CheckCommand]: a program that reads
// a scenario and prints it with results.
//
// The model is the oracle; [NewModel] is a System as well, on any kernel that sealab has,
// wrong ones included: that is how the kit itself is tested.
package sealtest
