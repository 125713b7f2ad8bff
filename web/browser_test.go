package web_test

import (
	"fmt"
	"net/url"
	"os"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"sealab/web"
)

// TestBrowserFile walks through a rendered file with the keyboard alone.
func TestBrowserFile(t *testing.T) {
	b := launch(t)
	b.open(web.Request{Text: web.Examples()[1].Text})
	require.Contains(t, b.text("sentence"), "is refused by memfd_wait_for_pins", "it begins where it was decided")
	b.shot("file")
	b.axe("file")

	b.press(kb.Home)
	require.Contains(t, b.text("position"), "Step 1 of")
	b.press(kb.ArrowRight, kb.ArrowRight, kb.ArrowLeft)
	require.Contains(t, b.text("position"), "Step 2 of")
	for scan := 1; scan <= 5; scan++ {
		b.press("s")
		require.Contains(t, b.text("sentence"), fmt.Sprintf("scan %d of 5 begins", scan))
	}
	b.press("S", kb.PageUp)
	require.Equal(t, "main calls fcntl(r0, F_ADD_SEALS, F_SEAL_WRITE).", b.text("sentence"))
	require.Equal(t, b.text("sentence"), eval[string](b, `document.querySelector('#story .now button').textContent`))
	require.Equal(t, "6", eval[string](b, `String([...document.querySelectorAll('#lines li')]
		.findIndex(l => l.classList.contains('now')) + 1)`), "the line of the scenario")
	require.Contains(t, eval[string](b, `document.getElementById('step').getAttribute('aria-valuetext')`), "main calls fcntl")

	require.True(t, eval[bool](b, `(() => {
		const list = document.getElementById('code').getBoundingClientRect();
		const now = document.querySelector('#code .now').getBoundingClientRect();
		return now.top >= list.top && now.bottom <= list.bottom;
	})()`), "the line of the source is in sight")

	for card := range 6 {
		b.press("w")
		require.Equal(t, b.text("sentence"), eval[string](b,
			fmt.Sprintf(`document.querySelectorAll('#cards a')[%d].textContent`, card))+".", "card %d", card+1)
		require.True(t, eval[bool](b, fmt.Sprintf(`document.querySelectorAll('#cards a')[%d] === document.activeElement`, card)))
	}

	// When did the page's references last change? Tab to the value, and ask.
	eval[bool](b, `(document.querySelector('#objects tbody .val').focus(), true)`)
	b.press(kb.Enter)
	require.Contains(t, b.text("history"), "refs of page 0 of \"picture\": last changed at step")
	b.press("[")
	require.NotEmpty(t, eval[string](b, `document.querySelector('#objects tbody td .val.changed').textContent`))
	b.press("?")
	require.True(t, eval[bool](b, `document.getElementById('keys').open`))
	b.axe("keys")
	b.press(kb.Escape, "d")
	require.True(t, eval[bool](b, `document.getElementById('details').checked`))
	b.fine()
}

// TestBrowserSteps goes through all steps forwards and backwards: the page is the same both
// times, and the same as when it is opened there.
func TestBrowserSteps(t *testing.T) {
	b := launch(t)
	for _, x := range web.Examples() {
		b.open(web.Request{Text: x.Text})
		require.Equal(t, "", eval[string](b, `(() => {
			const key = k => document.body.dispatchEvent(new KeyboardEvent('keydown', {key: k, bubbles: true}));
			const see = () => ['objects', 'timeline', 'sentence', 'story'].map(id => document.getElementById(id).innerHTML).join('\n');
			for (const details of [false, true]) {
				if (details) key('d');
				key('Home');
				const last = Number(document.getElementById('step').max), seen = [see()];
				for (let i = 1; i <= last; i++) { key('ArrowRight'); seen.push(see()); }
				for (let i = last; i >= 0; i--) {
					if (see() !== seen[i]) return 'step ' + i + ' is another one on the way back';
					key('ArrowLeft');
				}
				key('End');
				if (see() !== seen[last]) return 'the end is another one';
			}
			return '';
		})()`), x.Name)
	}
	b.fine()
}

// TestBrowserMarkup: what looks like markup in a log is text, everywhere.
func TestBrowserMarkup(t *testing.T) {
	b := launch(t)
	const evil = `<img src=x onerror=document.title='owned'><script>document.title='owned'</script>`
	b.open(web.Request{Text: fmt.Sprintf("r0 = memfd_create(%q, MFD_ALLOW_SEALING)\nwrite(r0, \"x\", 1)\n", evil)})
	b.press(kb.Home, kb.ArrowRight, kb.ArrowRight, kb.End, "d")
	require.Contains(t, b.text("objects"), "<img src=x")
	require.Equal(t, 0, eval[int](b, `document.images.length`))
	require.NotContains(t, eval[string](b, `document.title`), "owned")
	b.fine()
}

