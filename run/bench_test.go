package run

import "testing"

// busy is one EBUSY by a pin: 164 ms of virtual time.
const busy = `r0 = memfd_create("a", MFD_ALLOW_SEALING)
write(r0, "xxxx", 4096) = 4096
pipe2([p0, p1], 0) = 0
splice(r0, [0], p1, NULL, 4096, 0) = 4096
fcntl(r0, F_ADD_SEALS, F_SEAL_WRITE) = -1 EBUSY
`

// BenchmarkPlay is a whole run, from boot to the last answer.
func BenchmarkPlay(b *testing.B) { benchmark(b, Options{}) }

// BenchmarkRecord is the same run, written down.
func BenchmarkRecord(b *testing.B) { benchmark(b, Options{Record: true}) }

func benchmark(b *testing.B, o Options) {
	s := mustRead(b, busy)
	b.ReportAllocs()
	for b.Loop() {
		if r, err := Play(s, o); err != nil || !r.Holds() {
			b.Fatal(err, r)
		}
	}
}
