// Package view turns results into what a person reads. The words are the same
// everywhere: in the terminal, in golden files, and on the page.
package view