// TestBrowserServed edits, changes the kernel, forks, undoes, pastes a log, and opens a link.
func TestBrowserServed(t *testing.T) {
	b := launch(t)
	server := b.serve(web.Request{Text: web.Examples()[1].Text})
	b.axe("lab")
	b.shot("lab")

	t.Run("edit", func(t *testing.T) {
		b := b.at(t)
		b.run("r0 = memfd_create(\"a\", MFD_ALLOW_SEALNG)\n")
		b.until(`document.querySelector('#problems pre')`)
		require.Contains(t, b.text("problems"), "did you mean MFD_ALLOW_SEALING?")
		require.Contains(t, b.text("problems"), "^")
		b.shot("problem")
		b.axe("problem")
		b.run("r0 = memfd_create(\"a\", MFD_ALLOW_SEALING)\nfcntl(r0, F_ADD_SEALS, F_SEAL_EXEC)\n")
		b.until(`document.getElementById('why').classList.contains('fine')`)
		require.Empty(t, b.text("problems"))
	})
	t.Run("kernel", func(t *testing.T) {
		b := b.at(t)
		eval[bool](b, `(document.getElementById('kernel').value = '5.10', document.getElementById('form').requestSubmit(), true)`)
		b.until(`document.getElementById('why-h').textContent.includes('EINVAL')`)
		require.Contains(t, b.text("machine"), "kernel 5.10 ")
	})
	t.Run("fork", func(t *testing.T) { testFork(b.at(t), server) })
	t.Run("log", func(t *testing.T) {
		b := b.at(t)
		log, err := os.ReadFile("../testdata/logs/classic.strace")
		require.NoError(t, err)
		require.True(t, eval[bool](b, fmt.Sprintf(`(() => {
			const data = new DataTransfer(), text = document.getElementById('text');
			data.setData('text', %q);
			text.dispatchEvent(new ClipboardEvent('paste', {clipboardData: data, bubbles: true}));
			text.value = data.getData('text');
			document.getElementById('kernel').value = '';
			document.getElementById('form').requestSubmit();
			return document.getElementById('log').checked;
		})()`, log)), "it is seen to be a log")
		b.until(`document.getElementById('notes').textContent.includes('differs from none')`)
		require.Contains(t, b.text("why-h"), "EBUSY")
		b.shot("log")
		b.axe("log")
	})
	b.fine()
}

// testFork lets the other task go first, comes back, and opens the fork's link anew.
func testFork(b *tab, server string) {
	t := b.t
	b.do(chromedp.Navigate(server+"/"), chromedp.WaitVisible(chromedp.CSS("#lab")))
	b.run(web.Examples()[2].Text)
	b.until(`document.getElementById('why-h').textContent.startsWith('mmap(')`)
	eval[bool](b, `(document.activeElement.blur(), true)`)
	b.press(kb.Home)
	b.until(`document.getElementById('sentence').textContent.includes('memfd_create')`)
	// Step to where the mapper may go instead of the sealer, and let it.
	for range 40 {
		if eval[bool](b, `[...document.querySelectorAll('[data-fork]:not([disabled])')].some(x => x.textContent.includes('mapper'))`) {
			break
		}
		b.press(kb.ArrowRight)
	}
	b.press("f", kb.Enter)
	b.until(`document.getElementById('why-h').textContent.startsWith('fcntl(')`)
	require.Contains(t, b.text("why-h"), "EBUSY", "now the mapping came first")
	b.shot("fork")
	b.axe("fork")
	eval[bool](b, `(document.getElementById('share').click(), true)`)
	b.until(`document.getElementById('busy').textContent.includes('link') && location.hash.startsWith('#1.')`)
	link := eval[string](b, `location.href`)
	require.Less(t, len(link), 900)
	sentence := b.text("sentence")
	eval[bool](b, `(document.activeElement.blur(), true)`)
	b.press("u")
	b.until(`document.getElementById('why-h').textContent.startsWith('mmap(')`)

	b.do(chromedp.Navigate("about:blank"), chromedp.Navigate(link))
	b.until(fmt.Sprintf(`document.getElementById('sentence').textContent === %q`, sentence))
	require.Contains(t, b.text("why-h"), "EBUSY", "the link opens the same run, at the same step")
	torn, err := url.Parse(link[:len(link)-40])
	require.NoError(t, err)
	b.do(chromedp.Navigate("about:blank"), chromedp.Navigate(torn.String()))
	b.until(`document.getElementById('problems').textContent.includes('torn')`)
	b.do(chromedp.Navigate("about:blank"), chromedp.Navigate(server+"/#2.abc"))
	b.until(`document.getElementById('problems').textContent.includes('version 2')`)
}
