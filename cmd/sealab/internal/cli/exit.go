package cli

import (
	"errors"
	"fmt"
)

// The exit codes of sealab.
const (
	ExitHolds       = 0
	ExitDiffers     = 1
	ExitUsage       = 2
	ExitInternal    = 3
	ExitInterrupted = 130 // 128 + SIGINT, as shells have it
)

// ErrDiffers ends a command whose result, already printed, is that something differs or is
// violated. Nothing more is printed for it.
var ErrDiffers = errors.New("something differs")

// UsageError is a command line that makes no sense. Help says how to see what does.
type UsageError struct {
	Err  error
	Help string // as in "sealab replay --help"; may be empty
}

// Error implements error.
func (e *UsageError) Error() string { return e.Err.Error() }

// Unwrap gives the error itself.
func (e *UsageError) Unwrap() error { return e.Err }

// Usagef returns a UsageError.
func Usagef(format string, args ...any) error {
	return &UsageError{Err: fmt.Errorf(format, args...)}
}

// InternalError is a bug in sealab that it has noticed itself.
type InternalError struct{ Err error }

// Error implements error.
func (e *InternalError) Error() string { return e.Err.Error() }

// Unwrap gives the error itself.
func (e *InternalError) Unwrap() error { return e.Err }

// Internal marks an error as a bug in sealab; nil stays nil.
func Internal(err error) error {
	if err == nil {
		return nil
	}
	return &InternalError{Err: err}
}
