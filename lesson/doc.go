// Package lesson is a ladder of lessons on file sealing, one thing each.
//
// A lesson is a short text, a scenario, and a question that is asked before its answer
// is shown; then why, and a thing to change, with what to look for afterwards. Only
// the words are written here. Which choice is right, why, and what the change does are
// found out by playing the scenario on the model, and a lesson that the model does not
// bear out cannot be had.
//
// [List] names the lessons and [Get] makes one. All of it is data, the same in the
// terminal (sealab lesson) and to whoever draws a page.
package lesson
