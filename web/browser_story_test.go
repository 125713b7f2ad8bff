package web_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"sealab/web"
)

// story is the sentences of the story, as they are shown.
func (b *tab) story() []string {
	b.t.Helper()
	return eval[[]string](b, `[...document.querySelectorAll('#story [data-step]')].map(x => x.textContent)`)
}

// TestBrowserFold folds calls and details in the story; the call that one stands in is open.
func TestBrowserFold(t *testing.T) {
	b := launch(t)
	b.open(web.Request{Text: web.Examples()[1].Text})
	b.press(kb.Home, "o")
	require.Contains(t, b.story()[0], `main calls memfd_create("picture", MFD_ALLOW_SEALING) = 3: `)
	require.Contains(t, b.story()[1], "main calls write(", "a line a call")
	folded := len(b.story())
	b.press(kb.ArrowRight)
	require.Greater(t, len(b.story()), folded, "the call that one has stepped into is open")
	require.Equal(t, b.text("sentence"), eval[string](b, `document.querySelector('#story .now [data-step]').textContent`))
	b.shot("folded")
	b.axe("folded")

	b.press(kb.Home)
	eval[bool](b, `(document.querySelectorAll('#story .fold')[1].focus(), true)`)
	b.press(kb.Enter)
	require.Equal(t, "true", eval[string](b, `document.activeElement.getAttribute('aria-expanded')`), "it keeps the focus")
	require.Contains(t, strings.Join(b.story(), "\n"), "enters the page cache")
	b.press(kb.Enter)
	require.Len(t, b.story(), folded)

	eval[bool](b, `(document.activeElement.blur(), true)`)
	b.press("d")
	require.NotContains(t, strings.Join(b.story(), "\n"), "details", "they are in calls that are folded")
	b.press(kb.ArrowRight, kb.ArrowRight)
	b.press("o")
	unfolded := b.story()
	b.press("o", kb.PageDown, kb.ArrowRight)
	require.Contains(t, strings.Join(b.story(), "\n"), "… ", "details that one does not stand among are a line")
	require.NotEqual(t, unfolded, b.story())
	for range 5 {
		b.press(kb.ArrowRight)
		require.Equal(t, b.text("sentence"), eval[string](b, `document.querySelector('#story .now [data-step]').textContent`))
	}
	b.fine()
}

// TestBrowserBatches follows new pages into a CPU's batch and out of it, in the timeline and in words.
func TestBrowserBatches(t *testing.T) {
	b := launch(t)
	const pages = 3
	b.open(web.Request{Text: fmt.Sprintf("r0 = memfd_create(\"a\", MFD_ALLOW_SEALING)\nwrite(r0, \"x\"..., %d)\n"+
		"fcntl(r0, F_ADD_SEALS, F_SEAL_WRITE)\n", pages*4096)})
	count := func(class string) int {
		return eval[int](b, fmt.Sprintf(`document.querySelectorAll('#timeline .%s').length`, class))
	}
	require.Equal(t, []int{pages, pages}, []int{count("added"), count("drained")}, "a mark for each that comes and goes")
	b.press(kb.PageUp)
	require.Contains(t, b.text("sentence"), "main calls fcntl")
	require.Contains(t, b.text("objects"), `CPU 0's batch of new pagespage 0 of "a", page 1 of "a", page 2 of "a"`)
	require.Contains(t, eval[string](b, `document.querySelector('#objects tbody').textContent`), "1 CPU 0's batch of new pages",
		"it is who has the other reference")
	b.shot("batches")
	b.press(kb.End)
	require.NotContains(t, b.text("objects"), "batch")
	b.fine()
}
