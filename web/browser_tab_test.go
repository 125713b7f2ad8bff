package web_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"sealab/web"
)

// The browser tests look at the page in a real browser: Chromium, driven over its own
// protocol. They run where SEALAB_BROWSER is set and there is one. With SEALAB_SHOTS,
// pictures of the views are put in that directory; with SEALAB_AXE, the file of
// axe-core's script, it looks at each view, and may find nothing. All share one browser,
// in which each test has a profile that has never been used: to start one takes
// longer than most tests.

// tab is a page in a browser.
type tab struct {
	t   testing.TB
	ctx context.Context

	lock sync.Mutex
	bad  []string // what the page's script threw
}

// chromium is the browser, once a test has asked for it.
var chromium struct {
	once sync.Once
	ctx  context.Context
	stop context.CancelFunc
	err  error
}

var errNoBrowser = errors.New("no Chromium here: Debian has it in the package chromium")

// TestMain ends the browser with the last test.
func TestMain(m *testing.M) {
	code := m.Run()
	if chromium.stop != nil {
		chromium.stop()
	}
	os.Exit(code)
}

func startChromium() {
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil && path == "" {
			path = found
		}
	}
	if path == "" {
		chromium.err = errNoBrowser
		return
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox,
		chromedp.DisableGPU, chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.WindowSize(1280, 900), chromedp.WSURLReadTimeout(2*time.Minute))
	all, end := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, stop := chromedp.NewContext(all)
	chromium.ctx, chromium.err = ctx, chromedp.Do(ctx)
	chromium.stop = func() { stop(); end() }
}

// launch opens a tab of a profile that has never been used.
func launch(t testing.TB) *tab {
	if os.Getenv("SEALAB_BROWSER") == "" {
		t.Skip("SEALAB_BROWSER is not set; `.ci/run browser` looks at the page in Chromium")
	}
	chromium.once.Do(startChromium)
	if errors.Is(chromium.err, errNoBrowser) {
		t.Skip(chromium.err)
	}
	require.NoError(t, chromium.err)
	b := &tab{t: t}
	b.fresh()
	return b
}

// fresh goes on in a profile that has never been used.
func (b *tab) fresh() {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(chromium.ctx, 5*time.Minute)
	b.t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx, chromedp.WithNewBrowserContext())
	b.t.Cleanup(cancel)
	require.NoError(b.t, chromedp.Listen(ctx, func(ev any) {
		if e, ok := ev.(*runtime.EventExceptionThrown); ok {
			b.lock.Lock()
			defer b.lock.Unlock()
			d := e.ExceptionDetails
			b.bad = append(b.bad, fmt.Sprintf("%s:%d: %s", d.URL, d.LineNumber+1, d.Text))
		}
	}))
	b.ctx = ctx
	b.do(chromedp.EmulateViewport(1280, 900))
}

// at is the same browser for a part of a test.
func (b *tab) at(t testing.TB) *tab { return &tab{t: t, ctx: b.ctx} }

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
	if !eval[bool](b, `'axe' in window`) {
		b.do(chromedp.Evaluate[chromedp.Void](string(script) + ";0"))
	}
	type result struct {
		Found  []string
		Passes int
	}
	r := eval[result](b, `axe.run(document).then(r => ({Passes: r.passes.length, Found: r.violations.flatMap(v =>
		v.nodes.map(n => v.id + ': ' + n.target.join(' ') + ': ' + n.failureSummary))}))`)
	require.Empty(b.t, r.Found, view)
	require.Greater(b.t, r.Passes, 10, "it did look")
}

// file renders a file, and returns its address.
func (b *tab) file(r web.Request) string {
	b.t.Helper()
	name := filepath.Join(b.t.TempDir(), "page.html")
	f, err := os.Create(name)
	require.NoError(b.t, err)
	require.NoError(b.t, web.Render(f, build(b.t, r)))
	require.NoError(b.t, f.Close())
	return "file://" + name
}

// open opens a rendered file, from disk.
func (b *tab) open(r web.Request) {
	b.t.Helper()
	b.do(chromedp.Navigate(b.file(r)), chromedp.WaitVisible(chromedp.CSS("#player")))
}

// serve opens the page of a server on this machine, and returns the server's address.
func (b *tab) serve(r web.Request) (url string) {
	b.t.Helper()
	s := &web.Server{Doc: build(b.t, r), Limits: web.Limits{Steps: 100_000}}
	srv := httptest.NewUnstartedServer(nil)
	srv.Config.Handler = s.Handler(srv.Listener.Addr().String())
	srv.Start()
	b.t.Cleanup(srv.Close)
	b.do(chromedp.Navigate(srv.URL+"/"), chromedp.WaitVisible(chromedp.CSS("#lab")))
	return srv.URL
}

// run plays a text, with the keyboard.
func (b *tab) run(text string) {
	b.t.Helper()
	eval[bool](b, fmt.Sprintf(`(document.getElementById('text').value = %q, document.getElementById('text').focus(), true)`, text))
	b.do(chromedp.KeyEvent(kb.Enter, chromedp.KeyModifiers(chromedp.ModifierCtrl)))
}
