package explore_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"sealab/explore"
	"sealab/run"
	"sealab/sim/sched"
)

func nearest(t require.TestingT, text, schedule string) (*explore.Report, *explore.Near) {
	scripts, err := run.Read(strings.NewReader(text), "test")
	require.NoError(t, err)
	r, n, err := explore.Nearest(context.Background(), scripts[0], explore.Plan{}, schedule)
	require.NoError(t, err)
	return r, n
}

func everyOrder(t require.TestingT, text string) *explore.Report {
	scripts, err := run.Read(strings.NewReader(text), "test")
	require.NoError(t, err)
	r, err := explore.Explore(context.Background(), scripts[0], explore.Plan{Search: explore.Complete})
	require.NoError(t, err)
	require.True(t, r.Complete)
	return r
}

// TestNearest finds the last moment at which a mapping can still come before the seal.
func TestNearest(t *testing.T) {
	for _, o := range everyOrder(t, race).Outcomes {
		_, n := nearest(t, race, o.Schedule)
		require.Equal(t, o.Text, n.From.Text)
		require.NotEqual(t, o.Text, n.To.Text)
		require.Equal(t, 1, n.Turns, "one stretch out of turn is enough")
		require.Equal(t, o.Preemptions, n.From.Preemptions)
		require.Positive(t, n.To.Preemptions, "somebody is left who could go on")
		require.Positive(t, n.Moved)
		require.Equal(t, map[string]string{"0": "b", "EBUSY": "a"}[strings.Fields(o.Text)[0][len("s0="):]], n.First)

		// Its own schedule leads to what it says, by `sealab run --schedule`.
		scripts, err := run.Read(strings.NewReader(race), "test")
		require.NoError(t, err)
		s, err := sched.ParseSchedule(n.To.Schedule)
		require.NoError(t, err)
		res, err := run.Play(scripts[0], run.Options{Chooser: &sched.Replay{Schedule: s}, FreeTime: true})
		require.NoError(t, err)
		require.Contains(t, n.To.Text, "s0="+map[bool]string{true: "EBUSY", false: "0"}[res.Calls[2].Errno != ""])
	}
}

// TestNearestOfNone says that every order ends alike, and what is no schedule of the scenario.
func TestNearestOfNone(t *testing.T) {
	const alike = `r0 = memfd_create("a", MFD_ALLOW_SEALING)
a: fcntl(r0, F_GET_SEALS)
b: fcntl(r0, F_GET_SEALS)
`
	_, n := nearest(t, alike, "")
	require.Nil(t, n)
	scripts, err := run.Read(strings.NewReader(alike), "test")
	require.NoError(t, err)
	_, _, err = explore.Nearest(context.Background(), scripts[0], explore.Plan{}, "x7 y9")
	require.ErrorContains(t, err, "does not fit")
	_, _, err = explore.Nearest(context.Background(), scripts[0], explore.Plan{}, "7!")
	require.Error(t, err)
}

// TestNearestIsThere holds that there is a near order exactly where there is more than one
// outcome, whatever order is begun with.
func TestNearestIsThere(t *testing.T) {
	calls := []string{"fcntl(r0, F_ADD_SEALS, F_SEAL_WRITE)", "fcntl(r0, F_GET_SEALS)", "ftruncate(r0, 0)",
		"pwrite64(r0, \"x\", 1, 0)", "mmap(NULL, 4096, PROT_READ, MAP_SHARED, r0, 0)"}
	rapid.Check(t, func(r *rapid.T) {
		text := "kernel 6.18.44\nr0 = memfd_create(\"a\", MFD_ALLOW_SEALING)\nftruncate(r0, 4096) = 0\n" +
			"a: x0 = " + rapid.SampledFrom(calls).Draw(r, "a") + "\nb: y0 = " + rapid.SampledFrom(calls).Draw(r, "b") + "\n"
		all := everyOrder(r, text)
		o := rapid.SampledFrom(all.Outcomes).Draw(r, "from")
		_, n := nearest(r, text, o.Schedule)
		require.Equal(r, len(all.Outcomes) > 1, n != nil, "%s", text)
		if n == nil {
			return
		}
		require.Equal(r, o.Text, n.From.Text)
		found := false
		for _, other := range all.Outcomes {
			found = found || other.Text == n.To.Text
		}
		require.True(r, found && n.To.Text != o.Text, "%s: %s", text, n.To.Text)
	})
}

// TestNearestWithChoices finds an order whose only difference is what was chosen beside the order
// of steps, from either end.
func TestNearestWithChoices(t *testing.T) {
	for text, call := range map[string]int{
		"stray 1\n" + pinInTime:                                 4,
		"kernel 6.18.44:drain-local-only\nroam 1\n" + addedHere: 2,
	} {
		scripts, err := run.Read(strings.NewReader(text), "choices")
		require.NoError(t, err)
		plan := explore.Plan{Options: explore.Options{Time: explore.ZeroTime}}
		all, err := explore.Explore(t.Context(), scripts[0], plan)
		require.NoError(t, err)
		require.Len(t, all.Outcomes, 2, text)
		for i, o := range all.Outcomes {
			_, n, err := explore.Nearest(t.Context(), scripts[0], plan, o.Schedule)
			require.NoError(t, err)
			require.Equal(t, o.Text, n.From.Text)
			require.Equal(t, all.Outcomes[1-i].Text, n.To.Text)
			s, err := sched.ParseSchedule(n.To.Schedule)
			require.NoError(t, err)
			given := &sched.Replay{Schedule: s}
			res, err := run.Play(scripts[0], run.Options{Chooser: given, FreeTime: true})
			require.NoError(t, err)
			require.NoError(t, given.Err())
			require.Equal(t, strings.Contains(n.To.Text, "EBUSY"), res.Calls[call].Errno == "EBUSY")
		}
	}
}
