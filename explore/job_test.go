package explore_test

import (
	"bytes"
	"context"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"sealab/explore"
	"sealab/run"
)

// jobs are searches that are done in parts.
var jobs = map[string]explore.Job{
	"race": {Scenario: race},
	"three": {Scenario: `kernel 6.18.44
r0 = memfd_create("a", MFD_ALLOW_SEALING)
ftruncate(r0, 4096) = 0
a: s0 = fcntl(r0, F_ADD_SEALS, F_SEAL_WRITE)
b: t0 = ftruncate(r0, 0)
c: g0 = fcntl(r0, F_GET_SEALS)
exists (s0 = 0 /\ t0 = 0 /\ g0 = 0)
always (s0 = 0)
`},
	"laws": {Laws: true, Scenario: race},
	"zero": {Time: "zero", Scenario: race},
	"ends soon": {Scenario: `kernel 6.18.44
r0 = memfd_create("a", MFD_ALLOW_SEALING)
a: g0 = fcntl(r0, F_GET_SEALS)
b: g1 = fcntl(r0, F_GET_SEALS)
always (g0 = 0)
`},
	"other answers": {Scenario: `kernel 6.12.5
r0 = memfd_create("a", MFD_ALLOW_SEALING)
ftruncate(r0, 4096) = 0
a: fcntl(r0, F_ADD_SEALS, F_SEAL_WRITE) = 0
b: m0 = mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_SHARED, r0, 0)
`},
}

// inParts does all parts of a job, and lets each go through its file.
func inParts(t require.TestingT, j explore.Job) (parts []*explore.Part) {
	for i := range j.Parts {
		p, err := j.Do(context.Background(), i, explore.Options{Workers: 1})
		require.NoError(t, err)
		var file bytes.Buffer
		require.NoError(t, p.Write(&file))
		p, err = explore.ReadPart(&file)
		require.NoError(t, err)
		parts = append(parts, p)
	}
	return parts
}

// TestParts holds what parts come to together to what a search in one go finds: the same
// outcomes, the same numbers of orders, schedules of the same length, in whatever order the
// parts come and however often.
func TestParts(t *testing.T) {
	for name, j := range jobs {
		t.Run(name, func(t *testing.T) {
			j.Search = explore.Complete
			if j.Time == "" {
				j.Time = "free"
			}
			scripts, err := run.Read(strings.NewReader(j.Scenario), "")
			require.NoError(t, err)
			plan := explore.Plan{Search: j.Search, Laws: j.Laws}
			if j.Time == "zero" {
				plan.Time = explore.ZeroTime
			}
			whole, err := explore.Explore(context.Background(), scripts[0], plan)
			require.NoError(t, err)
			require.True(t, whole.Complete)
			for _, n := range []int{1, 3, 10} {
				j.Parts = n
				parts := inParts(t, j)
				rand.Shuffle(len(parts), func(i, k int) { parts[i], parts[k] = parts[k], parts[i] })
				got, err := explore.Merge(append(parts, parts[0]))
				require.NoError(t, err)
				same(t, whole, got)
			}
		})
	}
}

// same compares two reports in what must not depend on how the search was split.
func same(t *testing.T, want, got *explore.Report) {
	t.Helper()
	require.True(t, got.Complete, got.Why)
	require.Equal(t, want.Orders, got.Orders)
	require.Equal(t, want.Conditions, got.Conditions)
	require.Equal(t, want.Holds(), got.Holds())
	require.Equal(t, want.Kernel, got.Kernel)
	require.Len(t, got.Outcomes, len(want.Outcomes))
	for i := range want.Outcomes {
		w, g := &want.Outcomes[i], &got.Outcomes[i]
		require.Equal(t, []any{w.Text, w.Kind, w.Orders, w.Preemptions, w.Length, w.Holds, w.Other},
			[]any{g.Text, g.Kind, g.Orders, g.Preemptions, g.Length, g.Holds, g.Other})
		require.Equal(t, want.Calls(w), got.Calls(g), "its schedule leads there")
	}
}

// TestPartsOfRandomPrograms does the same with programs that nobody thought of.
func TestPartsOfRandomPrograms(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		plan := rapid.SliceOfN(rapid.SliceOfN(rapid.SampledFrom([]string{
			"fcntl(r0, F_ADD_SEALS, F_SEAL_WRITE)", "fcntl(r0, F_ADD_SEALS, F_SEAL_GROW)", "fcntl(r0, F_GET_SEALS)",
			"ftruncate(r0, 8192)", "ftruncate(r0, 0)", "pread64(r0, \"\", 1, 0)",
		}), 1, 2), 2, 2).Draw(r, "program")
		j := explore.Job{Search: explore.Complete, Time: "free", Parts: rapid.IntRange(2, 9).Draw(r, "parts"),
			Scenario: "kernel 6.18.44\nr0 = memfd_create(\"a\", MFD_ALLOW_SEALING)\nftruncate(r0, 4096) = 0\n"}
		for i, calls := range plan {
			for k, call := range calls {
				j.Scenario += "ab"[i:i+1] + ": " + "xy"[i:i+1] + string(rune('0'+k)) + " = " + call + "\n"
			}
		}
		scripts, err := run.Read(strings.NewReader(j.Scenario), "")
		require.NoError(r, err)
		whole, err := explore.Explore(context.Background(), scripts[0], explore.Plan{Search: j.Search})
		require.NoError(r, err)
		got, err := explore.Merge(inParts(r, j))
		require.NoError(r, err)
		require.Equal(r, whole.Orders, got.Orders)
		require.Len(r, got.Outcomes, len(whole.Outcomes))
		for i, w := range whole.Outcomes {
			g := got.Outcomes[i]
			require.Equal(r, []any{w.Text, w.Orders, w.Preemptions, w.Length}, []any{g.Text, g.Orders, g.Preemptions, g.Length})
		}
	})
}

