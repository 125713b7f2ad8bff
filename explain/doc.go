// Package explain says why a call was refused: which check, what it saw, who is
// responsible, and the smallest change that would have let it pass.
//
// A refusal is explained on the machine as it stood when the call returned. The
// check that refused names itself and the objects it looked at; from there the
// explanation walks to whoever holds them: mappings by the reverse map, pages by
// their holders, seals by the line that added them.
//
// What the log cannot show, such as a driver's pin, is said to be so, with where
// to look on the live system.
package explain
