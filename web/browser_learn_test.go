package web_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"sealab/exercise"
	"sealab/lesson"
	"sealab/promise"
	"sealab/web"
)

// focus is the ID of what has the focus.
func (b *tab) focus() string {
	b.t.Helper()
	return eval[string](b, `document.activeElement.id`)
}

// letter presses the letter of a choice. The driver would send it as text too.
func (b *tab) letter(choice int) {
	b.t.Helper()
	eval[bool](b, fmt.Sprintf(`document.activeElement.dispatchEvent(new KeyboardEvent('keydown',
		{key: %q, bubbles: true, cancelable: true}))`, string(rune('a'+choice))))
}

// tabTo presses a key until something is so.
func (b *tab) tabTo(js, key string, options ...chromedp.KeyOption) {
	b.t.Helper()
	for range 60 {
		if eval[bool](b, js) {
			return
		}
		b.do(chromedp.KeyEvent(key, options...))
	}
	require.Fail(b.t, "it is not reached with the keyboard", js)
}

// beforeScripts runs a script in each page before those of the page.
func (b *tab) beforeScripts(js string) {
	b.t.Helper()
	_, err := cdp.Call(b.ctx, chromedp.FromContext(b.ctx).Target, cdppage.AddScriptToEvaluateOnNewDocument,
		cdppage.AddScriptToEvaluateOnNewDocumentParams{Source: js})
	require.NoError(b.t, err)
}

// joined is what a list of the lines of a text says.
func joined(text string) string { return strings.ReplaceAll(text, "\n", "") }

// TestBrowserLesson goes through a lesson with the keyboard alone: the ladder, the question, a wrong
// answer, why, and the change. The page shows nothing of the answer before.
func TestBrowserLesson(t *testing.T) {
	b := launch(t)
	url := b.serve(web.Request{Text: web.Examples()[1].Text})
	l, err := lesson.Get(2)
	require.NoError(t, err)
	b.press("l")
	b.until(`document.querySelector('#lesson form')`)
	require.Equal(t, "1. Seals are bits on the inode", b.text("lesson-h"))
	require.Equal(t, "lesson-h", b.focus())
	require.False(t, eval[bool](b, `document.getElementById('player').checkVisibility()`), "only the lesson")
	b.shot("lesson")
	b.axe("lesson")

	b.tabTo(`document.activeElement.dataset.lesson === 'who'`, kb.Tab, chromedp.KeyModifiers(chromedp.ModifierShift))
	b.press(kb.Enter)
	b.until(`document.getElementById('lesson-h').textContent.startsWith('2. ')`)
	for _, secret := range []string{"After: ", l.Question.Choices[0].Say, l.Moral[0], l.Question.Because[0]} {
		require.NotContains(t, b.text("lesson"), secret, "it is told too early")
	}
	wrong := (l.Question.Answer + 1) % len(l.Question.Choices)
	b.letter(wrong)
	b.press(kb.Enter)
	b.until(`document.querySelector('.told').textContent !== ''`)
	told := eval[string](b, `document.querySelector('.told').textContent`)
	for _, words := range []string{"No. " + l.Question.Choices[wrong].Say,
		"The answer is " + string(rune('a'+l.Question.Answer)) + ") " + l.Question.Choices[l.Question.Answer].Text,
		l.Moral[0], l.Question.Because[0], l.Change.Text, l.Change.Look} {
		require.Contains(t, told, words)
	}
	require.NotContains(t, told, "After: ", "not before the change is made")
	b.shot("lesson-wrong")
	b.axe("lesson-wrong")

	b.tabTo(`document.activeElement.textContent === 'Make the change'`, kb.Tab)
	b.press(kb.Enter)
	b.until(`document.querySelector('.told').textContent.includes('After: ')`)
	b.until(`document.getElementById('lines').textContent === ` + quoted(joined(l.Change.Scenario)))
	require.Contains(t, b.text("lesson"), "Before: "+l.Change.Before+". After: "+l.Change.After+".")
	require.True(t, eval[bool](b, `document.getElementById('player').checkVisibility()`), "the run is beneath")
	b.shot("lesson-changed")
	b.axe("lesson-changed")
	b.tabTo(`document.activeElement.textContent === 'Look at it before'`, kb.Tab)
	b.press(kb.Enter)
	b.until(`document.getElementById('lines').textContent === ` + quoted(joined(l.Question.Scenario)))
	require.Contains(t, b.text("position"), "line 5", "where the call of the question ends")

	b.button("Next lesson")
	b.until(`document.getElementById('lesson-h').textContent.startsWith('3. ')`)
	b.do(chromedp.Navigate("about:blank"), chromedp.Navigate(url+"/#lesson-who"))
	b.until(`document.getElementById('lesson-h').textContent.startsWith('2. ')`)
	require.Contains(t, eval[string](b, `document.querySelector('[data-lesson=who]').textContent`), "answered, wrong:")
	b.fine()
}

