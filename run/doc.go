// Package run gives the calls of a scenario to the model.
//
// [ReadCall] and [ReadAnswer] turn a line of a scenario into a call that the
// model can make and the answer that the line has for it. All who play a scenario
// read it through them.
package run
