package host

import (
	"strconv"
	"strings"

	"sealab/scenario"
	"sealab/sim/abi"
)

// allowed says why a call may not be made on this machine: it could change what is not the
// scenario's own.
func (c *compiler) allowed(e *scenario.Event) error {
	switch e.Name {
	case "open":
		return c.allowedPath(e.Arg(0), e.Arg(1))
	case "openat":
		return c.allowedPath(e.Arg(1), e.Arg(2))
	case "unshare":
		return c.allowedUnshare(e.Arg(0))
	case "truncate", "readlink":
		if path := e.Arg(0); path != nil && path.Kind == scenario.String && !descriptorPath(string(path.Decode(nil))) {
			return skipf("the path %q is not one of the scenario's own descriptors", path.Decode(nil))
		}
	case "kill", "tkill":
		return c.allowedSignal(e)
	case "process_vm_readv", "process_vm_writev":
		return c.own(e.Arg(0))
	case "mlockall":
		return skipf("it would lock memory that is not the scenario's")
	case "fallocate":
		return allowedSize(e, 3)
	case "madvise":
		if a := e.Arg(2); a == nil || !a.Known() || a.Num == abi.MadvHwpoison || a.Num == abi.MadvSoftOffline {
			return skipf("it could take memory out of service")
		}
		return allowedSize(e, 1)
	case "mmap", "mlock", "mlock2":
		return allowedSize(e, 1)
	}
	return nil
}

// maxSize bounds how much of this machine's memory one call may take, in bytes.
const maxSize = 256 << 20

// allowedSize looks at the length, argument i, of a call that may take memory for all of it. A
// length that the kernel refuses by itself is let through.
func allowedSize(e *scenario.Event, i int) error {
	n := e.Arg(i)
	if n == nil || !n.Known() || n.Num <= maxSize {
		return nil
	}
	flags := e.Arg(3)
	if e.Name == "mmap" && flags != nil && flags.Known() && flags.Num&(abi.MapPopulate|abi.MapLocked) == 0 {
		return nil
	}
	return skipf("it could take %d bytes of this machine's memory", n.Num)
}

func (c *compiler) allowedPath(path, flags *scenario.Arg) error {
	if path == nil || path.Kind != scenario.String || flags == nil {
		return nil // it fails without having opened anything
	}
	p := string(path.Decode(nil))
	switch {
	case p == "", p == "/dev/null", p == "/dev/zero", descriptorPath(p):
		return nil
	case p == noexecPath && c.namespaced && flags.Known() && flags.Num&abi.OCreat == 0:
		return nil // what is written there is for its own namespace
	case p == udmabufPath && flags.Known() && flags.Num&abi.OCreat == 0:
		return nil // what it makes is gone with its descriptors
	case flags.Known() && flags.Num&abi.OTmpfile == abi.OTmpfile && (p == "/dev/shm" || p == "/tmp"):
		return nil // a file without a name: nothing is left of it
	}
	return skipf("the path %q is not one of the scenario's own descriptors", p)
}

// descriptorPath says whether a path leads to a descriptor of the process itself.
func descriptorPath(p string) bool {
	for _, prefix := range []string{"/proc/self/fd/", "/proc/thread-self/fd/", "/dev/fd/"} {
		if n, ok := strings.CutPrefix(p, prefix); ok {
			_, err := strconv.ParseUint(n, 10, 31)
			return err == nil
		}
	}
	return false
}

func (c *compiler) allowedSignal(e *scenario.Event) error {
	if sig := e.Arg(1); sig != nil && sig.Known() && sig.Num == 0 {
		return nil
	}
	return c.own(e.Arg(0))
}

// own makes sure that a pid is a task's of the scenario: the result of a fork or of getpid.
func (c *compiler) own(pid *scenario.Arg) error {
	if pid == nil {
		return nil
	}
	if s, ok := c.syms[string(pid.Text)]; ok && pid.Kind == scenario.Symbol && s.what == isPid {
		return nil
	}
	if reg, ok := c.tids[pid.Num]; ok && pid.Known() {
		c.syms["pid "+string(pid.Text)] = sym{reg, isPid}
		pid.Kind, pid.Bits, pid.Text = scenario.Symbol, 0, []byte("pid "+string(pid.Text))
		return nil
	}
	return skipf("the process %s is not one of the scenario's own", pid.Text)
}
