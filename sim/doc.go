// Package sim is the root of the model: its packages are the kernel's parts. It gives
// programs their source, to show where in the model something happened.
package sim
