package mutated

import (
	"fmt"
	"os"

	"sealab/sim/mutant"
	"sealab/sim/profile"
)

// Variable is the environment variable that is read.
const Variable = "SEALAB_MUTANT"

func init() {
	s, err := mutant.Parse(os.Getenv(Variable))
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", Variable, err)
		os.Exit(2)
	}
	profile.MutateAll(s)
}
