package web_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"sealab/web"
)

// TestBrowserLong pastes a scenario of 10,000 lines: it is shown as far as is kept, and says so; and
// one that is wrong at its end, whose caret is found.
func TestBrowserLong(t *testing.T) {
	b := launch(t)
	b.serve(web.Request{Text: web.Examples()[0].Text})
	var text strings.Builder
	text.WriteString("r0 = memfd_create(\"long\", MFD_ALLOW_SEALING)\n")
	for i := range 9_998 {
		fmt.Fprintf(&text, "pwrite64(r0, \"x\", 1, %d) = 1\n", i%4096)
	}
	text.WriteString("fcntl(r0, F_ADD_SEALS, F_SEAL_SHRINK) = 0\n")
	b.run(text.String())
	b.until(`document.getElementById('notes').textContent.includes('after the last one shown here')`)
	require.Empty(t, b.text("problems"))
	require.LessOrEqual(t, eval[int](b, `document.getElementById('lines').children.length`), 2000)
	eval[bool](b, `(document.activeElement.blur(), true)`)
	b.press(kb.End)
	require.Contains(t, b.text("position"), "line ")
	b.press(kb.Home)
	require.Contains(t, b.text("position"), "Step 1 of")
	b.shot("long")

	b.run(strings.Replace(text.String(), "F_SEAL_SHRINK", "F_SEAL_SHRIMP", 1))
	b.until(`document.querySelector('#problems pre')`)
	require.Contains(t, b.text("problems"), "10000:")
	require.Contains(t, b.text("problems"), "did you mean F_SEAL_SHRINK?")
	require.Equal(t, "fcntl(r0, F_ADD_SEALS, F_SEAL_SHRIMP) = 0", eval[string](b, `(t =>
		t.value.slice(t.selectionStart, t.selectionEnd))(document.getElementById('text'))`), "the line is chosen")

	b.run(strings.Repeat("nonsense(\n", 10_000))
	b.until(`document.getElementById('problems').textContent.includes('nonsense')`)
	require.Less(t, eval[int](b, `document.querySelectorAll('#problems pre').length`), 100, "not ten thousand messages")
	eval[bool](b, `(document.getElementById('text').value = 'getpid()\n'.repeat(300_000),
		document.getElementById('form').requestSubmit(), true)`)
	require.Contains(t, b.text("problems"), "has 2700000 characters, and a page takes at most 2000000")
	b.fine()
}

// TestBrowserNewer opens a file and asks a server of a newer version: the page says so, and what it can
// say without the drawing is there.
func TestBrowserNewer(t *testing.T) {
	b := launch(t)
	const change = `new MutationObserver((_, watch) => {
		const d = document.getElementById('document');
		if (!d || !d.textContent) return;
		d.textContent = d.textContent.replace('"format":"sealab-page-1"', '"format":"sealab-page-2"');
		if (d.textContent.includes('sealab-page-2')) watch.disconnect();
	}).observe(document, {subtree: true, childList: true})`
	b.beforeScripts(change)
	name := b.file(web.Request{Text: web.Examples()[1].Text})
	b.do(chromedp.Navigate(name))
	b.until(`document.querySelector('[role=alert]')`)
	require.Contains(t, eval[string](b, `document.querySelector('[role=alert]').textContent`),
		"sealab-page-2, and this page reads sealab-page-1")
	require.Contains(t, b.text("why-h"), "EBUSY", "its words can be read")
	require.Contains(t, b.text("story"), "is refused by memfd_wait_for_pins")
	b.axe("newer")
	b.shot("newer")
	b.fine()
}

// TestBrowserTorn opens links that are torn, changed, or of another kind.
func TestBrowserTorn(t *testing.T) {
	b := launch(t)
	url := b.serve(web.Request{Text: web.Examples()[2].Text})
	eval[bool](b, `(document.getElementById('share').click(), true)`)
	b.until(`location.hash.startsWith('#1.')`)
	whole := eval[string](b, `location.hash`)
	for _, x := range []struct{ hash, want string }{
		{whole[:len(whole)-1], "torn"},
		{whole[:len(whole)/2], "torn"},
		{"#1.", "torn"},
		{"#1.%%%", "torn"},
		{"#1.AAAA", "torn"},
		{"#1." + whole[4:], "torn"},
		{"#2" + whole[2:], "version 2"},
		{"#event-999999", ""},
		{"#event-x", ""},
		{"#lesson-", ""},
	} {
		b.do(chromedp.Navigate("about:blank"), chromedp.Navigate(url+"/"+x.hash), chromedp.WaitVisible(chromedp.CSS("#player")))
		if x.want != "" {
			b.until(`document.getElementById('problems').textContent !== ''`)
		}
		require.Contains(t, b.text("problems"), x.want, x.hash)
		require.NotEmpty(t, b.text("sentence"), "%s: the page's own run is there", x.hash)
	}
	b.fine()
}

// TestBrowserEvil pastes a log whose names look like markup: nothing of it is interpreted, wherever it
// shows, and nothing but the page's own script runs.
func TestBrowserEvil(t *testing.T) {
	b := launch(t)
	b.serve(web.Request{Text: web.Examples()[0].Text})
	const evil = `</script><img src=x onerror=owned()><svg onload=owned()><a href=javascript:owned()>&lt;b&gt;{{.}}`
	b.run(fmt.Sprintf(`%[1]s: r0 = memfd_create("%[2]s", MFD_ALLOW_SEALING)
write(r0, "%[2]s", 4)
<img src=x onerror=owned()>
`, "evil", evil))
	b.until(`document.querySelector('#problems pre')`)
	require.Contains(t, b.text("problems"), "<img src=x onerror=owned()>")
	log := fmt.Sprintf("4711  0.000000 memfd_create(\"%[1]s\", MFD_ALLOW_SEALING) = 3</memfd:%[1]s>\n"+
		"4711  0.000100 ftruncate(3</memfd:%[1]s>, 4096) = 0\n"+
		"4711  0.000200 fcntl(3</memfd:%[1]s>, F_ADD_SEALS, F_SEAL_GROW) = 0\n", evil)
	eval[bool](b, `(document.getElementById('log').checked = true)`)
	b.run(log)
	b.until(`document.getElementById('notes').textContent.includes('differs from none')`)
	require.Empty(t, b.text("problems"))
	b.press(kb.Escape)
	eval[bool](b, `(document.activeElement.blur(), true)`)
	b.press(kb.Home, kb.End, "d", kb.ArrowLeft, "w")
	require.Contains(t, b.text("objects"), "<img src=x")
	require.Equal(t, 0, eval[int](b, `document.querySelectorAll('img, [onerror], [onload], a[href^=javascript]').length`))
	require.Equal(t, "undefined", eval[string](b, `typeof owned`))
	b.shot("evil")
	b.fine()
}
