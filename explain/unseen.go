package explain

import (
	"fmt"
	"time"

	"sealab/sim/abi"
	"sealab/sim/kernel"
)

// quick is the longest that F_ADD_SEALS takes, under strace on a slow machine, when
// it does not wait for pages.
const quick = 4 * time.Millisecond

// Unseen says where to look for the cause of a refusal that the log cannot show, ""
// if nothing can be said. errno is the recorded one, took how long the call took, 0
// if that is not known.
func Unseen(c *kernel.Call, errno abi.Errno, took time.Duration) string {
	if c.Sys != sysFcntl || c.Args[1] != abi.FAddSeals || errno != abi.EBUSY {
		return ""
	}
	const (
		mapping = "a shared mapping through a descriptor that is open for writing, in a process or from a time " +
			"that the log does not show: look for the memfd's name, with an s in the second column, in /proc/*/maps"
		pin = "a reference to a page, held by something that the log does not show, such as a driver, direct I/O, " +
			"fixed buffers of io_uring or a pipe in another process: look at nr_foll_pin_acquired and " +
			"nr_foll_pin_released in /proc/vmstat (they differ by the pins that are held), at UserBufs in " +
			"/proc/*/fdinfo/* of rings, at /sys/kernel/debug/dma_buf/bufinfo, and for pipes in /proc/*/fd"
	)
	switch {
	case took == 0:
		return fmt.Sprintf("The cause is either %s; or it is %s. strace -T would tell which: the latter takes "+
			"about 160 ms.", mapping, pin)
	case took < quick:
		return fmt.Sprintf("It came at once, in %s, so the cause is %s.", ms(took), mapping)
	}
	return fmt.Sprintf("It came after %s of waiting for pages, so the cause is %s.", ms(took), pin)
}

// ms prints how long something took, which is tens of microseconds or tens of
// milliseconds.
func ms(d time.Duration) string {
	if d < time.Millisecond {
		return fmt.Sprintf("%d µs", d.Microseconds())
	}
	return fmt.Sprintf("%.1f ms", float64(d)/1e6)
}

var sysFcntl = kernel.SysByName("fcntl")
