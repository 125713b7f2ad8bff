package scenario

import "sealab/sim/abi"

// constant returns the number of a C constant: F_ADD_SEALS, PROT_READ, SIGKILL.
func constant(name []byte) (int64, bool) { return abi.ConstBytes(name) }
