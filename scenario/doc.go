// Package scenario reads and prints the one language of this project: the syntax of strace, with a
// few additions for scenarios that a person writes. It knows no kernel: what a call means is not
// its concern.
//
// A log of strace -f, with any of -t -tt -ttt -r -T -y -yy -Y -x -xx -X -v -i -n -k -a and
// -e raw=..., written to a file or to the terminal, plain or compressed by gzip or zstd, is a
// scenario as it is:
//
//	98 1795417950.019764 memfd_create("a", MFD_ALLOW_SEALING) = 3 <0.000788>
//	98 1795417950.023879 fcntl(3, F_ADD_SEALS, F_SEAL_WRITE <unfinished ...>
//	99 1795417950.024000 write(3, "x", 1) = -1 EPERM (Operation not permitted) <0.000135>
//	98 1795417950.187124 <... fcntl resumed>) = 0 <0.163245>
//
// Written by hand, the same may look like this:
//
//	# Does the seal win against the mapping?
//	kernel 6.12.5
//	hz 250
//	r0 = memfd_create("a", MFD_ALLOW_SEALING)
//	ftruncate(r0, 4096) = 0
//	a: s0 = fcntl(r0, F_ADD_SEALS, F_SEAL_WRITE)
//	b: @15ms m0 = mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_SHARED, r0, 0)
//	b: munmap(m0, 4096) = 0
//	exists (s0 = 0 /\ m0 = EPERM)
//	never (s0 = EBUSY)
//
// # Meaning
//
// `= result` is an expectation: what a log recorded, or what its author claims. A call without
// it is a question. Lines of one task happen in their order. In a log the order of all lines,
// and the times, are what the kernel did. Written by hand, lines of tasks with names (a:) run
// concurrently; a line without a name belongs to the main task, and the tasks named between two
// lines of the main task begin after the one and have ended before the other. @15ms is the time
// since the start before which the call does not begin. A task that is named as the result of a
// clone or fork is the one that it made (c = fork(), then c: close(3)); the others share the
// memory and the descriptors of the main task.
//
// Two calls are none: load(m0+4096) is the task itself reading a byte of its memory, and
// store(m0, 7) writing one. strace shows no such thing; their answers are written in its way:
//
//	load(0x7f1d4cb03000) = 7
//	store(0x7f1d4cb04000, 1) = -1 SIGBUS (Bus error)
//
// A signal that comes of it, SIGBUS or SIGSEGV, is caught, and the task goes on. What a load
// returns stands for the content of the page on the model, where it is 0 in a page of zeros, and is the
// byte on a host; so conditions may compare two of them, or one with 0.
//
// A buffer of read, write, pread64 and pwrite64 may be an address (m0+100) in the place of its
// contents; then it is touched.
//
// `r0 = call(...)` binds the result to a name, for the arguments of later lines (r0, m0+4096)
// and for conditions; pipe2([p0, p1], 0) and socketpair bind two descriptors, recvmsg those in its
// cmsg_data=[d0]. A condition speaks of the end of all runs: it holds in some (exists), in none
// (never), or in each (always). In it r0 = EBUSY is short for r0 = -1 EBUSY, ~ binds more tightly
// than /\, and that more than \/; calls as seals(r0) have a meaning to the caller only.
//
// `# program NAME` begins another program, with nothing left of the one before. Header lines
// stand before the first call of a program. Any other # line is a comment.
//
// # Grammar
//
// In EBNF; spaces separate where it says " ", and may stand around commas and parentheses.
//
//	line       = [ prefix ] ( call | signal | exit ) | program | header | condition | note | comment .
//	prefix     = [ task " " ] [ time " " ] [ "(+" seconds ") " ] { "[" text "] " } .
//	task       = number [ "<" comm ">" ] | "[pid " number [ "<" comm ">" ] "]" | name ":" .
//	time       = hh ":" mm ":" ss [ "." digits ] | seconds | "@" seconds unit .
//	unit       = "s" | "ms" | "us" | "ns" .
//	call       = [ name " = " ] name "(" args ")" [ result ]
//	           | name "(" args ( "<unfinished ...>" | "<detached ...>" )
//	           | "<... " name " resumed>" args ")" [ result ] .
//	args       = [ value { "," value } ] [ "<unfinished ...>" ] .
//	result     = " = " ( number | "?" ) [ decoration ] [ " <unavailable>" ] [ " " errno ]
//	             { " (" text ")" } [ " <" seconds ">" ] [ " #" text ] .
//	value      = [ name "=" ] term { operator term } [ " => " value ] .
//	operator   = "|" | "+" | "-" | "*" | "<<" | " && " | " == " | " or " | " | " .
//	term       = primary [ decoration ] [ " /*" text "*/" ] .
//	primary    = number | name | flags | string | "NULL" | "?" | "..." | "&" name
//	           | name "(" args ")" | [ "~" ] "[" list "]" | "{" list "}" | "~" primary .
//	list       = [ value { "," value } | value { " " value } ] .
//	flags      = ( name | number ) { "|" ( name | number ) } .
//	string     = [ "@" ] '"' { character | escape } '"' [ "..." ] .
//	number     = [ "-" ] ( digits | "0" octal digits | "0x" hexadecimal digits ) .
//	decoration = "<" text ">" [ "(deleted)" ] .
//	signal     = "--- " name ( " " struct | text ) " ---" | "--- stopped by " name " ---" .
//	exit       = "+++ exited with " number " +++" | "+++ killed by " name [ " (core dumped)" ] " +++"
//	           | "+++ superseded by execve in pid " number " +++" .
//	program    = "# program " name [ text ] .
//	header     = "kernel " release | "hz " number | "cpus " number | "roam 1" | "stray 1" | "swap 1" .
//	condition  = ( "exists" | "never" | "always" ) " (" or ")" .
//	or         = and { "\/" and } .
//	and        = not { "/\" not } .
//	not        = "~" not | "(" or ")" | operand ( "=" | "!=" | "<" | "<=" | ">" | ">=" ) operand .
//	operand    = number [ " " errno ] | errno | name | flags | name "(" args ")" .
//	note       = "strace: " text | "[ Process " text "]" | " > " text .
//	comment    = "#" text .
//
// A number at the start of a line is a pid up to 4194304, and seconds since 1970 above or with a
// fraction; smaller seconds are those of -r, since the line before.
//
// # What is read leniently, what strictly
//
// In a log, a value of no known form is kept as it is (Opaque), a name that is no known constant
// stays a name, and a line that ends inside its call is an event marked Truncated. Nothing is
// guessed: a number is Known or it is not. From the first line on that strace cannot have printed
// (a named task, a time mark, a bound result, a condition), or with Options.Strict, all of these
// are errors. Those written by a person come with a suggestion.
//
// A line that cannot be read is a *SyntaxError; the reader goes on with the next. Output of the
// traced program in the middle of a log costs the call that it interrupts. strace's own messages
// in the middle of a call ("strace: Process 7 attached") are taken out and the call put together.
//
// # Calls in two halves
//
// The reader joins <unfinished ...> and <... resumed>: CallEnd has all arguments. A half without
// the other is told: CallEnd is Unpaired, CallStart carries a Warn, and a call that never ended is
// returned as CallLost, before the exit of its task or at the end of its program.
//
// # Invariants
//
//   - Memory does not grow with the length of the input, nor does the steady state allocate.
//   - Append of an event that was read from a line of strace is that line, byte for byte; spaces
//     that strace would not print are not kept.
//   - What Append prints reads as an equal event; of a CallEnd, after its start.
//   - Arg.Num means nothing unless Arg.Known.
//
// # Not modelled
//
// Flags are read by the numbers of x86-64. Expressions with several different operators are not
// evaluated. The summary of strace -c, dumps of data (-e read=, -e write=), and logs of other
// tracers are not read. The day of -t and -tt is unknown, times count from the first midnight.
package scenario
