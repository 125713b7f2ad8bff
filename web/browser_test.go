package web_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"sealab/web"
)

// These tests look at the page in a real browser: Chromium, driven over its own
// protocol. They run where SEALAB_BROWSER is set and there is one. With SEALAB_SHOTS,
// pictures of the views are put in that directory; with SEALAB_AXE, the file of
// axe-core's script, it looks at each view, and may find nothing.

// tab is a page in a browser.
type tab struct {
	t   *testing.T
	ctx context.Context

	lock sync.Mutex
	bad  []string // what the page's script threw
}

// launch starts a browser that has never been used.
func launch(t *testing.T) *tab {
	if os.Getenv("SEALAB_BROWSER") == "" {
		t.Skip("SEALAB_BROWSER is not set; `.ci/run browser` looks at the page in Chromium")
	}
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil && path == "" {
			path = found
		}
	}
	if path == "" {
		t.Skip("no Chromium here: Debian has it in the package chromium")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox,
		chromedp.DisableGPU, chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.WindowSize(1280, 900), chromedp.UserDataDir(t.TempDir()), chromedp.WSURLReadTimeout(2*time.Minute))
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	b := &tab{t: t, ctx: ctx}
	require.NoError(t, chromedp.Listen(ctx, func(ev any) {
		if e, ok := ev.(*runtime.EventExceptionThrown); ok {
			b.lock.Lock()
			defer b.lock.Unlock()
			d := e.ExceptionDetails
			b.bad = append(b.bad, fmt.Sprintf("%s:%d: %s", d.URL, d.LineNumber+1, d.Text))
		}
	}))
	return b
}

// at is the same browser for a part of a test.
func (b *tab) at(t *testing.T) *tab { return &tab{t: t, ctx: b.ctx} }

// fine fails the test if the page's script threw something.
func (b *tab) fine() {
	b.lock.Lock()
	defer b.lock.Unlock()
	require.Empty(b.t, b.bad, "the page's script threw")
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	require.NoError(b.t, chromedp.Do(b.ctx, steps...))
}

func eval[T any](b *tab, js string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](js, chromedp.EvalAwaitPromise))
	require.NoError(b.t, err, "%s", js)
	return v
}

// text returns what an element says.
func (b *tab) text(id string) string {
	b.t.Helper()
	return eval[string](b, fmt.Sprintf(`document.getElementById(%q).textContent`, id))
}

// until waits for something to be so: it looks whenever the page changes.
func (b *tab) until(js string) {
	b.t.Helper()
	eval[bool](b, `new Promise(done => {
		const so = () => (`+js+`) && (watch.disconnect(), done(true), true);
		const watch = new MutationObserver(so);
		watch.observe(document, {subtree: true, childList: true, attributes: true, characterData: true});
		so();
	})`)
}

// press presses keys, one after the other.
func (b *tab) press(keys ...string) {
	b.t.Helper()
	for _, k := range keys {
		b.do(chromedp.KeyEvent(k))
	}
}

// shot keeps a picture of the whole page, for people to look at.
func (b *tab) shot(name string) {
	b.t.Helper()
	dir := os.Getenv("SEALAB_SHOTS")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	require.NoError(b.t, err)
	require.NoError(b.t, os.WriteFile(filepath.Join(dir, name+".png"), png, 0o666))
}

// axe lets axe-core look at the page: it may find no violation.
func (b *tab) axe(view string) {
	b.t.Helper()
	name := os.Getenv("SEALAB_AXE")
	if name == "" {
		b.t.Logf("%s: axe-core was not run: SEALAB_AXE does not say where it is", view)
		return
	}
	script, err := os.ReadFile(name)
	require.NoError(b.t, err)
	b.do(chromedp.Evaluate[chromedp.Void](string(script) + ";0"))
	found := eval[[]string](b, `axe.run(document).then(r => r.violations.flatMap(v =>
		v.nodes.map(n => v.id + ': ' + n.target.join(' ') + ': ' + n.failureSummary)))`)
	require.Empty(b.t, found, view)
	require.Greater(b.t, eval[int](b, `axe.run(document).then(r => r.passes.length)`), 10, "it did look")
}

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

