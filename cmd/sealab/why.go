package main

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"sealab/cmd/sealab/internal/cli"
	"sealab/replay"
	"sealab/view"
)

const whyLong = `Say why calls in a log were refused, and nothing else: one paragraph for each.

A paragraph names the check that refused, the numbers that it saw, who is responsible and since
which line, and the smallest change that lets the call pass. With LOG:LINE only the call of that
line is explained, whatever it answered. A reason that many calls share is given once.

Exit codes: 0 each refusal is explained, 1 the log shows answers that the model does not give, or
the call of LINE was not refused, 2 the input cannot be read, or there is no call on LINE.`

func newWhy(app *cli.App) *cobra.Command {
	p := &playing{app: app}
	c := &cobra.Command{
		Use:   "why LOG[:LINE]",
		Short: "Say why calls in a log were refused",
		Long:  whyLong,
		Example: `  sealab why app.strace
  sealab why --kernel 6.1.150 app.strace:42
  strace -f ./app 2>&1 >/dev/null | sealab why -`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			o, err := p.options(c)
			if err != nil {
				return err
			}
			if len(args) > 0 {
				args[0], o.Watch = cutLine(args[0])
			}
			o.Keep = 10_000
			names, err := app.Inputs(args)
			if err != nil {
				return err
			}
			if len(names) > 1 {
				return cli.Usagef("%s is several logs; explain one at a time", args[0])
			}
			rep, failed := p.logs(c.Context(), o, names)
			return p.why(rep, failed, o.Watch)
		},
	}
	p.flags(c)
	return c
}

// cutLine cuts :LINE from the end, unless there is a file of the whole name.
func cutLine(arg string) (name string, line int64) {
	i := strings.LastIndexByte(arg, ':')
	if i < 0 {
		return arg, 0
	}
	n, err := strconv.ParseInt(arg[i+1:], 10, 64)
	if err != nil || n < 1 {
		return arg, 0
	}
	if _, err := os.Stat(arg); err == nil {
		return arg, 0
	}
	return arg[:i], n
}

// why prints the reasons.
func (p *playing) why(rep *replay.Report, failed error, line int64) error {
	if p.asJSON {
		if err := p.app.WriteJSON(whyDocument{"sealab-why-1", rep.Kernel, rep.Refusals, rep.Watched}); err != nil {
			return err
		}
	} else {
		w := bufio.NewWriter(p.app.Stdout)
		view.Why(w, rep, line, p.style())
		if err := w.Flush(); err != nil {
			return err
		}
	}
	if line == 0 || failed != nil {
		return verdict(rep, failed)
	}
	for i := range rep.Watched {
		x := &rep.Watched[i]
		if x.Outcome == replay.Differs || x.Reason == nil {
			return cli.ErrDiffers
		}
	}
	if len(rep.Watched) == 0 {
		return fmt.Errorf("%s:%d: no system call begins or ends on this line", rep.Files[0], line)
	}
	return nil
}

// whyDocument is what --json prints.
type whyDocument struct {
	Format   string           `json:"format"` // "sealab-why-1"
	Kernel   string           `json:"kernel"`
	Refusals []replay.Refusal `json:"refusals,omitempty"`
	Watched  []replay.Watched `json:"watched,omitempty"`
}
