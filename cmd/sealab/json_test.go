package main

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sealab/cmd/sealab/internal/cli"
)

// TestJSONIsDescribed holds docs/JSON.md to naming every field of every document.
func TestJSONIsDescribed(t *testing.T) {
	page, err := os.ReadFile("../../docs/JSON.md")
	require.NoError(t, err)
	for _, doc := range []any{document{}, whyDocument{}, namedDocument{}, cli.BuildInfo{}} {
		for _, field := range jsonFields(reflect.TypeOf(doc), map[reflect.Type]bool{}) {
			if !strings.Contains(string(page), "`"+field+"`") {
				t.Errorf("docs/JSON.md does not describe the field %q of %T", field, doc)
			}
		}
	}
}

// jsonFields lists the names of the fields of a type, and of those in it.
func jsonFields(typ reflect.Type, seen map[reflect.Type]bool) (names []string) {
	for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice {
		typ = typ.Elem()
	}
	if typ.Kind() != reflect.Struct || seen[typ] {
		return nil
	}
	seen[typ] = true
	for i := range typ.NumField() {
		f := typ.Field(i)
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" {
			names = append(names, name)
		}
		names = append(names, jsonFields(f.Type, seen)...)
	}
	return names
}
