package picture

import (
	"fmt"
	"strconv"
	"strings"

	"sealab/sim/trace"
	"sealab/web"
)

// Still is a picture of one moment of a run.
type Still struct{ scene scene }

// Sizes of the layout, in pixels.
const (
	width    = 1080
	margin   = 24
	labels   = 210 // where lanes begin
	laneHigh = 26
	holdHigh = 18
	small    = 12
	normal   = 14
	large    = 18

	mostHolds = 10
	mostPages = 12
)

// New draws the moment after an event, counted from 0, or with -1 that of the first
// verdict. The error is that there is no such event.
func New(doc *web.Document, event int) (*Still, error) {
	if len(doc.Events) == 0 {
		return nil, fmt.Errorf("picture: nothing has happened")
	}
	if event == -1 {
		event = doc.Verdicts[0].Event
	}
	if event < 0 || event >= len(doc.Events) {
		return nil, fmt.Errorf("picture: there is no event %d: they are 0 to %d", event, len(doc.Events)-1)
	}
	d := &drawing{doc: doc, event: event, lanes: tell(doc), y: margin}
	d.scene.width = width
	d.heading()
	d.timeline()
	d.state()
	d.footer()
	d.scene.height = d.y + margin
	return &Still{d.scene}, nil
}

// drawing is a still in the making, from the top down.
type drawing struct {
	doc   *web.Document
	event int
	lanes *lanes
	scene scene
	y     int
}

// write puts a paragraph below what is there.
func (d *drawing) write(x, size int, c ink, bold bool, paragraph string) {
	most := columns(width-x-margin, size)
	for _, l := range wrap(paragraph, most) {
		d.y += size + 4
		d.scene.text(x, d.y, size, c, bold, l)
	}
}

// wrap breaks a paragraph at words; a word that is too long is broken.
func wrap(paragraph string, most int) (lines []string) {
	now := ""
	for _, w := range strings.Fields(paragraph) {
		for len([]rune(w)) > most {
			if now != "" {
				lines, now = append(lines, now), ""
			}
			r := []rune(w)
			lines, w = append(lines, string(r[:most])), string(r[most:])
		}
		switch {
		case now == "":
			now = w
		case len([]rune(now))+1+len([]rune(w)) > most:
			lines, now = append(lines, now), w
		default:
			now += " " + w
		}
	}
	if now != "" {
		lines = append(lines, now)
	}
	return lines
}

// fit cuts a text to a width.
func fit(t string, width, size int) string {
	most := columns(width, size)
	r := []rune(t)
	switch {
	case len(r) <= most:
		return t
	case most < 2:
		return ""
	}
	return string(r[:most-1]) + "…"
}

func (d *drawing) heading() {
	v := &d.doc.Verdicts[0]
	c := black
	if v.Tone != web.Fine {
		c = red
	}
	d.write(margin, large, c, true, v.Title)
	d.y += 4
	d.write(margin, normal, black, false, v.Because)
	if v.Change != "" {
		d.write(margin, normal, grey, false, v.Change)
	}
	d.y += 18
}

// x is where a step stands.
func (d *drawing) x(step int) int {
	room := width - labels - 2*margin
	return labels + margin + step*room/max(1, len(d.lanes.steps)-1)
}

func (d *drawing) timeline() {
	top := d.y
	for i, t := range d.doc.Tasks {
		d.scene.text(margin, d.y+laneHigh-9, normal, black, true, fit(t.Name, labels-margin, normal))
		d.scene.line(d.x(0), d.y+laneHigh-2, d.x(len(d.lanes.steps)-1)-d.x(0), 0, pale, false)
		d.lane(i)
		d.y += laneHigh
	}
	d.y += 6
	d.holds()
	d.ruler()
	step := d.lanes.stepOf(d.event)
	d.scene.line(d.x(step), top, 0, d.y-top-14, blue, true)
	d.scene.text(min(d.x(step), width-margin-widthOf("this moment", small)), top-4, small, blue, false, "this moment")
	d.y += 10
}

// lane draws what a task does: its calls as boxes, its sleeps as dashes, the inode lock as a bar
// above, looks at pages as strokes, higher where a page is held.
func (d *drawing) lane(lane int) {
	for _, c := range d.lanes.calls {
		if c.lane != lane {
			continue
		}
		edge, x := grey, d.x(c.from)
		if c.bad {
			edge = red
		}
		w := max(3, d.x(c.to)-x)
		d.scene.box(x, d.y+6, w, laneHigh-10, edge, pale)
		d.scene.text(x+3, d.y+laneHigh-9, small, edge, false, fit(call(c), w-4, small))
	}
	for _, n := range d.lanes.naps {
		if n.lane == lane {
			d.scene.line(d.x(n.from), d.y+laneHigh-2, d.x(n.to)-d.x(n.from), 0, black, true)
		}
	}
	for _, k := range d.lanes.locks {
		if k.lane == lane {
			d.scene.box(d.x(k.from), d.y+2, max(2, d.x(k.to)-d.x(k.from)), 3, none, orange)
		}
	}
	for _, k := range d.lanes.looks {
		if k.lane != lane {
			continue
		}
		if k.bad {
			d.scene.line(d.x(k.at), d.y+1, 0, laneHigh-2, red, false)
		} else {
			d.scene.line(d.x(k.at), d.y+laneHigh-8, 0, 6, blue, false)
		}
	}
}

