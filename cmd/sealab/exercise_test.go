package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sealab/cmd/sealab/internal/cli"
)

// TestTutor: whoever is there to answer is asked again until they choose, is told whether
// they are right, and gets the next exercise until they stop.
func TestTutor(t *testing.T) {
	for name, c := range map[string]struct {
		input   string
		counted bool
		want    []string
		not     string
		err     error
	}{
		"wrong, and on": {"z\na\nq\n", false, []string{"No. Such a kernel would answer to line 4: EBUSY, at once.",
			"The answer is b) ", "Exercise bug, seed 2"}, "Exercise bug, seed 3", cli.ErrDiffers},
		"right, and done": {"B)\n", true, []string{"Right: b) ", "The kernel was wrong: "}, "seed 2", nil},
		"no answer":       {"", false, []string{"Exercise bug, seed 1"}, "The answer is", nil},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			app := &cli.App{Stdin: strings.NewReader(c.input), Stdout: &out, Color: cli.ColorNever}
			e := &tutor{playing: playing{app: app}, kind: "bug", seed: 1, count: 1, talk: true}
			require.Equal(t, c.err, e.run(c.counted))
			for _, want := range c.want {
				require.Contains(t, out.String(), want)
			}
			require.NotContains(t, out.String(), c.not)
		})
	}
}
