package explore_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sealab/explore"
	"sealab/run"
	"sealab/sim/sched"
)

// pinInTime is a sealer that waits for a pin which goes in good time.
const pinInTime = `r0 = memfd_create("a", MFD_ALLOW_SEALING)
pwrite64(r0, "x", 1, 0) = 1
pipe2([p0, p1], 0) = 0
splice(r0, [0], p1, NULL, 1, 0) = 1
a: s0 = fcntl(r0, F_ADD_SEALS, F_SEAL_WRITE)
b: @60ms read(p0, ""..., 1) = 1
`

// A stray wake-up makes a sealer give up early, only where it is allowed, and a run repeats
// it; the counts are those of running every order.
func TestStray(t *testing.T) {
	plan := explore.Plan{Search: explore.Complete, Options: explore.Options{Time: explore.ZeroTime}}
	search := func(text string) (*explore.Report, *run.Script) {
		scripts, err := run.Read(strings.NewReader(text), "pinned")
		require.NoError(t, err)
		r, err := explore.Explore(t.Context(), scripts[0], plan)
		require.NoError(t, err)
		require.True(t, r.Complete, r.Why)
		return r, scripts[0]
	}
	calm, _ := search(pinInTime)
	require.Nil(t, calm.Find("EBUSY"))
	r, s := search("stray 1\n" + pinInTime)
	require.NotNil(t, r.Find("s0=0"))
	early := r.Find("EBUSY")
	require.NotNil(t, early)

	schedule, err := sched.ParseSchedule(early.Schedule)
	require.NoError(t, err)
	given := &sched.Replay{Schedule: schedule}
	res, err := run.Play(s, run.Options{Chooser: given, FreeTime: true})
	require.NoError(t, err)
	require.NoError(t, given.Err())
	require.Contains(t, res.Calls[4].Text, "EBUSY")
	require.Less(t, res.Time, int64(148_000_000), "it did not wait to the end")
	s.Stray = false
	given = &sched.Replay{Schedule: schedule}
	_, err = run.Play(s, run.Options{Chooser: given, FreeTime: true})
	require.NoError(t, err)
	require.Error(t, given.Err(), "without the option nobody asks")

	st, err := s.Stage(run.Options{})
	require.NoError(t, err)
	p, _ := explore.FromScript(st, false)
	p.Stray = true
	blind := explore.Blind(t.Context(), p, plan.Options, 1000)
	require.True(t, blind.Complete)
	require.Equal(t, r.Orders, blind.Total.String())
}

// addedHere is a sealer that has added a page to a batch itself.
const addedHere = `cpus 2
r0 = memfd_create("a", MFD_ALLOW_SEALING)
a: pwrite64(r0, "x", 1, 0) = 1
a: s0 = fcntl(r0, F_ADD_SEALS, F_SEAL_WRITE)
`

// A task that may move is on any CPU where it adds a page to a batch. A right kernel empties
// all batches, so that nothing else can come out; one that empties the sealer's alone
// then finds its own references. The counts are those of running every order.
func TestRoam(t *testing.T) {
	plan := explore.Plan{Search: explore.Complete, Options: explore.Options{Time: explore.ZeroTime}}
	search := func(kernel, text string) (*explore.Report, *run.Script) {
		scripts, err := run.Read(strings.NewReader("kernel "+kernel+"\n"+text), "roaming")
		require.NoError(t, err)
		r, err := explore.Explore(t.Context(), scripts[0], plan)
		require.NoError(t, err)
		require.True(t, r.Complete, r.Why)
		return r, scripts[0]
	}
	texts := func(r *explore.Report) (all []string) {
		for _, o := range r.Outcomes {
			all = append(all, o.Text)
		}
		slices.Sort(all)
		return all
	}
	const right, wrong = "6.18.44", "6.18.44:drain-local-only"
	home, _ := search(right, addedHere)
	r, s := search(right, "roam 1\n"+addedHere)
	require.Equal(t, texts(home), texts(r))
	require.Greater(t, r.States, home.States)

	st, err := s.Stage(run.Options{})
	require.NoError(t, err)
	p, _ := explore.FromScript(st, false)
	blind := explore.Blind(t.Context(), p, plan.Options, 100_000)
	require.True(t, blind.Complete)
	require.Equal(t, r.Orders, blind.Total.String())

	home, _ = search(wrong, addedHere)
	require.Nil(t, home.Find("EBUSY"))
	r, s = search(wrong, "roam 1\n"+addedHere)
	busy := r.Find("EBUSY")
	require.NotNil(t, busy)
	require.Contains(t, busy.Schedule, "?")
	schedule, err := sched.ParseSchedule(busy.Schedule)
	require.NoError(t, err)
	given := &sched.Replay{Schedule: schedule}
	res, err := run.Play(s, run.Options{Chooser: given, FreeTime: true})
	require.NoError(t, err)
	require.NoError(t, given.Err())
	require.Contains(t, res.Calls[2].Text, "EBUSY")
	s.Roam = false
	given = &sched.Replay{Schedule: schedule}
	_, err = run.Play(s, run.Options{Chooser: given, FreeTime: true})
	require.NoError(t, err)
	require.Error(t, given.Err(), "without the option nobody asks")
}
