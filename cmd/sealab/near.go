package main

import (
	"bufio"
	"context"
	"fmt"

	"sealab/cmd/sealab/internal/cli"
	"sealab/explore"
	"sealab/run"
	"sealab/view"
)

// nearest shows what the smallest change of an order leads to.
func (x *explorer) nearest(ctx context.Context, scripts []*run.Script) error {
	if len(scripts) > 1 {
		return cli.Usagef("--near is about one program, and this scenario has %d", len(scripts))
	}
	plan := x.plan
	defer x.limit(&plan.Options)()
	r, n, err := explore.Nearest(ctx, scripts[0], plan, x.near)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return cli.Usagef("--near: %w", err)
	case x.asJSON:
		return x.app.WriteJSON(struct {
			Format string `json:"format"`
			*explore.Near
		}{"sealab-near-1", n})
	case n == nil:
		fmt.Fprintln(x.app.Stdout, "Every order ends alike.")
		return nil
	}
	w := bufio.NewWriter(x.app.Stdout)
	defer w.Flush()
	return view.Near(w, r, n, x.style())
}
