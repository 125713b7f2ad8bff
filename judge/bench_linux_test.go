package judge

import (
	"bytes"
	"context"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"sealab/gen"
	"sealab/host"
	"sealab/replay"
	"sealab/sim/profile"
)

// BenchmarkBeside runs the same random programs on the host and on the model of it. One turn is
// one program. What counts is cpu-us/program, system and user, of this process and the host's
// tasks: the host waits most of the time, and a machine that does other work makes it wait more.
func BenchmarkBeside(b *testing.B) {
	if !host.Supported {
		b.Skip(host.ErrUnsupported)
	}
	m, err := host.Look()
	if err != nil {
		b.Skip(err)
	}
	p, _, err := profile.ForRelease(m.Release)
	require.NoError(b, err)
	const programs = 500
	read := make([]*host.Program, programs)
	logs := make([][]byte, programs)
	r := host.NewRunner(host.Options{})
	for i := range read {
		text := gen.New(1, uint64(i), gen.Options{NoHugetlb: true}).String()
		one, err := host.Read(strings.NewReader(text), "bench")
		require.NoError(b, err)
		read[i] = one[0]
		res, err := r.Run(context.Background(), read[i])
		require.NoError(b, err)
		logs[i] = append([]byte("# program random\n"), res.Outcomes[0].Log...)
	}
	require.NoError(b, r.Close())

	b.Run("host", func(b *testing.B) {
		before := cpu(b)
		r := host.NewRunner(host.Options{})
		n := 0
		for b.Loop() {
			_, err := r.Run(context.Background(), read[n%programs])
			require.NoError(b, err)
			n++
		}
		require.NoError(b, r.Close()) // its time is known when it has ended
		b.ReportMetric(float64(cpu(b)-before)/float64(n), "cpu-us/program")
	})
	b.Run("model", func(b *testing.B) {
		before := cpu(b)
		r := replay.New(replay.Options{Profile: p})
		n := 0
		for b.Loop() {
			require.NoError(b, r.Log(context.Background(), bytes.NewReader(logs[n%programs]), "bench"))
			n++
		}
		b.ReportMetric(float64(cpu(b)-before)/float64(n), "cpu-us/program")
	})
}

// cpu is the microseconds of CPU that this process and its ended children have had.
func cpu(b *testing.B) (us int64) {
	b.Helper()
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var u syscall.Rusage
		require.NoError(b, syscall.Getrusage(who, &u))
		us += (u.Utime.Nano() + u.Stime.Nano()) / 1000
	}
	return us
}
