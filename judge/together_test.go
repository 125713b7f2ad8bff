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
		{Count: 7, Key: "s0 = EBUSY; b: mmap = an address", Log: []byte("seven\n")},
		{Count: 3, Key: "s0 = 0; b: mmap = an address", Log: []byte("three\n")},
	}}
	c, err := judge.Compare(searched(t, explore.Plan{Search: explore.Complete, Kernel: "6.18.44"}), shown)
	require.NoError(t, err)
	require.Equal(t, []judge.Shown{
		{Text: "s0=EBUSY  b.mmap=mapped", Times: 7, Allowed: true, Log: "seven\n"},
		{Text: "s0=0  b.mmap=mapped", Times: 3, Log: "three\n"},
		{Text: "s0=0  b.mmap=EPERM", Allowed: true},
	}, c.Rows)
	require.Equal(t, c.Rows[1:2], c.Forbidden())
	require.Equal(t, c.Rows[2:], c.Unseen())

	few, err := judge.Compare(searched(t, explore.Plan{Search: explore.Random, Runs: 1, Kernel: "6.18.44"}), shown)
	require.NoError(t, err)
	require.Empty(t, few.Forbidden(), "who has not looked at every order forbids nothing")

	_, err = judge.Compare(searched(t, explore.Plan{Search: explore.Complete}), &host.Result{Outcomes: []host.Outcome{{Key: "x"}}})
	require.Error(t, err)
}
