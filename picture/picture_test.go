package picture_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"image/png"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sealab/picture"
	"sealab/web"
)

var rewrite = flag.Bool("rewrite", false, "write testdata instead of comparing with it")

func document(t testing.TB, scenario string) *web.Document {
	doc, err := web.Build(&web.Request{Format: web.Format, Text: scenario}, web.Limits{})
	require.NoError(t, err)
	return doc
}

func example(t testing.TB, name string) *web.Document {
	text, err := os.ReadFile(filepath.Join("..", "web", "examples", name+".scenario"))
	require.NoError(t, err)
	return document(t, string(text))
}

func golden(t *testing.T, name, have string) {
	path := filepath.Join("testdata", name)
	if *rewrite {
		require.NoError(t, os.WriteFile(path, []byte(have), 0o644))
		return
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), have, "go test ./picture -rewrite, if it is right")
}

// words reads an image's texts; the error is that it is not well-formed XML.
func words(svg []byte) (all []string, err error) {
	d := xml.NewDecoder(bytes.NewReader(svg))
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			if !strings.Contains("svg rect path text", tok.Name.Local) {
				return nil, fmt.Errorf("element %s", tok.Name.Local)
			}
		case xml.CharData:
			if text := strings.TrimSpace(string(tok)); text != "" {
				all = append(all, text)
			}
		}
	}
}

// TestStills: every event of every example can be drawn, by both writers, and the words of the
// verdicts are those of testdata.
func TestStills(t *testing.T) {
	names, err := filepath.Glob("../web/examples/*.scenario")
	require.NoError(t, err)
	require.NotEmpty(t, names)
	var said strings.Builder
	for _, file := range names {
		name := strings.TrimSuffix(filepath.Base(file), ".scenario")
		doc := example(t, name)
		for event := -1; event < len(doc.Events); event += 7 {
			s, err := picture.New(doc, event)
			require.NoError(t, err)
			var svg bytes.Buffer
			require.NoError(t, s.SVG(&svg))
			all, err := words(svg.Bytes())
			require.NoError(t, err, "%s, event %d", name, event)
			if event == -1 {
				fmt.Fprintf(&said, "== %s\n%s\n", name, strings.Join(all, "\n"))
				var dots bytes.Buffer
				require.NoError(t, s.PNG(&dots))
				img, err := png.Decode(&dots)
				require.NoError(t, err)
				require.Contains(t, svg.String(), fmt.Sprintf(`width="%d" height="%d"`, img.Bounds().Dx()/2,
					img.Bounds().Dy()/2))
			}
		}
	}
	golden(t, "words", said.String())
}

// TestTree: the tree of a file of many pages, one of them tagged, has nodes, and the tag is on
// the way down; Graphviz draws it, where it is installed.
func TestTree(t *testing.T) {
	doc := document(t, `r0 = memfd_create("<b>\"\\n", MFD_ALLOW_SEALING)
ftruncate(r0, 819200)
pwrite64(r0, "x", 1, 0)
pwrite64(r0, "x", 1, 409600)
pipe2([p0, p1], 0)
splice(r0, [409600], p1, NULL, 1, 0)
fcntl(r0, F_ADD_SEALS, F_SEAL_WRITE)
`)
	tagged := -1
	for i := range doc.Events {
		if strings.Contains(doc.Events[i].Say, " tags page") {
			tagged = i
		}
	}
	var dot bytes.Buffer
	require.NoError(t, picture.Tree(&dot, doc, tagged))
	golden(t, "tree.dot", dot.String())
	require.ErrorContains(t, picture.Tree(&dot, doc, len(doc.Events)), "there is no event")
	if tool, err := exec.LookPath("dot"); err == nil {
		cmd := exec.Command(tool, "-Tsvg")
		cmd.Stdin = &dot
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
}

// TestNothingIsMarkup: what a scenario says is text, whatever it says.
func TestNothingIsMarkup(t *testing.T) {
	doc := document(t, `r0 = memfd_create("</text><script>alert(1)</script>&amp;]]>\x1b[31m\xff", MFD_ALLOW_SEALING)
m0 = mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_SHARED, r0, 0)
fcntl(r0, F_ADD_SEALS, F_SEAL_WRITE)
`)
	s, err := picture.New(doc, -1)
	require.NoError(t, err)
	var svg bytes.Buffer
	require.NoError(t, s.SVG(&svg))
	require.NotContains(t, svg.String(), "<script")
	all, err := words(svg.Bytes())
	require.NoError(t, err)
	require.Contains(t, strings.Join(all, " "), "<script>alert(1)")
}

func TestNoSuchEvent(t *testing.T) {
	doc := example(t, "2-pin")
	_, err := picture.New(doc, len(doc.Events))
	require.ErrorContains(t, err, "there is no event")
	_, err = picture.New(&web.Document{}, -1)
	require.ErrorContains(t, err, "nothing has happened")
}

func ExampleTree() {
	doc, err := web.Build(&web.Request{Format: web.Format, Text: `r0 = memfd_create("a", MFD_ALLOW_SEALING)
write(r0, "x", 4096)
fcntl(r0, F_ADD_SEALS, F_SEAL_WRITE)
`}, web.Limits{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(picture.Tree(os.Stdout, doc, len(doc.Events)-1))
	// Output:
	// // Linux 7.2.13, event 36: main: fcntl returns 0
	// digraph pages {
	// 	node [shape=box, fontname=monospace];
	// 	edge [fontname=monospace];
	// 	f27 [shape=folder, label="\"a\"\n4096 bytes, F_SEAL_WRITE\ni_mmap_writable -1"];
	// 	f27 -> f27_0_0 [arrowhead=none];
	// 	f27_0_0 [label="page 0: references 1 = cache 1 + maps 0", peripheries=1];
	// }
	// <nil>
}
