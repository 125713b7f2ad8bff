'use strict';

// The story: the sentences around the present step, with calls and details folded if that is wished.

const around = 9; // so many sentences before the present one, and after it

// isFolded says whether the steps of a call, by its first, are not shown: as was said of this call, or
// of all; then the call that one stands in is open.
function isFolded(call) {
  const {run, step, folded} = page;
  if (folded.has(call)) return folded.get(call);
  return $('fold').checked && (call === step || run.callOf[step] !== call);
}

// isShown says whether a step has a line of its own.
function isShown(i) {
  const {run, step} = page, call = run.callOf[i], group = run.groupOf[i];
  if (call !== i && isFolded(call)) return false;
  return !$('fold').checked || group === i || group === run.groupOf[step];
}

// shownFrom lists the steps that are shown, from one on or back from it.
function shownFrom(step, by, most) {
  const out = [];
  for (let i = step + by; i >= 0 && i < page.run.steps.length && out.length < most; i += by) {
    if (isShown(i)) out.push(i);
  }
  return out;
}

function drawStory() {
  const {run, step} = page, here = isShown(step) ? step : run.callOf[step];
  const before = shownFrom(here, -1, 2 * around), after = shownFrom(here, 1, 2 * around);
  const ahead = Math.min(after.length, Math.max(around, 2 * around - before.length));
  const rows = [...before.slice(0, 2 * around - ahead).reverse(), here, ...after.slice(0, ahead)];
  let last = null;
  patch($('story'), rows.map(i => {
    const e = run.events[run.steps[i]], at = e.at === last ? '' : time(e.at);
    last = e.at;
    return el('li', {class: i === here ? 'now' : null, 'aria-current': i === here ? 'step' : null},
      el('span', {class: 'at'}, at), sentence(i, e), fold(i, e));
  }));
}

// sentence is the line of a step, of a folded call, or of folded details.
function sentence(i, e) {
  const {run} = page;
  let text = e.say + '.';
  const details = e.detail && $('fold').checked && run.groupOf[page.step] !== i ? run.groupOf.lastIndexOf(i) - i + 1 : 0;
  if (details > 1) text = `… ${details} details`;
  if (e.kind === 'begin' && isFolded(i) && run.sizes.get(i) > 1) {
    const call = run.doc.calls.find(c => c.begin === run.steps[i]), at = call ? call.text.lastIndexOf(' = ') : -1;
    text = e.say + (at < 0 ? '' : call.text.slice(at)) + `: ${run.sizes.get(i)} steps.`;
  }
  return el('button', {type: 'button', tabindex: -1, 'data-step': i}, text);
}

// fold is the button that folds a call.
function fold(i, e) {
  if (e.kind !== 'begin' || page.run.sizes.get(i) < 2) return null;
  const open = !isFolded(i);
  return el('button', {type: 'button', class: 'fold', 'data-fold': i, 'aria-expanded': String(open),
    'aria-label': `the steps of ${e.op}, line ${e.line}`}, open ? '▾' : '▸');
}

function foldAll() {
  page.folded.clear();
  drawStory();
}

function startStory() {
  $('folds').hidden = false;
  $('fold').addEventListener('change', foldAll);
  $('story').addEventListener('click', ev => {
    const to = ev.target.closest('[data-step]'), call = ev.target.closest('[data-fold]');
    if (to) go(Number(to.dataset.step));
    if (!call) return;
    const i = Number(call.dataset.fold);
    page.folded.set(i, !isFolded(i));
    drawStory();
    const again = $('story').querySelector(`[data-fold="${i}"]`);
    if (again) again.focus();
  });
}
