package vectors_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"flag"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sealab/host"
	"sealab/replay"
	"sealab/sim/profile"
	"sealab/vectors"
)

var (
	record = flag.Bool("record", false,
		"play the scenarios on the kernel underneath and keep its answers in testdata/confirmed")
	recordCases = flag.String("record-cases", "",
		"a directory of recorded programs, KERNEL.strace; keep those that scenarios name in testdata/recorded")
)

func TestMain(m *testing.M) {
	host.Child(0)
	os.Exit(m.Run())
}

// recording is programs that a kernel has answered.
type recording struct {
	kernel   string
	programs []program
}

type program struct {
	head string // what stands behind `# program `
	text string
}

// readRecording reads a log, plain or compressed; its name is the kernel's.
func readRecording(t testing.TB, name string) recording {
	raw, err := os.ReadFile(name)
	require.NoError(t, err)
	base := strings.TrimSuffix(filepath.Base(name), ".gz")
	if strings.HasSuffix(name, ".gz") {
		z, err := gzip.NewReader(bytes.NewReader(raw))
		require.NoError(t, err)
		raw, err = io.ReadAll(z)
		require.NoError(t, err)
	}
	r := recording{kernel: strings.TrimSuffix(base, ".strace")}
	for i, part := range strings.Split("\n"+string(raw), "\n# program ") {
		if i == 0 {
			continue // what stands before the first
		}
		head, text, _ := strings.Cut(part, "\n")
		r.programs = append(r.programs, program{head, text})
	}
	return r
}

// agrees says whether the model of a kernel gives every answer of a recorded program.
func agrees(t testing.TB, kernel string, p program) bool {
	prof, _, err := profile.Find(kernel)
	require.NoError(t, err)
	r := replay.New(replay.Options{Profile: prof, Release: kernel})
	require.NoError(t, r.Log(context.Background(), strings.NewReader(p.text), p.head))
	rep := r.Report()
	return rep.Differ == 0 && rep.Broken == 0 && rep.Agree > 0
}

// print is a number for what a scenario asks, so that answers to another one are not
// taken for answers to it.
func print(v *vectors.Vector) string {
	h := fnv.New32a()
	for _, s := range v.Steps {
		fmt.Fprintln(h, s.Task, s.At, s.Text)
	}
	return fmt.Sprintf("%08x", h.Sum32())
}

// TestConfirmed: what kernels have answered is what the model answers.
func TestConfirmed(t *testing.T) {
	c := confirmations(t, all(t))
	require.Empty(t, c.contradicted)
	require.Greater(t, len(c.by), 100)
}

// confirmed are the kernels that have answered to each vector as the model does.
type confirmed struct {
	by           map[string][]string // by the name of the vector
	contradicted []string
}

// confirmations plays every stored answer, once.
func confirmations(t testing.TB, set *vectors.Set) confirmed {
	if played.by == nil {
		played = playStored(t, set)
	}
	return played
}

var played confirmed

func playStored(t testing.TB, set *vectors.Set) confirmed {
	c := confirmed{by: map[string][]string{}}
	add := func(v, kernel, head string, ok bool) {
		switch have := c.by[v]; {
		case !ok:
			c.contradicted = append(c.contradicted, kernel+": "+head)
		case len(have) == 0 || have[len(have)-1] != kernel:
			c.by[v] = append(have, kernel)
		}
	}
	cases := map[string][]string{} // vectors by case
	byName := map[string]*vectors.Vector{}
	for i := range set.Vectors {
		v := &set.Vectors[i]
		byName[v.Name] = v
		for _, k := range v.Cases {
			cases[k] = append(cases[k], v.Name)
		}
	}
	for _, name := range logs(t, "testdata/recorded/*.strace.gz") {
		r := readRecording(t, name)
		for _, p := range r.programs {
			word, _, _ := strings.Cut(p.head, " ")
			ok := agrees(t, r.kernel, p)
			for _, v := range cases[word] {
				if !before(t, r.kernel, byName[v].Since) {
					add(v, r.kernel, p.head, ok)
				}
			}
		}
	}
	for _, name := range logs(t, "testdata/confirmed/*.strace") {
		r := readRecording(t, name)
		for _, p := range r.programs {
			words := strings.Fields(p.head)
			require.Greater(t, len(words), 1, p.head)
			if v := byName[words[0]]; v == nil || print(v) != words[1] {
				continue // the scenario was changed since
			}
			add(words[0], r.kernel, p.head, answered(t, byName[words[0]], r.kernel, p))
		}
	}
	return c
}

