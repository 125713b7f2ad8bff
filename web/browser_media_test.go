package web_test

import (
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"sealab/web"
)

// media are the ways in which people look at a page.
var media = []struct {
	name     string
	medium   string
	features []*emulation.MediaFeature
	width    int64 // in the page's own pixels; zoom makes these larger
	scale    float64
}{
	{"dark", "", []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}}, 1280, 1},
	{"zoom", "", nil, 640, 2}, // 1280 wide, at 200 %
	{"phone", "", nil, 320, 1},
	{"forced", "", []*emulation.MediaFeature{{Name: "forced-colors", Value: "active"}}, 1280, 1},
	{"forced-dark", "", []*emulation.MediaFeature{{Name: "forced-colors", Value: "active"},
		{Name: "prefers-color-scheme", Value: "dark"}}, 1280, 1},
	{"contrast", "", []*emulation.MediaFeature{{Name: "prefers-contrast", Value: "more"}}, 1280, 1},
	{"paper", "print", []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}}, 800, 1},
}

// views are what people look at: a run, and what an engine adds to it.
var views = []struct {
	name string
	open func(b *tab)
}{
	{"run", func(b *tab) {
		b.open(web.Request{Text: web.Examples()[3].Text})
		eval[bool](b, `(document.querySelector('#objects .val').click(), true)`)
	}},
	{"lab", func(b *tab) {
		b.serve(web.Request{Text: web.Examples()[2].Text})
		b.run("r0 = memfd_create(\"a\", MFD_ALLOW_SEALNG)\n")
		b.until(`document.querySelector('#problems pre')`)
	}},
	{"beside", func(b *tab) {
		b.serve(web.Request{Text: web.Examples()[2].Text})
		b.press("n")
		b.until(`document.querySelector('#both table')`)
	}},
	{"lesson", func(b *tab) {
		b.serve(web.Request{Text: web.Examples()[1].Text})
		b.press("l")
		b.until(`document.querySelector('#lesson form')`)
		b.letter(0)
		b.press(kb.Enter)
		b.until(`document.querySelector('.told').textContent !== ''`)
	}},
	{"promises", func(b *tab) {
		b.do(chromedp.Navigate(b.serve(web.Request{Text: web.Examples()[1].Text}) + "/#promises"))
		b.until(`document.querySelectorAll('.card').length === 4`)
	}},
}

// unreachable lists what is cut off: controls and text that stick out of the page, but for those in
// a part that can be scrolled by itself.
const unreachable = `(() => {
	const wide = document.documentElement.clientWidth, out = [];
	if (document.documentElement.scrollWidth > wide) out.push('the page can be scrolled sideways');
	for (const x of document.querySelectorAll('main *, header *, footer *')) {
		if (!x.checkVisibility() || x.closest('.quiet, .skip, svg, option')) continue;
		const box = x.getBoundingClientRect();
		if (box.left >= -1 && box.right <= wide + 1) continue;
		let p = x;
		while (p && !['auto', 'scroll'].includes(getComputedStyle(p).overflowX)) p = p.parentElement;
		if (!p) out.push((x.id || x.className || x.tagName) + ' from ' + box.left + ' to ' + box.right);
	}
	return out;
})()`

// TestBrowserMedia looks at each view in each way: nothing is cut off, and axe-core finds nothing.
func TestBrowserMedia(t *testing.T) {
	b := launch(t)
	for _, v := range views {
		b.emulate("", nil, 1280, 1)
		v.open(b)
		for _, m := range media {
			b.emulate(m.medium, m.features, m.width, m.scale)
			b.until(`document.querySelector('#timeline svg').viewBox.baseVal.width <= innerWidth`)
			view := v.name + "-" + m.name
			b.shot(view)
			require.Empty(t, eval[[]string](b, unreachable), view)
			b.axe(view)
		}
	}
	b.fine()
}

// emulate looks at the page by another medium, with preferences, and through a window of another width.
func (b *tab) emulate(medium string, features []*emulation.MediaFeature, width int64, scale float64) {
	b.t.Helper()
	_, err := cdp.Call(b.ctx, chromedp.FromContext(b.ctx).Target, emulation.SetEmulatedMedia,
		emulation.SetEmulatedMediaParams{Media: medium, Features: features})
	require.NoError(b.t, err)
	b.do(chromedp.EmulateViewport(width, 900, chromedp.EmulateScale(scale)))
}

// TestBrowserPreferences holds the page to what people have asked their machine for.
func TestBrowserPreferences(t *testing.T) {
	b := launch(t)
	b.open(web.Request{Text: web.Examples()[1].Text})
	ask := func(name, value string) {
		b.emulate("", []*emulation.MediaFeature{{Name: name, Value: value}}, 1280, 1)
	}
	moves := `[...document.querySelectorAll('*')].some(x => getComputedStyle(x).transitionDuration !== '0s' ||
		getComputedStyle(x).animationName !== 'none')`
	ask("prefers-reduced-motion", "no-preference")
	require.True(t, eval[bool](b, moves))
	ask("prefers-reduced-motion", "reduce")
	require.False(t, eval[bool](b, moves), "nothing moves")

	const blue = `getComputedStyle(document.documentElement).getPropertyValue('--t0')`
	paper := `getComputedStyle(document.body).backgroundColor`
	ask("prefers-color-scheme", "light")
	light, ink := eval[string](b, paper), eval[string](b, blue)
	ask("prefers-color-scheme", "dark")
	require.NotEqual(t, light, eval[string](b, paper))
	require.NotEqual(t, ink, eval[string](b, blue))

	b.emulate("print", []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}}, 800, 1)
	require.Equal(t, "rgb(255, 255, 255)", eval[string](b, paper), "paper is white")
	require.Equal(t, "rgb(0, 0, 0)", eval[string](b, `getComputedStyle(document.getElementById('sentence')).color`))
	require.Equal(t, ink, eval[string](b, blue), "and what is drawn on it is not pale")
	require.False(t, eval[bool](b, `[...document.querySelectorAll('.controls, #find, #folds, .tools')].some(x => x.checkVisibility())`),
		"what cannot be pressed on paper is not on it")
	require.Equal(t, "", eval[string](b, `[...document.querySelectorAll('.lines')].filter(x => x.checkVisibility() &&
		(x.scrollWidth > x.clientWidth || x.scrollHeight > x.clientHeight)).map(x => x.id).join(' ')`), "nothing is hidden on paper")

	// Forced colours: what is drawn has those of the system, as the text around it has. Where text
	// stands on a ground of its own, the browser would put another ground beneath it.
	b.emulate("", []*emulation.MediaFeature{{Name: "forced-colors", Value: "active"}, {Name: "prefers-color-scheme", Value: "dark"}}, 1280, 1)
	require.Equal(t, "", eval[string](b, `(() => {
		const ink = getComputedStyle(document.getElementById('sentence')).color;
		return [...document.querySelectorAll('#timeline text')].filter(x => getComputedStyle(x).fill !== ink).map(x => x.textContent).join(' ');
	})()`))
	require.Equal(t, "", eval[string](b, `(() => {
		const ground = getComputedStyle(document.body).backgroundColor;
		return [...document.querySelectorAll('button')].filter(x => x.checkVisibility()).filter(x => {
			const s = getComputedStyle(x);
			return ![ground, 'rgba(0, 0, 0, 0)'].includes(s.backgroundColor) && s.forcedColorAdjust !== 'none';
		}).map(x => x.textContent).join(' ');
	})()`))
	b.fine()
}
