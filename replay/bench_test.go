package replay_test

import (
	"bytes"
	"context"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"sealab/replay"
	"sealab/sim/profile"
)

// round is what a program does again and again: ten calls on a memfd.
const round = `7155  1795416142.929958 memfd_create("buffer", MFD_CLOEXEC|MFD_ALLOW_SEALING) = 3 <0.000045>
7155  1795416142.930073 ftruncate(3, 8192) = 0 <0.000012>
7155  1795416142.930131 mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_SHARED, 3, 0) = 0x7f972a3ca000 <0.000028>
7155  1795416142.930286 write(3, "x"..., 4096)  = 4096 <0.000009>
7155  1795416142.930316 fcntl(3, F_ADD_SEALS, F_SEAL_WRITE) = -1 EBUSY (Device or resource busy) <0.000007>
7155  1795416142.930339 munmap(0x7f972a3ca000, 8192) = 0 <0.000006>
7155  1795416142.930362 fcntl(3, F_ADD_SEALS, F_SEAL_WRITE) = 0 <0.000009>
7155  1795416142.930399 fcntl(3, F_GET_SEALS)   = 0x8 (seals F_SEAL_WRITE) <0.000009>
7155  1795416142.930548 read(3, "x"..., 4096)   = 4096 <0.000009>
7155  1795416142.930601 close(3)                = 0 <0.000011>
`

// repeated is a text that is read so many times.
type repeated struct {
	text string
	n    int // how often it is still to come, the present time included
	at   int
}

func (r *repeated) Read(p []byte) (int, error) {
	if r.n == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.text[r.at:])
	if r.at += n; r.at == len(r.text) {
		r.at = 0
		r.n--
	}
	return n, nil
}

// BenchmarkReplay plays a long log of one task; an operation is a call, read from the
// text, made, compared and reported.
func BenchmarkReplay(b *testing.B) {
	const calls = 10
	block := string(bytes.Repeat([]byte(round), 100))
	p := profile.Newest()
	r := replay.New(replay.Options{Profile: p, Release: p.Release})
	n := b.N/(100*calls) + 1
	b.ReportAllocs()
	b.ResetTimer()
	require.NoError(b, r.Log(context.Background(), &repeated{text: block, n: n}, "bench"))
	b.StopTimer()
	rep := r.Report()
	require.EqualValues(b, n*100*calls, rep.Agree)
	b.ReportMetric(float64(rep.Agree)/b.Elapsed().Seconds(), "calls/s")
}
