package explore

import "runtime/metrics"

// meter knows how much a search keeps. Sets and blocks are counted as they are made. For all
// else, of which there are many kinds, it asks what was alive when garbage was last collected.
type meter struct {
	before int64 // what was alive when the search began
	budget int64
}

func newMeter(o *Options) meter { return meter{alive(), o.budget()} }

// uses returns how much a search keeps that has counted so much of it.
func (m *meter) uses(counted int64) int64 { return max(counted, alive()-m.before) }

// over says whether that is too much.
func (m *meter) over(counted int64) bool { return m.uses(counted) > m.budget }

// alive is how many bytes were in use when garbage was last collected.
func alive() int64 {
	sample := [1]metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample[:])
	return int64(sample[0].Value.Uint64())
}
