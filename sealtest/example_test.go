package sealtest_test

import (
	"fmt"
	"strings"

	"sealab/sealtest"
	"sealab/sim/abi"
	"sealab/sim/profile"
)

// strict is the shortest first test: the model with one method of its own. It takes "may
// not grow" for "may not be told its size".
type strict struct{ *sealtest.Model }

func (s strict) Ftruncate(fd int, size int64) error {
	if seals, _ := s.GetSeals(fd); abi.Seals(seals).Has(abi.SealGrow) && size > 0 {
		return abi.EPERM
	}
	return s.Model.Ftruncate(fd, size)
}

func bootStrict() sealtest.System { return strict{sealtest.NewModel(profile.Newest())} }

// In a test of one's own it is Check(t, sealtest.Options{}, bootStrict).
func ExampleCheck_oneMethod() {
	defer setRapid("nofailfile", "true")()
	defer setRapid("shrinktime", "1m")()
	defer setRapid("seed", "6")()
	t := &silent{}
	sealtest.Check(t, sealtest.Options{}, bootStrict)
	fmt.Println(strings.TrimSpace(t.said))
	// Output:
	// # Linux 7.2.13 answers the last call with 0, the system with -1 EPERM (Operation not permitted)
	// kernel 7.2.13
	// pipe2([p0, p1], O_NONBLOCK) = 0
	// r0 = memfd_create("a", MFD_ALLOW_SEALING)
	// pwrite64(r0, "x"..., 4096, 0) = 4096
	// fcntl(r0, F_ADD_SEALS, F_SEAL_GROW) = 0
	// ftruncate(r0, 4096) = 0
}
