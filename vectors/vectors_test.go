package vectors_test

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"sealab/run"
	"sealab/sim/profile"
	"sealab/vectors"
)

var exported = sync.OnceValues(func() (*vectors.Set, error) { return vectors.Export(vectors.Scenarios()) })

func all(t testing.TB) *vectors.Set {
	t.Helper()
	set, err := exported()
	require.NoError(t, err)
	return set
}

// TestScenariosHold: the newest kernel answers as the scenarios say.
func TestScenariosHold(t *testing.T) {
	names, err := fs.Glob(vectors.Scenarios(), "*")
	require.NoError(t, err)
	require.Greater(t, len(names), 40)
	for _, n := range names {
		f, err := vectors.Scenarios().Open(n)
		require.NoError(t, err)
		scripts, err := run.Read(f, n)
		require.NoError(t, err)
		res, err := run.Play(scripts[0], run.Options{})
		require.NoError(t, err)
		for _, c := range res.Calls {
			require.Empty(t, c.Expected, "%s: %s", n, c.Text)
		}
		require.True(t, res.Holds(), n)
	}
}

// TestRanges: the ranges of a vector cover every mainline release, once and in order.
func TestRanges(t *testing.T) {
	set := all(t)
	seen := map[string]bool{}
	differ := 0
	for _, v := range set.Vectors {
		require.False(t, seen[v.Name])
		seen[v.Name] = true
		require.NotEmpty(t, v.Title)
		require.Equal(t, v.Since, v.Answers[0].First)
		require.Equal(t, profile.Last.String(), v.Answers[len(v.Answers)-1].Last)
		for _, a := range v.Answers {
			require.Len(t, a.Results, len(v.Steps), v.Name)
		}
		if len(v.Answers) > 1 {
			differ++
		}
	}
	require.Greater(t, differ, 10, "in many things kernels differ")
	_, err := set.JSON()
	require.NoError(t, err)
}

// TestPlayer builds the player, where there is a C compiler, and plays the vectors on the
// kernel underneath.
func TestPlayer(t *testing.T) {
	t.Parallel() // most of it is waiting
	cc, err := exec.LookPath("cc")
	if err != nil {
		t.Skip("no C compiler here")
	}
	release, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		t.Skip("not Linux")
	}
	kernel := strings.TrimSpace(string(release))
	_, notes, err := profile.ForRelease(kernel)
	if err != nil {
		t.Skip("sealab does not know the kernel underneath: ", err)
	}
	t.Log(kernel, notes)
	play := filepath.Join(t.TempDir(), "play")
	out, err := exec.Command(cc, "-std=c11", "-pthread", "-Wall", "-Wextra", "-Werror", "-o", play, "../tools/vectors/play.c").CombinedOutput()
	require.NoError(t, err, "%s", out)

	text, err := all(t).Plain(kernel)
	require.NoError(t, err)
	c := exec.Command(play)
	c.Stdin = strings.NewReader(text)
	out, err = c.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Regexp(t, `^TAP version 13\n1\.\.\d\d\d\n`, string(out))

	// It notices: another result is not ok.
	_, one, _ := strings.Cut(text, "vector h10-read-only-mapping\n")
	one, _, _ = strings.Cut(one, "vector ")
	c = exec.Command(play)
	c.Stdin = strings.NewReader("vectors 1\nvector h10\n" + strings.Replace(one, "=> -16", "=> -1", 1))
	out, err = c.CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "\nnot ok 1 - h10\n")
}

func ExampleExport() {
	const text = `# shows H70
# A write of nothing.
r0 = memfd_create("a", MFD_ALLOW_SEALING)
fcntl(r0, F_ADD_SEALS, F_SEAL_WRITE)
write(r0, "", 0)
`
	set, err := vectors.Export(fstest.MapFS{"70-empty.scenario": {Data: []byte(text)}})
	if err != nil {
		fmt.Println(err)
		return
	}
	v := set.Vectors[0]
	fmt.Println(v.Shows, v.Title, v.Answers[0].First, "to", v.Answers[0].Last)
	plain, _ := set.Plain("6.18.44")
	fmt.Print(plain)
	// Output:
	// [H70] A write of nothing. 3.17 to 7.2
	// vectors 1 of 6.18.44
	// vector 70-empty
	// r0 memfd_create "a" 2 => +
	// - fcntl $r0 1033 8 => 0
	// - write $r0 @ 0 => 0
}
