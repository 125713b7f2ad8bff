package web_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"sealab/web"
)

// manySteps is a scenario of 2,000 steps and more, with 200 pages.
func manySteps() string {
	var text strings.Builder
	text.WriteString("r0 = memfd_create(\"a\", MFD_ALLOW_SEALING)\nwrite(r0, \"x\"..., 819200)\n")
	for i := range 150 {
		fmt.Fprintf(&text, "pwrite64(r0, \"x\", 1, %d)\n", i*4096)
	}
	text.WriteString("fcntl(r0, F_ADD_SEALS, F_SEAL_WRITE)\n")
	return text.String()
}

// pace is how long something took on the page, in milliseconds.
type pace struct {
	Steps        int
	Median, Most float64 // Most is longer than all but one of a hundred
}

func (p pace) report(b *testing.B) {
	b.ReportMetric(0, "ns/op") // a round of the benchmark is not what is measured
	b.ReportMetric(float64(p.Steps), "steps")
	b.ReportMetric(p.Median, "ms/median")
	b.ReportMetric(p.Most, "ms/p99")
}

// BenchmarkPageStep measures how long a step takes, with its layout, on a page of 200 pages of memory
// and some 4,000 steps: twenty in a row, at ten places from the first to the last.
func BenchmarkPageStep(b *testing.B) {
	t := launch(b)
	t.open(web.Request{Text: manySteps()})
	var p pace
	for range b.N {
		p = eval[pace](t, `(() => {
			const key = k => document.body.dispatchEvent(new KeyboardEvent('keydown', {key: k, bubbles: true}));
			if (!document.getElementById('details').checked) key('d');
			const slider = document.getElementById('step'), n = Number(slider.max), times = [];
			for (let place = 0; place < 10; place++) {
				slider.value = Math.floor(place * (n - 20) / 9);
				slider.dispatchEvent(new Event('input'));
				document.body.getBoundingClientRect();
				for (let i = 0; i < 20; i++) {
					const from = performance.now();
					key('ArrowRight');
					document.body.getBoundingClientRect();
					times.push(performance.now() - from);
				}
			}
			if (Number(slider.value) !== n) throw new Error('it did not come to the end');
			times.sort((a, b) => a - b);
			return {Steps: n + 1, Median: times[100], Most: times[198]};
		})()`)
	}
	require.Greater(b, p.Steps, 2000)
	p.report(b)
}

// BenchmarkPageFork measures how long it takes from asking for another order until it is shown, on
// a page of 200 pages of memory, with the run made by a server and in the browser.
func BenchmarkPageFork(b *testing.B) {
	var text strings.Builder
	text.WriteString("r0 = memfd_create(\"a\", MFD_ALLOW_SEALING)\nwrite(r0, \"x\"..., 819200)\n")
	for i := range 20 {
		fmt.Fprintf(&text, "left: pwrite64(r0, \"x\", 1, %d)\nright: pwrite64(r0, \"x\", 1, %d)\n", i*4096, i*8192)
	}
	request := web.Request{Text: text.String()}
	b.Run("server", func(b *testing.B) {
		t := launch(b)
		t.serve(request)
		t.forks(b)
	})
	b.Run("worker", func(b *testing.B) {
		t := launch(b)
		dir := b.TempDir()
		require.NoError(b, web.Site(dir, build(b, request), makeEngine(b)))
		srv := httptest.NewServer(http.FileServer(http.Dir(dir)))
		b.Cleanup(srv.Close)
		b.ResetTimer()
		t.do(chromedp.Navigate(srv.URL), chromedp.WaitVisible(chromedp.CSS("#lab")))
		t.forks(b)
	})
}

// forks takes the other choice twenty times, each time at the first place where there is one, and
// goes back; a first one, which starts the engine, does not count.
func (b *tab) forks(bench *testing.B) {
	var p pace
	for range bench.N {
		p = eval[pace](b, `(async () => {
			const shown = id => document.getElementById(id), times = [];
			const so = what => new Promise(done => {
				const watch = new MutationObserver(() => what() && (watch.disconnect(), done()));
				watch.observe(document, {subtree: true, childList: true, characterData: true, attributes: true});
			});
			for (let i = 0; i <= 20; i++) {
				shown('step').value = 0;
				shown('step').dispatchEvent(new Event('input'));
				let other = null;
				while (!(other = document.querySelector('[data-fork]:not([disabled])'))) {
					document.querySelector('[data-go=step]').click();
				}
				const from = performance.now();
				const end = so(() => !shown('busy').textContent && !shown('undo').disabled);
				other.click();
				await end;
				document.body.getBoundingClientRect();
				if (i) times.push(performance.now() - from);
				if (shown('problems').textContent) throw new Error(shown('problems').textContent);
				shown('undo').click();
			}
			times.sort((a, b) => a - b);
			return {Steps: Number(shown('step').max) + 1, Median: times[10], Most: times[19]};
		})()`)
	}
	p.report(bench)
}
