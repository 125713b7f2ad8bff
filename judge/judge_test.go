package judge

import (
	"context"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sealab/host"
	"sealab/replay"
	"sealab/sim/profile"
)

func TestMain(m *testing.M) {
	host.Child()
	os.Exit(m.Run())
}

func TestTry(t *testing.T) {
	n, _ := strconv.Atoi(os.Getenv("N"))
	seed, _ := strconv.Atoi(os.Getenv("SEED"))
	p, _, err := profile.ForRelease("6.18.44")
	require.NoError(t, err)
	start := time.Now()
	rep, err := Search(context.Background(), Options{Replay: replay.Options{Profile: p}, Seed: uint64(seed), Programs: uint64(n)})
	require.NoError(t, err)
	t.Logf("%v: %d programs, %d calls, %d agree, %d carried, %d differ", time.Since(start), rep.Programs, rep.Calls, rep.Agree, rep.Carried, rep.Differ)
	for _, c := range rep.NotJudged {
		t.Log(c)
	}
	seen := map[string]int{}
	for _, f := range rep.Found {
		key := f.call() + f.Differ[0].Recorded + f.Differ[0].Model
		if seen[key]++; seen[key] > 3 {
			continue
		}
		t.Logf("%d: line %d %s: model %s host %s\n%s", f.Number, f.Differ[0].Line, f.line(), f.Differ[0].Model, f.Differ[0].Recorded, f.Log)
	}
}
