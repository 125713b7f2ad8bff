package profile

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestChangesAreWellFormed checks the laws of the list.
func TestChangesAreWellFormed(t *testing.T) {
	for _, c := range changes {
		require.NotEmpty(t, c.what)
		require.NotNil(t, c.apply)
		never := c.since == (Series{})
		require.False(t, never && len(c.stable) == 0, "nobody has %s", c.what)
		require.True(t, never || c.since.exists() && !Last.Before(c.since), c.what)
		for _, b := range c.stable {
			require.True(t, b.series.exists() && First.Before(b.series), c.what)
			require.True(t, never || b.series.Before(c.since), "%s: %s.y has it anyway", c.what, b.series)
			require.Positive(t, b.point, c.what)
		}
		require.Equal(t, c.doubt.from == (Series{}), c.doubt.last == (Series{}), c.what)
	}
}

// TestEveryChangeChangesSomething removes each change from the kernels that have
// it; one of them at least must notice.
func TestEveryChangeChangesSomething(t *testing.T) {
	for i := range changes {
		noticed := false
		for _, r := range firstReleases(changes[i]) {
			with, without := base(), base()
			for j := range changes {
				if changes[j].in(r) {
					changes[j].apply(&with)
					if i != j {
						changes[j].apply(&without)
					}
				}
			}
			noticed = noticed || with != without
		}
		require.True(t, noticed, changes[i].what)
	}
}

// firstReleases returns the first release of each series that has a change.
func firstReleases(c change) []Release {
	var all []Release
	if c.since != (Series{}) {
		all = append(all, Release{Series: c.since})
	}
	for _, b := range c.stable {
		all = append(all, Release{Series: b.series, Point: b.point})
	}
	return all
}

// TestPointReleasesOnlyApplyBackports: two neighbouring point releases differ
// only where the list says so.
func TestPointReleasesOnlyApplyBackports(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := rapid.SampledFrom(changes).Draw(t, "change")
		s := rapid.SampledFrom(firstReleases(c)).Draw(t, "series").Series
		point := rapid.IntRange(1, 400).Draw(t, "point")
		a, _, err := ForRelease(fmt.Sprintf("%s.%d", s, point-1))
		require.NoError(t, err)
		b, _, err := ForRelease(fmt.Sprintf("%s.%d", s, point))
		require.NoError(t, err)
		listed := false
		for i := range changes {
			if e := changes[i].backport(s); e != nil && e.point == point {
				listed = true
			}
		}
		require.Equal(t, listed, len(Diff(a, b)) > 0)
	})
}

// TestUnconfirmedReleasesAreTold: whoever asks for a release next to a guess is
// told.
func TestUnconfirmedReleasesAreTold(t *testing.T) {
	for _, c := range changes {
		for _, b := range c.stable {
			for _, d := range []int{-1, 0, near} {
				_, notes, err := ForRelease(fmt.Sprintf("%s.%d", b.series, max(0, b.point+d)))
				require.NoError(t, err)
				told := false
				for _, n := range notes {
					told = told || n == Note(fmt.Sprintf(
						"%s.y got %s %s; the exact point release is not confirmed, sealab assumes %s.%d.",
						b.series, c.what, b.when, b.series, b.point))
				}
				require.Equal(t, b.when != "", told, "%s in %s.%d", c.what, b.series, b.point+d)
			}
		}
	}
}
