package explore_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sealab/explore"
	"sealab/run"
)

// scene puts a scenario on a stage.
func scene(t *testing.T, text, release string, lawful bool) (*explore.Program, func() error) {
	t.Helper()
	all, err := run.Read(strings.NewReader(text), "test")
	require.NoError(t, err)
	st, err := all[0].Stage(run.Options{Kernel: release})
	require.NoError(t, err)
	return explore.FromScript(st, lawful)
}

const race = `kernel 6.12.5
r0 = memfd_create("a", MFD_ALLOW_SEALING)
ftruncate(r0, 4096) = 0
a: s0 = fcntl(r0, F_ADD_SEALS, F_SEAL_WRITE)
b: m0 = mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_SHARED, r0, 0)
exists (s0 = EBUSY)
never (s0 = 0 /\ m0 = EPERM)
`

// TestScript searches a scenario, and lets a run repeat what was found.
func TestScript(t *testing.T) {
	p, problem := scene(t, race, "", true)
	r := search(t, p, explore.Options{Check: true})
	require.NoError(t, problem())
	require.Len(t, r.Outcomes, 2)
	for i, want := range []struct {
		text  string
		holds []bool
		calls string
	}{
		{"s0=0  m0=EPERM  seals(a)=F_SEAL_WRITE", []bool{false, true}, "a: s0 = fcntl(r0, F_ADD_SEALS, F_SEAL_WRITE) = 0"},
		{"s0=EBUSY  m0=mapped  seals(a)=0", []bool{true, false},
			"a: s0 = fcntl(r0, F_ADD_SEALS, F_SEAL_WRITE) = -1 EBUSY (Device or resource busy)"},
	} {
		o := r.Outcomes[i]
		require.Equal(t, explore.Facts{Text: want.text, Holds: want.holds}, o.Facts())
		require.Positive(t, o.Count.Sign())
		all, err := run.Read(strings.NewReader(race), "test")
		require.NoError(t, err)
		st, err := all[0].Stage(run.Options{})
		require.NoError(t, err)
		res, err := explore.PlayAs(st, p, o.Schedule, run.Options{})
		require.NoError(t, err)
		require.Equal(t, want.calls, res.Calls[2].Text)
	}
}

// TestScriptByOrders compares the search by states with the one by runs, on code of
// the kernel.
func TestScriptByOrders(t *testing.T) {
	for _, during := range []string{
		"b: g0 = fcntl(r0, F_GET_SEALS)",
		"b: o0 = mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_SHARED, r0, 0)",
		"b: o0 = pwrite64(r0, \"x\", 1, 0)",
		"b: o0 = ftruncate(r0, 0)",
	} {
		p, _ := scene(t, "r0 = memfd_create(\"a\", MFD_ALLOW_SEALING)\npwrite64(r0, \"x\", 1, 0) = 1\n"+
			"a: s0 = fcntl(r0, F_ADD_SEALS, F_SEAL_WRITE)\n"+during+"\n", "6.12.5", false)
		states := search(t, p, explore.Options{NoSchedules: true})
		runs, err := explore.Orders(t.Context(), p, explore.OrderOptions{MaxRuns: 5000})
		require.NoError(t, err)
		require.True(t, runs.Complete, during)
		agree(t, states, runs, false)
	}
}
