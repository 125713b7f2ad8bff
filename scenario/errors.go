package scenario

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"
)

// SyntaxError is a line that cannot be read, or (as Event.Warn) one that contradicts earlier ones.
// The reader goes on with the line after it.
type SyntaxError struct {
	File string
	Line int64  // 1-based
	Col  int    // 1-based, in bytes
	Msg  string // what is wrong
	Want string // what would be right there, "" if that is not one thing
	Hint string // what may have been meant, or what to do
	// LineText is the line, or of a long one the part around Col, with control characters
	// replaced by spaces.
	LineText string
	caret    int // column of Col in LineText, 0-based, in characters
}

// contextBefore and contextAfter limit what an error shows of a long line, in bytes.
const (
	contextBefore = 60
	contextAfter  = 40
)

// Error returns `file:line:col: message`, the line, a caret below the column, and the hint.
func (e *SyntaxError) Error() string {
	var b strings.Builder
	b.WriteString(e.Headline())
	if e.LineText != "" {
		b.WriteString("\n    ")
		b.WriteString(e.LineText)
		b.WriteString("\n    ")
		b.WriteString(strings.Repeat(" ", e.caret))
		b.WriteByte('^')
	}
	if e.Hint != "" {
		b.WriteString("\n    hint: ")
		b.WriteString(e.Hint)
	}
	return b.String()
}

// Headline returns the first line of Error.
func (e *SyntaxError) Headline() string {
	s := e.File + ":" + strconv.FormatInt(e.Line, 10) + ":" + strconv.Itoa(e.Col) + ": " + e.Msg
	if e.Want != "" {
		s += ", want " + e.Want
	}
	return s
}

// newError makes an error at the 0-based byte col of line.
func newError(file string, lineNo int64, line []byte, col int, msg string) *SyntaxError {
	e := &SyntaxError{File: file, Line: lineNo, Col: col + 1, Msg: msg}
	e.LineText, e.caret = excerpt(line, col)
	return e
}

// excerpt cuts the part around the 0-based byte col out of line, and returns it with the place of
// col in it, in characters.
func excerpt(line []byte, col int) (text string, caret int) {
	col = min(max(col, 0), len(line))
	from, to := 0, len(line)
	if col > contextBefore+10 {
		from = col - contextBefore
	}
	if to > col+contextAfter+60 {
		to = col + contextAfter
	}
	var b strings.Builder
	if from > 0 {
		b.WriteString("...")
		caret = 3
	}
	for i := from; i < to; {
		r, n := utf8.DecodeRune(line[i:to])
		if r < ' ' || r == 0x7f || r == utf8.RuneError {
			r = ' '
		}
		b.WriteRune(r)
		if i += n; i <= col {
			caret++
		}
	}
	if to < len(line) {
		b.WriteString("...")
	}
	return b.String(), caret
}

// source is where the text of an Event stands: enough to point at a place in it.
type source struct {
	file string
	line []byte // the line; its number is Event.Line
	// For a CallEnd, Col counts in the joined argument text: the first split bytes stand at
	// column startCol of line startLine, the others at column endCol of this line.
	joined    bool
	split     int
	startLine int64
	startCol  int
	start     []byte // arguments of the start
	endCol    int
}

// ErrorAt makes an error that points at argument a, or at the beginning of the line if a is nil.
// For those who find out later that the arguments make no sense.
func (e *Event) ErrorAt(a *Arg, msg string) *SyntaxError {
	col := 0
	if a != nil {
		col = int(a.Col)
	}
	return e.src.at(e.Line, col, msg)
}

// ErrorAtResult makes an error that points at the result of a call, or at the end of a line
// that has none.
func (e *Event) ErrorAtResult(msg string) *SyntaxError {
	col := len(e.src.line)
	if i := bytes.LastIndex(e.src.line, []byte(" = ")); i >= 0 && e.Ret.HasRet {
		col = i + len(" = ")
	}
	return newError(e.src.file, e.Line, e.src.line, col, msg)
}

func (s *source) at(lineNo int64, col int, msg string) *SyntaxError {
	switch {
	case !s.joined:
		return newError(s.file, lineNo, s.line, col, msg)
	case col >= s.split:
		return newError(s.file, lineNo, s.line, col-s.split+s.endCol, msg)
	}
	err := newError(s.file, s.startLine, s.start, col, msg)
	err.Col += s.startCol
	return err
}

// maxWord is the longest word that a suggestion is sought for, in bytes.
const maxWord = 40

// Suggest returns the candidate nearest to the misspelled word, or "" if none is near: at most a
// third of its letters, or one, may be wrong, missing or swapped. Case counts for nothing.
func Suggest(word string, candidates []string) string {
	best, bestDist := "", max(len(word)/3, 1)+1
	if len(word) > maxWord || len(word) < 2 {
		return ""
	}
	for _, c := range candidates {
		if d := distance(word, c, bestDist); d < bestDist {
			best, bestDist = c, d
		}
	}
	return best
}

// distance counts the letters to insert, delete, change or swap with their neighbour to make b of
// a, or returns limit if there are as many.
func distance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit || len(b) > maxWord {
		return limit
	}
	var rows [3][maxWord + 1]int
	before, prev, cur := &rows[0], &rows[1], &rows[2]
	for j := range len(b) + 1 {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		nearest := i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if lower(a[i-1]) == lower(b[j-1]) {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && lower(a[i-1]) == lower(b[j-2]) && lower(a[i-2]) == lower(b[j-1]) {
				cur[j] = min(cur[j], before[j-2]+1)
			}
			nearest = min(nearest, cur[j])
		}
		if nearest > limit {
			return limit
		}
		before, prev, cur = prev, cur, before
	}
	return min(prev[len(b)], limit)
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
