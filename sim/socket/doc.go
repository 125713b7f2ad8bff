// Package socket models pairs of AF_UNIX sockets as far as sealing needs them: messages of
// so many bytes, and the open files that travel with them (SCM_RIGHTS).
//
// A file in a message is as open as one that has a descriptor: the message has a reference
// to it, from the moment in which it is sent until somebody receives it, or nobody can.
// What is received is the same open file: its seals, its position and its access mode are
// those of the sender's.
//
// # Not modelled
//
// Sockets with a name, connections, other families. Credentials and other control
// messages, out-of-band bytes, peeking. A queue holds 64 KiB in 64 messages at most, of
// datagrams 10: where the kernel would make the sender wait, the model gives up. Files
// that only messages in their own queues keep open stay so for ever; the kernel finds
// them and closes them.
//
// Once a call that is not modelled has touched a pair, nothing is known of it any more:
// see [Lose].
package socket