// open opens a rendered file, from disk.
func (b *tab) open(r web.Request) {
	b.t.Helper()
	name := filepath.Join(b.t.TempDir(), "page.html")
	f, err := os.Create(name)
	require.NoError(b.t, err)
	require.NoError(b.t, web.Render(f, build(b.t, r)))
	require.NoError(b.t, f.Close())
	b.do(chromedp.Navigate("file://"+name), chromedp.WaitVisible(chromedp.CSS("#player")))
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

// TestBrowserViews looks at the page in the dark, on a phone, and on paper's width.
func TestBrowserViews(t *testing.T) {
	b := launch(t)
	b.open(web.Request{Text: web.Examples()[3].Text})
	b.do(chromedp.EmulateViewport(320, 800))
	b.until(`document.querySelector('#timeline svg').viewBox.baseVal.width <= 320`)
	require.LessOrEqual(t, eval[int](b, `document.documentElement.scrollWidth`), 320, "nothing sticks out")
	b.shot("phone")
	b.axe("phone")
	b.fine()
}

// TestBrowserServed edits, changes the kernel, forks, undoes, pastes a log, and opens a link.
func TestBrowserServed(t *testing.T) {
	b := launch(t)
	s := &web.Server{Doc: build(t, web.Request{Text: web.Examples()[1].Text}), Limits: web.Limits{Steps: 100_000}}
	srv := httptest.NewUnstartedServer(nil)
	srv.Config.Handler = s.Handler(srv.Listener.Addr().String())
	srv.Start()
	defer srv.Close()
	b.do(chromedp.Navigate(srv.URL+"/"), chromedp.WaitVisible(chromedp.CSS("#lab")))
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
	t.Run("fork", func(t *testing.T) { testFork(b.at(t), srv.URL) })
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

// run plays a text, with the keyboard.
func (b *tab) run(text string) {
	b.t.Helper()
	eval[bool](b, fmt.Sprintf(`(document.getElementById('text').value = %q, document.getElementById('text').focus(), true)`, text))
	b.do(chromedp.KeyEvent(kb.Enter, chromedp.KeyModifiers(chromedp.ModifierCtrl)))
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

// TestBrowserPace measures how long a step takes on the page, with 200 pages and some 2,000
// steps: twenty in a row, at ten places from the first to the last. It is printed, not judged.
func TestBrowserPace(t *testing.T) {
	b := launch(t)
	var text strings.Builder
	text.WriteString("r0 = memfd_create(\"a\", MFD_ALLOW_SEALING)\nwrite(r0, \"x\"..., 819200)\n")
	for i := range 150 {
		fmt.Fprintf(&text, "pwrite64(r0, \"x\", 1, %d)\n", i*4096)
	}
	text.WriteString("fcntl(r0, F_ADD_SEALS, F_SEAL_WRITE)\n")
	b.open(web.Request{Text: text.String()})
	t.Log(eval[string](b, `(() => {
		const key = k => document.body.dispatchEvent(new KeyboardEvent('keydown', {key: k, bubbles: true}));
		key('d');
		key('Home');
		const slider = document.getElementById('step'), n = Number(slider.max), times = [];
		for (let place = 0; place < 10; place++) {
			slider.value = Math.floor(place * (n - 20) / 9);
			slider.dispatchEvent(new Event('input'));
			for (let i = 0; i < 20; i++) {
				const t0 = performance.now();
				key('ArrowRight');
				document.body.getBoundingClientRect();
				times.push(performance.now() - t0);
			}
		}
		if (Number(slider.value) !== n) return 'it did not come to the end';
		times.sort((a, b) => a - b);
		return (n + 1) + ' steps: median ' + times[100].toFixed(1) + ' ms, 99 % within ' + times[198].toFixed(1) + ' ms';
	})()`))
	b.fine()
}
