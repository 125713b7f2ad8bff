'use strict';

// Steps by their words, and the page as a part of another one.

function startFind() {
  const look = by => {
    const query = $('query').value.trim().toLowerCase(), {run, step} = page, n = run.steps.length;
    if (!query) {
      $('found').textContent = '';
      return;
    }
    // Round and round: after the last step comes the first.
    for (let i = 1; i <= n; i++) {
      const at = (step + by * i + i * n) % n;
      if (!run.events[run.steps[at]].say.toLowerCase().includes(query)) continue;
      go(at);
      $('found').textContent = `Step ${at + 1}: ${run.events[run.steps[at]].say}.`;
      return;
    }
    $('found').textContent = 'No step says this' + (run.details ? '.' : '; perhaps one of the details does.');
  };
  $('find').addEventListener('submit', ev => { ev.preventDefault(); look(1); });
  $('findback').addEventListener('click', () => look(-1));
  $('query').addEventListener('keydown', ev => {
    if (ev.key === 'Escape') $('step').focus();
    if (ev.key !== 'Enter' || !ev.shiftKey) return;
    ev.preventDefault();
    look(-1);
  });
}

// startEmbed makes the page a part of a slide: with ?embed it has no more than the run, and with
// ?embed=timeline,state only these parts. Whoever embeds it can go by steps, and is told of each.
function startEmbed() {
  const parts = new URLSearchParams(location.search).get('embed');
  if (parts === null) return;
  const known = {why: 'why', timeline: 'player', state: 'state', text: 'lines', code: 'where', story: 'story'};
  const shown = parts.split(',').filter(p => Object.hasOwn(known, p));
  document.documentElement.classList.add('embed');
  document.documentElement.classList.toggle('only', shown.length > 0);
  for (const p of shown) $(known[p]).closest('section').classList.add('shown');
  page.embedded = true;
  addEventListener('message', ev => {
    const m = ev.data;
    if (ev.source !== parent || !m || m.sealab !== 1) return;
    if (m.do === 'step' && Number.isInteger(m.by)) go(page.step + m.by);
    else if (m.do === 'go' && Number.isInteger(m.to)) go(m.to - 1);
    else if (m.do === 'ping') announce(page.run.events[page.run.steps[page.step]]);
  });
}

// announce tells whoever embeds the page where it is. Nothing but the step's own sentence is said.
function announce(e) {
  if (!page.embedded || parent === window) return;
  parent.postMessage({sealab: 1, step: page.step + 1, steps: page.run.steps.length, sentence: e.say + '.'}, '*');
}
