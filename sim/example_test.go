package sim_test

import (
	"fmt"
	"strings"

	"sealab/sim"
)

func ExampleSource() {
	text := sim.Source("sim/memfd/pins.go")
	fmt.Println(strings.Contains(text, "func waitForPins("))
	fmt.Printf("%q\n", sim.Source("sim/memfd/none.go"))
	// Output:
	// true
	// ""
}
