package profile_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sealab/sim/mutant"
	"sealab/sim/profile"
)

// TestPeers writes down every peer; each of its deviations makes a difference.
func TestPeers(t *testing.T) {
	var b strings.Builder
	for _, p := range profile.Peers() {
		got, notes, err := profile.Find(p.ID)
		require.NoError(t, err)
		require.Len(t, notes, 1)
		require.Equal(t, p.ID, got.Release)
		fmt.Fprintf(&b, "%s: %s\n", p.ID, notes[0])
		base := forRelease(t, p.Base)
		for _, d := range p.Deviations {
			fmt.Fprintf(&b, "  %3d %s (%s)\n", d.Behaviour, d.About, d.Set)
			one := base
			require.NoError(t, one.Set(d.Set))
			require.NotEmpty(t, profile.Diff(base, one), d.Set)
		}
	}
	golden(t, "peers.golden", b.String())
}

func TestMutantsAreAFeature(t *testing.T) {
	p := profile.Newest()
	require.NoError(t, p.Set("mutants=no-wait,no-rollback"))
	require.Equal(t, mutant.Of(mutant.NoWait, mutant.NoRollback), p.Mutants)
	require.Error(t, p.Set("mutants=no-such"))
	require.Contains(t, p.Describe(), "nobody looks for pages that are held")
}

// TestWrongKernel: a kernel with a mutant behind its name has it, and nothing else of it changes.
func TestWrongKernel(t *testing.T) {
	p, notes, err := profile.Find("6.1.150:no-wait:read-locks")
	require.NoError(t, err)
	right, said, err := profile.Find("6.1.150")
	require.NoError(t, err)
	require.Equal(t, right.Mutants.Or(mutant.Of(mutant.NoWait, mutant.ReadLocks)), p.Mutants)
	require.Equal(t, "6.1.150:no-wait:read-locks", p.Release)
	p.Mutants, p.Release = right.Mutants, right.Release
	require.Equal(t, right, p)
	require.Len(t, notes, len(said)+1)
	require.Contains(t, notes[len(said)], "nobody looks for pages that are held")

	peer, _, err := profile.Find("gvisor:no-rollback")
	require.NoError(t, err)
	gvisor, _, err := profile.Find("gvisor")
	require.NoError(t, err)
	require.Equal(t, gvisor.Mutants.Or(mutant.Of(mutant.NoRollback)), peer.Mutants)

	_, _, err = profile.Find("6.1:no-wai")
	require.ErrorContains(t, err, `is it "no-wait"?`)
	for _, bad := range []string{"six:no-wait", "6.1:"} {
		_, _, err = profile.Find(bad)
		require.Error(t, err, bad)
	}
}

func ExampleFind_peer() {
	p, notes, err := profile.Find("freebsd")
	fmt.Println(p.Mutants, err)
	fmt.Println(notes[0])
	// Output:
	// no-wait,sealed-mmap-eacces,grow-never-short <nil>
	// FreeBSD is not Linux: sealab takes it for Linux 7.2.13 with 4 deviations, which were read in one copy of its source. Not modelled: EBUSY for files that the kernel maps, ENOTSUP for those of large pages.
}
