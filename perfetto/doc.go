// Package perfetto writes a run as a trace that ui.perfetto.dev and chrome://tracing open.
//
// Tasks are threads, their calls and what they do in them slices; the wait of a
// sealer, the time for which an inode's lock is held and each hold on a page are slices
// on tracks of their own, so that a pin is seen spanning the five looks;
// i_mmap_writable is a counter. The format is the JSON of Chrome's trace events.
//
// Nothing in a model takes time, and a viewer shows nothing that takes none. So each
// event is one microsecond after the one before, beside the virtual time that has
// passed: order can be read off the trace, and times to within a millisecond. The
// virtual time of each event is among its arguments.
package perfetto
