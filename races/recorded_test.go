package races_test

//go:generate go test -count=1 -run ^TestRecorded$ . -races-page

import (
	"bufio"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sealab/explore"
	"sealab/races"
	"sealab/sim/abi"
)

// recorded are the pairs of calls that were made at the same time on real kernels,
// thousands of times each: F_ADD_SEALS by one task, and this by the other. What was
// done in a loop there is done once or twice here.
//
//tidy:table one line a race
var recorded = map[string]struct{ before, during string }{
	"mmap_rw_keep": {during: "b: o0 = mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_SHARED, r0, 0)"},
	"mmap_ro_keep": {during: "b: o0 = mmap(NULL, 8192, PROT_READ, MAP_SHARED, r0, 0)"},
	"mmap_rw_unmap_loop": {during: "b: o0 = mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_SHARED, r0, 0)\n" +
		"b: munmap(o0, 8192)"},
	"munmap":           {"m0 = mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_POPULATE, r0, 0)", "b: o0 = munmap(m0, 8192)"},
	"write1":           {during: `b: o0 = pwrite64(r0, "x", 1, 0)`},
	"write_loop":       {during: `b: o0 = pwrite64(r0, "x", 1, 0)` + "\n" + `b: o1 = pwrite64(r0, "x", 1, 0)`},
	"pread_loop":       {during: `b: o0 = pread64(r0, ""..., 8192, 0)`},
	"ftruncate_grow":   {during: "b: o0 = ftruncate(r0, 16384)"},
	"ftruncate_shrink": {during: "b: o0 = ftruncate(r0, 4096)"},
	"fallocate":        {during: "b: o0 = fallocate(r0, 0, 0, 16384)"},
	"punch":            {during: "b: o0 = fallocate(r0, FALLOC_FL_KEEP_SIZE|FALLOC_FL_PUNCH_HOLE, 0, 4096)"},
	"seal_write":       {during: "b: o0 = fcntl(r0, F_ADD_SEALS, F_SEAL_WRITE)"},
	"seal_seal":        {during: "b: o0 = fcntl(r0, F_ADD_SEALS, F_SEAL_SEAL)"},
	"seal_grow":        {during: "b: o0 = fcntl(r0, F_ADD_SEALS, F_SEAL_GROW)"},
	"vmsplice_private_drain_loop": {"m0 = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_POPULATE, r0, 0)\npipe2([p0, p1], 0)",
		"b: o0 = vmsplice(p1, [{iov_base=m0, iov_len=4096}], 1, 0)\n" + `b: o1 = read(p0, ""..., 4096)`},
	"splice_drain_loop": {"pipe2([p0, p1], 0)",
		"b: o0 = splice(r0, [0], p1, NULL, 4096, 0)\n" + `b: o1 = read(p0, ""..., 4096)`},
	"private_fault_loop": {during: "b: o0 = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_POPULATE, r0, 0)"},
}

var seen = regexp.MustCompile(`^(\w+) +(seal=\S+ +other=\S+ +after=\S+).* count=(\d+) of (\d+)`)

// showing is how often a kernel showed each combination in a race, by race.
type showing map[string]map[string]int

