// Package host runs a scenario on the Linux kernel underneath, and prints what it answered in
// strace's syntax.
//
// # How it is run
//
// A scenario is compiled into a table of instructions: a system call with six numbers, each of
// which may be the result of an earlier one. A helper process, the same program executed again
// (see Child), puts the table at a fixed address and makes a process for it with a plain clone.
// That process is a copy of a Go program, but it never enters the Go runtime again: one function
// that neither allocates nor grows its stack walks the table and makes raw system calls, in the
// way in which the standard library brings a child from fork to exec. A fork in the scenario is
// then nothing special, and what a program does to its memory or its descriptors it does to
// itself. Before the first call, all memory of Go's that the kernel would put new mappings next
// to is unmapped, and all descriptors but 0, 1 and 2 (which are /dev/null) are closed, so that
// addresses and numbers come out as in a small C program.
//
// Tasks with names (a: and b:) share memory and descriptors with the main task. They are threads
// of the helper itself, since a thread needs a stack that only Go can give it here. They begin
// together, each after a small random delay, and a scenario that has them is run many times.
//
// A load or a store is an instruction on the memory itself; a handler for SIGBUS and SIGSEGV,
// which is set for it, makes an answer of what comes of it (touch_linux_amd64.s).
//
// With Options.Pages the process looks at the pages of its first memfd after each call: through a
// private mapping that is empty again when the look is over, it asks /proc/self/pagemap and
// /proc/kpagecount, which needs root.
//
// # What is let through
//
// A scenario may be the log of any program; running it must not do to this machine what that
// program did to its own. Only calls on the list in shapes.go are made, paths lead only to
// descriptors, to /dev/null and to files without a name, and signals go only to the scenario's
// own tasks. Everything else is left out, and told. A scenario that writes to vm.memfd_noexec runs in a pid
// namespace of its own, which needs root: the level is that namespace's, and goes with it.
//
// # Bounds
//
// Each process carries a timer that kills it. Where one ends by it, the report says which task
// was in which call. Nothing is left behind: processes end with the helper or by their timers,
// and no file has a name.
//
// # Not done
//
// Only x86-64, since a scenario's flags have the numbers of x86-64; elsewhere Run returns
// ErrUnsupported. Threads of a forked process, execve, and calls that take structures other
// than vectors and messages.
package host
