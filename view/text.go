package view

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/fatih/color"
)

// Style says how something is printed.
type Style struct {
	Width   int  // columns; 0 means 100, and more than 120 are not used
	Color   bool // whether to use colour; it never carries meaning alone
	Most    int  // how many entries of each list; 0 means 3
	Orders  bool // show the orders found for overlapping calls
	Verbose bool // show every entry of each list, and repeated reasons one by one
}

// readable is how wide a paragraph may be, in columns.
const readable = 120

// printer writes text for a person.
type printer struct {
	w                    io.Writer
	s                    Style
	bold, bad, good, dim *color.Color
	many                 bool // several files
	tasks                bool // several tasks at once
}

func newPrinter(w io.Writer, s Style) *printer {
	p := &printer{w: w, s: s, bold: color.New(color.Bold), bad: color.New(color.FgRed, color.Bold),
		good: color.New(color.FgGreen, color.Bold), dim: color.New(color.Faint)}
	for _, c := range []*color.Color{p.bold, p.bad, p.good, p.dim} {
		if s.Color {
			c.EnableColor()
		} else {
			c.DisableColor()
		}
	}
	if p.s.Width == 0 {
		p.s.Width = 100
	}
	p.s.Width = min(max(p.s.Width, 40), readable)
	if p.s.Most == 0 {
		p.s.Most = 3
	}
	if s.Verbose {
		p.s.Most = 1 << 30
	}
	return p
}

// f prints as fmt.Printf does.
func (p *printer) f(format string, args ...any) { fmt.Fprintf(p.w, format, args...) }

// heading begins a section.
func (p *printer) heading(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	p.f("\n")
	if utf8.RuneCountInString(text) > p.s.Width {
		p.hang("", 0, 2, text)
		return
	}
	p.f("%s\n", p.bold.Sprint(text))
}

// wrap prints a paragraph with an indent, broken at words.
func (p *printer) wrap(indent int, text string) { p.hang(spaces(indent), indent, indent, text) }

// hang prints head, which takes width columns, and after it a paragraph whose other
// lines are indented.
func (p *printer) hang(head string, width, indent int, text string) {
	p.f("%s", head)
	col, first := width, true
	for _, word := range strings.Fields(clean(text)) {
		n := utf8.RuneCountInString(word)
		switch {
		case first:
		case col+1+n > p.s.Width:
			p.f("\n%s", spaces(indent))
			col = indent
		default:
			p.f(" ")
			col++
		}
		p.f("%s", word)
		col += n
		first = false
	}
	p.f("\n")
}

// more ends a list of which only a part is shown.
func (p *printer) more(n int64, one, many string) {
	p.f("  %s\n", p.dim.Sprintf("… and %s; -v shows all", plural(n, one, many)))
}

func spaces(n int) string { return strings.Repeat(" ", n) }

// plural prints a number with the right word; "more call" is good for "1 more call".
func plural(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// clean makes sure that a text from a log does nothing to a terminal.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r == utf8.RuneError || unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return '?'
		}
		return r
	}, s)
}

// clip cuts a text to n columns.
func clip(s string, n int) string {
	s = clean(s)
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:max(n-1, 0)]) + "…"
}

// list joins words as in "a, b and c".
func list(words []string) string {
	switch n := len(words); n {
	case 0:
		return ""
	case 1:
		return words[0]
	default:
		return strings.Join(words[:n-1], ", ") + " and " + words[n-1]
	}
}
