package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"sealab/cmd/sealab/internal/cli"
	"sealab/explore"
)

// A search that is too large for one machine is done in parts: each is a function of the
// scenario, the flags and its number, so whoever does it comes to the same.

// job makes a job of the scenario and the flags.
func (x *explorer) job(args []string, parts int) (*explore.Job, error) {
	name, text, err := readOne(x.app, args, maxScenario, "it is carried along with each part")
	if err != nil {
		return nil, err
	}
	j := &explore.Job{
		Name: name, Scenario: text, Search: x.plan.Search, Time: x.time, Kernel: x.kernel, HZ: x.hz,
		CPUs: x.cpus, Laws: x.plan.Laws, Alike: x.plan.NoSymmetry, Roam: x.roam, Stray: x.stray,
		Parts: parts,
	}
	if j.Search == explore.Random || j.Search == explore.Priority {
		j.Runs, j.Seed = x.plan.Runs, x.plan.Seed
	}
	return j, j.Resolve()
}

// maxScenario bounds the text of a scenario that travels with each part, in bytes.
const maxScenario = 1 << 20

// part does one part of a search and writes it down.
func (x *explorer) part(c *cobra.Command, args []string) error {
	var number, of int
	if n, err := fmt.Sscanf(x.shard+" ", "%d/%d ", &number, &of); n != 2 || err != nil || number < 1 || number > of {
		return cli.Usagef("--shard %s: it is a number and how many there are, as 1/8 to 8/8", x.shard)
	}
	j, err := x.job(args, of)
	if err != nil {
		return err
	}
	o := x.plan.Options
	defer x.limit(&o)()
	p, err := j.Do(c.Context(), number-1, o)
	if err != nil {
		return err
	}
	var file bytes.Buffer
	if err := p.Write(&file); err != nil {
		return err
	}
	if x.output == "" || x.output == cli.Stdin {
		_, err = x.app.Stdout.Write(file.Bytes())
	} else {
		err = replaceFile(x.output, func(w io.Writer) error { _, err := w.Write(file.Bytes()); return err })
	}
	if err == nil && c.Context().Err() != nil {
		err = c.Context().Err()
	}
	return err
}

// merge puts parts together and prints what they come to.
func (x *explorer) merge(args []string) error {
	names, err := x.app.Inputs(args)
	if err != nil {
		return err
	}
	var parts []*explore.Part
	for _, name := range names {
		p, err := x.readPart(name)
		if err != nil {
			return err
		}
		parts = append(parts, p)
	}
	r, err := explore.Merge(parts)
	if err != nil {
		return cli.Usagef("%w", err)
	}
	return x.tell(r)
}

func (x *explorer) readPart(name string) (*explore.Part, error) {
	in, err := x.app.Open(name)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	p, err := explore.ReadPart(in)
	if err != nil {
		return nil, cli.Usagef("%s: %w; write one with `sealab explore --shard`", name, err)
	}
	return p, nil
}

// replaceFile writes a file so that it is whole or not there.
func replaceFile(name string, write func(io.Writer) error) error {
	fresh := name + ".new"
	f, err := os.Create(fresh)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close(), os.Rename(fresh, name))
}
