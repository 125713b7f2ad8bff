//go:build !js

package web

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"html/template"
	"io"
	"io/fs"
	"strings"
	"sync"

	"github.com/tdewolff/minify/v2"
	"github.com/tdewolff/minify/v2/css"
	"github.com/tdewolff/minify/v2/js"

	"sealab/exercise"
	"sealab/lesson"
	"sealab/promise"
	"sealab/sim/trace"
)

//go:embed page examples worker
var files embed.FS

// maxStory and maxLines bound what of a run is in the page as plain text, for those
// who have no scripts. The script draws what is around the present step, of any
// length.
const (
	maxStory = 300
	maxLines = 2000
)

var parsed = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("page.html").ParseFS(files, "page/page.html"))
})

// content is what the template is filled with.
type content struct {
	Doc      *Document
	Verdict  *Verdict
	Story    []line
	Rest     int // events that are not in Story
	Lines    []string
	Engine   string // what answers requests: "server", "worker", or "" for nothing
	Policy   string
	CSS      template.CSS
	JS       template.JS
	Examples []Example
	Lessons  []lesson.Heading
	Kinds    []exercise.Kind
	Means    []promise.Means
}

// line is a sentence of the story.
type line struct {
	Event int
	At    string
	Say   string
}

// Render writes a document as one HTML file. It loads nothing, and may be opened
// from anywhere.
func Render(w io.Writer, d *Document) error {
	c := newContent(d)
	styles, code := style(false), script(false)
	c.CSS, c.JS = template.CSS(styles), template.JS(code)
	c.Policy = "default-src 'none'; style-src " + hash(styles) + "; script-src " + hash(code) +
		"; base-uri 'none'; form-action 'none'"
	return parsed().Execute(w, c)
}

func newContent(d *Document) *content {
	c := &content{Doc: d, Verdict: &d.Verdicts[0]}
	last := int64(-1)
	for i := range d.Events {
		e := &d.Events[i]
		if e.Detail || e.Kind == trace.Boot {
			continue
		}
		if len(c.Story) == maxStory {
			c.Rest++
			continue
		}
		l := line{Event: i, Say: e.Say}
		if e.At != last {
			l.At, last = trace.Time(e.At), e.At
		}
		c.Story = append(c.Story, l)
	}
	c.Lines = strings.Split(strings.TrimSuffix(d.Text, "\n"), "\n")
	c.Lines = c.Lines[:min(len(c.Lines), maxLines)]
	return c
}

// serve adds what a page has that an engine is behind.
func (c *content) serve(engine string) {
	c.Engine, c.Examples = engine, Examples()
	c.Lessons, c.Kinds, c.Means = lesson.List(), exercise.Kinds(), promise.All()
}

// script is the page's script: its files, one after the other, in a scope of their own. Without
// an engine behind the page what needs one is left out.
func script(served bool) string {
	m := &js.Minifier{KeepVarNames: true} // an error in a browser names what is in the source
	return small(m.Minify, "(() => {\n"+parts("js", served)+"})();\n")
}

// style is the page's style, likewise.
func style(served bool) string { return small((&css.Minifier{}).Minify, parts("css", served)) }

// small takes out what a browser has no use for: comments, spaces.
func small(with minify.MinifierFunc, text string) string {
	var b strings.Builder
	if err := with(minify.New(), &b, strings.NewReader(text), nil); err != nil {
		panic("web: " + err.Error()) // a test makes every script and style
	}
	return b.String()
}

func parts(kind string, served bool) string {
	names, err := fs.Glob(files, "page/*."+kind)
	if err != nil {
		panic("web: " + err.Error())
	}
	var b strings.Builder
	for _, name := range names {
		if !served && strings.HasPrefix(name, "page/5-") {
			continue
		}
		text, err := files.ReadFile(name)
		if err != nil {
			panic("web: " + err.Error())
		}
		b.Write(text)
	}
	return b.String()
}

// hash is how a content security policy names a script or style.
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// Example is a scenario to begin with.
type Example struct{ Name, Text string }

// Examples are the scenarios that the page offers. Their first lines are their names.
func Examples() (out []Example) {
	names, err := fs.Glob(files, "examples/*")
	if err != nil {
		panic("web: " + err.Error())
	}
	for _, name := range names {
		text, err := files.ReadFile(name)
		if err != nil {
			panic("web: " + err.Error())
		}
		first, _, _ := strings.Cut(string(text), "\n")
		out = append(out, Example{strings.TrimPrefix(first, "# "), string(text)})
	}
	return out
}
