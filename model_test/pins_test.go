package model_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"sealab/run"
	"sealab/sim/abi"
	"sealab/sim/sched"
	"sealab/sim/trace"
)

// The wait for pins against a few lines that say what it does: pages are held and let go
// at random times, the sealer is killed or not, and others ask, read and write meanwhile.

const us = 1000 // ns

// pinsCase is a wait. Times are virtual, in ns; no two are equal, and none is that of a look.
type pinsCase struct {
	hz     int
	cpus   int     // with two, the sealer is not on the CPU in whose batch the pages are
	free   []int64 // when each page that is held is let go; 0 for never
	kill   int64   // when the sealer is killed; 0 for never
	poke   int64   // when the sealer gets a signal that does not kill; 0 for never
	ask    int64   // when others do what they do
	mapped bool    // a private mapping shows all pages
	exec   bool    // F_SEAL_EXEC is added, which brings nothing, as the file is not executable
}

var pinsCases = rapid.Custom(func(r *rapid.T) pinsCase {
	at := func(label string, offset int64) int64 {
		return int64(rapid.IntRange(1, 200).Draw(r, label))*1000*us + offset*us
	}
	c := pinsCase{
		hz:     rapid.SampledFrom([]int{100, 250, 1000}).Draw(r, "hz"),
		cpus:   rapid.IntRange(1, 2).Draw(r, "cpus"),
		mapped: rapid.Bool().Draw(r, "mapped"),
		exec:   rapid.IntRange(0, 4).Draw(r, "exec") == 0,
		ask:    at("ask", 450),
	}
	for i := range rapid.IntRange(0, 3).Draw(r, "held") {
		if rapid.IntRange(0, 3).Draw(r, "ever") == 0 {
			c.free = append(c.free, 0)
		} else {
			c.free = append(c.free, at("free", int64(300+i)))
		}
	}
	if rapid.Bool().Draw(r, "killed") {
		c.kill = at("kill", 600)
	}
	if rapid.Bool().Draw(r, "poked") {
		c.poke = at("poke", 750)
	}
	return c
})

// end says when the wait ends, and whether the seal is set: it looks five times, and last
// when it is killed; with the first look that finds nobody it is over.
func (c *pinsCase) end() (at int64, set bool) {
	if len(c.free) == 0 || c.exec {
		return 0, true
	}
	clock := sched.Clock{HZ: c.hz, Rounding: true}
	for look := 1; ; look++ {
		next := clock.Expiry(at, int64(c.hz<<look/200))
		last := look == 4
		if c.kill > at && c.kill < next {
			next, last = c.kill, true
		}
		at = next
		held := false
		for _, free := range c.free {
			held = held || free == 0 || free > at
		}
		if last || !held {
			return at, !held
		}
	}
}

// tagged is how many pages the first walk finds too many references to: those that are held,
// which are the first, or all, where another CPU's batch still has them.
func (c *pinsCase) tagged() int {
	if c.cpus > 1 {
		return 3
	}
	return len(c.free)
}

// text is the case as a scenario. The lines whose answers are looked at come last but for
// those of other tasks.
func (c *pinsCase) text() string {
	var b strings.Builder
	seals := "F_SEAL_WRITE"
	if c.exec {
		seals = "F_SEAL_EXEC"
	}
	fmt.Fprintf(&b, "kernel 7.2.13\nhz %d\ncpus %d\nr0 = memfd_create(\"a\", MFD_ALLOW_SEALING)\n", c.hz, c.cpus)
	fmt.Fprintf(&b, "pwrite64(r0, \"x\"..., 12288, 0) = 12288\nfchmod(r0, 0600) = 0\n")
	if c.mapped {
		fmt.Fprintf(&b, "mmap(0x200000000, 12288, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_POPULATE, r0, 0)\n")
	}
	for i := range c.free {
		fmt.Fprintf(&b, "pipe2([p%d, q%d], 0) = 0\nsplice(r0, [%d], q%d, NULL, 4096, 0) = 4096\n", i, i, i<<12, i)
	}
	fmt.Fprintf(&b, "c = fork()\nc: s0 = fcntl(r0, F_ADD_SEALS, %s)\n", seals)
	if c.kill > 0 {
		fmt.Fprintf(&b, "k: @%dus kill(c, SIGKILL)\n", c.kill/us)
	}
	if c.poke > 0 {
		fmt.Fprintf(&b, "p: @%dus kill(c, SIGWINCH)\n", c.poke/us)
	}
	for i, free := range c.free {
		if free > 0 {
			fmt.Fprintf(&b, "t%d: @%dus read(p%d, \"\"..., 4096) = 4096\n", i, free/us, i)
		}
	}
	fmt.Fprintf(&b, "ask: @%dus fcntl(r0, F_GET_SEALS)\nreader: @%dus pread64(r0, \"\"..., 1, 0) = 1\n", c.ask/us, c.ask/us)
	fmt.Fprintf(&b, "writer: @%dus pwrite64(r0, \"x\"..., 1, 0)\nfcntl(r0, F_GET_SEALS)\n", c.ask/us)
	return b.String()
}

func TestWaitForPins(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		c := pinsCases.Draw(r, "case")
		defer playable{text: c.text()}.keepIfFailed(r)
		scripts, err := run.Read(strings.NewReader(c.text()), "case")
		require.NoError(r, err, c.text())
		res, err := run.Play(scripts[0], run.Options{Record: true})
		require.NoError(r, err, c.text())
		end, set := c.end()
		seals := int64(0)
		if set {
			seals = int64(abi.SealWrite)
		}
		if c.exec {
			seals = int64(abi.SealExec)
		}
		var tags []string
		if !c.exec {
			for i := range c.tagged() {
				tags = append(tags, fmt.Sprintf(`page %d of "a"`, i))
			}
		}
		require.Equal(r, tags, tagged(res.Trace), "the pages that are tagged in\n%s", c.text())
		n := len(res.Calls)
		ask, reader, writer, last := res.Calls[n-4], res.Calls[n-3], res.Calls[n-2], res.Calls[n-1]
		require.Equal(r, seals, last.Value, "the seals at the end of\n%s", c.text())
		require.Equal(r, ask.Began, ask.Ended, "F_GET_SEALS waits for nobody")
		require.Equal(r, reader.Began, reader.Ended, "nor does a read")
		require.Equal(r, int64(1), reader.Value)
		require.Equal(r, max(end, c.ask), writer.Ended, "a write waits for the end of\n%s", c.text())
		require.Equal(r, seals&int64(abi.SealWrite) != 0, writer.Errno == "EPERM", "the write of\n%s", c.text())
		if c.ask < end {
			require.Zero(r, ask.Value, "no seal is seen before the end")
		} else {
			require.Equal(r, seals, ask.Value)
		}
	})
}

// tagged names the pages that were tagged, in order.
func tagged(t *trace.Trace) (names []string) {
	for i := range t.Events {
		if e := &t.Events[i]; e.Kind == trace.Tag {
			names = append(names, e.Object.Name)
		}
	}
	return names
}
