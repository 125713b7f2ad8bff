'use strict';

// The page: what is shown, and what keys and buttons do.

const page = {run: null, step: 0, verdict: 0, card: -1, chosen: '', folded: new Map(), lab: null};

function go(step, card = -1) {
  const run = page.run;
  page.step = Math.max(0, Math.min(run.steps.length - 1, step));
  page.card = card;
  draw();
  clearTimeout(page.later); // browsers limit how often an address may change
  if (page.lab && page.lab.learning) return; // the address is a lesson's
  page.later = setTimeout(() => history.replaceState(null, '', '#event-' + run.steps[page.step]), 300);
}

// open shows a document, at one of its events.
function open(doc, event) {
  page.run = new Run(doc);
  page.run.show($('details').checked);
  page.verdict = 0;
  page.chosen = '';
  page.folded.clear();
  $('machine').textContent = `kernel ${doc.kernel} · ${doc.hz} jiffies a second · ${doc.cpus} CPUs`;
  $('notes').replaceChildren(...(doc.notes || []).map(n => el('li', {}, n)));
  $('notes').parentNode.hidden = !(doc.notes || []).length;
  $('lines').replaceChildren(...doc.text.replace(/\n$/, '').split('\n').slice(0, 2000).map(l => el('li', {}, l)));
  drawWhy();
  page.step = page.run.stepOf(event === undefined ? doc.verdicts[0].event : event);
  draw();
}

// drawWhy shows one verdict, with its cards.
function drawWhy() {
  const doc = page.run.doc, v = doc.verdicts[page.verdict];
  $('why').className = 'why ' + v.tone;
  $('why-h').textContent = v.title;
  $('because').textContent = v.because;
  $('change').hidden = !v.change;
  $('change').lastElementChild.textContent = v.change || '';
  document.title = v.title + ' · sealab';
  $('cards').replaceChildren(...v.cards.map((c, i) => el('li', {}, el('a', {href: '#event-' + c.event,
    onclick: ev => { ev.preventDefault(); go(page.run.stepOf(c.event), i); }}, c.text))));
  const others = doc.verdicts.map((o, i) => i === page.verdict ? null : el('button', {type: 'button', onclick: () => {
    page.verdict = i;
    drawWhy();
    go(page.run.stepOf(o.event));
    $('why-h').focus();
  }}, o.title));
  const conds = (doc.conditions || []).map(c => el('span', {}, `${c.text}: it ${c.holds ? 'holds' : 'does not hold'} in this run, so the line is ${c.verdict}. `));
  const shown = others.filter(Boolean).slice(0, 12);
  $('others').replaceChildren(...conds, ...(shown.length ? [el('span', {}, 'Also:'), ...shown] : []));
}

function draw() {
  const {run, step} = page, event = run.steps[step], e = run.events[event];
  run.seek(event);
  const changed = run.changed(step);
  const touched = new Set([...changed.keys()].map(k => Number(k.split(' ')[0])));
  const view = {run, step, event, changed, touched, chosen: page.chosen};
  const lanes = drawTimeline(run, step, Math.max($('timeline').clientWidth, 300), go);
  if (lanes !== $('timeline').firstChild) $('timeline').replaceChildren(lanes);
  const slider = $('step');
  slider.max = run.steps.length - 1;
  slider.value = step;
  slider.setAttribute('aria-valuetext', `step ${step + 1} of ${run.steps.length}: ${e.say}`);
  const who = run.doc.tasks.length > 1 && run.doc.tasks.find(t => t.num === e.task);
  $('position').textContent = `Step ${step + 1} of ${run.steps.length}, ${time(e.at)}` +
    (e.line ? `, line ${e.line}` : '') + (who ? `, ${who.name}` : '');
  $('sentence').textContent = e.say + '.';
  const at = document.activeElement && document.activeElement.dataset;
  const focused = at && at.field ? [at.id, at.field] : null;
  patch($('objects'), drawState(view));
  drawStory();
  drawWhere(e);
  mark($('lines'), e.line);
  [...$('cards').children].forEach((li, i) => {
    const on = i === page.card || page.run.doc.verdicts[page.verdict].cards[i].event === event;
    if (on) li.firstChild.setAttribute('aria-current', 'step'); else li.firstChild.removeAttribute('aria-current');
  });
  drawHistory();
  drawForks(e);
  announce(e);
  if (focused) {
    const again = [...document.querySelectorAll('.val')].find(v => v.dataset.id === focused[0] && v.dataset.field === focused[1]);
    if (again) again.focus();
  }
  reveal();
}

