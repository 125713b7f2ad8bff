package picture

import (
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/gomonobold"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// scale is how many dots of a PNG are one pixel of the layout: enough for print.
const scale = 2

// PNG writes the still as a PNG image, of two dots for each pixel of the SVG.
func (s *Still) PNG(w io.Writer) error {
	size := image.Rect(0, 0, s.scene.width*scale, s.scene.height*scale)
	r := &raster{img: image.NewRGBA(size), faces: map[face]font.Face{}}
	draw.Draw(r.img, r.img.Bounds(), image.White, image.Point{}, draw.Src)
	for i := range s.scene.shapes {
		if err := r.shape(&s.scene.shapes[i]); err != nil {
			return err
		}
	}
	return png.Encode(w, r.img)
}

type raster struct {
	img   *image.RGBA
	faces map[face]font.Face
}

// face is a size of the letters.
type face struct {
	size int
	bold bool
}

func (c ink) rgba() color.RGBA {
	v := rgb[c]
	return color.RGBA{uint8(v >> 16), uint8(v >> 8), uint8(v), 255}
}

func (r *raster) shape(s *shape) error {
	switch s.kind {
	case box:
		if s.fill != none {
			r.fill(s.x, s.y, s.w, s.h, s.fill)
		}
		if s.ink != none {
			r.stroke(s.x, s.y, s.w, 0, s.ink, false)
			r.stroke(s.x, s.y+s.h, s.w, 0, s.ink, false)
			r.stroke(s.x, s.y, 0, s.h, s.ink, false)
			r.stroke(s.x+s.w, s.y, 0, s.h, s.ink, false)
		}
	case line:
		r.stroke(s.x, s.y, s.w, s.h, s.ink, s.dashed)
	case text:
		return r.text(s)
	}
	return nil
}

func (r *raster) fill(x, y, w, h int, c ink) {
	at := image.Rect(x*scale, y*scale, (x+w)*scale, (y+h)*scale)
	draw.Draw(r.img, at, image.NewUniform(c.rgba()), image.Point{}, draw.Src)
}

// stroke draws a line to the right or down; dashes are four pixels, gaps three.
func (r *raster) stroke(x, y, w, h int, c ink, dashed bool) {
	if !dashed {
		r.fill(x, y, max(1, w), max(1, h), c)
		return
	}
	for i := 0; i < max(w, h); i += 7 {
		if w > h {
			r.fill(x+i, y, min(4, w-i), 1, c)
		} else {
			r.fill(x, y+i, 1, min(4, h-i), c)
		}
	}
}

func (r *raster) text(s *shape) error {
	f, err := r.face(face{s.size, s.bold})
	if err != nil {
		return err
	}
	d := font.Drawer{Dst: r.img, Src: image.NewUniform(s.ink.rgba()), Face: f}
	for i, letter := range []rune(s.text) { // each at its place: the advance is the layout's
		d.Dot = fixed.Point26_6{X: fixed.Int26_6(float64(s.x*scale)*64 + float64(i)*advance*float64(s.size*scale)*64),
			Y: fixed.I(s.y * scale)}
		d.DrawString(string(drawn(letter)))
	}
	return nil
}

// drawn is a letter that the font has, for one that it does not have.
func drawn(r rune) rune {
	switch r {
	case '✗':
		return '×'
	case '⚑':
		return '►'
	}
	return r
}

func (r *raster) face(want face) (font.Face, error) {
	if f, ok := r.faces[want]; ok {
		return f, nil
	}
	ttf := gomono.TTF
	if want.bold {
		ttf = gomonobold.TTF
	}
	parsed, err := opentype.Parse(ttf)
	if err != nil {
		return nil, err
	}
	f, err := opentype.NewFace(parsed, &opentype.FaceOptions{Size: float64(want.size * scale), DPI: 72})
	if err != nil {
		return nil, err
	}
	r.faces[want] = f
	return f, nil
}
