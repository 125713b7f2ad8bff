// Package sched runs simulated tasks, one at a time, in virtual time.
//
// A task is ordinary Go on a coroutine. It touches shared state only through
// operations on objects ([Op], [Wait]), one operation a step, and before each
// step another task may be chosen to go first. Everything that can differ
// between two runs (who goes next, when a timer fires, whether a page is found)
// is asked of a [Chooser], so a run is a function of the scenario, the profile
// and the answers, and the answers are a short string ([Schedule]) that replays.
//
// # Vocabulary
//
//   - object: a piece of shared state in the [World], named by an [ID]. Objects
//     hold IDs, never pointers to each other, so that each can be copied and
//     compared alone.
//   - operation, step: one access that another CPU can observe, with its
//     footprint: which object, and whether it reads, writes, or blindly adds.
//   - waiting operation: one that cannot be done yet (a taken lock, a sleep)
//     parks its task until the object changes.
//   - tick: a jiffy boundary. The clock moves only when nothing can run, when the
//     driver says so, or (with FreeTime) when the chooser does.
//   - sleep: a task that has noted in its [Sleeper] that it sleeps goes on when its
//     timer fires, when somebody wakes it, for whatever reason, or when a signal comes
//     that this sleep allows. Waiting in a [WaitQueue] is such a sleep.
//   - atomic context: between taking and leaving a [SpinLock], or in an RCU read
//     section, a task must not sleep; if it tries to, the run panics.
//
// # The contract of a task
//
// Between two operations a task sees only its own variables and what operations
// gave it back. It keeps no pointer into an object across a step, shares no Go
// variable with another task, reads no clock, no random source and no map
// order. Then its next operation is a function of what it has observed, which is
// what lets a search learn a task once and never run it again.
//
// # Not modelled
//
// Weak memory order (every run is sequentially consistent), interrupts as
// tasks, priorities, exclusive waiters of a queue, lock waits that a signal ends,
// and the order in which a lock's waiters are served, beyond first come first
// served as the default of the choosers. The timer wheel is that of v4.8 and later.
package sched
