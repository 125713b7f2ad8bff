package replay

import (
	"fmt"
	"strconv"

	"sealab/sim/profile"
)

// Options say how a log is played.
type Options struct {
	Profile profile.Profile
	Release string // how the kernel was named, for the report
	HZ      int    // jiffies a second; 0 means 250
	CPUs    int    // 0 means 2
	// Fixed says that a log's header does not change the kernel.
	Fixed bool
	// StrictTime makes a duration that is more than two ticks off a disagreement.
	StrictTime bool
	// Orders bounds how many orders are tried where calls overlap; 0 means 2000.
	Orders int
	// Keep bounds how many disagreements, refusals and remarks are kept in full; 0
	// means 1000. All are counted.
	Keep int
}

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
		if o.Fixed {
			return nil
		}
		p, _, err := profile.ForRelease(value)
		if err != nil {
			return err
		}
		o.Profile, o.Release = p, value
	case "hz", "cpus":
		n, err := strconv.Atoi(value)
		if err != nil || n < 1 || n > 10000 {
			return fmt.Errorf("%s: %q is not a number from 1 to 10000", key, value)
		}
		if key == "hz" {
			o.HZ = n
		} else {
			o.CPUs = min(n, 64)
		}
	}
	return nil
}
