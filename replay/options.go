package replay

import (
	"fmt"
	"strconv"

	"sealab/sim/profile"
)

// The largest machine that a log is played on.
const (
	MaxHZ   = 10000 // jiffies a second
	MaxCPUs = 64
)

// Options say how a log is played.
type Options struct {
	Profile profile.Profile
	Release string   // how the kernel was named, for the report
	Notes   []string // what is not certain about the profile, for the report
	HZ      int      // jiffies a second; 0 means 250
	CPUs    int      // 0 means 2
	// Fixed says what a log's header does not change.
	Fixed Fixed
	// StrictTime makes a duration that is more than two ticks off a disagreement.
	StrictTime bool
	// Orders bounds how many orders are tried where calls overlap; 0 means 2000.
	Orders int
	// Keep bounds how many disagreements, refusals and remarks are kept in full; 0
	// means 1000. All are counted.
	Keep int
	// Watch is a line, from 1; the call that begins or ends on it is reported in full,
	// whatever it answers. 0 means none.
	Watch int64
	// Each is told of every call how it was judged, in the order in which they end;
	// nil for nobody.
	Each func(at Place, call string, how Outcome)
}

// Fixed says which parts of the machine stay as Options say.
type Fixed struct{ Kernel, HZ, CPUs bool }

func (o *Options) orders() int {
	if o.Orders == 0 {
		return 2000
	}
	return o.Orders
}

func (o *Options) keep() int {
	if o.Keep == 0 {
		return 1000
	}
	return o.Keep
}

// header takes a line of a scenario's header.
func (o *Options) header(key, value string) error {
	switch key {
	case "kernel":
		if o.Fixed.Kernel {
			return nil
		}
		p, notes, err := profile.Find(value)
		if err != nil {
			return err
		}
		o.Profile, o.Release, o.Notes = p, p.Release, nil
		for _, n := range notes {
			o.Notes = append(o.Notes, string(n))
		}
	case "hz":
		return number(&o.HZ, o.Fixed.HZ, key, value, MaxHZ)
	case "cpus":
		return number(&o.CPUs, o.Fixed.CPUs, key, value, MaxCPUs)
	}
	return nil
}

// number reads a number from 1 to most, unless the one that is there stays.
func number(at *int, fixed bool, key, value string, most int) error {
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 || n > most {
		return fmt.Errorf("%s: %q is not a number from 1 to %d", key, value, most)
	}
	if !fixed {
		*at = n
	}
	return nil
}
