package queue

import _ "unsafe" // for go:linkname

// statFile is what the NATS server's package reads once a second, from before main on, in every
// process that it is linked into, to know how busy it is. Nobody here asks for that, and in a
// process whose descriptors and threads are a scenario's (package host) nothing may go on in the
// background. The timer that is set already fires once: see Settled.
//
//go:linkname statFile github.com/nats-io/nats-server/v2/server/pse.procStatFile
var statFile string

func init() { statFile = "" } // it gives up at the first failure