// TestPartsMissing says what is missing, and does not claim to know the rest.
func TestPartsMissing(t *testing.T) {
	j := jobs["three"]
	j.Search, j.Time, j.Parts = explore.Complete, "free", 5
	parts := inParts(t, j)
	r, err := explore.Merge([]*explore.Part{parts[4], parts[0], parts[2]})
	require.NoError(t, err)
	require.False(t, r.Complete)
	require.Equal(t, "missing parts: 2, 4", r.Why)
	require.Empty(t, r.Orders)
	require.Equal(t, "not decided", r.Conditions[1].Verdict)
	cut := *parts[1]
	cut.Complete, cut.Why = false, "interrupted"
	r, err = explore.Merge([]*explore.Part{parts[0], &cut, parts[2], parts[3], parts[4]})
	require.NoError(t, err)
	require.Equal(t, "part 2: interrupted", r.Why)
	r, err = explore.Merge([]*explore.Part{&cut, parts[0], parts[1], parts[2], parts[3], parts[4]})
	require.NoError(t, err)
	require.True(t, r.Complete, "the part that is whole is taken")
}

// TestPartsOfWalks adds runs that are drawn at random.
func TestPartsOfWalks(t *testing.T) {
	for _, search := range []explore.Search{explore.Random, explore.Priority} {
		j := explore.Job{Scenario: race, Search: search, Time: "free", Runs: 101, Seed: 7, Parts: 4}
		r, err := explore.Merge(inParts(t, j))
		require.NoError(t, err)
		require.EqualValues(t, 101, r.Runs)
		require.False(t, r.Complete)
		require.NotNil(t, r.Estimate)
		if search == explore.Random {
			require.InDelta(t, 13, r.Estimate.Orders, 4, "there are 10^13 orders")
			require.GreaterOrEqual(t, r.Estimate.Basis, 1.0)
			require.LessOrEqual(t, r.Estimate.Basis, 101.0)
		} else {
			require.Zero(t, r.Estimate.Orders)
		}
		again, err := explore.Merge(inParts(t, j))
		require.NoError(t, err)
		require.Equal(t, r.Outcomes, again.Outcomes, "the same seed draws the same")
	}
}

// TestBadParts says what is wrong with a part, or a job.
func TestBadParts(t *testing.T) {
	good := explore.Job{Scenario: race, Search: explore.Complete, Time: "free", Parts: 2}
	for want, change := range map[string]func(*explore.Job){
		`a search by "orders" cannot be done in parts`: func(j *explore.Job) { j.Search = explore.ByOrders },
		`time is free or zero, not "never"`:            func(j *explore.Job) { j.Time = "never" },
		"0 parts: there are 1 to 65536":                func(j *explore.Job) { j.Parts = 0 },
		"and  has 2":                                   func(j *explore.Job) { j.Scenario = "# program a\n" + race + "# program b\n" + race },
		"1 runs are too few for 2 parts":               func(j *explore.Job) { j.Search, j.Runs = explore.Random, 1 },
		"99.99":                                        func(j *explore.Job) { j.Kernel = "99.99" },
	} {
		j := good
		change(&j)
		_, err := j.Do(context.Background(), 0, explore.Options{})
		require.ErrorContains(t, err, want)
	}
	_, err := good.Do(context.Background(), 2, explore.Options{})
	require.ErrorContains(t, err, "there is no part 2 of 2")
	part, err := good.Do(context.Background(), 0, explore.Options{})
	require.NoError(t, err)
	var file bytes.Buffer
	require.NoError(t, part.Write(&file))
	text := file.String()
	for want, bad := range map[string]string{
		"torn":                           text[:len(text)/2],
		`its format is "sealab-part-0"`:  strings.Replace(text, explore.PartFormat, "sealab-part-0", 1),
		"it says that it is part 8 of 2": strings.Replace(text, `"number": 0`, `"number": 7`, 1),
		"no part of a search":            "hello",
		"cannot be":                      strings.Replace(text, `"count": "`, `"count": "-`, 1),
	} {
		_, err := explore.ReadPart(strings.NewReader(bad))
		require.ErrorContains(t, err, want)
	}
	other := *part
	other.Job.Seed++
	_, err = explore.Merge([]*explore.Part{part, &other})
	require.ErrorContains(t, err, "different searches")
	_, err = explore.Merge(nil)
	require.Error(t, err)
}
