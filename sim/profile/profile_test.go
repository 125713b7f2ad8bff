package profile_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"sealab/sim/abi"
	"sealab/sim/profile"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares text with a file under testdata.
func golden(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), text, "run with -update if that is meant")
}

func forRelease(t require.TestingT, text string) profile.Profile {
	p, _, err := profile.ForRelease(text)
	require.NoError(t, err)
	return p
}

func TestReleaseSpellings(t *testing.T) {
	for _, row := range []struct{ text, same string }{
		{"v4.19", "4.19.0"},
		{"7.1", "7.1.0"},
		{"5.4.0-42-generic", "5.4.0"},
		{"6.12.107+deb13-amd64", "6.12.107"},
		{"6.18.44-fc-v769", "6.18.44"},
		{"6.1.192-rt\n", "6.1.192-rt15-amd64"},
		{"3.17.1", "3.17.1"},
		{"5.15.167.4-microsoft-standard-WSL2", "5.15.167"},
		{"7.3.1", "7.2"},
	} {
		require.Empty(t, profile.Diff(forRelease(t, row.text), forRelease(t, row.same)), row.text)
	}
}

func TestReleaseErrors(t *testing.T) {
	for _, row := range []struct{ text, message string }{
		{"", `kernel release "": does not begin with a version number; try "7.2"`},
		{"banana", `kernel release "banana": does not begin with a version number; try "7.2"`},
		{"6", `kernel release "6": has no second number; try "6.0"`},
		{"6.", `kernel release "6.": has no second number; try "6.0"`},
		{"3.16.5", `kernel release "3.16.5": memfd_create and file sealing came with Linux 3.17; try "3.17"`},
		{"2.6.32", `kernel release "2.6.32": memfd_create and file sealing came with Linux 3.17; try "3.17"`},
		{"4.21", `kernel release "4.21": the series after 4.20 is 5.0; try "4.20"`},
		{"8.0", `kernel release "8.0": sealab knows kernels up to 7.2; try "7.2"`},
		{"6.1x", `kernel release "6.1x": "x" is no suffix; try "6.1"`},
		{"123456.1", `kernel release "123456.1": does not begin with a version number; try "7.2"`},
	} {
		_, _, err := profile.ForRelease(row.text)
		require.EqualError(t, err, row.message)
		if e := new(profile.ReleaseError); errors.As(err, &e) && e.Suggestion != "" {
			_, _, err = profile.ForRelease(e.Suggestion)
			require.NoError(t, err, "what %q is told to try", row.text)
		}
	}
}

func TestNotes(t *testing.T) {
	var b strings.Builder
	for _, release := range []string{
		"7.2.13", "6.6.100", "6.6.103", "6.6.150", "5.4.0-42-generic", "6.12.107+deb13-amd64", "6.12", "6.4.2", "7.1-rc3",
		"7.5", "4.19.82",
	} {
		_, notes, err := profile.ForRelease(release)
		require.NoError(t, err)
		fmt.Fprintf(&b, "%s\n", release)
		for _, n := range notes {
			fmt.Fprintf(&b, "  - %s\n", n)
		}
	}
	golden(t, "notes.golden", b.String())
}

// TestTable writes the value of each feature in each named kernel.
func TestTable(t *testing.T) {
	var b strings.Builder
	for _, f := range profile.Features() {
		fmt.Fprintf(&b, "%s: %s (%s)\n", f.Name, f.About, f.Kernel)
		last := ""
		for _, n := range profile.NamedAll() {
			p := n.Profile()
			line := f.Value(&p) + "\n      " + f.Means(&p)
			if line != last {
				fmt.Fprintf(&b, "  %-10s %s\n", n.ID, line)
			}
			last = line
		}
	}
	golden(t, "features.golden", b.String())
}

func TestDescribeNewest(t *testing.T) {
	golden(t, "newest.golden", profile.Newest().Describe())
}

func TestDiffReadsAsAStory(t *testing.T) {
	var b strings.Builder
	pairs := [][2]string{{"6.1", "6.1.192"}, {"6.12.0", "6.12.9"}, {"6.18.15", "6.18.44"}, {"6.18.44", "7.2.13"}}
	for _, pair := range pairs {
		fmt.Fprintf(&b, "%s to %s\n", pair[0], pair[1])
		for _, d := range profile.Diff(forRelease(t, pair[0]), forRelease(t, pair[1])) {
			fmt.Fprintf(&b, "  %s\n", d)
		}
	}
	golden(t, "diff.golden", b.String())
}

