package abi

import (
	"fmt"
	"strconv"
	"strings"
)

// FormatFlags prints the value of an argument as strace 6 does: its words joined
// by "|", what has no word in hex.
func FormatFlags(f Family, v uint64) string {
	var buf [128]byte
	return string(AppendFlags(buf[:0], f, v))
}

// AppendFlags appends what FormatFlags prints.
func AppendFlags(dst []byte, f Family, v uint64) []byte {
	fam := &families[f]
	if fam.number {
		return appendNumber(dst, fam.words, fam.unknown, v)
	}
	start := len(dst)
	signal, huge := uint64(0), uint64(0)
	if fam.signal {
		signal, v = v&0x7f, v&^0x7f
	}
	if fam.huge != "" {
		huge, v = v>>MapHugeShift&MfdHugeMask, v&^(MfdHugeMask<<MapHugeShift)
	}
	if fam.head != 0 {
		dst = appendNumber(dst, fam.heads, fam.unknown, v&fam.head)
		v &^= fam.head
	}
	dst, rest := appendKnown(dst, start, fam.words, v)
	if rest != 0 {
		alone := len(dst) == start
		dst = appendHex(appendBar(dst, start), rest)
		if alone {
			dst = appendComment(dst, fam.unknown)
		}
	}
	if huge != 0 {
		dst = strconv.AppendUint(appendBar(dst, start), huge, 10)
		dst = append(append(dst, "<<"...), fam.huge...)
	}
	if signal != 0 {
		dst = append(appendBar(dst, start), Signal(signal).Name()...)
	}
	if len(dst) == start {
		dst = append(dst, fam.zero...)
	}
	return dst
}

// appendWords is AppendFlags without the comment behind unknown bits, as strace
// prints what a call returned.
func appendWords(dst []byte, f Family, v uint64) []byte {
	start := len(dst)
	dst, rest := appendKnown(dst, start, families[f].words, v)
	if rest != 0 {
		dst = appendHex(appendBar(dst, start), rest)
	}
	return dst
}

// appendKnown appends the words of v, and returns the bits that have none. The
// argument began at start.
func appendKnown(dst []byte, start int, words []word, v uint64) ([]byte, uint64) {
	for i := range words {
		if w := &words[i]; v&w.value == w.value {
			dst = append(appendBar(dst, start), w.name...)
			v &^= w.value
		}
	}
	return dst, v
}

// appendNumber appends the name of a number, or the number in hex and a comment.
func appendNumber(dst []byte, words []word, unknown string, v uint64) []byte {
	for i := range words {
		if words[i].value == v {
			return append(dst, words[i].name...)
		}
	}
	return appendComment(appendHex(dst, v), unknown)
}

// appendBar appends the bar between two words, unless nothing stands before it.
func appendBar(dst []byte, start int) []byte {
	if len(dst) > start {
		dst = append(dst, '|')
	}
	return dst
}

func appendHex(dst []byte, v uint64) []byte { return strconv.AppendUint(append(dst, "0x"...), v, 16) }

func appendComment(dst []byte, text string) []byte {
	return append(append(append(dst, " /* "...), text...), " */"...)
}

// ParseError is a text that is no value.
type ParseError struct {
	Text string // the word that could not be read
	Why  string
}

// Error names the word and says what is wrong with it.
func (e *ParseError) Error() string { return fmt.Sprintf("%q: %s", e.Text, e.Why) }

// ParseFlags reads what FormatFlags prints, of any family: C names, numbers
// (decimal, 0x hex, 0 octal) and shifts such as 21<<MFD_HUGE_SHIFT, joined by "|";
// comments are skipped. A negative number gives its two's complement.
func ParseFlags(text string) (uint64, error) {
	var v uint64
	for more := true; more; {
		var part string
		part, text, more = strings.Cut(text, "|")
		x, err := parseWord(stripComment(part))
		if err != nil {
			return 0, err
		}
		v |= x
	}
	return v, nil
}

// stripComment drops a comment and the blanks around what is left.
func stripComment(s string) string {
	before, rest, found := strings.Cut(s, "/*")
	if found {
		_, after, _ := strings.Cut(rest, "*/")
		before += after
	}
	return strings.Trim(before, " \t")
}

// parseWord reads a name, a number or a shift.
func parseWord(s string) (uint64, error) {
	if left, right, found := strings.Cut(s, "<<"); found {
		x, err := parseWord(strings.Trim(left, " \t"))
		if err != nil {
			return 0, err
		}
		n, err := parseWord(strings.Trim(right, " \t"))
		if err != nil {
			return 0, err
		}
		if n > 63 {
			return 0, &ParseError{s, "shift by more than 63"}
		}
		return x << n, nil
	}
	if s == "" {
		return 0, &ParseError{s, "a name or a number is missing"}
	}
	if v, ok := Const(s); ok {
		return uint64(v), nil
	}
	if c := s[0]; c != '-' && (c < '0' || c > '9') {
		return 0, &ParseError{s, "unknown name"}
	}
	if s[0] == '-' {
		v, err := strconv.ParseInt(s, 0, 64)
		if err != nil {
			return 0, &ParseError{s, "not a number"}
		}
		return uint64(v), nil
	}
	v, err := strconv.ParseUint(s, 0, 64)
	if err != nil {
		return 0, &ParseError{s, "not a number of 64 bits"}
	}
	return v, nil
}
