package sched

import "encoding/binary"

// Sleeper is the part of a task that others can change while it sleeps: its
// timer, its pending signals, and whether somebody woke it.
//
// Kernel: include/linux/sched.h task_struct, all versions.
type Sleeper struct {
	Armed   bool   // the timer runs
	Fired   bool   // the timer has fired
	Woken   bool   // somebody woke the task before its time
	Pending uint64 // signals sent and not yet taken, bit n-1 for signal n
	Fatal   bool   // one of them ends the task
	Expiry  int64  // when the timer fires, virtual ns
	gen     uint32
}

// Clone returns an independent copy.
func (s *Sleeper) Clone() Object { c := *s; return &c }

// Encode appends the canonical encoding.
func (s *Sleeper) Encode(dst []byte) []byte {
	bits := byte(0)
	for i, b := range []bool{s.Armed, s.Fired, s.Woken, s.Fatal} {
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

type armArg struct {
	expiry int64
	gen    uint32
}

var (
	armTimer = NewOp("__set_current_state", Write, func(s *Sleeper, a armArg) None {
		s.Armed, s.Fired, s.Woken, s.Expiry, s.gen = true, false, false, a.expiry, a.gen
		return None{}
	})
	// schedule waits for the timer, a signal or a wake-up, and tells whether the
	// timer had fired.
	schedule = NewWait("schedule_timeout", Write, func(s *Sleeper, how Interrupt) (bool, bool) {
		woken := s.Woken || how >= Killable && s.Fatal || how == Interruptible && s.Pending != 0
		if !s.Fired && !woken {
			return false, false
		}
		fired := s.Fired
		s.Armed, s.Fired, s.Woken = false, false, false
		return fired, true
	})
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
// Kernel: kernel/time/sleep_timeout.c schedule_timeout, all versions.
func (t *Task) SleepTimeout(n int64, how Interrupt) (left int64) {
	s := t.s
	s.gen++
	gen := s.gen
	expiry := s.Clock.Expiry(s.now, n)
	armTimer.On(t, t.Sleep, armArg{expiry, gen})
	s.arm(expiry, t.Sleep, gen)
	if schedule.On(t, t.Sleep, how) {
		return 0
	}
	return max(1, s.Clock.Jiffies(expiry)-s.Clock.Jiffies(s.now))
}

// SleepKillable is SleepTimeout that only a fatal signal, or a stray wake-up,
// ends early.
//
// Kernel: kernel/time/sleep_timeout.c schedule_timeout_killable, all versions.
func (t *Task) SleepKillable(n int64) (left int64) { return t.SleepTimeout(n, Killable) }

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
	if sl := slot.obj.(*Sleeper); sl.Armed {
		sl.Woken = true
		s.mix(0x3a4e<<32 | uint64(t.Num))
		s.wake(slot)
	}
}
