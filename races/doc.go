// Package races is a library of scenarios in which tasks run at the same time: seals
// against mappings, writes, faults, pins, forks, signals and each other.
//
// Each is a file in scenarios/, which a person can read and change. Its first lines, as
// comments, say what it shows; its last ones are conditions that hold over all orders on
// the newest kernel. `sealab explore --list` lists them, and the commands explore, run and
// host take their names for files:
//
//	sealab explore mmap-read
//
// What each comes to, kernel by kernel, is in testdata/outcomes; docs/races.md is the same
// to be read, with what real kernels showed.
package races
