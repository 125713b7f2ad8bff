package vectors

import (
	"fmt"
	"regexp"
	"strings"

	"sealab/run"
	"sealab/sim/abi"
)

// Result is what a call returns.
type Result struct {
	Value int64  `json:"value"`           // 0 with Errno
	Errno string `json:"errno,omitempty"` // its name
	Any   bool   `json:"any,omitempty"`   // the value does not matter, but that it is not negative
	MS    int64  `json:"ms,omitempty"`    // how long it takes, if that is a millisecond or more
	Not   string `json:"not,omitempty"`   // it does not return ("waiting", "not made"), or the order decides ("open")

	text string // as strace prints it; empty if Any or open
}

// opens are the calls whose value is a number that the kernel may choose.
var opens = map[string]bool{"memfd_create": true, "openat": true, "dup": true, "fork": true, "io_uring_setup": true,
	"ioctl": true, "load": true, "userfaultfd": true}

// opens says whether the value is such a number. That of an ioctl of userfaultfd is 0; and that
// a file can be opened with O_DIRECT, only the scenario knows.
func (s *Step) opens() bool {
	return opens[s.Call] && !strings.Contains(s.Text, "UFFDIO_") && !strings.Contains(s.Text, "O_DIRECT")
}

// play returns what a kernel answers.
func play(script *run.Script, steps []Step, o run.Options) ([]Result, error) {
	res, err := run.Play(script, o)
	if err != nil {
		return nil, err
	}
	out := make([]Result, len(res.Calls))
	for i, c := range res.Calls {
		asked := script.Calls[i].Event.Ret.HasRet
		r := Result{Value: c.Value, Errno: c.Errno, MS: (c.Ended - c.Began) / 1e6, text: c.AnswerText()}
		switch {
		case steps[i].Task != "" && !asked:
			r = Result{Not: "open"}
		case c.State != run.Returned:
			r = Result{Not: string(c.State), text: "?"}
		case r.Errno == "" && (steps[i].opens() || steps[i].Binds != "" && steps[i].Call == "mmap"):
			r.Value, r.Any, r.text = 0, true, ""
		}
		if r.MS > 0 {
			r.text += fmt.Sprintf(" <%d.%03d000>", r.MS/1000, r.MS%1000)
		}
		out[i] = r
	}
	return out, nil
}

// Results are what a kernel answers, as profile.Find takes it ("" for the one in the
// scenario), with so many ticks a second (0 for the scenario's).
func (v *Vector) Results(kernel string, hz int) ([]Result, error) {
	return play(v.script, v.Steps, run.Options{Kernel: kernel, HZ: hz})
}

// others is a comment under a call: what other kernels answer to it.
var others = regexp.MustCompile(`^#   [1-9]\.\d+(-[1-9]\.\d+)?: `)

// Annotate writes the answers into the text of a vector: behind each call that of the
// kernel in its header, and beneath it those of the mainline kernels that answer
// something else. Lines of named tasks that had no answer get none: it depends on the order.
func (v *Vector) Annotate() (string, error) {
	newest, err := v.Results("", 0)
	if err != nil {
		return "", err
	}
	at := map[int64]int{} // the call of a line
	for i, c := range v.script.Calls {
		at[c.Line] = i
	}
	var b strings.Builder
	for n, l := range strings.Split(strings.TrimSuffix(v.text, "\n"), "\n") {
		i, isCall := at[int64(n)+1]
		switch {
		case others.MatchString(l):
		case !isCall:
			b.WriteString(l + "\n")
		case newest[i].Any && v.Steps[i].Task != "": // one without an answer would be a race
			b.WriteString(l + "\n" + v.exceptions(i, newest[i]))
		default:
			b.WriteString(bare(l))
			if t := newest[i].text; t != "" {
				b.WriteString(" = " + t)
			}
			b.WriteString("\n" + v.exceptions(i, newest[i]))
		}
	}
	return b.String(), nil
}

// bare is a line without its answer.
func bare(line string) string {
	if end := strings.LastIndex(line, ") = "); end >= 0 {
		return line[:end+1]
	}
	return line
}

// exceptions are the lines beneath a call.
func (v *Vector) exceptions(i int, newest Result) string {
	type span struct {
		first, last string
		Result
	}
	var all []span
	for _, a := range v.Answers {
		r := a.Results[i]
		if n := len(all); n > 0 && all[n-1].Result == r {
			all[n-1].last = a.Last
			continue
		}
		all = append(all, span{a.First, a.Last, r})
	}
	text := ""
	for _, s := range all {
		if s.Result == newest {
			continue
		}
		answer, releases := s.text, s.first
		switch {
		case s.Any:
			answer = "not negative"
		case s.Not != "":
			answer = s.Not
		}
		if s.last != s.first {
			releases += "-" + s.last
		}
		text += fmt.Sprintf("#   %s: %s\n", releases, answer)
	}
	return text
}

// plain is a result in the input of tools/vectors/play.c.
func (r *Result) plain() string {
	text := fmt.Sprint(r.Value)
	switch {
	case r.Any:
		text = "+"
	case r.Not != "":
		text = "?"
	}
	if e, ok := abi.ErrnoByName(r.Errno); ok && r.Errno != "" {
		text = fmt.Sprint(-int(e))
	}
	if r.MS > 0 {
		text += fmt.Sprintf(" %d", r.MS)
	}
	return text
}
