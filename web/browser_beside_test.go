package web_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"sealab/web"
)

// TestBrowserBeside shows runs beside each other with the keyboard: the nearest order that ends
// otherwise, and the same on another kernel.
func TestBrowserBeside(t *testing.T) {
	b := launch(t)
	b.serve(web.Request{Text: web.Examples()[2].Text})
	before := b.text("why-h")
	b.press("n")
	b.until(`document.querySelector('#both table')`)
	require.Regexp(t, `goes first\. Once somebody goes out of turn, .* They part at step \d+\.`,
		eval[string](b, `document.querySelector('#both .say').textContent`))
	require.Equal(t, before, eval[string](b, `document.querySelector('#both td').textContent`), "this run stands first")
	other := eval[string](b, `document.querySelectorAll('#both td')[1].textContent`)
	require.NotEqual(t, before, other)
	b.shot("near")
	b.axe("near")
	b.button("Go to where they part")
	require.Contains(t, eval[string](b, `document.querySelectorAll('#both table')[1].textContent`), b.text("sentence"))
	b.button("Show the other run")
	require.Equal(t, other, b.text("why-h"))
	require.Empty(t, b.text("both"), "what was beside another run is gone")
	eval[bool](b, `(document.activeElement.blur(), true)`)
	b.press("u")
	b.until(`document.getElementById('why-h').textContent === ` + quoted(before))

	b.run("r0 = memfd_create(\"a\", MFD_ALLOW_SEALING)\nfcntl(r0, F_ADD_SEALS, F_SEAL_EXEC)\n")
	b.until(`document.getElementById('why').classList.contains('fine')`)
	eval[bool](b, `(document.getElementById('other').value = '5.10.223', document.getElementById('compare').focus(), true)`)
	b.press(kb.Enter)
	b.until(`document.querySelector('#both table')`)
	require.Contains(t, eval[string](b, `document.querySelector('#both tr.differs').textContent`), "EINVAL")
	b.shot("kernels")
	b.axe("kernels")
	eval[bool](b, `(document.activeElement.blur(), true)`)
	b.press("n")
	b.until(`document.getElementById('both').textContent.includes('every order ends alike')`)
	b.fine()
}

// button activates a button by its words, with the keyboard.
func (b *tab) button(words string) {
	b.t.Helper()
	require.True(b.t, eval[bool](b, fmt.Sprintf(`(() => {
		const found = [...document.querySelectorAll('button')].find(x => x.textContent === %q);
		if (found) found.focus();
		return Boolean(found);
	})()`, words)), words)
	b.press(kb.Enter)
}

// TestBrowserFind finds steps by their words, and says so where there is none.
func TestBrowserFind(t *testing.T) {
	b := launch(t)
	b.open(web.Request{Text: web.Examples()[1].Text})
	b.press(kb.Home)
	// The driver sends a key's character apart from the key, whether or not the key was taken.
	eval[bool](b, `document.body.dispatchEvent(new KeyboardEvent('keydown', {key: '/', bubbles: true, cancelable: true}))`)
	require.Equal(t, "query", eval[string](b, `document.activeElement.id`))
	b.do(chromedp.KeyEvent("SCAN 3"), chromedp.KeyEvent(kb.Enter))
	require.Equal(t, "SCAN 3", eval[string](b, `document.getElementById('query').value`))
	require.Contains(t, b.text("sentence"), "scan 3 of 5")
	require.Contains(t, b.text("found"), "scan 3 of 5")
	b.do(chromedp.KeyEvent("9999"), chromedp.KeyEvent(kb.Enter))
	require.Contains(t, b.text("found"), "No step says this")
	b.press(kb.Escape, kb.Home)
	require.Contains(t, b.text("position"), "Step 1 of", "keys are the player's again")
	b.fine()
}

// TestBrowserEmbed puts a page into another one, which shows two of its parts and steps through it.
func TestBrowserEmbed(t *testing.T) {
	b := launch(t)
	dir := t.TempDir()
	f, err := os.Create(filepath.Join(dir, "run.html"))
	require.NoError(t, err)
	require.NoError(t, web.Render(f, build(t, web.Request{Text: web.Examples()[1].Text})))
	require.NoError(t, f.Close())
	require.NoError(t, os.WriteFile(filepath.Join(dir, "slide.html"), []byte(`<!doctype html><html lang="en"><title>slide</title>
<iframe title="run" src="run.html?embed=timeline,state" width="900" height="600"></iframe><p id="told"></p><script>
addEventListener('message', ev => { document.getElementById('told').textContent = ev.data.step + ': ' + ev.data.sentence; });
const say = m => document.querySelector('iframe').contentWindow.postMessage({sealab: 1, ...m}, '*');
document.querySelector('iframe').onload = () => say({do: 'go', to: 1});
</script>`), 0o666))
	b.do(chromedp.Navigate("file://" + filepath.Join(dir, "slide.html")))
	b.until(`document.getElementById('told').textContent.startsWith('1: ')`)
	eval[bool](b, `(say({do: 'step', by: 2}), say({do: 'nonsense'}), true)`)
	b.until(`document.getElementById('told').textContent.startsWith('3: ')`)
	b.shot("slide")
	b.do(chromedp.Navigate("file://"+filepath.Join(dir, "run.html")+"?embed=timeline,state"), chromedp.WaitVisible(chromedp.CSS("#player")))
	require.Equal(t, "player state", eval[string](b, `[...document.querySelectorAll('.because, .player, .pane, .top, .notes')]
		.filter(x => x.checkVisibility()).map(x => x.id).join(' ')`))
	b.axe("embed")
	b.fine()
}
