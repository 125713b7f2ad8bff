package view

import (
	"fmt"
	"io"
	"strings"

	"sealab/promise"
)

// Promises prints every means against every threat as a table.
func Promises(w io.Writer, cards []*promise.Card, s Style) {
	p := newPrinter(w, s)
	p.f("%s\n", p.bold.Sprintf("What can still happen to whoever relies on it, on Linux %s", clean(cards[0].Kernel)))
	p.f("\n")
	for i, c := range cards {
		p.hang(fmt.Sprintf("%3d  ", i+1), 5, 5, c.Name+": "+c.About)
	}
	p.f("\n%-54s", "")
	for i := range cards {
		p.f("%5d", i+1)
	}
	p.f("\n")
	for i, v := range cards[0].Verdicts {
		p.f("%-54s", v.Who+" "+v.Does)
		for _, c := range cards {
			p.f("%5s", promiseMarks[c.Verdicts[i].Outcome])
		}
		p.f("\n")
	}
	p.f("\n")
	p.wrap(0, "yes: it happens. -: a check of the kernel refuses it. own: it happens, and the receiver has pages of "+
		"its own. busy: the seal is refused while that is there. ?: this kernel does not have the means.")
}

var promiseMarks = map[promise.Outcome]string{promise.Happens: "yes", promise.Prevented: "-", promise.Unseen: "own",
	promise.NoSeal: "busy", promise.NoMeans: "?"}

// Promise prints one means: what whoever relies on it may rely on, and what can still
// happen. others are the same on other kernels, of which the differences are told.
func Promise(w io.Writer, c *promise.Card, others []*promise.Card, s Style) {
	p := newPrinter(w, s)
	p.f("%s on Linux %s\n", p.bold.Sprint(c.Name), clean(c.Kernel))
	p.wrap(0, c.About)
	if c.Verdicts[0].Outcome == promise.NoMeans {
		p.f("\n")
		p.wrap(0, "This kernel does not have it: "+c.Verdicts[0].Errno+".")
		return
	}
	p.verdicts(c, "You may rely on this:", promise.Prevented, promise.NoSeal, promise.Unseen)
	p.verdicts(c, "This can still happen:", promise.Happens)
	p.elsewhere(c, others)
}

func (p *printer) verdicts(c *promise.Card, title string, of ...promise.Outcome) {
	shown := false
	for _, outcome := range of {
		for i := range c.Verdicts {
			v := &c.Verdicts[i]
			if v.Outcome != outcome {
				continue
			}
			if !shown {
				p.heading("%s", title)
				shown = true
			}
			p.hang("  ", 2, 4, v.Says)
		}
	}
}

// elsewhere tells in what other kernels differ.
func (p *printer) elsewhere(c *promise.Card, others []*promise.Card) {
	title := true
	for _, o := range others {
		var all []string
		for i, v := range o.Verdicts {
			if v.Outcome == promise.NoMeans {
				all = []string{"there is none, " + v.Errno}
				break
			}
			if v.Outcome != c.Verdicts[i].Outcome {
				all = append(all, v.Who+" "+v.Does+": "+string(v.Outcome))
			}
		}
		if all == nil {
			continue
		}
		if title {
			p.heading("Other kernels")
			title = false
		}
		p.hang(fmt.Sprintf("  %-8s ", clean(o.Kernel)), 11, 11, strings.Join(all, "; "))
	}
}
