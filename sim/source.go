package sim

import (
	"embed"
	"strings"
)

//go:embed */*.go
var files embed.FS

// Source returns the text of a file of the model, by its path from the root of the
// repository ("sim/memfd/pins.go"); "" if there is none.
func Source(path string) string {
	name, ours := strings.CutPrefix(path, "sim/")
	if !ours {
		return ""
	}
	text, err := files.ReadFile(name)
	if err != nil {
		return ""
	}
	return string(text)
}
