package main

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"sealab/cmd/sealab/internal/cli"
	"sealab/perfetto"
	"sealab/picture"
	"sealab/web"
)

const renderLong = `Play a scenario or a log, and write one HTML file in which it can be looked at: why a call was
refused, in at most six cards; a timeline; and the state after each step, forwards and backwards.
Or, as --as or the file's ending says, something for paper or for another program:

  html      the page
  svg, png  a still of one moment: verdict, timeline, state
  dot       the page trees at one moment, for Graphviz
  perfetto  the run as a trace, for ui.perfetto.dev (.json)

The moment is where the first verdict was decided, or the event --at, as the page numbers them.

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
	var out, as string
	moment := -1
	c := &cobra.Command{
		Use:   "render [SCENARIO|LOG]",
		Short: "Write a run as a page, a picture or a trace",
		Long:  renderLong,
		Example: `  sealab render busy.scenario -o busy.html
  sealab render --log app.strace -o why.html
  sealab render --kernel 5.10 - -o old.html < busy.scenario
  sealab render busy.scenario -o busy.svg
  sealab render busy.scenario --as perfetto -o busy.json`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			write, err := rendering(as, out)
			if err != nil {
				return err
			}
			name, text, err := l.input(args)
			if err != nil {
				return err
			}
			doc, err := l.document(c, name, text)
			if err != nil {
				return err
			}
			if moment < -1 || moment >= len(doc.Events) {
				return cli.Usagef("--at %d: the events are 0 to %d", moment, len(doc.Events)-1)
			}
			return l.write(out, func(w io.Writer) error { return write(w, doc, moment) })
		},
	}
	l.flags(c)
	c.Flags().StringVarP(&out, "output", "o", "", "the `FILE` to write; `-` is standard output")
	must(c.MarkFlagRequired("output"))
	names := renderingNames()
	c.Flags().StringVar(&as, "as", "", "what to write: "+strings.Join(names, ", ")+" (default by the file's ending)")
	c.Flags().IntVar(&moment, "at", -1, "the moment of a still or a tree: after which `EVENT` (default the verdict's)")
	must(c.RegisterFlagCompletionFunc("as", cobra.FixedCompletions(names, cobra.ShellCompDirectiveNoFileComp)))
	return c
}

// renderings are what a run can be written as; a moment of -1 is that of the verdict.
var renderings = map[string]func(w io.Writer, doc *web.Document, moment int) error{
	"html":     func(w io.Writer, doc *web.Document, _ int) error { return web.Render(w, doc) },
	"svg":      still((*picture.Still).SVG),
	"png":      still((*picture.Still).PNG),
	"dot":      picture.Tree,
	"perfetto": func(w io.Writer, doc *web.Document, _ int) error { return perfetto.Write(w, doc) },
}

func still(write func(*picture.Still, io.Writer) error) func(io.Writer, *web.Document, int) error {
	return func(w io.Writer, doc *web.Document, moment int) error {
		s, err := picture.New(doc, moment)
		if err != nil {
			return err
		}
		return write(s, w)
	}
}

func renderingNames() []string { return slices.Sorted(maps.Keys(renderings)) }

// rendering finds out what to write: as says, or the ending of the file's name.
func rendering(as, file string) (func(io.Writer, *web.Document, int) error, error) {
	ending := strings.TrimPrefix(filepath.Ext(file), ".")
	switch {
	case as != "":
	case ending == "json":
		as = "perfetto"
	case renderings[ending] != nil:
		as = ending
	default:
		as = "html"
	}
	if r, ok := renderings[as]; ok {
		return r, nil
	}
	return nil, cli.Usagef("--as %s: it is one of %s", as, strings.Join(renderingNames(), ", "))
}

// write writes the file as a whole, or not at all.
func (l *looker) write(name string, write func(io.Writer) error) error {
	var page bytes.Buffer
	if err := write(&page); err != nil {
		return err
	}
	if name == cli.Stdin {
		_, err := l.app.Stdout.Write(page.Bytes())
		return err
	}
	if err := os.WriteFile(name, page.Bytes(), 0o666); err != nil {
		return fmt.Errorf("--output: %w", err)
	}
	return nil
}
