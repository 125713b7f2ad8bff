package profile_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"sealab/sim/abi"
	"sealab/sim/profile"
)

// kernels are the recorded ones, in the order of the columns of recordings.
var kernels = []string{"5.10.223", "6.1.192", "6.12.107", "6.16.12", "6.18.15", "6.18.44", "7.2.13"}

// recordings is what those kernels answered, a line a behaviour, a letter a
// kernel: y for yes, n for no, - where the question has no sense.
var recordings = []struct {
	behaviour string
	answers   string
	holds     func(p *profile.Profile) bool
}{
	{"mmap PROT_READ SHARED after F_SEAL_WRITE works", "nyyyyyy",
		(*profile.Profile).ReadOnlyAfterWriteSeal},
	{"a PROT_READ mapping under F_SEAL_FUTURE_WRITE blocks F_SEAL_WRITE", "ynnnnnn",
		func(p *profile.Profile) bool { return p.CountFlag == profile.CountShared }},
	{"F_SEAL_FUTURE_WRITE is got round by a merge", "yynnnnn",
		(*profile.Profile).FutureWriteLoophole},
	{"splice of a hole pins a page", "ynnnnnn",
		func(p *profile.Profile) bool { return p.SpliceHolePins }},
	{"sendfile into a pipe pins", "nyyyyyy",
		func(p *profile.Profile) bool { return p.SendfilePins }},
	{"upper bits of the argument give EINVAL", "yynnnnn",
		func(p *profile.Profile) bool { return p.ArgWide == profile.ArgWideEINVAL }},
	{"F_SEAL_EXEC is known", "nnyyyyy",
		func(p *profile.Profile) bool { return p.Seals.Has(abi.SealExec) }},
	{"MFD_EXEC and MFD_NOEXEC_SEAL are known", "nnyyyyy",
		func(p *profile.Profile) bool {
			return p.MemfdFlags&abi.MfdExec != 0 && p.MemfdFlags&abi.MfdNoexecSeal != 0
		}},
	{"F_SEAL_EXEC with a writable mapping gives EBUSY", "--ynnyy",
		func(p *profile.Profile) bool { return p.ExecImply == profile.ExecImplyBeforeCheck }},
	{"F_SEAL_EXEC with a writable mapping gives 0", "--nyynn",
		func(p *profile.Profile) bool { return p.ExecImply == profile.ExecImplyAfterCheck }},
	{"a write across the end under F_SEAL_GROW gives EPERM", "nnynnny",
		func(p *profile.Profile) bool { return p.GrowWrite == profile.GrowWhole }},
	{"MREMAP_DONTUNMAP of a shared mapping works", "nyyyyyy",
		func(p *profile.Profile) bool { return p.MremapDontunmap == profile.DontunmapAny }},
	{"MADV_REMOVE through a PROT_READ mapping works", "nyyyyyy",
		func(p *profile.Profile) bool { return p.MadvRemove == profile.RemoveNeedsMayWrite }},
	{"MADV_POPULATE_READ is known", "nyyyyyy",
		func(p *profile.Profile) bool { return p.MadvPopulate }},
	{"MADV_POPULATE_READ goes on behind a gap", "-ynnnnn",
		func(p *profile.Profile) bool { return p.PopulateGap == profile.GapLast }},
	{"F_SEAL_FUTURE_WRITE is known", "yyyyyyy",
		func(p *profile.Profile) bool { return p.Seals.Has(abi.SealFutureWrite) }},
	{"closing a ring ends the wait of F_SEAL_WRITE early", "ynnnnnn",
		func(p *profile.Profile) bool { return p.IOUringExitWakes }},
	{"a file with huge pages can be write-sealed", "yyyyyyy",
		func(p *profile.Profile) bool { return p.PinTest != profile.PinTestSubpage }},
	{"a memfd of huge pages can be write-sealed", "yyyyyyy",
		func(p *profile.Profile) bool {
			return p.HugetlbSealing && p.CacheRefs(abi.PMDOrder, true) == p.ExpectedCacheRefs(abi.PMDOrder, true)
		}},
	{"a sleep lasts a tick longer", "yyyyyyy",
		func(p *profile.Profile) bool { return p.TimerWheel && p.HZ == 250 }},
}

func TestRecordings(t *testing.T) {
	for _, row := range recordings {
		require.Len(t, row.answers, len(kernels), row.behaviour)
		for i, release := range kernels {
			if row.answers[i] == '-' {
				continue
			}
			p, _, err := profile.ForRelease(release)
			require.NoError(t, err)
			require.Equal(t, row.answers[i] == 'y', row.holds(&p), "%s on %s", row.behaviour, release)
		}
	}
}

// TestAges asks for the scenarios by which the named profiles A to L6 differ.
func TestAges(t *testing.T) {
	ages := []string{"A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "L", "L6"}
	hugetlbBusy := func(p *profile.Profile) bool {
		return p.CacheRefs(abi.PMDOrder, true) != p.ExpectedCacheRefs(abi.PMDOrder, true)
	}
	for _, row := range []struct {
		behaviour string
		answers   string
		holds     func(p *profile.Profile) bool
	}{
		{"EINVAL before EPERM", "ynnnnnnnnnnn",
			func(p *profile.Profile) bool { return p.AddOrder == profile.FopFirst }},
		{"bit 32 gives EINVAL", "yyyynnnnnnyn",
			func(p *profile.Profile) bool { return p.ArgWide == profile.ArgWideEINVAL }},
		{"huge pages end in EBUSY", "yyynnnnnnnnn",
			func(p *profile.Profile) bool { return p.PinTest == profile.PinTestSubpage && p.ShmemHuge != 0 }},
		{"huge page memfds end in EBUSY", "-nnnnynnnnnn", hugetlbBusy},
		{"swapped-out pages are waited for", "nnynnnnnnnnn",
			func(p *profile.Profile) bool { return !p.ValueClearsMark }},
		{"read-only mapping after F_SEAL_WRITE", "nnnnnyynyyyy", (*profile.Profile).ReadOnlyAfterWriteSeal},
		{"read-only mapping under F_SEAL_FUTURE_WRITE blocks", "--yyynnnnnnn",
			func(p *profile.Profile) bool { return p.CountFlag == profile.CountShared }},
		{"refused MAP_FIXED under F_SEAL_WRITE unmaps", "yyyyyyynnnnn",
			func(p *profile.Profile) bool { return p.MmapCounter != profile.CounterBeforeUnmap }},
		{"refused MAP_FIXED under F_SEAL_FUTURE_WRITE unmaps", "yyyyyyyynnyy",
			func(p *profile.Profile) bool { return p.MmapSealCheck == profile.CheckInHook }},
		{"F_SEAL_EXEC skips the check", "nnnnyyyyynnn",
			func(p *profile.Profile) bool { return p.ExecImply == profile.ExecImplyAfterCheck }},
		{"F_SEAL_EXEC makes the check", "nnnnnnnnnyny",
			func(p *profile.Profile) bool { return p.ExecImply == profile.ExecImplyBeforeCheck }},
		{"userfaultfd needs VM_MAYWRITE", "nnyyyyyyyyyy",
			func(p *profile.Profile) bool { return p.UffdNeedsMayWrite }},
	} {
		require.Len(t, row.answers, len(ages), row.behaviour)
		for i, id := range ages {
			p, _, err := profile.Find(id)
			require.NoError(t, err)
			if row.answers[i] != '-' {
				require.Equal(t, row.answers[i] == 'y', row.holds(&p), "%s in %s", row.behaviour, id)
			}
		}
	}
}
