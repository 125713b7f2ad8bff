package main

import (
	"bufio"
	"io"

	"github.com/spf13/cobra"

	"sealab/cmd/sealab/internal/cli"
	"sealab/sim/mutant"
	"sealab/sim/profile"
	"sealab/view"
)

const profilesLong = `List the kernels that have a name, or say what one kernel does.

A kernel is a table of named features. Any release from 3.17 on can be asked for, as uname -r
prints it; what is not certain about it is said. The names in the list stand for the ages of file
sealing, and for the kernels whose answers were recorded.

--diff says what an application would notice between two releases. --wrong lists what can be made
wrong in a kernel: a name behind a colon does it, as in 6.18.44:no-rollback, wherever a kernel is named.`

func newProfiles(app *cli.App) *cobra.Command {
	var diff, wrong, asJSON bool
	c := &cobra.Command{
		Use:   "profiles [RELEASE | --diff RELEASE RELEASE]",
		Short: "List kernels, what one does, or how two differ",
		Long:  profilesLong,
		Example: `  sealab profiles
  sealab profiles $(uname -r)
  sealab profiles --diff 6.11 6.12.5
  sealab profiles --wrong`,
		Args:              cobra.MaximumNArgs(2),
		ValidArgsFunction: completeKernels,
		RunE: func(_ *cobra.Command, args []string) error {
			if diff != (len(args) == 2) {
				return &cli.UsageError{Err: cli.Usagef("two releases and --diff go together"),
					Help: "sealab profiles --help"}
			}
			if wrong && len(args) > 0 {
				return cli.Usagef("--wrong lists what can be wrong in any kernel: it takes none")
			}
			if wrong {
				return printWrong(app, asJSON)
			}
			kernels, err := findKernels(args)
			if err != nil {
				return err
			}
			if asJSON {
				return app.WriteJSON(profilesDocument(kernels))
			}
			w := bufio.NewWriter(app.Stdout)
			printKernels(w, kernels, view.Style{Width: app.Width(), Color: app.Colored()})
			return w.Flush()
		},
	}
	c.Flags().BoolVar(&diff, "diff", false, "say in what two releases differ")
	c.Flags().BoolVar(&wrong, "wrong", false, "list what can be made wrong in a kernel")
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON document")
	return c
}

func printWrong(app *cli.App, asJSON bool) error {
	if asJSON {
		doc := namedDocument{Format: "sealab-profiles-1"}
		for _, a := range mutant.All() {
			doc.Mutants = append(doc.Mutants, mutantDocument{a.Name, a.Behaviour, a.Sentence})
		}
		return app.WriteJSON(doc)
	}
	w := bufio.NewWriter(app.Stdout)
	view.WrongKernels(w, mutant.All(), view.Style{Width: app.Width(), Color: app.Colored()})
	return w.Flush()
}

func findKernels(args []string) ([]view.Kernel, error) {
	var out []view.Kernel
	for _, arg := range args {
		p, notes, err := profile.Find(arg)
		if err != nil {
			return nil, cli.Usagef("%w; `sealab profiles` lists some", err)
		}
		out = append(out, view.Kernel{Profile: p, Notes: notes})
	}
	return out, nil
}

func printKernels(w io.Writer, kernels []view.Kernel, s view.Style) {
	switch len(kernels) {
	case 0:
		view.Kernels(w, profile.NamedAll(), profile.Peers(), s)
	case 1:
		view.Features(w, kernels[0], s)
	case 2:
		view.Difference(w, kernels[0], kernels[1], s)
	}
}

// The documents that --json prints.
type (
	namedDocument struct {
		Format  string           `json:"format"` // "sealab-profiles-1"
		Kernels []namedKernel    `json:"kernels,omitempty"`
		Peers   []namedKernel    `json:"peers,omitempty"`
		Mutants []mutantDocument `json:"mutants,omitempty"`
		Kernel  *kernelDocument  `json:"kernel,omitempty"`
		Diff    *diffDocument    `json:"diff,omitempty"`
	}
	mutantDocument struct {
		Name      string `json:"name"`
		Behaviour int    `json:"behaviour,omitempty"` // that it violates, by its number
		About     string `json:"about"`
	}
	namedKernel struct {
		Name    string `json:"name"`
		Release string `json:"release"`
		HZ      int    `json:"hz"`
		About   string `json:"about"`
	}
	kernelDocument struct {
		Release  string            `json:"release"`
		Notes    []profile.Note    `json:"notes"`
		Features []featureDocument `json:"features"`
	}
	featureDocument struct {
		Name   string `json:"name"`
		Value  string `json:"value"`
		Means  string `json:"means"`
		Kernel string `json:"kernel"`
	}
	diffDocument struct {
		A           string                `json:"a"`
		B           string                `json:"b"`
		Differences []differenceOfFeature `json:"differences"`
	}
	differenceOfFeature struct {
		Feature string `json:"feature"`
		A       string `json:"a"`
		B       string `json:"b"`
		MeansA  string `json:"means_a"`
		MeansB  string `json:"means_b"`
	}
)

func profilesDocument(kernels []view.Kernel) namedDocument {
	doc := namedDocument{Format: "sealab-profiles-1"}
	switch len(kernels) {
	case 0:
		for _, n := range profile.NamedAll() {
			doc.Kernels = append(doc.Kernels, namedKernel{n.ID, n.Release, n.Profile().HZ, n.About})
		}
		for _, n := range profile.Peers() {
			doc.Peers = append(doc.Peers, namedKernel{n.ID, n.Base, n.Profile().HZ, n.Name})
		}
	case 1:
		p := kernels[0].Profile
		doc.Kernel = &kernelDocument{Release: p.Release, Notes: append([]profile.Note{}, kernels[0].Notes...)}
		for _, f := range profile.Features() {
			doc.Kernel.Features = append(doc.Kernel.Features,
				featureDocument{f.Name, f.Value(&p), f.Means(&p), f.Kernel})
		}
	case 2:
		a, b := kernels[0].Profile, kernels[1].Profile
		doc.Diff = &diffDocument{A: a.Release, B: b.Release, Differences: []differenceOfFeature{}}
		for _, d := range profile.Diff(a, b) {
			doc.Diff.Differences = append(doc.Diff.Differences,
				differenceOfFeature{d.Feature, d.A, d.B, d.InA, d.InB})
		}
	}
	return doc
}
