package perfetto_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"sealab/perfetto"
	"sealab/web"
)

type traced struct {
	TraceEvents []struct {
		Name, Ph, ID string
		Ts           float64
		Pid, Tid     int
		Args         map[string]any
	}
}

func write(t testing.TB, text string) traced {
	doc, err := web.Build(&web.Request{Format: web.Format, Text: text}, web.Limits{})
	require.NoError(t, err)
	var b bytes.Buffer
	require.NoError(t, perfetto.Write(&b, doc))
	var out traced
	require.NoError(t, json.Unmarshal(b.Bytes(), &out))
	return out
}

// TestTracesAreWhole: in the trace of every example time only goes on, what begins ends, in
// the right order, and nothing ends that has not begun.
func TestTracesAreWhole(t *testing.T) {
	names, err := filepath.Glob("../web/examples/*.scenario")
	require.NoError(t, err)
	require.NotEmpty(t, names)
	for _, name := range names {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		depth, held, last := map[int]int{}, map[string]int{}, 0.0
		for _, e := range write(t, string(text)).TraceEvents {
			switch e.Ph {
			case "M":
				continue
			case "B":
				require.NotEmpty(t, e.Name)
				depth[e.Tid]++
			case "E":
				depth[e.Tid]--
			case "b":
				held[e.ID]++
			case "e":
				held[e.ID]--
			}
			require.GreaterOrEqual(t, e.Ts, last, name)
			require.GreaterOrEqual(t, depth[e.Tid], 0, name)
			require.LessOrEqual(t, depth[e.Tid], 2, "a call, and a sleep in it")
			require.GreaterOrEqual(t, held[e.ID], 0, "%s: %s", name, e.ID)
			last = e.Ts
		}
		for tid, n := range depth {
			require.Zero(t, n, "%s: thread %d", name, tid)
		}
		for id, n := range held {
			require.Zero(t, n, "%s: %s", name, id)
		}
	}
}

// Example writes a run in which a pipe holds a page, and shows which tracks it has beside the
// tasks'.
func Example() {
	doc, err := web.Build(&web.Request{Format: web.Format, Text: `r0 = memfd_create("a", MFD_ALLOW_SEALING)
write(r0, "xxxx", 4)
pipe2([p0, p1], 0)
splice(r0, [0], p1, NULL, 4, 0)
fcntl(r0, F_ADD_SEALS, F_SEAL_WRITE)
`}, web.Limits{})
	if err != nil {
		fmt.Println(err)
		return
	}
	var b bytes.Buffer
	var t traced
	fmt.Println(perfetto.Write(&b, doc), json.Unmarshal(b.Bytes(), &t))
	for _, e := range t.TraceEvents {
		if e.Ph == "b" || e.Ph == "C" {
			fmt.Println(e.Ph, e.Name)
		}
	}
	// Output:
	// <nil> <nil>
	// b i_rwsem of "a", main
	// b page 0 of "a": CPU 0's batch of new pages
	// b page 0 of "a": the pipe
	// b i_rwsem of "a", main
	// C i_mmap_writable of "a"
	// C i_mmap_writable of "a"
}