// drawWhere shows the functions of the model that the step happened in, which of the kernel's
// they stand for, and the source of the innermost.
function drawWhere(e) {
  const doc = page.run.doc, stack = (e.site ? doc.sites[e.site - 1] : []).map(i => doc.frames[i]);
  $('where').hidden = !stack.length;
  patch($('stack'), stack.map((f, i) => el('li', {class: i === stack.length - 1 ? 'now' : null},
    f.func, ' ', el('small', {}, `${f.file}:${f.line}`, f.kernel ? `, stands for ${f.kernel}` : ''))));
  const last = stack[stack.length - 1], code = last && last.code ? doc.code[last.code - 1] : null;
  $('code').hidden = !code;
  if (!code) return;
  if (page.code !== code) {
    page.code = code;
    $('code').setAttribute('start', code.line);
    $('code').replaceChildren(...code.lines.map(l => el('li', {}, l.replace(/\t/g, '    '))));
  }
  mark($('code'), last.line - code.line + 1, 'location');
}

// mark marks a line of a list, from 1, and scrolls the list, and only the list, to it.
function mark(list, line, current) {
  const was = list.querySelector('.now'), now = list.children[line - 1];
  if (was === now) return;
  if (was) {
    was.classList.remove('now');
    was.removeAttribute('aria-current');
  }
  if (!now) return;
  now.classList.add('now');
  if (current) now.setAttribute('aria-current', current);
  later.set(list, now);
}

// later is what is to be scrolled to once all is drawn: to ask where something is makes the browser lay
// out the page.
const later = new Map();

function reveal() {
  const tops = [...later].map(([list, now]) => [list, now.offsetTop - list.offsetTop - (list.clientHeight >> 1)]);
  for (const [list, top] of tops) list.scrollTop = top;
  later.clear();
}

// drawHistory says when the chosen value last changed.
function drawHistory() {
  const {run, step, chosen} = page;
  if (!chosen) {
    $('history').textContent = 'Choose a value to see when it last changed.';
    return;
  }
  const [id, field] = split(chosen), event = run.steps[step];
  const at = run.change(event + 1, -1, id, field);
  const name = `${field} of ${run.name(id, event) || 'object ' + id}`;
  if (at <= 0) {
    $('history').textContent = `${name}: it has not changed so far.`;
    return;
  }
  const to = run.stepOf(at);
  $('history').replaceChildren(`${name}: last changed at step ${to + 1}: ${run.events[at].say}. `,
    el('button', {type: 'button', onclick: () => go(to)}, 'Go there'));
}

function split(key) {
  const at = key.indexOf(' ');
  return [Number(key.slice(0, at)), key.slice(at + 1)];
}

// drawForks says who may go next, and lets a page with an engine try it.
function drawForks(e) {
  const choice = e.fork ? page.run.doc.forks[e.fork - 1] : null;
  const box = $('forks');
  if (!choice || !page.lab) {
    box.replaceChildren();
    return;
  }
  const name = num => num ? (page.run.doc.tasks.find(t => t.num === num) || {name: 'task ' + num}).name : 'a timer';
  box.replaceChildren(el('span', {}, 'Who goes next?'), ...choice.tasks.map(num => el('button', {type: 'button', 'data-fork': num,
    disabled: num === choice.went, onclick: () => page.lab.fork(choice, num)},
    num === choice.went ? `${name(num)} went` : `fork here: ${name(num)}`)));
}

// find looks from the present step onwards or backwards for one of a sort.
function find(by, sort) {
  const run = page.run;
  for (let i = page.step + by; i >= 0 && i < run.steps.length; i += by) {
    if (sort(run.events[run.steps[i]])) return go(i);
  }
}

const moves = {
  first: () => go(0),
  last: () => go(Infinity),
  step: () => go(page.step + 1),
  back: () => go(page.step - 1),
  nextCall: () => find(1, e => e.kind === 'begin'),
  prevCall: () => find(-1, e => e.kind === 'begin'),
  nextScan: () => find(1, e => e.kind === 'scan'),
  prevScan: () => find(-1, e => e.kind === 'scan'),
  sameTask: () => sameTask(1),
  sameTaskBack: () => sameTask(-1),
  nextChange: () => valueChange(1),
  prevChange: () => valueChange(-1),
};

