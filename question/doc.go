// Package question asks about a scenario before its answer is shown.
//
// A [Probe] says what is asked: what the call of a line answers, what a counter is
// after it, how many pages it tagged. [New] plays the scenario, reads the answer off
// the run, and finds it among the choices. So no answer is typed in anywhere: a
// question whose right answer is not among its choices, or is there twice, is an error.
//
// Package lesson is made of questions. Both run everywhere, in a
// browser too.
package question
