package scenario

// Decode appends the bytes that the text of a String means to dst: \n, \", \\, \0 to \377 and
// \x00 to \xff are replaced by what they stand for.
func (a *Arg) Decode(dst []byte) []byte { return Decode(dst, a.Text) }

// Decode appends text without its escapes to dst. It serves for strings and for the paths of
// strace -y alike.
func Decode(dst, text []byte) []byte {
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c != '\\' || i+1 == len(text) {
			dst = append(dst, c)
			continue
		}
		i++
		switch c = text[i]; {
		case c >= '0' && c <= '7':
			v := 0
			end := min(i+3, len(text))
			for ; i < end && text[i] >= '0' && text[i] <= '7'; i++ {
				v = v<<3 | int(text[i]-'0')
			}
			i--
			dst = append(dst, byte(v))
		case c == 'x' && i+1 < len(text) && class[text[i+1]]&classHex != 0:
			v := 0
			end := min(i+3, len(text))
			for i++; i < end && class[text[i]]&classHex != 0; i++ {
				v = v<<4 | hexDigit(text[i])
			}
			i--
			dst = append(dst, byte(v))
		default:
			dst = append(dst, unescape(c))
		}
	}
	return dst
}

func hexDigit(c byte) int {
	if c > '9' {
		return int(c&^0x20) - 'A' + 10
	}
	return int(c - '0')
}

func unescape(c byte) byte {
	switch c {
	case 'n':
		return '\n'
	case 't':
		return '\t'
	case 'r':
		return '\r'
	case 'v':
		return '\v'
	case 'f':
		return '\f'
	}
	return c
}

// Quote appends p in quotes to dst, escaped in the way of strace: octal, as short as the next
// byte allows.
func Quote(dst, p []byte) []byte {
	dst = append(dst, '"')
	dst = Escape(dst, p)
	return append(dst, '"')
}

// Escape is Quote without the quotes: the Text of a String.
func Escape(dst, p []byte) []byte {
	for i, c := range p {
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, `\n`...)
		case '\t':
			dst = append(dst, `\t`...)
		case '\r':
			dst = append(dst, `\r`...)
		case '\v':
			dst = append(dst, `\v`...)
		case '\f':
			dst = append(dst, `\f`...)
		default:
			if c >= ' ' && c < 0x7f {
				dst = append(dst, c)
				continue
			}
			full := i+1 < len(p) && p[i+1] >= '0' && p[i+1] <= '9'
			dst = append(dst, '\\')
			if c >= 0o100 || full {
				dst = append(dst, '0'+c>>6)
			}
			if c >= 0o10 || full {
				dst = append(dst, '0'+c>>3&7)
			}
			dst = append(dst, '0'+c&7)
		}
	}
	return dst
}
