package web_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"sealab/web"
)

// quoted is a string of JavaScript.
func quoted(s string) string { return strconv.Quote(s) }

// TestSite writes a page whose files are all beside it.
func TestSite(t *testing.T) {
	e := web.Engine{Wasm: []byte("\x00asm…"), Exec: []byte("class Go { importObject }")}
	doc := build(t, web.Request{Text: web.Examples()[1].Text})
	dir := filepath.Join(t.TempDir(), "new", "folder")
	require.NoError(t, web.Site(dir, doc, e))
	require.NoError(t, web.Site(dir, doc, e), "over what is there")
	var names []string
	all, err := os.ReadDir(dir)
	require.NoError(t, err)
	first := int64(0)
	for _, f := range all {
		names = append(names, f.Name())
		info, err := f.Info()
		require.NoError(t, err)
		if n := f.Name(); n == "index.html" || n == "page.css" {
			first += info.Size()
		}
	}
	require.Equal(t, []string{"index.html", "page.css", "page.js", "sealab.wasm", "wasm_exec.js", "worker.js"}, names)
	require.Less(t, first, int64(100<<10), "what the first paint needs")
	page, err := os.ReadFile(filepath.Join(dir, "index.html"))
	require.NoError(t, err)
	require.Contains(t, string(page), `data-engine="worker"`)
	require.NotRegexp(t, `(src|href)="(/|https?:)`, string(page), "nothing is absolute, nothing elsewhere")
	require.ErrorContains(t, web.Site(dir, doc, web.Engine{}), "no WebAssembly")
	require.ErrorContains(t, web.Site(dir, doc, web.Engine{Wasm: e.Wasm}), "wasm_exec.js")
	require.Error(t, web.Site(filepath.Join(dir, "index.html"), doc, e))
}

// TestAnswer answers as the server does.
func TestAnswer(t *testing.T) {
	ask := func(text string) (int, map[string]any) {
		status, body := web.Answer([]byte(text), web.SmallLimits)
		var v map[string]any
		require.NoError(t, json.Unmarshal(body, &v))
		return status, v
	}
	status, v := ask(`{"format": "sealab-page-1", "text": "r0 = memfd_create(\"a\", 0)\n"}`)
	require.Equal(t, 200, status)
	require.Equal(t, web.Format, v["format"])
	status, v = ask(`{"format": "sealab-page-1", "text": "r0 = memfd("}`)
	require.Equal(t, 422, status)
	require.NotEmpty(t, v["problems"])
	status, _ = ask(`{`)
	require.Equal(t, 400, status)
}

// TestLearn asks for lessons and exercises: the documents of the commands.
func TestLearn(t *testing.T) {
	for _, x := range []struct {
		status        int
		ask, contains string
	}{
		{200, ``, `"lessons":[{"number":1,"id":"bits"`},
		{200, `, "lesson": "counter"`, `{"format":"sealab-lesson-1","lesson":{"number":4,"id":"counter"`},
		{200, `, "lesson": "1"`, `"id":"bits"`},
		{200, `, "exercise": true, "kind": "wait", "seed": 7`,
			`{"format":"sealab-exercises-1","exercises":[{"kind":"wait","seed":7,"scenario":`},
		{200, `, "promises": ["read-only"], "kernel": "6.1"`,
			`{"format":"sealab-promises-1","promises":[{"name":"read-only","about":`},
		{422, `, "promises": ["read-write"]`, `\"read-write\"`},
		{422, `, "promises": ["read-only", "read-only"]`, `once: \"read-only\"`},
		{422, `, "promises": ["read-only"], "kernel": "6.x"`, `6.x`},
		{422, `, "lesson": "12"`, `there is no lesson \"12\"`},
		{422, `, "exercise": true, "kind": "colour"`, `there is no exercise \"colour\"`},
		{400, `, "exercise": true, "seed": -1`, "the request cannot be read"},
	} {
		status, body := web.Answer([]byte(`{"format": "sealab-learn-1"`+x.ask+`}`), web.SmallLimits)
		require.Equal(t, x.status, status, "%s: %s", x.ask, body)
		require.Contains(t, string(body), x.contains)
	}
}