// shown reads what the kernels showed, by release.
func shown(t *testing.T) map[string]showing {
	files, err := filepath.Glob("testdata/recorded/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	all := map[string]showing{}
	for _, file := range files {
		release := strings.TrimSuffix(filepath.Base(file), ".txt")
		f, err := os.Open(file)
		require.NoError(t, err)
		all[release] = showing{}
		for lines := bufio.NewScanner(f); lines.Scan(); {
			m := seen.FindStringSubmatch(lines.Text())
			if m == nil {
				continue
			}
			if all[release][m[1]] == nil {
				all[release][m[1]] = map[string]int{}
			}
			n, err := strconv.Atoi(m[3])
			require.NoError(t, err)
			all[release][m[1]][strings.Join(strings.Fields(m[2]), " ")] += n
		}
		require.NoError(t, f.Close())
		require.NotEmpty(t, all[release])
	}
	return all
}

var writePage = flag.Bool("races-page", false, "write docs/races.md instead of comparing with it")

const page = "../docs/races.md"

// TestRecorded holds the model to what was seen: every combination that a kernel showed is one
// that the model of that kernel allows. docs/races.md says which ones no kernel showed.
func TestRecorded(t *testing.T) {
	all := shown(t)
	var w strings.Builder
	library(t, &w)
	past(&w)
	w.WriteString(recordedHead)
	for _, race := range slices.Sorted(maps.Keys(recorded)) {
		fmt.Fprintf(&w, "\n### %s\n\n```\n%s\n```\n\n| outcome |", race,
			strings.TrimPrefix(recorded[race].before+"\n"+recorded[race].during, "\n"))
		releases := slices.Sorted(maps.Keys(all))
		releases = slices.DeleteFunc(releases, func(r string) bool { return all[r][race] == nil })
		require.NotEmpty(t, releases, "no kernel was asked about %s", race)
		may := map[string]map[string]bool{} // by release
		combinations := map[string]bool{}
		for _, release := range releases {
			fmt.Fprintf(&w, " %s |", release)
			may[release] = allowed(t, release, race)
			for c := range all[release][race] {
				require.Contains(t, may[release], c, "%s: %s", release, race)
			}
			maps.Copy(combinations, may[release])
		}
		fmt.Fprintf(&w, "\n|---|%s\n", strings.Repeat("---|", len(releases)))
		for _, c := range slices.Sorted(maps.Keys(combinations)) {
			fmt.Fprintf(&w, "| `%s` |", c)
			for _, release := range releases {
				n := all[release][race][c]
				switch {
				case n > 0:
					fmt.Fprintf(&w, " %d |", n)
				case may[release][c]:
					w.WriteString(" **never seen** |")
				default:
					w.WriteString(" |")
				}
			}
			w.WriteString("\n")
		}
	}
	for release, races := range all {
		for race := range races {
			require.Contains(t, recorded, race, "%s: no scenario", release)
		}
	}
	if *writePage {
		require.NoError(t, os.WriteFile(page, []byte(w.String()), 0o666))
		return
	}
	have, err := os.ReadFile(page)
	require.NoError(t, err)
	require.Equal(t, w.String(), string(have), "go generate ./races writes %s", page)
}

// library writes the part of the page that is about the scenarios.
func library(t *testing.T, w *strings.Builder) {
	data, err := os.ReadFile(golden)
	require.NoError(t, err)
	tables := map[string]string{} // by scenario
	for _, block := range strings.Split(string(data), "outcomes ")[1:] {
		head, table, _ := strings.Cut(block, "\n----\n")
		name, how, _ := strings.Cut(head, " ")
		if how == "zero" {
			table = "where steps take no time, " + table
		}
		tables[name] += strings.TrimRight(table, "\n") + "\n"
	}
	all := races.All()
	fmt.Fprintf(w, libraryHead, len(all), strings.Join(kernels, ", "))
	for _, r := range all {
		fmt.Fprintf(w, "\n### %s\n\n%s\n\n```\n%s```\n", r.Name, r.About, tables[r.Name])
	}
}

const libraryHead = `# Races

What can come out where tasks run at the same time. ` + "`go generate ./races`" + ` writes this page.

## The library

%d scenarios, each with what it can come to on Linux %s.
` + "`sealab explore NAME`" + ` searches one, ` + "`sealab run NAME`" + ` plays it once, and ` + "`sealab host NAME`" + ` asks the kernel
underneath. The files are in ` + "`races/scenarios`" + `. Some orders need a task that is held up for 150 ms in
the middle of a call: they can happen, and hardly ever do. *not so* are conditions of the scenario,
which hold on the newest kernel, that do not hold there.

Not here, because no call of the model begins it: reclaim, swap, migration (docs/explorer.md), the split of a huge page
(NOT_MODELLED.md). A page that is inserted behind the walk of a sealer while it has dropped the lock
needs a file of more than 4096 pages; sim/memfd *TestBehindTheWalk* has it. What udmabuf does is known
from its source, not recorded.
`

const recordedHead = `
## What kernels showed

One task adds F_SEAL_WRITE to a file of two written pages, at the same time another does something,
thousands of times (` + "`races/testdata/recorded`" + `). The numbers say how often; *never seen* is what the model of
that kernel allows and that kernel did not show. What a kernel showed and its model forbids is not
here: *TestRecorded* fails then. What was done in a loop on the kernel is done once or twice here.
`

// allowed returns the combinations that the model allows.
func allowed(t *testing.T, release, race string) map[string]bool {
	r, ok := recorded[race]
	require.True(t, ok, "no scenario for %s", race)
	text := `r0 = memfd_create("a", MFD_ALLOW_SEALING)
ftruncate(r0, 8192)
pwrite64(r0, "x", 1, 0)
pwrite64(r0, "x", 1, 4096)
` + r.before + "\na: s0 = fcntl(r0, F_ADD_SEALS, F_SEAL_WRITE)\n" + r.during + "\n"
	res := report(t, race, text, explore.Plan{Kernel: release})
	all := map[string]bool{}
	for _, o := range res.Outcomes {
		require.Equal(t, explore.End.String(), o.Kind, o.Text)
		all[combination(o.Text)] = true
	}
	return all
}

// combination tells an outcome as the tables do.
func combination(text string) string {
	seal, other, after := "", "0", abi.Seals(0)
	for _, part := range strings.Fields(text) {
		name, value, _ := strings.Cut(part, "=")
		switch {
		case name == "s0":
			seal = value
		case name == "seals(a)":
			after, _ = abi.ParseSeals(value)
		case !strings.HasPrefix(name, "o") || other == "EPERM":
		case value == "EPERM":
			other = value
		case value == "1" && name == "o0":
			other = value
		}
	}
	if after == 0 {
		return fmt.Sprintf("seal=%s other=%s after=0", seal, other)
	}
	return fmt.Sprintf("seal=%s other=%s after=%#x", seal, other, uint(after))
}
