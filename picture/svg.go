package picture

import (
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
)

// SVG writes the still as an SVG image. Its words are text, which can be searched and
// read aloud.
func (s *Still) SVG(w io.Writer) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img" `+
		`font-family="'Go Mono', 'DejaVu Sans Mono', Menlo, Consolas, monospace">`+"\n", s.scene.width, s.scene.height,
		s.scene.width, s.scene.height)
	fmt.Fprintf(b, "<rect width=\"%d\" height=\"%d\" fill=\"#ffffff\"/>\n", s.scene.width, s.scene.height)
	for i := range s.scene.shapes {
		s.scene.shapes[i].svg(b)
	}
	fmt.Fprintln(b, "</svg>")
	return b.Flush()
}

func (c ink) svg() string {
	if c == none {
		return "none"
	}
	return fmt.Sprintf("#%06x", rgb[c])
}

// escape makes a text that is no markup, whatever is in it.
func escape(t string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(t)) // a Builder takes everything
	return b.String()
}

func (s *shape) svg(b *bufio.Writer) {
	switch s.kind {
	case box:
		fmt.Fprintf(b, `<rect x="%d" y="%d" width="%d" height="%d" fill="%s" stroke="%s"/>`, s.x, s.y, s.w, s.h,
			s.fill.svg(), s.ink.svg())
	case line:
		dash := ""
		if s.dashed {
			dash = ` stroke-dasharray="4 3"`
		}
		fmt.Fprintf(b, `<path d="M%d.5 %d.5h%dv%d" stroke="%s" fill="none"%s/>`, s.x, s.y, s.w, s.h, s.ink.svg(), dash)
	case text:
		weight := ""
		if s.bold {
			weight = ` font-weight="bold"`
		}
		// The length is given so that another font takes no more room than was laid out.
		fmt.Fprintf(b, `<text x="%d" y="%d" font-size="%d" fill="%s" textLength="%d" lengthAdjust="spacingAndGlyphs" `+
			`xml:space="preserve"%s>%s</text>`, s.x, s.y, s.size, s.ink.svg(), widthOf(s.text, s.size), weight,
			escape(s.text))
	}
	fmt.Fprintln(b)
}
