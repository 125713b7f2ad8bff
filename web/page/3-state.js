'use strict';

// The state after a step: files with their seals, counters, locks, pages and mappings.

// drawState returns the objects worth looking at. view has the run, the step, what the step
// changed, and which value is chosen.
function drawState(view) {
  const {run} = view, out = [];
  for (const [id, o] of run.objects()) {
    if (o.has('counter') && ['shmem', 'hugetlb', 'tmpfs'].includes(o.get('kind'))) out.push(drawFile(view, id));
  }
  out.push(drawTasks(view), drawBatches(view));
  return out.filter(Boolean);
}

// value shows one value, and what it was if this step changed it.
function value(view, id, field, text) {
  const key = id + ' ' + field, changed = view.changed.has(key);
  const now = text === undefined ? view.run.get(id, field) || '0' : text;
  const shown = changed ? [el('del', {}, view.changed.get(key) || 'nothing'), ' → ', el('ins', {}, now)] : [now];
  return el('button', {type: 'button', class: 'val' + (changed ? ' changed' : ''), 'aria-pressed': String(view.chosen === key),
    'data-id': id, 'data-field': field, title: 'When did this last change?'}, shown);
}

function facts(...pairs) {
  return el('dl', {class: 'facts'}, pairs.filter(Boolean).map(([k, ...v]) => [el('dt', {}, k), el('dd', {}, ...v)]));
}

function drawFile(view, id) {
  const {run, event} = view, file = run.state.get(id);
  const lock = Number(file.get('lock')), counter = Number(file.get('counter')), tree = Number(file.get('tree'));
  return el('section', {class: 'object', 'aria-label': 'file ' + run.name(id, event)},
    el('h3', {}, run.name(id, event) || file.get('name'),
      el('small', {}, value(view, id, 'size'), ' bytes, mode ', value(view, id, 'mode')),
      file.get('kind') === 'shmem' ? '' : el('small', {}, file.get('kind'))),
    facts(['seals', seals(view, id, file)],
      ['i_mmap_writable', el('span', {class: 'num'}, value(view, counter, 'n')), ' ', meaning(run.get(counter, 'n'))],
      ['i_rwsem', lockText(view, lock)]),
    pages(view, tree, file.get('kind') === 'hugetlb'),
    mappings(view, id));
}

function seals(view, id, file) {
  const set = (file.get('seals') || '').split('|').filter(Boolean);
  const known = [...new Set([...view.run.doc.seals, ...set])];
  const chips = known.map(s => {
    const has = set.includes(s);
    return el('span', {class: 'chip' + (has ? ' set' : '')}, has ? '▣ ' : '▢ ', s.replace('F_SEAL_', ''),
      el('span', {class: 'quiet'}, has ? ' is set' : ' is not set'));
  });
  if (view.changed.has(id + ' seals')) chips.push(value(view, id, 'seals', file.get('seals') || 'none'));
  return chips;
}

// meaning says what the signed counter means.
function meaning(n) {
  n = Number(n || 0);
  if (n < 0) return 'denied: no new mapping may become writable';
  if (n === 0) return 'free: no mapping may become writable';
  return n === 1 ? 'mapping that may become writable' : 'mappings that may become writable';
}

function lockText(view, lock) {
  const {run, event} = view;
  const who = num => (run.doc.tasks.find(t => String(t.num) === num) || {name: 'task ' + num}).name;
  const writer = run.get(lock, 'writer'), readers = run.get(lock, 'readers');
  const waiting = [];
  for (const [num, d] of run.doing(event)) {
    if (d.waits && d.waits.object === lock) waiting.push(who(String(num)));
  }
  let text = 'free';
  if (writer) text = 'held by ' + who(writer);
  if (readers) text = `held by ${readers} for reading`;
  const key = lock + ' writer';
  const shown = value(view, lock, readers ? 'readers' : 'writer', text);
  if (view.changed.has(key)) {
    const old = view.changed.get(key);
    shown.replaceChildren(el('del', {}, old ? 'held by ' + who(old) : 'free'), ' → ', el('ins', {}, text));
  }
  return [shown, waiting.length ? ', waited for by ' + waiting.join(', ') : ''];
}

// pages shows the page tree: for each page its tag, and its references as a sum.
function pages(view, tree, huge) {
  const {run} = view, o = run.state.get(tree);
  const at = o ? [...o.keys()].filter(k => /^\d+$/.test(k)).map(Number).sort((a, b) => a - b) : [];
  if (!at.length) return el('p', {}, 'The page tree is empty.');
  const tagged = at.some(i => o.has('tag ' + i)), most = 24;
  const focus = at.filter(i => view.changed.has(tree + ' ' + i) || view.changed.has(tree + ' tag ' + i) ||
    view.touched.has(parseInt(o.get(String(i)), 10)));
  const shown = [...new Set([...focus, ...at])].slice(0, most).sort((a, b) => a - b);
  return el('div', {class: 'scroll'}, el('table', {},
    el('caption', {}, `Page tree: ${at.length === 1 ? 'one entry' : at.length + ' entries'}`, tagged ? ', tagged ⚑ from the root down' : '',
      shown.length < at.length ? `; ${shown.length} of them are shown` : ''),
    el('thead', {}, el('tr', {}, ['page', 'references', '= cache', '+ maps', '+ holders', 'tag'].map(h => el('th', {scope: 'col'}, h)))),
    el('tbody', {}, shown.map(i => pageRow(view, tree, i, o, huge)))));
}

