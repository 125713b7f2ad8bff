// Package gen makes random programs for the model and the kernel to disagree on: scenarios of one
// task, of a memfd or two, what is mapped of them, and pipes.
//
// A program is a function of a seed and a number, so that one that was found can be made again.
// The draw is biased to the edges where the rules of sealing are: all seals in all orders, sizes
// and offsets about page boundaries and about the size of the file, read-only descriptors of the
// same file, mappings that are shared or private or fixed over others, and references that pipes
// hold. The program reads and writes what is mapped, too, at times behind the end of the file. Most calls
// make sense; a few are plain wrong.
package gen
