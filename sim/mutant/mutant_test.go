package mutant_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"sealab/sim/mutant"
)

// TestCatalogue: the catalogue is in the order of the numbers, without gaps, and every
// name is a name.
func TestCatalogue(t *testing.T) {
	names := map[string]bool{}
	for i, a := range mutant.All() {
		require.EqualValues(t, i+1, a.Mutant)
		require.Regexp(t, `^[a-z]+(-[a-z0-9]+)+$`, a.Name)
		require.False(t, names[a.Name], "%s is there twice", a.Name)
		names[a.Name] = true
		require.Equal(t, a.Name, a.Mutant.String())
		require.NotRegexp(t, `\.$`, a.Sentence)
		require.NotEmpty(t, a.Part())
		require.LessOrEqual(t, a.Behaviour, 106)
	}
	require.GreaterOrEqual(t, len(names), 60)
	require.LessOrEqual(t, len(names), 127, "a Set has no room for more")
}

func TestSetsAreSets(t *testing.T) {
	all := mutant.All()
	some := rapid.SliceOfDistinct(rapid.IntRange(0, len(all)-1), rapid.ID[int])
	rapid.Check(t, func(t *rapid.T) {
		in := map[mutant.Mutant]bool{}
		var s mutant.Set
		for _, i := range some.Draw(t, "mutants") {
			in[all[i].Mutant] = true
			s = s.Or(mutant.Of(all[i].Mutant))
		}
		for _, a := range all {
			require.Equal(t, in[a.Mutant], s.Has(a.Mutant))
		}
		again, err := mutant.Parse(s.String())
		require.NoError(t, err)
		require.Equal(t, s, again)
	})
}

func ExampleParse() {
	s, err := mutant.Parse("no-rollback,last-scan-3")
	fmt.Println(s.Has(mutant.NoRollback), s.Has(mutant.NoWait), err)
	_, err = mutant.Parse("no-rolback")
	fmt.Println(err)
	// Output:
	// true false <nil>
	// no mutant "no-rolback"; is it "no-rollback"?
}
