// Package trace is a run written down: what happened, one [Event] after another,
// for people and for pages.
//
// An event says who did what to which object, where in the kernel, when, and
// because of which earlier event. It has one sentence ([Event.Describe]), which
// the terminal, golden files, the page and a screen reader share. Events that
// only a close reader wants are marked Detail.
//
// # State
//
// An event carries every value that it changed, old and new. So the state after
// any event is the fold of the changes before it ([State.Apply]), and a step back
// is the same change the other way round ([State.Undo]): what a value is, when it
// last changed and what this step changed need no engine, only the trace. The
// other way, to run the scenario again up to a step, also works, since machines
// are deterministic and the trace has the schedule; it is what a fork needs. To
// look, folding is simpler: it works from a file, on a page without the model, and
// backwards. A test holds the fold to the real state of the machine.
//
// Values are text, because they are for showing and comparing. Objects are named
// by number; a number may be used again after its object is gone (Free).
//
// # Format
//
// [Trace.Write] writes lines of JSON: a header with the format's version, the
// places in the source as they first appear, the events, and how many there were.
// A reader of version n reads version n only and says so; a trace that was cut
// short is told from a whole one.
package trace