// TestBrowserExercises answers exercises, of a broken kernel too, rightly.
func TestBrowserExercises(t *testing.T) {
	b := launch(t)
	url := b.serve(web.Request{Text: web.Examples()[1].Text})
	b.do(chromedp.Navigate(url + "/#exercise-bug-7"))
	e, err := exercise.New("bug", 7)
	require.NoError(t, err)
	b.until(`document.getElementById('lesson-h').textContent === 'Exercise bug, seed 7'`)
	require.Zero(t, eval[int](b, `document.querySelectorAll('#lesson .now').length`), "the line would tell")
	b.letter(e.Answer)
	b.press(kb.Enter)
	b.until(`document.querySelector('.told').textContent.startsWith('Right: ')`)
	require.Contains(t, b.text("kept"), "1 of 1 exercises")
	b.shot("exercise")
	b.axe("exercise")
	b.button("The same on the broken kernel")
	b.until(`document.getElementById('machine').textContent.includes(` + quoted(e.Kernel) + `)`)
	b.button("Another one")
	b.until(`document.getElementById('lesson-h').textContent === 'Exercise bug, seed 8'`)
	for _, k := range exercise.Kinds() {
		b.do(chromedp.Evaluate[chromedp.Void](`location.hash = '#exercise-` + k.Name + `-3'`))
		b.until(`document.getElementById('lesson-h').textContent === 'Exercise ` + k.Name + `, seed 3'`)
	}
	for _, bad := range []string{"#exercise-nonsense-3", "#lesson-nonsense"} {
		b.do(chromedp.Evaluate[chromedp.Void](`location.hash = '` + bad + `'`))
		b.until(`document.querySelector('#lesson [role=alert]')`)
		require.Contains(t, b.text("lesson"), `"nonsense"`)
	}
	b.fine()
}

// TestBrowserKeepsNothing: where a browser keeps nothing, lessons go on and say so.
func TestBrowserKeepsNothing(t *testing.T) {
	b := launch(t)
	b.beforeScripts(`Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no', 'SecurityError'); }})`)
	b.serve(web.Request{Text: web.Examples()[1].Text})
	b.press("l")
	b.until(`document.querySelector('#lesson form')`)
	require.Contains(t, b.text("kept"), "This browser keeps nothing")
	l, err := lesson.Get(1)
	require.NoError(t, err)
	b.letter(l.Question.Answer)
	b.press(kb.Enter)
	b.until(`document.querySelector('.told').textContent.startsWith('Right: ')`)
	require.Contains(t, eval[string](b, `document.querySelector('[data-lesson=bits]').textContent`), "answered, right:")
	b.fine()
}

// TestBrowserPromises puts means beside each other, opens what a claim stands on, and asks an
// older kernel; a link brings it back.
func TestBrowserPromises(t *testing.T) {
	b := launch(t)
	url := b.serve(web.Request{Text: web.Examples()[1].Text})
	b.do(chromedp.Navigate(url + "/#promises"))
	b.until(`document.querySelectorAll('.card').length === 4`)
	require.Equal(t, "lesson-h", b.focus())
	for _, name := range []string{"F_SEAL_WRITE", "F_SEAL_FUTURE_WRITE", "read-only", "private"} {
		m, err := promise.Find(name)
		require.NoError(t, err)
		c, err := promise.NewCard(m, "")
		require.NoError(t, err)
		require.Equal(t, "Promises on Linux "+c.Kernel, b.text("lesson-h"))
		for _, v := range c.Verdicts {
			list := map[bool]string{true: "relied", false: "open"}[v.Relied()]
			require.True(t, eval[bool](b, fmt.Sprintf(`[...document.querySelectorAll('.card[aria-label=%q] .%s button')]
				.some(x => x.textContent === %s)`, name, list, quoted(v.Says))), v.Says)
		}
	}
	b.shot("promises")
	b.axe("promises")

	b.tabTo(`document.activeElement.textContent.startsWith('the sender punches a hole: refused')`, kb.Tab)
	b.press(kb.Enter)
	b.until(`document.getElementById('player').checkVisibility() && document.getElementById('lines').textContent.includes('PUNCH')`)
	require.Contains(t, b.text("position"), "line 6", "where the call that is refused ends")
	require.Contains(t, b.text("sentence"), "EPERM")

	b.do(chromedp.Navigate("about:blank"), chromedp.Navigate(url+"/#promises-F_SEAL_FUTURE_WRITE,F_SEAL_EXEC%405.10.0"))
	b.until(`document.getElementById('lesson-h').textContent === 'Promises on Linux 5.10.0'`)
	require.Contains(t, b.text("lesson"), "This kernel does not have it: EINVAL.")
	require.Equal(t, "F_SEAL_FUTURE_WRITE,F_SEAL_EXEC",
		eval[string](b, `[...document.querySelectorAll('#promises :checked')].map(x => x.value).join()`))
	for _, bad := range []string{"#promises-nonsense", "#promises-private@6.x", "#promises-%zz"} {
		b.do(chromedp.Evaluate[chromedp.Void](`location.hash = '` + bad + `'`))
		b.until(`document.querySelector('#lesson [role=alert]')`)
		b.do(chromedp.Evaluate[chromedp.Void](`location.hash = '#promises'`))
		b.until(`document.querySelectorAll('.card').length === 4`)
	}
	b.fine()
}
