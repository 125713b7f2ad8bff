// Package queue lets many processes, on this machine or others, do the parts of a search
// (explore.Job) that is too large for one.
//
// It is kept by a NATS server with JetStream: one that Serve starts in this process, or any
// other. Whoever wants a search done offers its parts and collects what they come to; each
// worker takes one part after another:
//
//	sealab.work.JOB.PART    a part that is to be done; gone when it is acknowledged
//	sealab.done.JOB.PART    what it came to; the last one counts
//	sealab_jobs             what each job is, by its ID
//
// A worker says from time to time that it is still at it. One that dies says nothing, and
// after Options.Patience its part is given to another. So a part may be done twice; both
// come to the same, and both are kept under the same subject, so that it is counted once.
// What has been done stays done: a collector that dies is started again, and offers only
// what is missing.
//
// A part that has been taken Deliveries times and never finished is given up, and said to
// be incomplete, so that one part that no worker has the memory for does not kill them all.
package queue
