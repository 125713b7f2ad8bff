package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"

	"github.com/spf13/cobra"

	"sealab/cmd/sealab/internal/cli"
	"sealab/exercise"
	"sealab/view"
)

const exerciseLong = `Exercises on file sealing, as many as there are seeds: a small program and a question about it.

Kinds:
%s
The model answers, and what it would answer were it wrong in one thing are the other choices. Without a
kind the seed decides on one, and without a seed chance decides on that; it is printed, so that the exercise
can be had again. On a terminal the question waits for an answer, and then the next one comes; q ends it.
Elsewhere the question is printed, and -c prints the answer too.

Exit codes: 0 they were shown, 1 an answer was wrong, 2 the command line is wrong.`

// tutor is one use of the command.
type tutor struct {
	playing
	kind    string
	seed    uint64
	count   int
	correct bool
	talk    bool // somebody is there to answer
}

func newExercise(app *cli.App) *cobra.Command {
	e := &tutor{playing: playing{app: app}}
	var kinds strings.Builder
	for _, k := range exercise.Kinds() {
		fmt.Fprintf(&kinds, "  %-11s %s\n", k.Name, k.About)
	}
	c := &cobra.Command{
		Use:   "exercise [KIND]",
		Short: "Practise file sealing, with questions that never end",
		Long:  fmt.Sprintf(exerciseLong, kinds.String()),
		Example: `  sealab exercise
  sealab exercise bug --seed 7
  sealab exercise wait --seed 7 -c
  sealab exercise --seed 1 --count 20 > sheet.txt; sealab exercise --seed 1 --count 20 -c > answers.txt`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				e.kind = args[0]
			}
			if !c.Flags().Changed("seed") {
				e.seed = rand.Uint64N(1_000_000)
			}
			e.talk = talks(app) && !e.correct
			return e.run(c.Flags().Changed("count"))
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) (names []string, _ cobra.ShellCompDirective) {
			for _, k := range exercise.Kinds() {
				names = append(names, k.Name+"\t"+k.About)
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
	}
	f := c.Flags()
	f.Uint64Var(&e.seed, "seed", 0, "make the exercise of this seed (default by chance)")
	f.IntVar(&e.count, "count", 1, "stop after `n` exercises, of n seeds in a row")
	f.BoolVarP(&e.correct, "correct", "c", false, "show the answers too")
	f.BoolVar(&e.asJSON, "json", false, "print one JSON document")
	return c
}

func (e *tutor) run(counted bool) error {
	if e.count < 1 || e.count > 10_000 {
		return cli.Usagef("--count %d: it is a number from 1 to 10000", e.count)
	}
	if _, err := exercise.Find(e.kind); e.kind != "" && err != nil {
		return cli.Usagef("%w", err)
	}
	if e.asJSON {
		return e.document()
	}
	in := bufio.NewScanner(e.app.Stdin)
	wrong := false
	for i := 0; i < e.count || e.talk && !counted; i++ {
		one, err := exercise.New(e.kind, e.seed+uint64(i))
		if err != nil {
			return cli.Internal(err)
		}
		if i > 0 {
			fmt.Fprintln(e.app.Stdout)
		}
		view.Exercise(e.app.Stdout, one, e.style())
		chosen := -1
		if e.talk {
			if chosen, err = askLetter(e.app, in, len(one.Choices)); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				return err
			}
			wrong = wrong || chosen != one.Answer
		}
		if e.correct || e.talk {
			fmt.Fprintln(e.app.Stdout)
			view.Solved(e.app.Stdout, one, chosen, e.style())
		}
	}
	switch {
	case wrong:
		return cli.ErrDiffers
	case !e.talk && !e.correct:
		fmt.Fprintf(e.app.Stdout, "\nThe same with -c and --seed %d shows the answer.\n", e.seed)
	}
	return nil
}

func (e *tutor) document() error {
	doc := struct {
		Format    string               `json:"format"`
		Exercises []*exercise.Exercise `json:"exercises"`
	}{Format: "sealab-exercises-1"}
	for i := range e.count {
		one, err := exercise.New(e.kind, e.seed+uint64(i))
		if err != nil {
			return cli.Internal(err)
		}
		doc.Exercises = append(doc.Exercises, one)
	}
	return e.app.WriteJSON(doc)
}

// talks says whether somebody is there to answer.
func talks(app *cli.App) bool { return cli.IsTerminal(app.Stdin) && cli.IsTerminal(app.Stdout) }

// askLetter waits for the letter of a choice. The error is io.EOF if whoever was asked is
// done: they end their input, or type q.
func askLetter(app *cli.App, in *bufio.Scanner, choices int) (int, error) {
	for {
		fmt.Fprintf(app.Stdout, "\nYour answer, a to %s: ", view.Letter(choices-1))
		if !in.Scan() {
			if in.Err() != nil {
				return -1, in.Err()
			}
			return -1, io.EOF
		}
		word := strings.ToLower(strings.Trim(in.Text(), " )."))
		if word == "q" {
			return -1, io.EOF
		}
		for i := range choices {
			if word == view.Letter(i) {
				return i, nil
			}
		}
	}
}
