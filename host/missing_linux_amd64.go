package host

import (
	"fmt"
	"slices"

	"golang.org/x/sys/unix"
)

// missing adds what a run has shown that this host does not have or does not allow.
func (m *image) missing(o *outcome, known []string) []string {
	for _, k := range m.calls {
		r := &o.res[k.op]
		text := ""
		switch {
		case r.state != 2:
		case m.missingDevice(k, r) != "":
			text = m.missingDevice(k, r)
		case r.val == -int64(unix.ENOSYS):
			text = fmt.Sprintf("%s: this host does not have it (ENOSYS)", k.ev.Name)
		case r.val == -int64(unix.EPERM) && neverForbidden[k.ev.Name]:
			text = fmt.Sprintf("%s: not allowed on this host (EPERM), as by a container's seccomp filter", k.ev.Name)
		}
		if text != "" && !slices.Contains(known, text) {
			known = append(known, text)
		}
	}
	return known
}

// neverForbidden are calls that the kernel itself refuses to nobody with EPERM.
var neverForbidden = map[string]bool{
	"memfd_create": true, "pipe2": true, "vmsplice": true, "io_uring_setup": true,
	"process_vm_readv": true, "process_vm_writev": true,
}
