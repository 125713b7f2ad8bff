package lesson_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sealab/lesson"
	"sealab/question"
)

func each(t *testing.T, f func(t *testing.T, l *lesson.Lesson)) {
	require.GreaterOrEqual(t, len(lesson.List()), 9)
	for i, h := range lesson.List() {
		require.Equal(t, i+1, h.Number)
		t.Run(h.ID, func(t *testing.T) {
			l, err := lesson.Get(h.Number)
			require.NoError(t, err) // the model bears it out
			require.Equal(t, h, l.Heading)
			f(t, l)
		})
	}
}

// TestChoices: there is something to choose from, and who is wrong is told why.
func TestChoices(t *testing.T) {
	each(t, func(t *testing.T, l *lesson.Lesson) {
		require.GreaterOrEqual(t, len(l.Question.Choices), 3)
		for i, c := range l.Question.Choices {
			require.Equal(t, i == l.Question.Answer, c.Say == "", "choice %d", i+1)
		}
		require.NotEmpty(t, l.Question.Because)
		require.NotEmpty(t, l.Change.Because)
	})
}

// TestScenariosAreQuestions: the line that is asked about does not show its answer.
func TestScenariosAreQuestions(t *testing.T) {
	each(t, func(t *testing.T, l *lesson.Lesson) {
		line := strings.Split(l.Question.Scenario, "\n")[l.Question.Line-1]
		require.True(t, strings.HasSuffix(line, ")"), line)
	})
}

var lineWord = regexp.MustCompile(`\b[Ll]ines? (\d+)(?: and (\d+))?`)

// TestLinesAreThere: the lines that a text speaks of are lines of the scenario.
func TestLinesAreThere(t *testing.T) {
	each(t, func(t *testing.T, l *lesson.Lesson) {
		words := strings.Join(l.Text, " ") + l.Question.Ask + strings.Join(l.Moral, " ")
		for _, c := range l.Question.Choices {
			words += " " + c.Say
		}
		have := len(question.Numbered(l.Question.Scenario))
		found := lineWord.FindAllStringSubmatch(words, -1)
		require.NotEmpty(t, found)
		for _, m := range found {
			for _, text := range m[1:] {
				n, _ := strconv.Atoi("0" + text)
				require.LessOrEqual(t, n, have, m[0])
			}
		}
	})
}

// TestDataIsWhole: what a page gets is all there is.
func TestDataIsWhole(t *testing.T) {
	each(t, func(t *testing.T, l *lesson.Lesson) {
		text, err := json.Marshal(l)
		require.NoError(t, err)
		var again lesson.Lesson
		require.NoError(t, json.Unmarshal(text, &again))
		require.Equal(t, *l, again)
	})
}

func TestNoSuchLesson(t *testing.T) {
	for _, n := range []int{-1, 0, 100} {
		_, err := lesson.Get(n)
		require.ErrorContains(t, err, "they are 1 to")
	}
	_, err := lesson.Find("colour")
	require.ErrorContains(t, err, `no lesson "colour"`)
}

func ExampleGet() {
	h, _ := lesson.Find("writable")
	l, err := lesson.Get(h.Number)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(l.Title)
	fmt.Println(l.Question.Ask)
	for i, c := range l.Question.Choices {
		fmt.Printf("%d. %s\n", i+1, c.Text)
	}
	fmt.Printf("It is %d.\n", l.Question.Answer+1)
	// Output:
	// What counts as writable
	// Line 5 adds F_SEAL_WRITE. What does it answer?
	// 1. It succeeds
	// 2. EBUSY, at once
	// 3. EBUSY, after 164 ms
	// 4. EPERM
	// It is 2.
}
