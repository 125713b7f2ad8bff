package explore_test

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sealab/explore"
	"sealab/sim/abi"
)

// races are the pairs of calls that were made at the same time on real kernels,
// thousands of times each: F_ADD_SEALS by one task, and this by the other. What was
// done in a loop there is done once or twice here.
//
//tidy:table one line a race
var races = map[string]struct{ before, during string }{
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

var seen = regexp.MustCompile(`^(\w+) +(seal=\S+ +other=\S+ +after=\S+)`)

// TestRaces holds the model to what was seen: every combination that a kernel showed
// is one that the model of that kernel allows.
func TestRaces(t *testing.T) {
	files, err := filepath.Glob("testdata/race/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		release := strings.TrimSuffix(filepath.Base(file), ".txt")
		shown := map[string]map[string]bool{} // by race
		f, err := os.Open(file)
		require.NoError(t, err)
		for lines := bufio.NewScanner(f); lines.Scan(); {
			if m := seen.FindStringSubmatch(lines.Text()); m != nil {
				if shown[m[1]] == nil {
					shown[m[1]] = map[string]bool{}
				}
				shown[m[1]][strings.Join(strings.Fields(m[2]), " ")] = true
			}
		}
		require.NoError(t, f.Close())
		require.NotEmpty(t, shown)
		for race, combinations := range shown {
			allowed := allowed(t, release, race)
			for c := range combinations {
				require.Contains(t, allowed, c, "%s: %s", release, race)
			}
		}
	}
}

// allowed returns the combinations that the model allows.
func allowed(t *testing.T, release, race string) map[string]bool {
	r, ok := races[race]
	require.True(t, ok, "no scenario for %s", race)
	text := `r0 = memfd_create("a", MFD_ALLOW_SEALING)
ftruncate(r0, 8192)
pwrite64(r0, "x", 1, 0)
pwrite64(r0, "x", 1, 4096)
` + r.before + "\na: s0 = fcntl(r0, F_ADD_SEALS, F_SEAL_WRITE)\n" + r.during + "\n"
	p, problem := scene(t, text, release, false)
	res := search(t, p, explore.Options{NoCounts: true, NoSchedules: true})
	require.NoError(t, problem())
	require.True(t, res.Complete)
	all := map[string]bool{}
	for _, o := range res.Outcomes {
		require.Equal(t, explore.End, o.Kind, o.Text)
		all[combination(o.Facts().Text)] = true
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
