package judge_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sealab/explore"
	"sealab/host"
	"sealab/judge"
	"sealab/run"
	"sealab/sim/profile"
)

const twoTasks = `r0 = memfd_create("a", MFD_ALLOW_SEALING)
ftruncate(r0, 4096)
a: s0 = fcntl(r0, F_ADD_SEALS, F_SEAL_WRITE)
b: mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_SHARED, r0, 0)
g0 = fcntl(r0, F_GET_SEALS)
`

func searched(t *testing.T, plan explore.Plan) *explore.Report {
	t.Helper()
	scripts, err := run.Read(strings.NewReader(twoTasks), "test")
	require.NoError(t, err)
	r, err := explore.Explore(context.Background(), scripts[0], plan)
	require.NoError(t, err)
	return r
}

// TestCompare tells what was seen and is allowed, what is allowed and was not seen, and what
// cannot be.
func TestCompare(t *testing.T) {
	shown := &host.Result{Runs: 10, Outcomes: []host.Outcome{
		{Count: 7, Key: "s0 = EBUSY; b: mmap = an address; g0 = 0", Log: []byte("seven\n")},
		{Count: 3, Key: "s0 = 0; b: mmap = an address; g0 = 0x8", Log: []byte("three\n")},
	}}
	c, err := judge.Compare(searched(t, explore.Plan{Search: explore.Complete, Kernel: "6.18.44"}), shown)
	require.NoError(t, err)
	require.Equal(t, []judge.Shown{
		{Text: "s0=EBUSY  b.mmap=mapped  g0=0", Times: 7, Allowed: true, Log: "seven\n"},
		{Text: "s0=0  b.mmap=mapped  g0=8", Times: 3, Log: "three\n"},
		{Text: "s0=0  b.mmap=EPERM  g0=8", Allowed: true},
	}, c.Rows)
	require.Equal(t, c.Rows[1:2], c.Forbidden())
	require.Equal(t, c.Rows[2:], c.Unseen())

	few, err := judge.Compare(searched(t, explore.Plan{Search: explore.Random, Runs: 1, Kernel: "6.18.44"}), shown)
	require.NoError(t, err)
	require.Empty(t, few.Forbidden(), "who has not looked at every order forbids nothing")

	_, err = judge.Compare(searched(t, explore.Plan{Search: explore.Complete}), &host.Result{Outcomes: []host.Outcome{{Key: "x"}}})
	require.Error(t, err)
}

// TestSearchConcurrent asks the kernel underneath, a little.
func TestSearchConcurrent(t *testing.T) {
	m, err := host.Look()
	if err != nil {
		t.Skip(err)
	}
	if _, _, err := profile.Find(m.Release); err != nil {
		t.Skip(err)
	}
	rep, err := judge.SearchConcurrent(context.Background(), judge.Concurrent{
		Kernel: m.Release, HZ: m.HZ, Tasks: 2, Seed: 1, Programs: 12, Runs: 40,
	})
	require.NoError(t, err)
	require.EqualValues(t, 12, rep.Programs)
	require.Empty(t, rep.Found)
	require.GreaterOrEqual(t, rep.Shown, int64(12))

	// A model of another kernel is noticed: 4.14 knows none of what is refused here.
	rep, err = judge.SearchConcurrent(context.Background(), judge.Concurrent{
		Kernel: "4.14", HZ: m.HZ, Tasks: 2, Seed: 1, Programs: 8, Runs: 20, Keep: 1,
	})
	require.NoError(t, err)
	require.NotZero(t, rep.Differ)
	require.Len(t, rep.Found, 1)
	require.NotEmpty(t, rep.Found[0].Shown.Log)
}
