package scenario

import (
	"bytes"
	_ "embed"
	"io"
	"testing"
)

// sample is 126 lines of real logs: tests of sealing, alone and with several tasks under strace.
//
//go:embed testdata/sample.strace
var sample []byte

// endless repeats data.
type endless struct {
	data []byte
	at   int
}

func (e *endless) Read(p []byte) (int, error) {
	if e.at == len(e.data) {
		e.at = 0
	}
	n := copy(p, e.data[e.at:])
	e.at += n
	return n, nil
}

func benchmarkRead(b *testing.B, data []byte, use func(*Event)) {
	r := NewReader(&endless{data: data}, "sample", Options{})
	lines := bytes.Count(data, []byte("\n"))
	for range 2 * lines { // buffers grow to their final size
		if _, err := r.Next(); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(len(data) / lines))
	b.ReportAllocs()
	for b.Loop() {
		ev, err := r.Next()
		if err != nil {
			b.Fatal(err)
		}
		use(ev)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "lines/s")
}

func BenchmarkNext(b *testing.B) { benchmarkRead(b, sample, func(*Event) {}) }

// A single line of the most frequent kind.
func BenchmarkFcntl(b *testing.B) {
	line := "98 1795417950.023879 fcntl(3, F_ADD_SEALS, F_SEAL_WRITE) = -1 EBUSY (Device or resource busy) <0.000142>\n"
	benchmarkRead(b, []byte(line), func(*Event) {})
}

func BenchmarkMmap(b *testing.B) {
	line := "98 1795417950.022820 mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_SHARED, 3, 0) = 0x7f5dccb33000 <0.000877>\n"
	benchmarkRead(b, []byte(line), func(*Event) {})
}

func BenchmarkUnfinished(b *testing.B) {
	lines := "98 1795417950.022820 fcntl(3, F_ADD_SEALS, F_SEAL_WRITE <unfinished ...>\n" +
		"98 1795417950.022821 <... fcntl resumed>) = 0 <0.000001>\n"
	benchmarkRead(b, []byte(lines), func(*Event) {})
}

func BenchmarkNextAppend(b *testing.B) {
	var out []byte
	benchmarkRead(b, sample, func(ev *Event) { out = Append(out[:0], ev) })
}

// The cost of reading lines alone, to compare with.
func BenchmarkLines(b *testing.B) {
	r := NewReader(&endless{data: sample}, "sample", Options{})
	for b.Loop() {
		if _, err := r.readLine(); err == io.EOF {
			b.Fatal(err)
		}
	}
}
