// Package picture draws a run for paper: a still of one moment as SVG or PNG, and the page
// tree of a file for Graphviz.
//
// A still is what the page of package web shows, without the page: the verdict, a
// timeline with a lane for each task and for each hold on a page, and the state of
// each file at one event. It is made from the same [web.Document]. [New] lays it out and
// [Still.SVG] and [Still.PNG] write it, the same in both. [Tree] writes the page tree in the
// DOT language. Nothing of a scenario is ever markup: it is escaped where it stands.
package picture
