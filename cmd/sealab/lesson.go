package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"sealab/cmd/sealab/internal/cli"
	"sealab/lesson"
	"sealab/view"
)

const lessonLong = `Lessons on file sealing, a ladder of them: each has a scenario, a question that is asked before its
answer is shown, and a thing to change. The answers are not written down: the model gives them.

Without a number, the lessons are listed. On a terminal the question waits for an answer; elsewhere it
is printed, and -c prints the answer too, with why, and what the change does.

Exit codes: 0 it was shown, 1 the answer was wrong, 2 there is no such lesson.`

// teacher is one use of the command.
type teacher struct {
	playing
	correct, scenario bool
}

func newLesson(app *cli.App) *cobra.Command {
	l := &teacher{playing: playing{app: app}}
	c := &cobra.Command{
		Use:   "lesson [NUMBER|NAME]",
		Short: "Learn about file sealing, a question at a time",
		Long:  lessonLong,
		Example: `  sealab lesson
  sealab lesson 4
  sealab lesson counter -c
  sealab lesson 4 --scenario | sealab run -`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return l.run(args) },
		ValidArgsFunction: func(*cobra.Command, []string, string) (names []string, _ cobra.ShellCompDirective) {
			for _, h := range lesson.List() {
				names = append(names, h.ID+"\t"+h.Title)
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
	}
	f := c.Flags()
	f.BoolVarP(&l.correct, "correct", "c", false, "show the answer too")
	f.BoolVar(&l.scenario, "scenario", false, "print only the scenario")
	f.BoolVar(&l.asJSON, "json", false, "print one JSON document")
	return c
}

func (l *teacher) run(args []string) error {
	if len(args) == 0 {
		if l.asJSON {
			return l.app.WriteJSON(map[string]any{"format": "sealab-lessons-1", "lessons": lesson.List()})
		}
		view.Lessons(l.app.Stdout, lesson.List(), l.style())
		return nil
	}
	h, err := lesson.Find(args[0])
	if err != nil {
		return cli.Usagef("%w", err)
	}
	one, err := lesson.Get(h.Number)
	if err != nil {
		return cli.Internal(err)
	}
	switch {
	case l.asJSON:
		return l.app.WriteJSON(map[string]any{"format": "sealab-lesson-1", "lesson": one})
	case l.scenario:
		_, err := fmt.Fprint(l.app.Stdout, one.Question.Scenario)
		return err
	}
	view.Lesson(l.app.Stdout, one, l.style())
	chosen := -1
	if !l.correct {
		if !talks(l.app) {
			fmt.Fprintf(l.app.Stdout, "\nsealab lesson %s -c shows the answer.\n", one.ID)
			return nil
		}
		chosen, err = askLetter(l.app, bufio.NewScanner(l.app.Stdin), len(one.Question.Choices))
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
	fmt.Fprintln(l.app.Stdout)
	view.Answered(l.app.Stdout, one, chosen, l.style())
	if chosen >= 0 && chosen != one.Question.Answer {
		return cli.ErrDiffers
	}
	return nil
}
