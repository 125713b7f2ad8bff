package model_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const fuzzScript = "../tools/fuzz/build.sh"

// TestFuzzTargets: the script for continuous fuzzing names every fuzz target, and no other.
func TestFuzzTargets(t *testing.T) {
	script, err := os.ReadFile(fuzzScript)
	require.NoError(t, err)
	var named []string
	for _, m := range regexp.MustCompile(`(?m)^([a-z/_]+) (Fuzz\w+) (?:text|-)$`).FindAllStringSubmatch(string(script), -1) {
		named = append(named, m[1]+" "+m[2])
	}
	var there []string
	target := regexp.MustCompile(`(?m)^func (Fuzz\w+)\(f \*testing\.F\)`)
	require.NoError(t, filepath.WalkDir("..", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, "_test.go") {
			return err
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		for _, m := range target.FindAllStringSubmatch(string(text), -1) {
			dir, err := filepath.Rel("..", filepath.Dir(name))
			require.NoError(t, err)
			there = append(there, filepath.ToSlash(dir)+" "+m[1])
		}
		return nil
	}))
	slices.Sort(there)
	slices.Sort(named)
	require.NotEmpty(t, there)
	require.Equal(t, there, named)

	for _, check := range [][]string{{"bash", "-n"}, {"shellcheck"}} {
		if path, err := exec.LookPath(check[0]); err == nil {
			out, err := exec.Command(path, append(check[1:], fuzzScript)...).CombinedOutput()
			require.NoError(t, err, "%s: %s", check[0], out)
		}
	}
}
