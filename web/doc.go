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
// A page with an engine shows a second run beside the first: the same on another
// kernel, or the nearest order that ends otherwise. With ?embed in its address
// (?embed=timeline,state for some of why, timeline, state, text, code, story) it is a
// part of another page, say a slide, which sends it {sealab: 1, do: "step", by: 1} or
// {sealab: 1, do: "go", to: 47}, and hears {sealab: 1, step, steps, sentence}. What a
// server on this machine serves cannot be embedded; a site and a file can.
//
// Such a page has lessons, exercises and promises too (packages lesson, exercise and promise),
// which it asks for with a [Learn]. #lesson-counter, #exercise-wait-7 and #promises-read-only,private
// in its address open one. What was answered is kept in the browser. A rendered file has none: it
// has nobody to ask.
//
// The words are those of the terminal: package explain says why, and an event's
// sentence is its Describe. Text from a scenario is never markup: the page's words
// go through html/template on their way in, and its script makes text nodes only.
package web
