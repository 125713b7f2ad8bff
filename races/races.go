package races

import (
	"embed"
	"path"
	"strings"
)

// Race is one scenario.
type Race struct {
	Name  string `json:"name"`
	About string `json:"about"` // what it shows: one or two sentences
	Text  string `json:"scenario"`
}

//go:embed scenarios/*.scenario
var files embed.FS

const (
	dir = "scenarios"
	ext = ".scenario"
)

// All returns the scenarios, by their names.
func All() []Race {
	entries, err := files.ReadDir(dir)
	if err != nil {
		panic(err) // the name is a constant
	}
	all := make([]Race, 0, len(entries))
	for _, e := range entries {
		name := strings.TrimSuffix(e.Name(), ext)
		text, _ := Text(name)
		all = append(all, Race{name, about(text), text})
	}
	return all
}

// Text returns the scenario of a name, and whether there is one.
func Text(name string) (text string, ok bool) {
	data, err := files.ReadFile(path.Join(dir, name+ext))
	return string(data), err == nil
}

// about returns the comments that a scenario begins with, as one line.
func about(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		words, comment := strings.CutPrefix(line, "# ")
		if !comment {
			break
		}
		lines = append(lines, strings.TrimSpace(words))
	}
	return strings.Join(lines, " ")
}
