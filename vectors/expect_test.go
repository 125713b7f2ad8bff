package vectors_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

var rewrite = flag.Bool("answers", false, "write the model's answers into the scenarios instead of comparing")

// TestAnswers: each kernel answers what the scenarios say, in the line or beneath it.
func TestAnswers(t *testing.T) {
	for _, v := range all(t).Vectors {
		name := filepath.Join("scenarios", v.Name+".scenario")
		have, err := os.ReadFile(name)
		require.NoError(t, err)
		want, err := v.Annotate()
		require.NoError(t, err, v.Name)
		if *rewrite {
			require.NoError(t, os.WriteFile(name, []byte(want), 0o644))
			continue
		}
		require.Equal(t, want, string(have), v.Name)
	}
}
