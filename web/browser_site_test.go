package web_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"sealab/lesson"
	"sealab/web"
)

// makeEngine builds the engine as `sealab site` does.
func makeEngine(t testing.TB) (e web.Engine) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "sealab.wasm")
	c := exec.Command("go", "build", "-o", file, "sealab/cmd/sealab-wasm")
	c.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm", "CGO_ENABLED=0")
	out, err := c.CombinedOutput()
	require.NoError(t, err, "%s", out)
	root, err := exec.Command("go", "env", "GOROOT").Output()
	require.NoError(t, err)
	e.Wasm, err = os.ReadFile(file)
	require.NoError(t, err)
	e.Exec, err = os.ReadFile(filepath.Join(strings.TrimSpace(string(root)), "lib", "wasm", "wasm_exec.js"))
	require.NoError(t, err)
	return e
}

// TestBrowserSite plays on static files, in a folder of a web server that is switched off once
// the engine is there, and compares what the browser's engine answers with this one's.
func TestBrowserSite(t *testing.T) {
	b := launch(t)
	dir := t.TempDir()
	require.NoError(t, web.Site(filepath.Join(dir, "deep", "down"), build(t, web.Request{Text: web.Examples()[1].Text}), makeEngine(t)))
	srv := httptest.NewServer(http.FileServer(http.Dir(dir)))
	b.do(chromedp.Navigate(srv.URL+"/deep/down/"), chromedp.WaitVisible(chromedp.CSS("#lab")))
	require.Contains(t, b.text("sentence"), "is refused by memfd_wait_for_pins", "the recorded run is there at once")
	b.run("r0 = memfd_create(\"a\", MFD_ALLOW_SEALNG)\n")
	b.until(`document.querySelector('#problems pre')`)
	require.Contains(t, b.text("problems"), "did you mean MFD_ALLOW_SEALING?")
	srv.Close()

	for _, x := range web.Examples() {
		b.run(x.Text)
		want := build(t, web.Request{Text: x.Text})
		b.until(`document.getElementById('busy').textContent === '' && document.getElementById('lines').children[0].textContent === ` +
			quoted(strings.SplitN(x.Text, "\n", 2)[0]))
		require.Empty(t, b.text("problems"))
		require.Equal(t, want.Verdicts[0].Title, b.text("why-h"), x.Name)
		require.Equal(t, want.Verdicts[0].Because, b.text("because"), x.Name)
	}
	b.axe("site")
	b.shot("site")

	// A lesson, and then promises, with the keyboard alone.
	l, err := lesson.Get(1)
	require.NoError(t, err)
	b.do(chromedp.Evaluate[chromedp.Void](`document.activeElement.blur()`))
	b.press("l")
	b.until(`document.querySelector('#lesson form')`)
	require.Equal(t, "1. "+l.Title, b.text("lesson-h"))
	b.letter(l.Question.Answer)
	b.press(kb.Enter)
	b.until(`document.querySelector('.told').textContent.startsWith('Right: ')`)
	require.Contains(t, b.text("lesson"), l.Question.Because[0])
	b.tabTo(`document.activeElement.textContent === 'Make the change'`, kb.Tab)
	b.press(kb.Enter)
	b.until(`document.getElementById('lines').textContent === ` + quoted(joined(l.Change.Scenario)))
	b.tabTo(`document.activeElement.matches('#promises [type=submit]')`,
		kb.Tab, chromedp.KeyModifiers(chromedp.ModifierShift))
	b.press(kb.Enter)
	b.until(`document.querySelectorAll('.card').length === 4`)
	b.fine()
}
