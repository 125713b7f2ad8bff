package sched

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Schedule is every answer a chooser gave in a run, in order. Printed, a number of
// answers that let one task go is its letters and that number ("a4": task 1, four
// times), a timer that was let fire while others could run is "~", and a choice is
// "?" and its answer. Timers that fire because nothing else can happen are no
// answers, and not in it.
type Schedule []Decision

// Decision is one answer, or a run of equal ones.
type Decision struct {
	Task   int // who went: a task number, 0 for the clock, -1 for a choice
	Count  int // how often in a row, from 1
	Answer int // the answer to a choice
}

// TaskLetters returns the short name of task number n (from 1) in a schedule: a
// to z, then aa, ab and so on.
func TaskLetters(n int) string {
	var b []byte
	for ; n > 0; n = (n - 1) / 26 {
		b = append([]byte{byte('a' + (n-1)%26)}, b...)
	}
	return string(b)
}

func (d Decision) String() string {
	switch {
	case d.Task < 0:
		return fmt.Sprintf("?%d", d.Answer)
	case d.Task > 0:
		return fmt.Sprintf("%s%d", TaskLetters(d.Task), d.Count)
	case d.Count > 1:
		return fmt.Sprintf("~%d", d.Count)
	}
	return "~"
}

// String prints the schedule so that ParseSchedule reads it again.
func (s Schedule) String() string {
	words := make([]string, len(s))
	for i, d := range s {
		words[i] = d.String()
	}
	return strings.Join(words, " ")
}

// ScheduleError says where and why a text is not a schedule.
type ScheduleError struct {
	Line, Col int    // from 1; Col counts characters
	Word      string // what stands there
	Why       string // what is wrong with it, or was expected
}

// Error implements error.
func (e *ScheduleError) Error() string {
	word := e.Word
	if r := []rune(word); len(r) > 20 {
		word = string(r[:20]) + "..."
	}
	return fmt.Sprintf("schedule:%d:%d: %q: %s", e.Line, e.Col, word, e.Why)
}

// ParseSchedule reads what String prints; words may be parted by any white space. An
// error is a *ScheduleError.
func ParseSchedule(text string) (Schedule, error) {
	var s Schedule
	for n, line := range strings.Split(text, "\n") {
		for rest := line; ; {
			rest = strings.TrimLeftFunc(rest, unicode.IsSpace)
			if rest == "" {
				break
			}
			col := utf8.RuneCountInString(line[:len(line)-len(rest)]) + 1
			word := rest
			if end := strings.IndexFunc(rest, unicode.IsSpace); end >= 0 {
				word = rest[:end]
			}
			d, why := parseDecision(word)
			if why != "" {
				return nil, &ScheduleError{n + 1, col, word, why}
			}
			s = append(s, d)
			rest = rest[len(word):]
		}
	}
	return s, nil
}

const (
	letters   = "abcdefghijklmnopqrstuvwxyz"
	maxNumber = 1 << 30
)

// parseDecision reads one word, or says why it cannot.
func parseDecision(w string) (d Decision, why string) {
	head := strings.TrimRight(w, "0123456789")
	digits := w[len(head):]
	n := 1
	if digits != "" {
		var err error
		if n, err = strconv.Atoi(digits); err != nil || n > maxNumber {
			return d, fmt.Sprintf("the number is larger than %d", maxNumber)
		}
	}
	switch {
	case head == "?" && digits == "":
		return d, "a choice needs its answer, as in ?1"
	case head == "?":
		return Decision{Task: -1, Count: 1, Answer: n}, ""
	case head != "~" && (head == "" || strings.Trim(head, letters) != ""):
		why = "expected a task and how often it goes (a4), a timer (~), or a choice (?1)"
		if low := strings.ToLower(head); low != head && low != "" && strings.Trim(low, letters) == "" {
			why += "; did you mean " + low + digits + "?"
		}
		return d, why
	case n == 0:
		return d, "nothing happens 0 times; leave it out"
	case head == "~":
		return Decision{Count: n}, ""
	case len(head) > 6:
		return d, "no task has a name of more than 6 letters"
	}
	for _, c := range head {
		d.Task = d.Task*26 + int(c-'a') + 1
	}
	d.Count = n
	return d, ""
}
