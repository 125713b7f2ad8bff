package main

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"sealab/cmd/sealab/internal/cli"
	"sealab/run"
	"sealab/sim/profile"
)

// answers is what kernels answer to the calls of one program. Kernels that answer all calls alike
// are one column.
type answers struct {
	Program string       `json:"program,omitempty"`
	Kernels []sameAnswer `json:"kernels"`
	Calls   []asked      `json:"calls"`
}

// sameAnswer is the kernels of one column.
type sameAnswer struct {
	Column   string   `json:"column"` // #1, #2 …
	Releases []string `json:"releases"`
}

// asked is one call and its answers, one a column.
type asked struct {
	Line    int64    `json:"line"`
	Task    string   `json:"task"`
	Text    string   `json:"text"`
	Answers []string `json:"answers"`
	Differ  bool     `json:"differ"`
}

// kernelsOf turns --kernel into the kernels to ask.
func kernelsOf(names []string) (out []string, err error) {
	for _, name := range names {
		if name == "all" {
			for _, k := range profile.NamedAll() {
				out = append(out, k.ID)
			}
			continue
		}
		if _, _, err := profile.Find(name); err != nil {
			return nil, cli.Usagef("--kernel: %w; `sealab profiles` lists some, and all are `all`", err)
		}
		out = append(out, name)
	}
	if len(out) < 2 {
		return nil, cli.Usagef("--kernel: name two kernels or more, as in --kernel 5.10,6.12, or `all`")
	}
	return out, nil
}

// ask plays a program on each kernel.
func ask(s *run.Script, kernels []string) (*answers, error) {
	a := &answers{Program: s.Name}
	byAnswers := map[string]int{}
	for _, k := range kernels {
		res, err := run.Play(s, run.Options{Kernel: k})
		if err != nil {
			return nil, err
		}
		column := make([]string, len(res.Calls))
		for i := range res.Calls {
			column[i] = shortAnswer(&res.Calls[i])
		}
		key := strings.Join(column, "\n")
		i, known := byAnswers[key]
		if known {
			a.Kernels[i].Releases = append(a.Kernels[i].Releases, label(k))
			continue
		}
		byAnswers[key] = len(a.Kernels)
		a.add(label(k), res, column)
	}
	for i := range a.Calls {
		c := &a.Calls[i]
		c.Differ = slices.ContainsFunc(c.Answers, func(s string) bool { return s != c.Answers[0] })
	}
	return a, nil
}

// label is how a kernel is called: a short name of `sealab profiles` with its release.
func label(kernel string) string {
	for _, n := range profile.NamedAll() {
		if n.ID == kernel && n.Release != kernel {
			return kernel + " (" + n.Release + ")"
		}
	}
	return kernel
}

// add adds a column.
func (a *answers) add(kernel string, res *run.Result, column []string) {
	name := fmt.Sprintf("#%d", len(a.Kernels)+1)
	a.Kernels = append(a.Kernels, sameAnswer{name, []string{kernel}})
	for i, text := range column {
		if len(a.Calls) <= i {
			c := &res.Calls[i]
			a.Calls = append(a.Calls, asked{Line: c.Line, Task: c.Task, Text: question(c.Text)})
		}
		a.Calls[i].Answers = append(a.Calls[i].Answers, text)
	}
}

// shortAnswer is an answer that fits in a column: the error's name without its message, and no
// address, which is nobody's to compare.
func shortAnswer(c *run.Answered) string {
	switch {
	case c.State == run.Waiting:
		return "waits for ever"
	case c.State != run.Returned:
		return string(c.State)
	case c.Errno != "":
		return c.Errno
	}
	if name, _, _ := strings.Cut(question(c.Text), "("); strings.HasSuffix(name, "mmap") ||
		strings.HasSuffix(name, "mremap") {
		return "an address"
	}
	return c.AnswerText()
}

// question is a line without its answer.
func question(line string) string {
	if i := strings.LastIndex(line, ") = "); i >= 0 {
		return line[:i+1]
	}
	return line
}

// kernels compares what kernels answer to one scenario.
func (d *diffing) kernels(args []string) error {
	names, err := kernelsOf(d.kernel)
	if err != nil {
		return err
	}
	scripts, err := readScripts(d.app, args)
	if err != nil {
		return err
	}
	var all []*answers
	differ := false
	for _, s := range scripts {
		a, err := ask(s, names)
		if err != nil {
			return err
		}
		all = append(all, a)
		differ = differ || len(a.Kernels) > 1
	}
	if d.asJSON {
		err = d.app.WriteJSON(struct {
			Format   string     `json:"format"`
			Programs []*answers `json:"programs"`
		}{"sealab-diff-kernels-1", all})
	} else {
		err = printAnswers(d.app.Stdout, all)
	}
	return cmp.Or(err, differsIf(differ))
}

// differsIf is the error of a command that has found a difference.
func differsIf(differ bool) error {
	if differ {
		return cli.ErrDiffers
	}
	return nil
}

func printAnswers(out io.Writer, all []*answers) error {
	w := bufio.NewWriter(out)
	for i, a := range all {
		if i > 0 {
			fmt.Fprintln(w)
		}
		if a.Program != "" {
			fmt.Fprintf(w, "Program %s\n\n", a.Program)
		}
		printTable(w, a)
	}
	return w.Flush()
}

// printTable prints one program: the columns' kernels, then a row for each call. A call that
// kernels answer differently is marked.
func printTable(w io.Writer, a *answers) {
	if len(a.Kernels) == 1 {
		fmt.Fprintf(w, "All %d kernels answer alike.\n\n", len(a.Kernels[0].Releases))
	} else {
		for _, k := range a.Kernels {
			fmt.Fprintf(w, "%s  %s\n", k.Column, strings.Join(k.Releases, ", "))
		}
		fmt.Fprintln(w)
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprint(t, "  line\tcall")
	for _, k := range a.Kernels {
		fmt.Fprintf(t, "\t%s", k.Column)
	}
	fmt.Fprintln(t)
	for _, c := range a.Calls {
		mark := " "
		if c.Differ {
			mark = "*"
		}
		fmt.Fprintf(t, "%s %d\t%s", mark, c.Line, c.Text)
		for _, text := range c.Answers {
			fmt.Fprintf(t, "\t%s", text)
		}
		fmt.Fprintln(t)
	}
	t.Flush()
}