// before says whether a kernel is older than a release.
func before(t testing.TB, kernel, release string) bool {
	prof, _, err := profile.Find(kernel)
	require.NoError(t, err)
	k, err := profile.ParseRelease(prof.Release)
	require.NoError(t, err)
	r, err := profile.ParseRelease(release)
	require.NoError(t, err)
	return k.Series.Before(r.Series)
}

func logs(t testing.TB, pattern string) []string {
	names, err := filepath.Glob(pattern)
	require.NoError(t, err)
	return names
}

// TestRecord writes testdata/confirmed for the kernel underneath:
//
//	go test ./vectors -run TestRecord -record
//
// What is there of a scenario that has not changed is kept; without the file all is recorded.
func TestRecord(t *testing.T) {
	if !*record {
		t.Skip("runs with -record")
	}
	machine, err := host.Look()
	require.NoError(t, err)
	few := host.NewRunner(host.Options{Runs: 5})
	defer few.Close()
	many := host.NewRunner(host.Options{Runs: 2000})
	defer many.Close()
	release, _, _ := strings.Cut(machine.Release, "-")
	name := filepath.Join("testdata/confirmed", release+".strace")
	kept := recorded(t, name)
	var b strings.Builder
	for _, v := range all(t).Vectors {
		if text := kept[v.Name+" "+print(&v)]; text != "" {
			b.WriteString(text)
			continue
		}
		runner := few
		if v.Race {
			runner = many
		}
		text, err := os.ReadFile(filepath.Join("scenarios", v.Name+".scenario"))
		require.NoError(t, err)
		programs, err := host.Read(bytes.NewReader(text), v.Name)
		require.NoError(t, err)
		res, err := runner.Run(context.Background(), programs[0])
		if err != nil {
			t.Log(v.Name, err)
			continue
		}
		if why := append(append(res.Skipped, res.Missing...), res.Stuck...); len(why) > 0 {
			t.Log(v.Name, why)
			continue
		}
		for _, o := range res.Outcomes {
			fmt.Fprintf(&b, "# program %s %s %d of %d runs\n%s", v.Name, print(&v), o.Count, res.Runs, o.Log)
		}
		for _, c := range res.Claims {
			fmt.Fprintf(&b, "# %d of %d: %s\n", c.Times, res.Runs, c.Text)
		}
	}
	require.NoError(t, os.MkdirAll("testdata/confirmed", 0o755))
	require.NoError(t, os.WriteFile(name, []byte(b.String()), 0o644))
}

// recorded is what is recorded already, by the name of the scenario and its print.
func recorded(t *testing.T, name string) map[string]string {
	out := map[string]string{}
	if _, err := os.Stat(name); err != nil {
		return out
	}
	for _, p := range readRecording(t, name).programs {
		words := strings.Fields(p.head)
		out[words[0]+" "+words[1]] += "# program " + p.head + "\n" + strings.TrimSuffix(p.text, "\n") + "\n"
	}
	return out
}

// TestRecordCases writes testdata/recorded: of the recorded programs those that scenarios
// name.
func TestRecordCases(t *testing.T) {
	if *recordCases == "" {
		t.Skip("runs with -record-cases DIRECTORY")
	}
	wanted := map[string]bool{}
	for _, v := range all(t).Vectors {
		for _, c := range v.Cases {
			wanted[c] = true
		}
	}
	require.NoError(t, os.MkdirAll("testdata/recorded", 0o755))
	for _, name := range logs(t, filepath.Join(*recordCases, "*.strace")) {
		r := readRecording(t, name)
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		found := map[string]bool{}
		for _, p := range r.programs {
			if word, _, _ := strings.Cut(p.head, " "); wanted[word] {
				found[word] = true
				fmt.Fprintf(z, "# program %s\n%s\n", p.head, p.text)
			}
		}
		for w := range wanted {
			require.True(t, found[w], "%s: no program %s", name, w)
		}
		require.NoError(t, z.Close())
		to := filepath.Join("testdata/recorded", r.kernel+".strace.gz")
		require.NoError(t, os.WriteFile(to, b.Bytes(), 0o644))
	}
}
