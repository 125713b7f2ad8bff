package explore_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/stretchr/testify/require"

	"sealab/explore"
)

// libraryKernels are the kernels whose outcomes stand in the library: one of each
// age of file sealing that has other outcomes.
var libraryKernels = []string{"5.10.223", "6.1.192", "6.12.107", "7.2.13"}

// TestLibrary holds the scenarios of testdata/library, each with the outcomes that it
// can have, kernel by kernel. Counts are left out: they change with every operation
// that the model gets or loses, and outcomes do not.
//
// Directives: `explore` is a scenario; `time=zero` searches it in zero time.
func TestLibrary(t *testing.T) {
	scenarios := 0
	datadriven.Walk(t, "testdata/library", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			require.Equal(t, "explore", d.Cmd)
			scenarios++
			o := explore.Options{NoCounts: true, NoSchedules: true}
			if d.HasArg("zero") {
				o.Time = explore.ZeroTime
			}
			var tables []string
			var kernels [][]string
			for _, k := range libraryKernels {
				table := tableOf(t, d.Input, k, o)
				i := slices.Index(tables, table)
				if i < 0 {
					i = len(tables)
					tables, kernels = append(tables, table), append(kernels, nil)
				}
				kernels[i] = append(kernels[i], k)
			}
			text := ""
			for i, table := range tables {
				name := strings.Join(kernels[i], ", ")
				if len(kernels[i]) == len(libraryKernels) {
					name = "every kernel"
				}
				text += name + "\n" + table
			}
			return text
		})
	})
	require.GreaterOrEqual(t, scenarios, 40)
}

// tableOf returns the outcomes of a scenario on a kernel. With one outcome it is
// always so, with several each comes sometimes.
func tableOf(t *testing.T, text, kernel string, o explore.Options) string {
	p, problem := scene(t, text+"\n", kernel, false)
	r := search(t, p, o)
	require.NoError(t, problem())
	require.True(t, r.Complete)
	require.False(t, r.Stuck)
	word := "Sometimes"
	if len(r.Outcomes) == 1 {
		word = "Always"
	}
	table := ""
	for _, out := range r.Outcomes {
		kind := ""
		if out.Kind != explore.End {
			kind = out.Kind.String() + ": "
		}
		table += fmt.Sprintf("  %-9s  %s%s\n", word, kind, out.Facts().Text)
	}
	return table
}
