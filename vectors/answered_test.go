package vectors_test

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sealab/scenario"
	"sealab/vectors"
)

// got is what a call of a recorded run has returned.
type got struct {
	call  string
	value int64
	errno string
	ms    int64
}

// hostHZ is how many ticks a second the kernels have that scenarios were recorded on. The first
// sleep may be a tick shorter than the model's.
const hostHZ = 250

// answered says whether a run of a scenario, as package host has printed it, is what the
// scenario says of that kernel. In the log tasks are numbers. Which of them is which does
// not matter: what one of them was answered must be what a task of the scenario expects.
func answered(t testing.TB, v *vectors.Vector, kernel string, p program) bool {
	want, err := v.Results(kernel, hostHZ)
	require.NoError(t, err)
	steps := map[string][]int{} // of the tasks
	var tasks []string
	for i, s := range v.Steps {
		if steps[s.Task] == nil {
			tasks = append(tasks, s.Task)
		}
		steps[s.Task] = append(steps[s.Task], i)
	}
	runs := runsOf(t, p)
	for _, task := range tasks {
		i := slices.IndexFunc(runs, func(run []got) bool {
			return len(run) == len(steps[task]) &&
				fits(v, steps[task], want, run)
		})
		if i < 0 {
			return false
		}
		runs = slices.Delete(runs, i, i+1)
	}
	return len(runs) == 0 && claimsHold(p.text)
}

// fits says whether a task of a run did and was answered what those steps say.
func fits(v *vectors.Vector, steps []int, want []vectors.Result, run []got) bool {
	for n, i := range steps {
		w, g := want[i], run[n]
		switch {
		case g.call != v.Steps[i].Call:
			return false
		case w.Not != "":
		case g.errno != w.Errno, w.Errno == "" && !w.Any && g.value != w.Value, g.ms < w.MS*4/5-1000/hostHZ:
			return false
		}
	}
	return true
}

// runsOf returns what each task of a log was answered.
func runsOf(t testing.TB, p program) (runs [][]got) {
	in := scenario.NewReader(strings.NewReader(p.text), p.head, scenario.Options{})
	defer in.Close()
	at := map[int]int{}
	for {
		e, err := in.Next()
		if errors.Is(err, io.EOF) {
			return runs
		}
		require.NoError(t, err)
		if e.Kind != scenario.Call && e.Kind != scenario.CallEnd {
			continue
		}
		i, seen := at[e.Pid]
		if !seen {
			i = len(runs)
			at[e.Pid] = i
			runs = append(runs, nil)
		}
		g := got{call: e.Name, value: e.Ret.Value, ms: e.Dur / 1e6}
		if e.Ret.Errno != 0 {
			g.value, g.errno = 0, e.Ret.Errno.Name()
		}
		runs[i] = append(runs[i], g)
	}
}

// claim is how often the condition of a scenario was true.
var claim = regexp.MustCompile(`(?m)^# (\d+) of (\d+): (exists|never|always) `)

func claimsHold(text string) bool {
	for _, m := range claim.FindAllStringSubmatch(text, -1) {
		var times, runs int
		fmt.Sscan(m[1], &times)
		fmt.Sscan(m[2], &runs)
		if m[3] == "never" && times > 0 || m[3] == "always" && times < runs || m[3] == "exists" && times == 0 {
			return false
		}
	}
	return true
}
