package races_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sealab/explore"
	"sealab/races"
)

// history are bugs that kernels had, each with a scenario that shows it, a kernel that had it,
// one where it is mended, and what only the first can come to: words of an outcome.
//
//tidy:table one line a bug
var history = []struct{ name, had, mended, sign string }{
	{"history-exec-implies", "7.0.0", "7.1.0", "s0=0 m0=mapped F_SEAL_WRITE"},
	{"history-exec-implies", "6.12.5", "6.12.107", "s0=0 m0=mapped F_SEAL_WRITE"},
	{"history-huge-future-write", "5.10.0", "5.10.223", "s0=0 m0=mapped"},
	{"history-huge-future-write", "5.12.0", "5.13.0", "s0=0 m0=mapped"},
	{"history-huge-pages-held", "6.8.0", "6.9.0", "s0=EBUSY"},
	{"history-map-fixed", "6.11.0", "6.12.0", "m1=EPERM p0=ENOMEM"},
	{"history-read-only-mapping", "6.6.0", "6.7.0", "g0=8 m0=EPERM"},
	{"history-read-only-mapping", "6.12.8", "6.12.9", "g0=8 m0=EPERM"},
	{"history-splice-hole", "5.17.0", "5.18.0", "s0=EBUSY"},
	{"udmabuf", "6.12.6", "6.13.0", "s0=0 d0=5"},
}

// TestHistory plays each bug on a kernel that had it and on one where it is mended: only the
// first can come to what the bug leads to, and the conditions hold on the second.
func TestHistory(t *testing.T) {
	var names []string
	for _, h := range history {
		names = append(names, h.name)
		t.Run(h.name+" "+h.had, func(t *testing.T) {
			text, ok := races.Text(h.name)
			require.True(t, ok)
			had := report(t, h.name, text, explore.Plan{Kernel: h.had})
			require.NotNil(t, had.Find(h.sign))
			require.False(t, had.Holds(), "a condition speaks of it")
			mended := report(t, h.name, text, explore.Plan{Kernel: h.mended})
			require.Nil(t, mended.Find(h.sign))
			require.True(t, mended.Holds())
		})
	}
	for _, r := range races.All() {
		if strings.HasPrefix(r.Name, "history-") {
			require.Contains(t, names, r.Name, "the kernel that had it")
		}
	}
}

// past writes the part of the page that is about bugs.
func past(w *strings.Builder) {
	w.WriteString(pastHead)
	for _, h := range history {
		fmt.Fprintf(w, "| %s | %s | `%s` | %s |\n", h.name, h.had, h.sign, h.mended)
	}
}

const pastHead = `
## Bugs that are mended

Each on a kernel that had it and on one that has it no more; ` + "`sealab explore --kernel 6.11.0 history-map-fixed`" + ` shows the
order. What the scenarios say is above. *TestHistory* holds the model to it. Not here: the pages of
transparent huge pages and of swap that could not be sealed (4.8 to 5.16), since no call of the model makes
such pages, and private mappings under F_SEAL_FUTURE_WRITE that fork shared (5.1 to 5.4), since pages
have no contents here that an outcome could tell.

| scenario | Linux | can come to | mended in |
|---|---|---|---|
`