// TestEveryFieldIsAFeature changes the fields one at a time; exactly one feature
// must show each.
func TestEveryFieldIsAFeature(t *testing.T) {
	typ := reflect.TypeFor[profile.Profile]()
	names := map[string]bool{}
	for _, f := range profile.Features() {
		require.Regexp(t, `^[a-z]+(-[a-z]+)*$`, f.Name)
		require.False(t, names[f.Name], "%s is there twice", f.Name)
		names[f.Name] = true
	}
	require.Len(t, names, typ.NumField()-1, "a feature for every field but Release")
	for i := range typ.NumField() {
		if typ.Field(i).Name == "Release" {
			continue
		}
		a, b := profile.Newest(), profile.Newest()
		switch v := reflect.ValueOf(&b).Elem().Field(i); v.Kind() {
		case reflect.Bool:
			v.SetBool(!v.Bool())
		case reflect.Int:
			v.SetInt(v.Int() + 1)
		case reflect.Uint8:
			v.SetUint(v.Uint() ^ 1)
		case reflect.Array:
			v.Index(0).SetUint(2)
		default:
			v.SetUint(0)
		}
		require.Len(t, profile.Diff(a, b), 1, typ.Field(i).Name)
	}
}

func TestNamed(t *testing.T) {
	seen := map[string]bool{}
	for _, n := range profile.NamedAll() {
		require.False(t, seen[n.ID])
		seen[n.ID] = true
		p, _, err := profile.Find(n.ID)
		require.NoError(t, err)
		require.Equal(t, n.Profile(), p)
	}
	uml, _, err := profile.Find("uml")
	require.NoError(t, err)
	require.Equal(t, 100, uml.HZ)
	require.False(t, uml.Hugetlbfs)
	// What was recorded of the real-time kernel differs in one thing.
	rt := forRelease(t, "6.1.192-rt")
	require.False(t, rt.TransparentHuge)
	rt.TransparentHuge = true
	require.Empty(t, profile.Diff(forRelease(t, "6.1.192"), rt))
	newest, _, err := profile.Find("newest")
	require.NoError(t, err)
	require.Empty(t, profile.Diff(newest, forRelease(t, "7.2.13")))
}

func TestSet(t *testing.T) {
	p := profile.Newest()
	require.NoError(t, p.Set("lru-batch=15"))
	require.NoError(t, p.Set("o-direct=no"))
	require.NoError(t, p.Set("exec-implies=after-check"))
	require.NoError(t, p.Set("seals=F_SEAL_SEAL|F_SEAL_WRITE"))
	require.NoError(t, p.Set("future-write-cow-bug"))
	require.Len(t, profile.Diff(profile.Newest(), p), 5)
	require.Equal(t, abi.SealSeal|abi.SealWrite, p.Seals)

	before := p
	require.EqualError(t, p.Set("lru-batch=many"), `feature lru-batch: "many" is none of its values: 1 to 255`)
	require.EqualError(t, p.Set("o-direct=maybe"), `feature o-direct: "maybe" is none of its values: yes, no`)
	require.EqualError(t, p.Set("lru-bacth=15"), `no feature "lru-bacth"; is it "lru-batch"?`)
	require.EqualError(t, p.Set("seals=64"), `feature seals: "64" is none of its values: of `+abi.SealsAll.String())
	require.Equal(t, before, p, "a refused Set changes nothing")
}

// release draws the name of a release that exists.
func release(t *rapid.T) string {
	n := profile.NamedAll()
	s := rapid.SampledFrom(n).Draw(t, "near").Release
	major, minor := 0, 0
	fmt.Sscanf(s, "%d.%d", &major, &minor)
	return fmt.Sprintf("%d.%d.%d", major, minor, rapid.IntRange(0, 400).Draw(t, "point"))
}

func TestParsingNeverPanics(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		alike := rapid.StringMatching(`v?[0-9]{1,3}(\.[0-9]{0,6}){0,4}[-+.a-z]{0,6}`)
		text := rapid.OneOf(rapid.String(), alike).Draw(t, "text")
		p, _, err := profile.ForRelease(text)
		if err != nil {
			require.ErrorAs(t, err, new(*profile.ReleaseError))
			return
		}
		again, _, _ := profile.ForRelease(text)
		require.Equal(t, p, again)
	})
}

// TestValuesRoundTrip sets every feature of a profile from the words of another.
func TestValuesRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := forRelease(t, release(t)), forRelease(t, release(t))
		for _, d := range profile.Diff(a, b) {
			require.NoError(t, a.Set(d.Feature+"="+d.B))
		}
		require.Empty(t, profile.Diff(a, b))
	})
}
