package abi

import "strconv"

// Signal is a Linux signal number, as on x86-64, 1 to 64.
type Signal uint8

// The signals by their C names.
const (
	SIGHUP Signal = 1 + iota
	SIGINT
	SIGQUIT
	SIGILL
	SIGTRAP
	SIGABRT
	SIGBUS
	SIGFPE
	SIGKILL
	SIGUSR1
	SIGSEGV
	SIGUSR2
	SIGPIPE
	SIGALRM
	SIGTERM
	SIGSTKFLT
	SIGCHLD
	SIGCONT
	SIGSTOP
	SIGTSTP
	SIGTTIN
	SIGTTOU
	SIGURG
	SIGXCPU
	SIGXFSZ
	SIGVTALRM
	SIGPROF
	SIGWINCH
	SIGIO
	SIGPWR
	SIGSYS
	SIGRTMIN // the first of the 33 real-time signals
)

// SIGRTMAX is the last signal.
const SIGRTMAX Signal = 64

var signalNames = [...]string{
	SIGHUP: "SIGHUP", SIGINT: "SIGINT", SIGQUIT: "SIGQUIT", SIGILL: "SIGILL", SIGTRAP: "SIGTRAP",
	SIGABRT: "SIGABRT", SIGBUS: "SIGBUS", SIGFPE: "SIGFPE", SIGKILL: "SIGKILL", SIGUSR1: "SIGUSR1",
	SIGSEGV: "SIGSEGV", SIGUSR2: "SIGUSR2", SIGPIPE: "SIGPIPE", SIGALRM: "SIGALRM", SIGTERM: "SIGTERM",
	SIGSTKFLT: "SIGSTKFLT", SIGCHLD: "SIGCHLD", SIGCONT: "SIGCONT", SIGSTOP: "SIGSTOP", SIGTSTP: "SIGTSTP",
	SIGTTIN: "SIGTTIN", SIGTTOU: "SIGTTOU", SIGURG: "SIGURG", SIGXCPU: "SIGXCPU", SIGXFSZ: "SIGXFSZ",
	SIGVTALRM: "SIGVTALRM", SIGPROF: "SIGPROF", SIGWINCH: "SIGWINCH", SIGIO: "SIGIO", SIGPWR: "SIGPWR",
	SIGSYS: "SIGSYS", SIGRTMIN: "SIGRTMIN",
}

// Name returns the C name as strace prints it: "SIGKILL", "SIGRT_1" for the
// signal behind SIGRTMIN, the number in decimal if it is none.
func (s Signal) Name() string {
	switch {
	case s >= 1 && s <= SIGRTMIN:
		return signalNames[s]
	case s > SIGRTMIN && s <= SIGRTMAX:
		return "SIGRT_" + strconv.Itoa(int(s-SIGRTMIN))
	}
	return strconv.Itoa(int(s))
}

// String is Name.
func (s Signal) String() string { return s.Name() }

// Action is what a signal does to a process that has not said otherwise.
type Action uint8

// The default actions.
const (
	ActionTerminate Action = iota // the process ends
	ActionCore                    // the process ends and leaves a core dump
	ActionIgnore                  // nothing
	ActionStop                    // all tasks of the process stop
	ActionContinue                // they go on
)

// Action returns what the signal does by default.
//
// Kernel: include/linux/signal.h sig_kernel_ignore, all versions.
func (s Signal) Action() Action {
	switch s {
	case SIGCONT:
		return ActionContinue
	case SIGCHLD, SIGURG, SIGWINCH:
		return ActionIgnore
	case SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU:
		return ActionStop
	case SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGXCPU, SIGXFSZ, SIGSYS:
		return ActionCore
	}
	return ActionTerminate
}

// FatalByDefault says whether the signal ends a process that has no handler for
// it and does not ignore it.
func (s Signal) FatalByDefault() bool {
	a := s.Action()
	return s >= 1 && s <= SIGRTMAX && (a == ActionTerminate || a == ActionCore)
}

// Catchable says whether a process may handle, ignore or block the signal.
func (s Signal) Catchable() bool { return s != SIGKILL && s != SIGSTOP }

// SignalByName finds a signal by its C name, SIGRT_n and aliases such as SIGPOLL
// included.
func SignalByName(name string) (Signal, bool) {
	if len(name) < 4 || name[:3] != "SIG" || name[3] == '_' {
		return 0, false // SIG_IGN and the like are no signals
	}
	v, ok := Const(name)
	return Signal(v), ok
}
