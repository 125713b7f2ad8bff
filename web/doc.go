// Package web is the page: a run that can be looked at, stepped through, and tried
// in another order.
//
// [Build] turns a [Request] (a scenario or a log, a kernel, a schedule) into a
// [Document], the contract between whoever plays and whoever shows. It holds the
// verdict, at most six cards that say why, each with the event that it points to,
// and the events with every value that they changed. A page needs nothing else to
// step forwards and backwards.
//
// [Render] writes a document as one HTML file that needs no network and no other
// file. [Server] answers requests of a page on the same machine. [Site] writes the
// page as static files, whose engine is this package in the browser itself
// (cmd/sealab-wasm): the same requests, the same documents.
//
// The words are those of the terminal: package explain says why, and an event's
// sentence is its Describe. Text from a scenario is never markup: the page's words
// go through html/template on their way in, and its script makes text nodes only.
package web
