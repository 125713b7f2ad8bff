// Package judge lets the kernel underneath be the judge of the model: it makes random programs
// (package gen), runs each on the host (package host), and plays what was answered on the model
// (package replay). Where the model gives another answer, the program is shrunk until nothing can
// be left out of it.
package judge
