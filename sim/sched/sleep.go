package sched

import "encoding/binary"

// Sleeper is the part of a task that others can change while it sleeps: its
// timer, its pending signals, and whether somebody woke it.
//
// Kernel: include/linux/sched.h task_struct, all versions.
type Sleeper struct {
	Asleep  bool   // it is about to sleep, or does, and nobody has woken it yet
	Armed   bool   // the timer runs
	Fired   bool   // the timer has fired
	Pending uint64 // signals sent and not yet taken, bit n-1 for signal n
	Fatal   bool   // one of them ends the task
	Expiry  int64  // when the timer fires, virtual ns; of a rehearsed task, ns from now
	gen     uint32
}

// Clone returns an independent copy.
func (s *Sleeper) Clone() Object { c := *s; return &c }

// Encode appends the canonical encoding.
func (s *Sleeper) Encode(dst []byte) []byte {
	bits := byte(0)
	for i, b := range []bool{s.Asleep, s.Armed, s.Fired, s.Fatal} {
		if b {
			bits |= 1 << i
		}
	}
	dst = append(dst, bits)
	dst = binary.LittleEndian.AppendUint64(dst, s.Pending)
	if !s.Armed {
		return dst
	}
	return binary.LittleEndian.AppendUint64(dst, uint64(s.Expiry))
}

// How a sleeping task may be woken before its time.
type Interrupt uint8

const (
	Uninterruptible Interrupt = iota // not at all, but for a stray wake-up
	Killable                         // by a fatal signal
	Interruptible                    // by any signal
)

func (i Interrupt) String() string {
	return [...]string{"uninterruptible", "killable", "interruptible"}[i]
}

type armArg struct {
	expiry int64
	gen    uint32
}

var (
	armTimer = NewOp("__set_current_state", Write, func(s *Sleeper, a armArg) None {
		s.Asleep, s.Armed, s.Fired, s.Expiry, s.gen = true, true, false, a.expiry, a.gen
		return None{}
	})
	setState = NewOp("set_current_state", Write, func(s *Sleeper, asleep bool) None {
		s.Asleep = asleep
		return None{}
	})
	// schedule waits for the timer, a signal or a wake-up, and tells whether the
	// timer had fired.
	schedule = NewWait("schedule_timeout", Write, func(s *Sleeper, how Interrupt) (bool, bool) {
		signal := how >= Killable && s.Fatal || how == Interruptible && s.Pending != 0
		if s.Asleep && !s.Fired && !signal {
			return false, false
		}
		fired := s.Fired
		s.Asleep, s.Armed, s.Fired = false, false, false
		return fired, true
	})
	wakeProcess  = NewOp("try_to_wake_up", Write, func(s *Sleeper, _ None) None { s.Asleep = false; return None{} })
	fatalPending = NewOp("fatal_signal_pending", Read, func(s *Sleeper, _ None) bool { return s.Fatal })
	anyPending   = NewOp("signal_pending", Read, func(s *Sleeper, _ None) bool { return s.Pending != 0 })
	takeSignals  = NewOp("get_signal", Write, func(s *Sleeper, _ None) uint64 {
		p := s.Pending
		if !s.Fatal {
			s.Pending = 0
		}
		return p
	})
)

// SleepTimeout sleeps for n jiffies (n >= 0) and returns how many were left when
// it ended: 0 when the timer fired, more when something woke the task before. A
// task that already has a signal that may wake it does not sleep.
//
// A real timer fires up to a tick after its n jiffies (see [Clock.Expiry]), and who
// is woken in that last tick has none left either.
//
// Kernel: kernel/time/sleep_timeout.c schedule_timeout, v6.13 and later (timer.c before).
func (t *Task) SleepTimeout(n int64, how Interrupt) (left int64) {
	t.mightSleep("schedule_timeout")
	s := t.s
	if t.player != nil {
		return t.sleepAlone(n, how)
	}
	s.gen++
	gen := s.gen
	start := s.now
	expiry := s.Clock.Expiry(start, n)
	armTimer.On(t, t.Sleep, armArg{expiry, gen})
	s.arm(expiry, t.Sleep, gen)
	t.strayWake()
	if schedule.On(t, t.Sleep, how) {
		return 0
	}
	return s.Clock.left(start, n, s.now)
}

// strayWake wakes the task from the sleep that it has got ready for, if there are stray
// wake-ups and the chooser says so. Whoever it is that wakes it, it is a step of the task:
// how long after that it goes on is up to the schedule.
func (t *Task) strayWake() {
	if t.s.Stray && t.Choose(2, "stray wake-up") == 1 {
		wakeProcess.On(t, t.Sleep, None{})
	}
}

// Schedule sleeps until somebody wakes the task, who must have got ready for it
// with PrepareToWait; if that has happened since, it does not sleep at all.
//
// Kernel: kernel/sched/core.c schedule, all versions.
func (t *Task) Schedule(how Interrupt) {
	t.mightSleep("schedule")
	schedule.On(t, t.Sleep, how)
}

// WakeUpProcess wakes the task with that Sleeper, if it sleeps: whatever it waits
// for, its sleep is over.
//
// Kernel: kernel/sched/core.c wake_up_process, all versions.
func (t *Task) WakeUpProcess(sleeper ID) { wakeProcess.On(t, sleeper, None{}) }