// call is what is written in a call's box: its name, with a mark if it was refused.
func call(c span) string {
	name, _, _ := strings.Cut(c.text, "(")
	if _, after, ok := strings.Cut(name, " = "); ok {
		name = after
	}
	if c.bad {
		return "✗ " + name
	}
	return name
}

// holds draws who holds which page, as brackets: those of the longest time.
func (d *drawing) holds() {
	all := d.lanes.holds
	shown := 0
	for need := len(d.lanes.steps); need >= 0 && shown < mostHolds; need-- {
		for _, h := range all {
			if h.to-h.from != need || shown == mostHolds {
				continue
			}
			shown++
			y, x, w := d.y+holdHigh/2, d.x(h.from), d.x(h.to)-d.x(h.from)
			d.scene.text(margin, y+4, small, grey, false, fit(h.text, labels, small))
			d.scene.line(x, y, w, 0, orange, false)
			d.scene.line(x, y-4, 0, 8, orange, false)
			if h.to < len(d.lanes.steps)-1 {
				d.scene.line(x+w, y-4, 0, 8, orange, false)
			}
			d.y += holdHigh
		}
	}
	if len(all) > shown {
		d.scene.text(margin, d.y+12, small, grey, false, fmt.Sprintf("and %d shorter holds", len(all)-shown))
		d.y += holdHigh
	}
}

// ruler writes the virtual time where it changes and there is room.
func (d *drawing) ruler() {
	d.y += 16
	last, right := int64(-1), 0
	for i, e := range d.lanes.steps {
		now := d.doc.Events[e].At
		if now == last {
			continue
		}
		last = now
		label, x := trace.Time(now), d.x(i)
		d.scene.line(x, d.y-14, 0, 5, grey, false)
		if x > right && x+widthOf(label, small) < width-margin/2 {
			d.scene.text(x, d.y, small, grey, false, label)
			right = x + widthOf(label, small) + 8
		}
	}
	d.y += 8
}

// state writes what each file is like at the moment.
func (d *drawing) state() {
	m := at(d.doc, d.event)
	files := m.files()
	if len(files) == 0 {
		d.write(margin, normal, grey, false, "There is no memfd yet.")
	}
	for _, f := range files {
		d.y += 8
		d.write(margin, normal, black, true, f.name+": "+f.size+" bytes, "+sealsOf(f))
		d.write(margin, normal, black, false, fmt.Sprintf("i_mmap_writable %d: %s", f.counter, meaning(f.counter)))
		if f.lock != "" {
			d.write(margin, normal, black, false, "i_rwsem is held by "+f.lock)
		}
		for i, p := range f.pages {
			if i == mostPages {
				d.write(margin+16, small, grey, false, fmt.Sprintf("and %d more pages", len(f.pages)-i))
				break
			}
			c := black
			if len(p.holders) > 0 || p.rest > 0 {
				c = red
			}
			d.write(margin+16, small, c, false, p.String())
		}
		for _, t := range f.mappings {
			d.write(margin+16, small, black, false, "mapped by "+t)
		}
	}
	d.y += 10
}

func sealsOf(f file) string {
	if f.seals == "" {
		return "no seals"
	}
	return f.seals
}

// meaning says what the signed counter means.
func meaning(n int) string {
	switch {
	case n < 0:
		return "no new mapping may become writable"
	case n == 0:
		return "no mapping may become writable"
	case n == 1:
		return "one mapping may become writable"
	}
	return fmt.Sprintf("%d mappings may become writable", n)
}

// String is the reference sum of a page in a line.
func (p page) String() string {
	if p.refs == 0 && strings.Contains(p.entry, "swap") {
		return "page " + strconv.FormatUint(p.index, 10) + " is swapped out"
	}
	sum := []string{fmt.Sprintf("cache %d", p.cache), fmt.Sprintf("maps %d", p.maps)}
	sum = append(sum, p.holders...)
	if p.rest != 0 {
		sum = append(sum, fmt.Sprintf("%d not named", p.rest))
	}
	line := fmt.Sprintf("page %d: references %d = %s", p.index, p.refs, strings.Join(sum, " + "))
	if p.tagged {
		line += "  ⚑ tagged"
	}
	return line
}

func (d *drawing) footer() {
	e := &d.doc.Events[d.event]
	d.write(margin, small, grey, false, fmt.Sprintf("At %s, event %d of %d: %s.", trace.Time(e.At), d.event,
		len(d.doc.Events)-1, e.Say))
	d.write(margin, small, grey, false, fmt.Sprintf("Linux %s, %d jiffies a second, %d CPUs, played by sealab. "+
		"Boxes are calls, ✗ refused; the bar above one is i_rwsem held; dashes are sleep; strokes are looks at a "+
		"page, long ones where it is held; brackets are holds on pages.", d.doc.Kernel, d.doc.HZ, d.doc.CPUs))
}
