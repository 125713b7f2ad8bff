package host

import (
	"fmt"

	"golang.org/x/sys/unix"

	"sealab/scenario"
	"sealab/sim/abi"
)

// udmabufPath is the one device that a scenario may open besides those without effect.
const udmabufPath = "/dev/udmabuf"

// udmabuf compiles the argument of UDMABUF_CREATE or UDMABUF_CREATE_LIST. Fields of 4 bytes
// are stored as 8, from low to high, so that the next writes over what is too much.
func (c *compiler) udmabuf(k *call, a *scenario.Arg) (operand, error) {
	cmd := k.ev.Arg(1)
	if fields := uffdFields[cmd.Num]; fields != nil && a.Kind == scenario.Struct {
		return c.uffd(k, a, fields)
	}
	if a.Kind != scenario.Struct || cmd.Num != abi.UdmabufCreate && cmd.Num != abi.UdmabufCreateList {
		return operand{}, skipf("of ioctl only those of udmabuf and userfaultfd are made on the host")
	}
	if cmd.Num == abi.UdmabufCreate {
		at, err := c.room(24)
		if err != nil {
			return operand{}, err
		}
		return num(at), c.storeFields(k, a, at, "memfd", "flags", "offset", "size")
	}
	list := k.ev.Field(a, "list")
	if list == nil || list.Kind != scenario.Array {
		return operand{}, skipf("a list that is not all there")
	}
	at, err := c.room(int64(8 + 24*k.ev.NumChildren(list) + 8))
	if err != nil {
		return operand{}, err
	}
	if err := c.storeFields(k, a, at, "flags", "count"); err != nil {
		return operand{}, err
	}
	to := at + 8
	for p := range k.ev.Children(list) {
		if err := c.storeFields(k, p, to, "memfd", "pad", "offset", "size"); err != nil {
			return operand{}, err
		}
		to += 24
	}
	return num(at), nil
}

// storeFields stores two fields of 4 bytes, and what comes behind them as 8; those that the
// text does not have are 0.
func (c *compiler) storeFields(k *call, p *scenario.Arg, at uint64, names ...string) error {
	for i, name := range names {
		v := operand{}
		if f := k.ev.Field(p, name); f != nil {
			var err error
			if v, err = c.value(k.ev, f); err != nil {
				return err
			}
		}
		c.emit(opStore, num(at), v)
		if at += 4; i > 1 {
			at += 4
		}
	}
	return nil
}

// missingDevice says whether a call has shown that the host has no udmabuf, or no sysctl.
func (m *image) missingDevice(k *call, r *result) string {
	path := k.ev.Arg(1)
	if k.ev.Name != "openat" || r.val >= 0 || path == nil {
		return ""
	}
	name := string(path.Text)
	if name != udmabufPath && name != noexecPath {
		return ""
	}
	return fmt.Sprintf("openat: this host has no %s, or does not allow it (%v)", name, unix.Errno(-r.val))
}
