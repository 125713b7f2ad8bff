//go:build !(linux && amd64)

package host

import (
	"context"
	"time"
)

// Supported tells whether scenarios can be run here.
const Supported = false

// Runner runs scenarios on the host; not here.
type Runner struct{}

// NewRunner returns a Runner.
func NewRunner(Options) *Runner { return &Runner{} }

// Run returns ErrUnsupported.
func (*Runner) Run(context.Context, *Program) (*Result, error) { return nil, ErrUnsupported }

// Close does nothing.
func (*Runner) Close() error { return nil }

// Child does nothing: no process is started as a helper.
func Child(time.Duration) {}

// Look returns ErrUnsupported.
func Look() (Machine, error) { return Machine{}, ErrUnsupported }
