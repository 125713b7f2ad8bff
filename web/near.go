package web

import (
	"context"
	"time"

	"sealab/explore"
)

// nearTime bounds the search for a near order. In a browser's worker, where it is not
// interrupted, the number of states that [explore.Nearest] looks at bounds it.
const nearTime = 10 * time.Second

// playNear plays, after a run, the order nearest to it that ends otherwise.
func (b *builder) playNear() error {
	switch {
	case b.req.Log:
		return problem("the nearest order is that of a scenario, and this is a log: clear the mark and write down " +
			"which calls are to be made")
	case b.res.Stopped != "":
		return problem("the run was stopped %s, so that it has no end which another order could change", b.res.Stopped)
	}
	ctx, cancel := context.WithTimeout(context.Background(), nearTime)
	defer cancel()
	plan := explore.Plan{Kernel: b.req.Kernel, HZ: b.req.HZ, CPUs: b.req.CPUs}
	_, n, err := explore.Nearest(ctx, b.programs[b.req.Program], plan, b.res.Schedule)
	switch {
	case err != nil:
		return err
	case n == nil:
		return problem("every order ends alike: there is none to show beside this one")
	}
	b.doc.Near = &Near{Turns: n.Turns, Moved: n.Moved, First: n.First}
	near := *b.req
	near.Schedule, near.Fork = n.To.Schedule, nil
	b.req = &near
	return b.play()
}
