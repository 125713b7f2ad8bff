// Package cli is what the subcommands of sealab share: how a command ends, where its input
// comes from, and how it prints.
//
// A command ends with one of these exit codes:
//
//	0    what was asked holds
//	1    something differs or is violated ([ErrDiffers])
//	2    the command line or the input is wrong (any other error)
//	3    a bug in sealab (a panic, or [Internal])
//	130  interrupted; what had been found until then was printed
//
// Results go to standard output and everything else to standard error, so that a result can be
// piped while a person still sees progress and complaints. Colour never carries meaning that
// the words do not.
package cli
