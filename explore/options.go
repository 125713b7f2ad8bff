package explore

import (
	"fmt"
	"runtime"
)

// TimeModel says when a timer may fire.
type TimeModel uint8

const (
	// FreeTime lets a timer fire while tasks can still run: any of them may be
	// delayed at will. Timers still fire in their order.
	FreeTime TimeModel = iota
	// ZeroTime lets steps take no time: a timer fires when nothing else can happen.
	ZeroTime
)

func (t TimeModel) String() string { return [...]string{"free", "zero"}[t] }

// Options say how to search. The zero value searches everything, for as long as
// 1 GiB of memory lasts.
type Options struct {
	Time      TimeModel
	MaxStates int64 // 0 for no bound
	MaxMemory int64 // bytes that the search may use; 0 means 1 GiB

	// MaxPreemptions, if not 0, is one more than how often a task may be left that
	// could have gone on: 1 is none. Orders with few preemptions are looked at first,
	// so that what is found is found on a shortest way. It goes without counts.
	MaxPreemptions int

	Workers int // that search at the same time; 0 means one for each CPU

	// Shards, if it is 2 or more, splits the search in so many parts, of which this one is
	// number Shard, from 0. Together they look at every order, and each order is counted in
	// one of them.
	Shard, Shards int

	// Resume goes on where another search of the same program ended.
	Resume *Checkpoint
	// Progress, if not nil, is told now and then how far the search is.
	Progress func(Progress)

	NoSymmetry  bool // tell twins apart
	NoForget    bool // keep what tasks say they may forget
	NoCounts    bool // do not count interleavings
	NoSchedules bool // do not look for the shortest schedule to each outcome

	// Check tests on the way what a search relies on: that encodings are
	// faithful, that a task is a function of what it observed, and that it forgets
	// only what does not matter. It panics where that is not so.
	Check bool
}

// outOfMemory says that a search ended because of its budget.
func (o *Options) outOfMemory() string {
	return fmt.Sprintf("the bound of %d MiB of memory", o.maxMemory()>>20)
}

// Progress is how far a search is.
type Progress struct {
	States, Frontier, Outcomes, Memory int64
}

func (o *Options) freeTime() bool { return o.Time == FreeTime }

func (o *Options) workers() int {
	if o.Check {
		return 1
	}
	if o.Workers == 0 {
		return runtime.GOMAXPROCS(0)
	}
	return o.Workers
}

// budget is how many bytes what a search keeps may take: less than it may use,
// because what it no longer needs is not given back at once.
func (o *Options) budget() int64 { return max(2<<20, o.maxMemory()/4*3) }

func (o *Options) maxMemory() int64 {
	if o.MaxMemory == 0 {
		return 1 << 30
	}
	return o.MaxMemory
}
