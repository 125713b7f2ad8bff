package races_test

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/stretchr/testify/require"

	"sealab/explore"
	"sealab/races"
	"sealab/run"
)

// kernels are those whose outcomes are kept: one of each age of file sealing that has other
// outcomes. The conditions are about the last.
var kernels = []string{"5.10.223", "6.1.192", "6.12.107", "7.2.13"}

const (
	golden = "testdata/outcomes"
	enough = 50 // scenarios
)

// report searches a scenario in every order.
func report(t *testing.T, name, text string, plan explore.Plan) *explore.Report {
	t.Helper()
	plan.Search, plan.NoCounts, plan.NoSchedules = explore.Complete, true, true
	scripts, err := run.Read(strings.NewReader(text), name)
	require.NoError(t, err)
	require.Len(t, scripts, 1)
	r, err := explore.Explore(t.Context(), scripts[0], plan)
	require.NoError(t, err)
	require.True(t, r.Complete, r.Why)
	return r
}

// lawful says whether the laws are asked too: always on the newest kernel, and on the others
// where there is time.
func lawful(kernel string) bool {
	n, err := strconv.Atoi(os.Getenv("RAPID_CHECKS"))
	return kernel == kernels[len(kernels)-1] || err == nil && n > 1000
}

// TestOutcomes holds every scenario to its outcomes, kernel by kernel, to its conditions, and
// to the laws of the model. Counts are left out: they change with every operation that the
// model gets or loses, and outcomes do not.
//
// Directives: `outcomes NAME`; `outcomes NAME also=RELEASE` asks one kernel more, also=(RELEASE,RELEASE)
// several; `outcomes NAME zero` searches in zero time, and leaves the conditions out; with `calm`
// too it does so without the choices that the scenario opts for.
func TestOutcomes(t *testing.T) {
	var seen []string
	datadriven.RunTest(t, golden, func(t *testing.T, d *datadriven.TestData) string {
		require.Equal(t, "outcomes", d.Cmd)
		name := d.CmdArgs[0].Key
		text, ok := races.Text(name)
		require.True(t, ok, "there is no scenario %s", name)
		var plan explore.Plan
		if d.HasArg("zero") {
			plan.Time = explore.ZeroTime
		} else {
			seen = append(seen, name)
		}
		if d.HasArg("calm") {
			require.Contains(t, text, "\nstray 1\n")
			text = strings.Replace(text, "\nstray 1\n", "\n", 1)
		}
		var tables []string
		var of [][]string // kernels that have a table
		asked := kernels
		for _, arg := range d.CmdArgs {
			if arg.Key == "also" {
				asked = append(slices.Clone(arg.Vals), kernels...)
			}
		}
		for _, k := range asked {
			plan.Kernel, plan.Laws = k, lawful(k)
			r := report(t, name, text, plan)
			table := outcomes(r)
			if !d.HasArg("zero") {
				table += conditions(t, r)
			}
			i := slices.Index(tables, table)
			if i < 0 {
				i = len(tables)
				tables, of = append(tables, table), append(of, nil)
			}
			of[i] = append(of[i], k)
		}
		if len(tables) == 1 {
			return "every kernel\n" + tables[0]
		}
		out := ""
		for i, table := range tables {
			out += strings.Join(of[i], ", ") + "\n" + table
		}
		return out
	})
	var all []string
	for _, r := range races.All() {
		require.NotEmpty(t, r.About, r.Name)
		all = append(all, r.Name)
	}
	require.GreaterOrEqual(t, len(all), enough)
	require.ElementsMatch(t, all, seen, "each scenario has its outcomes in %s", golden)
}

// outcomes returns the outcomes of a search. With one outcome it is always so, with several
// each comes sometimes.
func outcomes(r *explore.Report) (table string) {
	word := "Sometimes"
	if len(r.Outcomes) == 1 {
		word = "Always"
	}
	for _, o := range r.Outcomes {
		kind := ""
		if o.Kind != explore.End.String() {
			kind = o.Kind + ": "
		}
		table += fmt.Sprintf("  %-9s  %s%s\n", word, kind, o.Text)
	}
	return table
}

// conditions returns the conditions that do not hold, of which there are none on the newest
// kernel.
func conditions(t *testing.T, r *explore.Report) (table string) {
	require.NotEmpty(t, r.Conditions)
	for _, c := range r.Conditions {
		if c.Verdict != "holds" {
			require.NotEqual(t, kernels[len(kernels)-1], r.Kernel, c.Text)
			table += fmt.Sprintf("  %-9s  %s\n", "not so:", c.Text)
		}
	}
	return table
}
