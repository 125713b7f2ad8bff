// Package replay plays a recorded log on the model and compares the answers.
//
// Each task makes its recorded calls at their recorded times, or in order where
// the log has none. Calls that block, block; what overlaps, overlaps. A log line
// is one of four things: the model agrees, it differs, it has nothing to compare
// with (a question), or it is about something that is not modelled and is
// carried along.
//
// # Overlapping calls
//
// Where calls overlap, a log does not say which of them had its effect first. As
// in checking linearizability, the log agrees if some order that its times allow
// gives its results. The first order tried is the plain one: each call takes
// effect when it began, and a sealer looks when its timers say. Only if that one
// does not fit are others searched, nearest first: a call that takes effect
// later, a look that comes earlier or later than its tick, and then calls
// interleaved step by step. What was found can be shown.
//
// # What a log does not show
//
// Descriptors and memory that were there before the log began, or that calls
// made which are not in it, are taken from the log where a recorded success
// shows that they exist. They are never guessed at: a call on a descriptor of
// unknown kind is carried along.
package replay
