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

func TestScript(t *testing.T) {
	p, problem := scene(t, race, "", true)
	r := search(t, p, explore.Options{Check: true})
	require.NoError(t, problem())
	t.Log(r.States, r.Steps, r.Locals, r.Rehearsals, r.Total)
	for _, o := range r.Outcomes {
		f := o.Facts()
		t.Log(o.Kind, f, o.Count, o.Schedule.Steps)
		all, err := run.Read(strings.NewReader(race), "test")
		require.NoError(t, err)
		st, err := all[0].Stage(run.Options{})
		require.NoError(t, err)
		res, err := explore.PlayAs(st, p, o.Schedule, run.Options{})
		require.NoError(t, err)
		t.Log(res.Schedule)
		for _, c := range res.Calls {
			t.Log(c.Text)
		}
	}
}
