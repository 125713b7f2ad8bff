package run

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"sealab/sim/sched"
)

// FuzzPlay plays anything that can be read: it comes to an end, and does not panic.
func FuzzPlay(f *testing.F) {
	f.Add([]byte("r0 = memfd_create(\"a\", MFD_ALLOW_SEALING)\nwrite(r0, \"x\", 1)\npipe2([p0, p1], 0)\n"+
		"splice(r0, [0], p1, NULL, 1, 0)\nc = fork()\na: @5ms fcntl(r0, F_ADD_SEALS, F_SEAL_WRITE)\n"+
		"c: read(p0, \"\", 1)\nkill(c, SIGKILL)\nexists (seals(r0) = 8)\n"), uint64(1))
	f.Add([]byte("7 memfd_create(\"a\", MFD_HUGETLB) = 3\n7 clone(flags=SIGCHLD) = 8\n8 close(3 <unfinished ...>\n"+
		"7 ftruncate(3, 2097152) = 0\n8 <... close resumed>) = 0\n8 +++ exited with 0 +++\n"), uint64(2))
	stories, _ := filepath.Glob("../model_test/testdata/stories/*")
	for _, name := range stories {
		text, err := os.ReadFile(name)
		require.NoError(f, err)
		_, text, _ = bytes.Cut(text, []byte("\nrun"))
		text, _, _ = bytes.Cut(text, []byte("\n----"))
		f.Add(text, uint64(3))
	}
	f.Fuzz(func(t *testing.T, text []byte, seed uint64) {
		scripts, err := Read(bytes.NewReader(text), "fuzz")
		if err != nil {
			return
		}
		for _, s := range scripts {
			o := Options{Record: true, MaxSteps: 20_000, MaxEvents: 2000, Chooser: sched.NewRandom(seed), FreeTime: seed%2 == 0}
			r, err := Play(s, o)
			if err != nil {
				return
			}
			for i := range r.Trace.Events {
				r.Trace.Events[i].Describe()
			}
		}
	})
}
