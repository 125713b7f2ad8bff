package picture

// scene is a drawing, of shapes that SVG and a raster can both show. Lengths are pixels.
type scene struct {
	width, height int
	shapes        []shape
}

// shape is a box, a line, or a line of text.
type shape struct {
	kind   kind
	x, y   int // of a text, where its line stands
	w, h   int // of a line, how far it goes to the right and down
	ink    ink
	fill   ink
	dashed bool
	bold   bool
	size   int // of text
	text   string
}

type kind uint8

const (
	box kind = iota
	line
	text
)

// ink is a colour of the palette. It is one that eyes of all kinds tell apart, and no
// meaning is in a colour alone.
type ink uint8

const (
	none ink = iota
	white
	black
	grey
	pale
	blue
	orange
	red
)

// rgb are the inks as 0xRRGGBB.
var rgb = [...]uint32{none: 0, white: 0xffffff, black: 0x1a1a1a, grey: 0x6b6b6b, pale: 0xe9e9ee, blue: 0x0072b2,
	orange: 0xb35c00, red: 0xb3261e}

func (s *scene) box(x, y, w, h int, edge, fill ink) {
	s.shapes = append(s.shapes, shape{kind: box, x: x, y: y, w: w, h: h, ink: edge, fill: fill})
}

func (s *scene) line(x, y, w, h int, c ink, dashed bool) {
	s.shapes = append(s.shapes, shape{kind: line, x: x, y: y, w: w, h: h, ink: c, dashed: dashed})
}

func (s *scene) text(x, y, size int, c ink, bold bool, t string) {
	s.shapes = append(s.shapes, shape{kind: text, x: x, y: y, size: size, ink: c, bold: bold, text: t})
}

// advance is how wide a letter is, of its size: both writers use a fixed pitch.
const advance = 0.6

// columns is how many letters of a size fit in a width.
func columns(width, size int) int { return int(float64(width) / (advance * float64(size))) }

func widthOf(t string, size int) int { return int(advance*float64(size)*float64(len([]rune(t))) + 0.5) }
