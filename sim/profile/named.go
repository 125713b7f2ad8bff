package profile

import (
	"errors"
	"slices"
	"strings"

	"sealab/sim/mutant"
)

// Named is a kernel that stands for others, or whose answers were recorded.
type Named struct {
	ID      string // such as "H", or the release
	Release string // what ForRelease is asked for
	HZ      int    // 0 for the usual 250
	About   string // what is special about it
}

// ages are the ages of file sealing, a kernel for each.
var ages = []Named{
	{"A", "4.14.0", 0, "3.17 to 4.15: no sealing of huge page memfds, EINVAL before EPERM"},
	{"B", "4.19.0", 0, "4.16 to 4.19: the last with the radix tree"},
	{"C", "5.10.0", 0, "4.20 to 5.16: huge pages cannot be write-sealed, swapped-out pages are waited for"},
	{"D", "6.1.0", 0, "5.17 to 6.2: both mended"},
	{"E", "6.6.0", 0, "6.3 to 6.6: F_SEAL_EXEC, without a check for writers"},
	{"F", "6.8.0", 0, "6.7 to 6.8: read-only mappings after F_SEAL_WRITE; huge page memfds cannot be write-sealed"},
	{"G", "6.11.0", 0, "6.9 to 6.11: folios of any size"},
	{"H", "6.12.0", 0, "6.12.0 to 6.12.8: no read-only mappings after F_SEAL_WRITE again"},
	{"I", "6.18.0", 0, "6.13 to 7.0: read-only mappings again, seals are checked first in mmap"},
	{"J", "7.1.0", 0, "7.1: F_SEAL_EXEC checks for writers"},
	{"L", "6.1.150", 0, "long-term kernels from August 2025 on: as D, and read-only mappings after F_SEAL_WRITE"},
	{"L6", "6.6.150", 0, "6.6 from June 2026 on: as E and L, and F_SEAL_EXEC checks for writers"},
}

// recorded are kernels whose answers were recorded.
var recorded = []Named{
	{"5.10.223", "5.10.223", 0, "recorded: Debian, 2 CPUs"},
	{"6.1.192", "6.1.192", 0, "recorded: Debian, 2 CPUs"},
	{"6.1.192-rt", "6.1.192-rt", 0, "recorded: Debian with PREEMPT_RT, 2 CPUs; no transparent huge pages"},
	{"6.12.107", "6.12.107", 0, "recorded: Debian, 2 CPUs"},
	{"6.16.12", "6.16.12", 0, "recorded: Debian, 2 CPUs"},
	{"6.18.15", "6.18.15", 0, "recorded: Debian, 2 CPUs"},
	{"6.18.44", "6.18.44", 0, "recorded: on hardware, 2 CPUs"},
	{"7.2.13", "7.2.13", 0, "recorded: Debian, 2 CPUs; the default"},
	{"uml", "6.1.176", 100, "recorded: user-mode Linux, 1 CPU, 100 ticks a second, no huge pages"},
}

// NamedAll returns the named kernels: first those that stand for the ages of file
// sealing, then those that were recorded.
func NamedAll() []Named { return slices.Concat(ages, recorded) }

// Ages returns one kernel for each age of file sealing.
func Ages() []Named { return slices.Clone(ages) }

// Profile returns the behaviour of a named kernel.
func (n Named) Profile() Profile {
	p, _, err := ForRelease(n.Release)
	if err != nil {
		panic("profile: named kernel " + n.ID + ": " + err.Error()) // a test asks for each
	}
	if n.HZ != 0 {
		p.HZ = n.HZ
	}
	if n.ID == "uml" {
		p.TransparentHuge, p.Hugetlbfs = false, false
	}
	return p
}

// Find returns a profile by the ID of a named kernel or of a peer, "newest", or a
// kernel release as ForRelease takes it. Mutants behind colons make it a wrong kernel:
// "7.2.13:no-wait:deny-forgotten".
func Find(text string) (Profile, []Note, error) {
	text, names, mutated := strings.Cut(text, ":")
	p, all, err := find(text)
	if err != nil || !mutated {
		return p, all, err
	}
	if names == "" {
		return Profile{}, nil, errors.New("kernel " + text + `: and then? Behind the colon a mutant is named`)
	}
	wrong, err := mutant.Parse(strings.ReplaceAll(names, ":", ","))
	if err != nil {
		return Profile{}, nil, err
	}
	p.Mutants = p.Mutants.Or(wrong)
	p.Release += ":" + names
	return p, append(all, Note("This is a wrong kernel: "+wrongMeans(wrong))), nil
}

func find(text string) (Profile, []Note, error) {
	if text == "newest" {
		return Newest(), nil, nil
	}
	for _, n := range NamedAll() {
		if n.ID == text {
			_, notes, err := ForRelease(n.Release)
			return n.Profile(), notes, err
		}
	}
	for _, p := range peers {
		if p.ID == text {
			return p.Profile(), []Note{Note(p.note())}, nil
		}
	}
	return ForRelease(text)
}