function sameTask(by) {
  const task = page.run.events[page.run.steps[page.step]].task;
  find(by, e => e.task === task);
}

function valueChange(by) {
  const {run, step, chosen} = page;
  if (!chosen) return;
  const [id, field] = split(chosen);
  // A step shows the details before it: what it changed itself is passed over.
  const from = by < 0 ? (step ? run.steps[step - 1] + 1 : 0) : run.steps[step];
  const at = run.change(from, by, id, field);
  if (at > 0) go(run.stepOf(at));
}

// why goes from card to card.
function why() {
  const cards = page.run.doc.verdicts[page.verdict].cards;
  if (!cards.length) return;
  const next = (page.card + 1) % cards.length;
  go(page.run.stepOf(cards[next].event), next);
  $('cards').children[next].firstChild.focus();
}

function toggleDetails() {
  const event = page.run.steps[page.step];
  page.run.show($('details').checked);
  go(page.run.stepOf(event));
}

const letters = {'.': moves.sameTask, ',': moves.sameTaskBack, s: moves.nextScan, S: moves.prevScan, ']': moves.nextChange,
  '[': moves.prevChange, w: why, '?': () => $('keys').showModal(),
  d: () => { $('details').checked = !$('details').checked; toggleDetails(); },
  f: () => { const b = document.querySelector('[data-fork]:not([disabled])'); if (b) b.focus(); },
  u: () => page.lab && page.lab.undo(), e: () => page.lab && $('text').focus(),
  o: () => { $('fold').checked = !$('fold').checked; foldAll(); },
  n: () => page.lab && page.lab.near(), l: () => page.lab && page.lab.learn(), '/': () => $('query').focus()};
const named = {Home: moves.first, End: moves.last, PageDown: moves.nextCall, PageUp: moves.prevCall,
  ArrowRight: moves.step, ArrowLeft: moves.back};
const shifted = {ArrowRight: moves.sameTask, ArrowLeft: moves.sameTaskBack};

function onKey(ev) {
  const t = ev.target;
  const writes = t.matches('textarea, select, input:not([type=range]):not([type=checkbox])') || t.closest('dialog');
  if (writes || ev.ctrlKey || ev.metaKey || ev.altKey) return;
  const act = (ev.shiftKey && shifted[ev.key]) || named[ev.key] || ($('letters').checked && letters[ev.key]);
  if (act && !$('player').checkVisibility() && !['l', '?'].includes(ev.key) && !page.embedded) return;
  if (!act || t.matches('.lines') && ev.key.startsWith('Page')) return;
  ev.preventDefault();
  act();
}

// known says whether the page can draw a document; of another version, it shows the words only.
function known(doc) {
  if (doc.format === 'sealab-page-1') return true;
  document.querySelector('main').prepend(el('p', {class: 'why differs', role: 'alert'}, 'This run is of format ', doc.format,
    ', and this page reads sealab-page-1: it says what it can, and a newer sealab draws it.'));
  return false;
}

function start() {
  const doc = JSON.parse($('document').textContent);
  if (!known(doc)) return;
  for (const id of ['player', 'state', 'help']) $(id).hidden = false;
  $('why-h').setAttribute('tabindex', '-1');
  const at = /^#event-(\d+)$/.exec(location.hash);
  open(doc, at ? Math.min(Number(at[1]), doc.events.length - 1) : undefined);
  document.addEventListener('keydown', onKey);
  $('step').addEventListener('input', ev => go(Number(ev.target.value)));
  document.querySelectorAll('[data-go]').forEach(b => b.addEventListener('click', moves[b.dataset.go]));
  $('whykey').addEventListener('click', why);
  $('details').addEventListener('change', toggleDetails);
  $('help').addEventListener('click', () => $('keys').showModal());
  $('objects').addEventListener('click', ev => {
    const v = ev.target.closest('.val');
    if (!v) return;
    page.chosen = v.dataset.id + ' ' + v.dataset.field;
    draw();
  });
  startStory();
  addEventListener('hashchange', () => {
    const to = /^#event-(\d+)$/.exec(location.hash);
    if (to) go(page.run.stepOf(Math.min(Number(to[1]), page.run.events.length - 1)));
  });
  startFind();
  startEmbed();
  let wide = 0; // the height is the page's own doing
  new ResizeObserver(() => {
    if (wide === $('timeline').clientWidth) return;
    wide = $('timeline').clientWidth;
    draw();
  }).observe($('timeline'));
  if (typeof startLab === 'function') startLab(doc);
}
