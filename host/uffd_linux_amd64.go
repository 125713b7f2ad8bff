package host

import (
	"sealab/scenario"
	"sealab/sim/abi"
)

// uffdFields are the fields of what each ioctl of userfaultfd takes, of 8 bytes each.
var uffdFields = map[int64][]string{
	abi.UffdioAPI:        {"api", "features", "ioctls"},
	abi.UffdioRegister:   {"start", "len", "mode", "ioctls"},
	abi.UffdioUnregister: {"start", "len"},
	abi.UffdioWake:       {"start", "len"},
	abi.UffdioCopy:       {"dst", "src", "len", "mode", "copy"},
	abi.UffdioZeropage:   {"start", "len", "mode", "zeropage"},
}

// uffd compiles such an argument. What the kernel puts in it is not printed.
func (c *compiler) uffd(k *call, a *scenario.Arg, fields []string) (operand, error) {
	at, err := c.room(int64(8 * len(fields)))
	if err != nil {
		return operand{}, err
	}
	within := k.ev.Field(a, "range")
	for i, name := range fields {
		f := k.ev.Field(a, name)
		if f == nil && within != nil {
			f = k.ev.Field(within, name)
		}
		v := operand{}
		if f != nil && name != "ioctls" && name != "copy" && name != "zeropage" {
			if v, err = c.value(k.ev, f); err != nil {
				return operand{}, err
			}
		}
		c.emit(opStore, num(at+8*uint64(i)), v)
	}
	return num(at), nil
}
