package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"sealab/cmd/sealab/internal/cli"
	"sealab/web"
)

const renderLong = `Play a scenario or a log, and write one HTML file in which it can be looked at: why a call was
refused, in at most six cards; a timeline; and the state after each step, forwards and backwards.

The file needs no network and no other file, and nothing of the scenario is ever read as markup. It
can be sent, archived, printed, and opened anywhere; #event-N at the end of its address opens it at
an event.

With --log, the input is a log of strace: what cannot be read or judged is left out, as in
` + "`sealab replay`" + `, and descriptors have the numbers that the log gives them.

Exit codes: 0 the file was written, 2 the input cannot be read or played.`

// looker is one use of render or serve: what is to be looked at.
type looker struct {
	playing
	log      bool
	program  int
	schedule string
}

func (l *looker) flags(c *cobra.Command) {
	l.playing.flags(c)
	must(c.Flags().MarkHidden("json"))
	f := c.Flags()
	f.BoolVar(&l.log, "log", false, "the input is a log: leave out what cannot be judged")
	f.IntVar(&l.program, "program", 1, "which of the scenario's programs, by `NUMBER`")
	f.StringVar(&l.schedule, "schedule", "", "choose as in another run, whose `SCHEDULE` run --verbose prints")
}

// document plays the input.
func (l *looker) document(c *cobra.Command, name, text string) (*web.Document, error) {
	if _, err := l.options(c); err != nil {
		return nil, err
	}
	r := &web.Request{Format: web.Format, Name: name, Text: text, Log: l.log, Program: l.program - 1,
		Kernel: l.kernel, HZ: l.hz, CPUs: l.cpus, Schedule: l.schedule}
	return web.Build(r, web.Limits{})
}

// input reads all of one input.
func (l *looker) input(args []string) (name, text string, err error) {
	return readOne(l.app, args, maxInput, "`sealab replay` reads logs of any length")
}

// readOne reads all of one input, of so many bytes at most; instead says what to do about more.
func readOne(app *cli.App, args []string, most int64, instead string) (name, text string, err error) {
	names, err := app.Inputs(args)
	if err != nil {
		return "", "", err
	}
	if len(names) > 1 {
		return "", "", cli.Usagef("%s is several files; take one at a time", args[0])
	}
	in, err := app.Open(names[0])
	if err != nil {
		return "", "", err
	}
	defer in.Close()
	all, err := io.ReadAll(io.LimitReader(in, most+1))
	if int64(len(all)) > most {
		err = cli.Usagef("%s has more than %d bytes; %s", in.Name, most, instead)
	}
	return in.Name, string(all), err
}

// maxInput bounds what a page is made of, in bytes.
const maxInput = 16 << 20

func newRender(app *cli.App) *cobra.Command {
	l := &looker{playing: playing{app: app}}
	out := ""
	c := &cobra.Command{
		Use:   "render [SCENARIO|LOG]",
		Short: "Write a run as one HTML file to look at",
		Long:  renderLong,
		Example: `  sealab render busy.scenario -o busy.html
  sealab render --log app.strace -o why.html
  sealab render --kernel 5.10 - -o old.html < busy.scenario`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			name, text, err := l.input(args)
			if err != nil {
				return err
			}
			doc, err := l.document(c, name, text)
			if err != nil {
				return err
			}
			return l.write(out, doc)
		},
	}
	l.flags(c)
	c.Flags().StringVarP(&out, "output", "o", "", "the `FILE` to write; `-` is standard output")
	must(c.MarkFlagRequired("output"))
	return c
}

// write writes the page as a whole, or not at all.
func (l *looker) write(name string, doc *web.Document) error {
	var page bytes.Buffer
	if err := web.Render(&page, doc); err != nil {
		return err
	}
	if name == cli.Stdin {
		_, err := l.app.Stdout.Write(page.Bytes())
		return err
	}
	if err := os.WriteFile(name, page.Bytes(), 0o666); err != nil {
		return errors.Join(fmt.Errorf("--output: %w", err))
	}
	return nil
}
