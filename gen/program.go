package gen

import (
	"slices"
	"strings"
)

// Call is one line of a program: `Task: Target = Name(Args)`.
type Call struct {
	Task   string // that makes it at the same time as others; "" for the main task
	Target string
	Name   string
	Args   []string
}

// Program is a scenario.
type Program []Call

// String is the program in the language of package scenario.
func (p Program) String() string {
	var b strings.Builder
	for _, c := range p {
		b.WriteString(c.String())
		b.WriteByte('\n')
	}
	return b.String()
}

// String is the line, without its end.
func (c Call) String() string {
	text := c.Name + "(" + strings.Join(c.Args, ", ") + ")"
	if c.Target != "" {
		text = c.Target + " = " + text
	}
	if c.Task != "" {
		text = c.Task + ": " + text
	}
	return text
}

// names are what a call gives names to.
func (c Call) names() []string {
	stored := ""
	switch c.Name {
	case "pipe2":
		stored = c.Args[0]
	case "socketpair":
		stored = c.Args[3]
	case "recvmsg":
		_, stored, _ = strings.Cut(c.Args[1], "cmsg_data=")
		stored, _, _ = strings.Cut(stored, "]")
	}
	if stored != "" {
		return strings.FieldsFunc(stored, func(r rune) bool { return strings.ContainsRune("[], ", r) })
	}
	if c.Target != "" {
		return []string{c.Target}
	}
	return nil
}

// uses says whether a call's arguments speak of a name.
func (c Call) uses(name string) bool {
	return slices.ContainsFunc(c.Args, func(a string) bool {
		words := strings.FieldsFunc(a, func(r rune) bool { return strings.ContainsRune("[]{}=+-, ", r) })
		return slices.Contains(words, name)
	})
}

// without is the program without calls [from, to), and without those that used what they made.
func (p Program) without(from, to int) Program {
	var gone []string
	out := slices.Clone(p[:from])
	for i, c := range p[from:] {
		lost := slices.ContainsFunc(gone, c.uses)
		if from+i < to || lost {
			gone = append(gone, c.names()...)
			continue
		}
		out = append(out, c)
	}
	return out
}
