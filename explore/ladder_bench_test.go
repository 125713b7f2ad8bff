//go:build unix

package explore_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sealab/explore"
)

// The benchmarks of docs/benchmarks.md: the same ladder searched here and by SPIN.
//
//	go test ./explore -run '^$' -bench 'Ladder|Spin' -benchtime 1x -timeout 1h
//
// cpu-s is what counts: user and system time, so that a machine that does other work
// too gives the same. For SPIN it is that of the search alone, without generating and
// compiling it.

// rung is one step of the ladder.
type rung struct {
	n, k, p int
	twins   bool
}

func (r rung) String() string {
	text := fmt.Sprintf("%d,%d,%d", r.n, r.k, r.p)
	if r.twins {
		text += ",symmetry"
	}
	return text
}

// rungs are those of the benchmarks; SEALAB_LONG=1 adds the large ones.
func rungs() []rung {
	all := []rung{{2, 2, 2, false}, {3, 3, 3, false}, {4, 4, 3, false}, {1, 4, 4, true}, {1, 5, 5, true}, {1, 6, 6, true}}
	if os.Getenv("SEALAB_LONG") != "" {
		all = append(all, rung{4, 4, 4, false}, rung{5, 4, 4, false}, rung{5, 5, 4, false})
	}
	return all
}

// cpu returns the CPU time that the process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func BenchmarkLadder(b *testing.B) {
	for _, c := range rungs() {
		for _, workers := range []int{1, 2} {
			b.Run(fmt.Sprintf("%v/workers=%d", c, workers), func(b *testing.B) {
				before := cpu()
				var r *explore.Result
				for b.Loop() {
					var err error
					r, err = explore.Run(b.Context(), newLadder(c.n, c.k, c.p, c.twins),
						explore.Options{Workers: workers, NoCounts: true, NoSchedules: true, MaxMemory: 8 << 30})
					require.NoError(b, err)
				}
				used := (cpu() - before).Seconds() / float64(b.N)
				report(b, used, float64(r.States), float64(r.Steps), float64(r.Memory))
				if !r.Complete {
					b.Logf("not complete: %s", r.Why)
				}
			})
		}
	}
}

func report(b *testing.B, cpu, states, steps, memory float64) {
	b.ReportMetric(cpu, "cpu-s")
	b.ReportMetric(states, "states")
	b.ReportMetric(states/cpu, "states/cpu-s")
	b.ReportMetric(steps/cpu, "steps/cpu-s")
	b.ReportMetric(memory/states, "B/state")
}

// BenchmarkSpin runs the ladder in SPIN, without its reduction, which finds nothing
// to leave out here, and with collapsed states.
func BenchmarkSpin(b *testing.B) {
	for _, tool := range []string{"spin", "gcc"} {
		if _, err := exec.LookPath(tool); err != nil {
			b.Skipf("%s is not installed", tool)
		}
	}
	for _, c := range rungs() {
		if c.twins && os.Getenv("SEALAB_LONG") == "" {
			continue // without symmetry these take minutes
		}
		for _, mode := range []string{"", "-DCOLLAPSE"} {
			b.Run(fmt.Sprintf("%v/%s", rung{c.n, c.k, c.p, false}, mode), func(b *testing.B) { spin(b, c, mode) })
		}
	}
}

func spin(b *testing.B, c rung, mode string) {
	model, err := filepath.Abs("testdata/ladder.pml")
	require.NoError(b, err)
	dir := b.TempDir()
	command := func(name string, args ...string) []byte {
		cmd := exec.Command(name, args...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		require.NoError(b, err, "%s", out)
		return out
	}
	command("spin", "-a", fmt.Sprintf("-DN=%d", c.n), fmt.Sprintf("-DK=%d", c.k), fmt.Sprintf("-DP=%d", c.p), model)
	args := []string{"-O3", "-march=native", "-DSAFETY", "-DNOREDUCE", "-DMEMLIM=8000", "-w", "-o", "pan", "pan.c"}
	if mode != "" {
		args = append(args, mode)
	}
	command("gcc", args...)
	var out []byte
	var used time.Duration
	for b.Loop() {
		cmd := exec.Command("timeout", "-s", "INT", "300", "./pan", "-m20000", fmt.Sprintf("-w%d", hashBits(c)))
		cmd.Dir = dir
		out, _ = cmd.CombinedOutput() // interrupted, it still tells how far it came
		used += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	}
	number := func(pattern string) float64 {
		m := regexp.MustCompile(pattern).FindSubmatch(out)
		require.NotNil(b, m, "%s", out)
		x, err := strconv.ParseFloat(string(m[1]), 64)
		require.NoError(b, err)
		return x
	}
	report(b, used.Seconds()/float64(b.N), number(`([0-9.e+]+) states, stored`), number(`([0-9.e+]+) transitions`),
		1e6*number(`([0-9.]+)\s+total actual memory usage`))
}

// hashBits makes SPIN's table about twice as large as the states: larger ones only
// miss the cache more.
func hashBits(c rung) int {
	switch n := c.n + c.k + c.p; {
	case n <= 10:
		return 20
	case n == 11:
		return 22
	case n <= 13:
		return 24
	}
	return 26
}