function pageRow(view, tree, index, o, huge) {
  const entry = o.get(String(index)), tagged = o.has('tag ' + index);
  const {run, event} = view, id = parseInt(entry, 10);
  const fresh = view.changed.has(tree + ' ' + index);
  const head = el('th', {scope: 'row'}, String(index), entry.includes(',') ? ' (' + entry.split(', ')[1] + ')' : '');
  const mark = el('td', {class: 'tag'}, value(view, tree, 'tag ' + index, tagged ? '⚑ tagged' : '–'));
  if (Number.isNaN(id)) return el('tr', {class: fresh ? 'changed' : null}, head, el('td', {colspan: 4}, 'swapped out'), mark);
  const refs = Number(run.get(id, 'refs') || 0), maps = Number(run.get(id, 'maps') || 0);
  const cache = cacheRefs(run, id, huge), holders = run.holders(id, event);
  const rest = refs - cache - maps - holders.reduce((sum, h) => sum + h[1], 0);
  const named = holders.map(([who, n], i) => [i ? ' + ' : '', el('span', {class: 'over'}, String(n)), ' ', who]);
  if (rest) named.push([named.length ? ' + ' : '', el('span', {class: 'over'}, String(rest)), ' not named']);
  return el('tr', {class: fresh ? 'changed' : null}, head,
    el('td', {}, value(view, id, 'refs')), el('td', {}, String(cache)), el('td', {}, value(view, id, 'maps')),
    el('td', {}, named.length ? named : '0'), mark);
}

// cacheRefs is how many references the page cache has: one a page, but on some kernels one
// for all of a page of hugetlbfs.
function cacheRefs(run, id, huge) {
  if (!run.get(id, 'tree')) return 0;
  return huge && run.doc.huge_one ? 1 : 1 << Number(run.get(id, 'order') || 0);
}

// mappings lists who has the file mapped, and whether the mapping counts.
function mappings(view, file) {
  const {run, event} = view, rows = [];
  for (const [id, o] of run.objects()) {
    for (const [field, text] of [...o].filter(f => f[0].startsWith('0x')).sort((a, b) => a[0] < b[0] ? -1 : 1)) {
      const m = /^([0-9a-f]+)-([0-9a-f]+) (\S+) (\S+) of (\d+)(, may be written)?/.exec(text);
      if (!m || Number(m[5]) !== file) continue;
      const shared = m[3].includes('s');
      const counts = shared && m[6];
      rows.push(el('tr', {}, el('th', {scope: 'row'}, run.name(id, event).replace('the memory of ', '') || 'memory ' + id),
        el('td', {}, value(view, id, field, '0x' + m[1])), el('td', {}, String(parseInt(m[2], 16) - parseInt(m[1], 16)) + ' bytes'),
        el('td', {}, m[3].replace(/,$/, '')),
        el('td', {}, el('span', {class: 'chip' + (counts ? ' counts' : '')}, counts ? '▲ may become writable' :
          shared ? 'never writable' : 'private, does not count'))));
    }
  }
  if (!rows.length) return el('p', {}, 'Nobody has it mapped.');
  return el('div', {class: 'scroll'}, el('table', {}, el('caption', {}, 'Mappings'),
    el('thead', {}, el('tr', {}, ['memory of', 'at', 'length', 'access', 'may become writable?'].map(h => el('th', {scope: 'col'}, h)))),
    el('tbody', {}, rows)));
}

function drawTasks(view) {
  const {run, event} = view, doing = run.doing(event);
  const rows = run.doc.tasks.map(t => {
    const d = doing.get(t.num) || {};
    let now = d.call ? 'in ' + d.call : 'between calls';
    if (d.gone) now = 'has ended';
    if (d.sleeps) now += ', sleeps until ' + time(d.sleeps);
    if (d.waits) now += ', waits for ' + run.name(d.waits.object, event);
    return [t.name, now];
  });
  return el('section', {class: 'object', 'aria-label': 'tasks'}, el('h3', {}, 'Tasks'), facts(...rows));
}

// drawBatches lists the new pages that each CPU keeps to itself, and so holds a reference to.
function drawBatches(view) {
  const {run, event} = view, rows = [];
  for (const [id, o] of run.objects()) {
    if (run.kind(id) !== 'batch') continue;
    const held = [...o.keys()].filter(f => f.startsWith('holds ')).sort((a, b) => Number(a.slice(6)) - Number(b.slice(6)));
    const pages = held.map(f => run.name(parseInt(o.get(f), 10), event)), most = 15;
    const text = pages.slice(0, most).join(', ') + (pages.length > most ? ` and ${pages.length - most} more` : '');
    const fresh = [...view.changed.keys()].some(k => k.startsWith(id + ' holds '));
    if (pages.length || fresh) {
      rows.push([run.name(id, event), el('span', {class: fresh ? 'val changed' : null}, text || 'empty now')]);
    }
  }
  return rows.length ? el('section', {class: 'object', 'aria-label': 'batches'}, el('h3', {}, 'New pages, not yet on a list'), facts(...rows)) : null;
}