// sleepAlone is SleepTimeout for a task that is rehearsed. It reads no clock:
// whoever searches lets the time of all sleepers pass alike, with Pass and Fire.
func (t *Task) sleepAlone(n int64, how Interrupt) (left int64) {
	jiffy := second / int64(t.s.Clock.HZ)
	armTimer.On(t, t.Sleep, armArg{n * second / int64(t.s.Clock.HZ), 0})
	t.strayWake()
	rest := scheduleRest.On(t, t.Sleep, how)
	return (rest + jiffy - 1) / jiffy
}

// scheduleRest is schedule that tells how many ns the timer still had to go, at
// least one unless it had fired.
var scheduleRest = NewWait("schedule_timeout", Write, func(s *Sleeper, how Interrupt) (int64, bool) {
	rest := max(1, s.Expiry)
	fired, ok := schedule.try(s, how)
	if fired {
		rest = 0
	}
	return rest, ok
})

// Rest returns how many ns the timer of a rehearsed task's sleeper has to go.
func (s *Sleeper) Rest() (ns int64, armed bool) { return s.Expiry, s.Armed }

// Pass lets ns go by for a rehearsed task's sleeper, at most what Rest returns.
func (s *Sleeper) Pass(ns int64) { s.Expiry -= ns }

// Fire lets its timer fire.
func (s *Sleeper) Fire() { s.Armed, s.Fired, s.Asleep = false, true, false }

// SleepKillable is SleepTimeout that only a fatal signal, or a stray wake-up,
// ends early.
//
// Kernel: kernel/time/sleep_timeout.c schedule_timeout_killable, v6.13 and later (timer.c before).
func (t *Task) SleepKillable(n int64) (left int64) { return t.SleepTimeout(n, Killable) }

// SleepUntil sleeps until a time (virtual ns), or until a fatal signal comes. The
// timers of user space do not know jiffies: this one fires exactly then.
//
// Kernel: kernel/time/hrtimer.c do_nanosleep, all versions.
func (t *Task) SleepUntil(at int64) {
	s := t.s
	if at <= s.now {
		return
	}
	s.gen++
	gen := s.gen
	armTimer.On(t, t.Sleep, armArg{at, gen})
	s.arm(at, t.Sleep, gen)
	schedule.On(t, t.Sleep, Killable)
}

// Pause waits for a fatal signal.
//
// Kernel: kernel/signal.c pause, all versions.
// Differs: a signal that does not end the task does not end the wait.
func (t *Task) Pause() {
	if t.player != nil {
		pause.On(t, t.Sleep, None{})
		return
	}
	t.resting = true
	for !t.FatalSignalPending() {
		setState.On(t, t.Sleep, true)
		schedule.On(t, t.Sleep, Killable)
	}
	t.resting = false
}

// AtRest says whether a task is in Pause: it has nothing left to do.
func (t *Task) AtRest() bool { return t.resting }

var pause = NewWait("pause", Read, func(s *Sleeper, _ None) (None, bool) { return None{}, s.Fatal }).AtRest()

// reached waits for the timer of a Sleeper that is no task's to have fired.
var reached = NewWait("hrtimer_nanosleep", Read, func(s *Sleeper, _ None) (None, bool) { return None{}, s.Fired })

// AwaitTimer waits until the timer of a Sleeper has fired that runs from the start of
// a search, beside those of the tasks. It is SleepUntil for a task that is rehearsed,
// and knows no time.
func (t *Task) AwaitTimer(timer ID) { reached.On(t, timer, None{}) }

// FatalSignalPending says whether the task is being killed.
//
// Kernel: include/linux/sched/signal.h fatal_signal_pending, all versions.
func (t *Task) FatalSignalPending() bool { return fatalPending.On(t, t.Sleep, None{}) }

// SignalPending says whether any signal waits to be taken.
//
// Kernel: include/linux/sched/signal.h signal_pending, all versions.
func (t *Task) SignalPending() bool { return anyPending.On(t, t.Sleep, None{}) }

// TakeSignals takes the pending signals, bit n-1 for signal n. Fatal ones stay.
func (t *Task) TakeSignals() uint64 { return takeSignals.On(t, t.Sleep, None{}) }

type signalArg struct {
	sig   int
	fatal bool
}

var sendSignal = NewOp("send_signal_locked", Write, func(s *Sleeper, a signalArg) None {
	s.Pending |= 1 << (a.sig - 1)
	s.Fatal = s.Fatal || a.fatal
	return None{}
})

// SendSignal sends a signal (1 to 64) to the task with that Sleeper; fatal says
// whether it ends the task.
//
// Kernel: kernel/signal.c send_signal_locked, all versions.
func (t *Task) SendSignal(sleeper ID, sig int, fatal bool) {
	sendSignal.On(t, sleeper, signalArg{sig, fatal})
}

// Signal is SendSignal from outside the simulated machine.
func (s *Sched) Signal(t *Task, sig int, fatal bool) {
	slot := &s.world.slots[t.Sleep]
	sendSignal.do(slot.obj.(*Sleeper), signalArg{sig, fatal})
	s.mix(uint64(sig)<<32 | uint64(t.Num))
	s.wake(slot)
}

// Wake wakes a sleeping task for no reason that it could know of.
func (s *Sched) Wake(t *Task) {
	slot := &s.world.slots[t.Sleep]
	if sl := slot.obj.(*Sleeper); sl.Asleep {
		sl.Asleep = false
		s.mix(0x3a4e<<32 | uint64(t.Num))
		s.wake(slot)
	}
}
