'use strict';

// The timeline: a lane a task and a CPU's batch of new pages, steps across, who holds what as
// brackets beneath, and an uneven ruler of virtual time.

const left = 118, laneHigh = 46, batchHigh = 40, holdHigh = 26, rulerHigh = 26;

// spans finds all that lasts: calls, sleeps, locks and references, by step.
function spans(run) {
  if (run.spans) return run.spans;
  const s = {calls: [], sleeps: [], locks: [], holds: [], marks: [], batches: []};
  const last = run.steps.length - 1;
  const open = {call: new Map(), rest: new Map(), lock: new Map(), hold: new Map()};
  const close = (map, key, step) => {
    const span = map.get(key);
    if (span) span.to = step;
    map.delete(key);
    return span;
  };
  const begin = (list, map, key, span) => {
    span.to = last;
    list.push(span);
    map.set(key, span);
  };
  run.steps.forEach((at, step) => {
    const e = run.events[at];
    if (e.task && e.kind !== 'wait' && e.kind !== 'sleep') close(open.rest, e.task, step);
    const lock = e.object + ' ' + e.task, hold = e.other + ' ' + e.object;
    switch (e.kind) {
      case 'begin': begin(s.calls, open.call, e.task, {task: e.task, from: step, name: e.op}); break;
      case 'end': {
        const span = close(open.call, e.task, step);
        const bad = / returns -1 (\w+)/.exec(e.say);
        if (span && bad) span.bad = bad[1];
        break;
      }
      case 'sleep':
      case 'wait': begin(s.sleeps, open.rest, e.task, {task: e.task, from: step, kind: e.kind}); break;
      case 'lock':
        if (!e.detail) begin(s.locks, open.lock, lock, {task: e.task, from: step, name: run.name(e.object, at)});
        break;
      case 'unlock': close(open.lock, lock, step); break;
      case 'hold':
        if (moved(s.batches, run, e, at, step)) break;
        begin(s.holds, open.hold, hold, {from: step, name: run.name(e.object, at), who: run.name(e.other, at), id: e.other});
        break;
      case 'drop': moved(s.batches, run, e, at, step) || close(open.hold, hold, step); break;
      case 'scan': s.marks.push({task: e.task, at: step, text: '⚑' + run.fact(e, 'scan')}); break;
      case 'refuse': s.marks.push({task: e.task, at: step, text: '✗', bad: true}); break;
      case 'seal': s.marks.push({task: e.task, at: step, text: '▣'}); break;
    }
  });
  return run.spans = s;
}

// moved notes that a page enters or leaves a CPU's batch, and says whether it is one.
function moved(batches, run, e, at, step) {
  if (run.kind(e.other) !== 'batch') return false;
  let b = batches.find(x => x.id === e.other);
  if (!b) batches.push(b = {id: e.other, name: run.name(e.other, at).replace("'s batch of new pages", ' batch'), counts: []});
  const before = b.counts.length ? b.counts[b.counts.length - 1].pages : [], added = e.kind === 'hold';
  b.counts.push({at: step, added, pages: added ? [...before, {id: e.object, name: run.name(e.object, at)}] :
    before.filter(p => p.id !== e.object)});
  return true;
}

// drawn is the timeline as it was drawn last: most steps only move what is marked in it.
let drawn = {};

// drawTimeline draws the steps around the present one that there is room for. The part that is
// drawn moves on by half its width.
function drawTimeline(run, step, width, go) {
  const s = spans(run), n = run.steps.length;
  const wide = Math.max(Math.min((width - left - 16) / n, 30), 9);
  const room = Math.max(Math.floor((width - left - 16) / wide), 1), half = Math.max(room >> 1, 1);
  const from = Math.max(0, Math.min(step - step % half - (half >> 1), n - room));
  if (drawn.spans !== s || drawn.from !== from || drawn.width !== width) {
    drawn = {spans: s, from, width, wide, to: Math.min(n, from + room) - 1, dots: new Map()};
    drawn.x = i => left + (Math.max(from, Math.min(drawn.to, i)) - from) * wide + wide / 2;
    drawn.out = drawLanes(run, s, drawn, go);
  }
  const x = drawn.x(step), dot = drawn.dots.get(step), was = drawn.dots.get(drawn.step);
  drawn.now.setAttribute('x', x - wide / 2);
  for (const l of drawn.lines) {
    l.setAttribute('x1', x);
    l.setAttribute('x2', x);
  }
  if (was) was.setAttribute('r', 3);
  if (dot) dot.setAttribute('r', 5.5);
  drawn.step = step;
  return drawn.out;
}

// drawLanes draws all that does not depend on the present step.
function drawLanes(run, s, d, go) {
  const {from, to, width, wide, x} = d, tasks = run.doc.tasks, lane = new Map(tasks.map((t, i) => [t.num, i]));
  const seen = span => span.to >= from && span.from <= to;
  const holders = [...new Set(s.holds.filter(seen).map(h => h.id))].slice(0, 8);
  const y = task => rulerHigh + (lane.get(task) || 0) * laneHigh;
  const cpus = rulerHigh + tasks.length * laneHigh, below = cpus + s.batches.length * batchHigh;
  const high = below + holders.length * holdHigh + 8;
  const out = svg('svg', {viewBox: `0 0 ${width} ${high}`, height: high, 'aria-hidden': 'true', focusable: 'false'});
  d.now = svg('rect', {class: 'now', x: 0, y: 0, width: wide, height: high});
  out.append(d.now);
  ruler(run, out, from, to, x, high);
  tasks.forEach((t, i) => {
    out.append(svg('text', {x: 4, y: y(t.num) + 24, class: 'f' + i % 6, 'font-weight': 700}, clip(t.name, 14)),
      svg('line', {class: 'rail', x1: left, x2: width - 8, y1: y(t.num) + 20, y2: y(t.num) + 20}));
  });
  for (const c of s.calls.filter(seen)) call(out, c, x, y(c.task), lane.get(c.task) % 6, wide);
  for (const c of s.sleeps.filter(seen)) zigzag(out, x(c.from), x(c.to), y(c.task) + 20, lane.get(c.task) % 6, c.kind);
  for (const l of s.locks.filter(seen)) bracket(out, 'lock', x(l.from), x(l.to), y(l.task) + 33, l.name);
  s.batches.forEach((b, i) => batch(out, b, d, cpus + i * batchHigh));
  holders.forEach((id, i) => {
    const all = s.holds.filter(h => h.id === id && seen(h)), top = below + i * holdHigh;
    out.append(svg('text', {x: 4, y: top + 15, class: 'soft'}, clip(all[0].who, 17)));
    for (const h of all) bracket(out, 'hold k' + (i + 1) % 6, x(h.from), x(h.to), top + 5, h.name);
  });
  for (let i = from; i <= to; i++) {
    const e = run.events[run.steps[i]], k = lane.get(e.task);
    if (k === undefined) continue;
    d.dots.set(i, svg('circle', {class: 'dot f' + k % 6, cx: x(i), cy: y(e.task) + 20, r: 3}));
    out.append(d.dots.get(i));
  }
  for (const m of s.marks) {
    if (m.at < from || m.at > to) continue;
    out.append(svg('text', {x: x(m.at), y: y(m.task) + 9, 'text-anchor': 'middle', class: m.bad ? 'badmark' : ''}, m.text));
  }
  d.lines = [[0, 4], [high - 4, high]].map(([y1, y2]) => svg('line', {class: 'nowline', x1: 0, x2: 0, y1, y2}));
  out.append(...d.lines);
  const pick = ev => {
    const at = (ev.clientX - out.getBoundingClientRect().left) * width / out.getBoundingClientRect().width;
    go(Math.max(from, Math.min(to, from + Math.floor((at - left) / wide))));
  };
  out.addEventListener('pointerdown', pick);
  out.addEventListener('pointermove', ev => { if (ev.buttons & 1) pick(ev); });
  return out;
}

// batch draws the lane of a CPU's batch of new pages: each that is added, as a mark that points
// up, each that is drained, as one that points down, and between them how many there are.
function batch(out, b, {from, to, x}, top) {
  const base = top + 24, most = Math.max(...b.counts.map(c => c.pages.length));
  out.append(svg('text', {x: 4, y: base, class: 'soft'}, clip(b.name, 17)),
    svg('line', {class: 'rail', x1: left, x2: x(to), y1: base, y2: base}));
  b.counts.forEach((c, i) => {
    const next = i + 1 < b.counts.length ? b.counts[i + 1].at : to;
    if (next < from || c.at > to) return;
    const n = c.pages.length, high = 14 * n / most;
    if (n) out.append(svg('rect', {class: 'batch', x: x(c.at), y: base - high, width: Math.max(x(next) - x(c.at), 1), height: high}));
    const text = n === 1 ? c.pages[0].name : n + ' pages', room = Math.floor((x(next) - x(c.at) - 6) / 6.4);
    if (n && room > 3) out.append(svg('text', {x: x(c.at) + 5, y: base + 12, class: 'small soft'}, clip(text, room)));
    if (c.at < from) return;
    const a = x(c.at), tip = base + (c.added ? -5 : 5), foot = base + (c.added ? 3 : -3);
    out.append(svg('path', {class: c.added ? 'added' : 'drained', d: `M${a - 4} ${foot} H${a + 4} L${a} ${tip} Z`}));
  });
}

// ruler writes the virtual time where it moves on, as far as there is room.
function ruler(run, out, from, to, x, high) {
  let last = null, free = 0;
  for (let i = from; i <= to; i++) {
    const at = run.events[run.steps[i]].at;
    if (at === last) continue;
    last = at;
    out.append(svg('line', {class: 'tick', x1: x(i), x2: x(i), y1: 14, y2: high}));
    const text = time(at);
    if (x(i) < free) continue;
    free = x(i) + text.length * 7 + 10;
    out.append(svg('text', {x: x(i), y: 11, class: 'soft'}, text));
  }
  out.append(svg('text', {x: 4, y: 11, class: 'soft'}, 'virtual time'));
}

function call(out, c, x, y, k, wide) {
  const a = x(c.from) - wide / 2 + 1, b = x(c.to) + wide / 2 - 1;
  out.append(svg('rect', {class: 'call k' + k + (c.bad ? ' bad' : ''), x: a, y: y + 12, width: Math.max(b - a, 3), height: 16, rx: 4}));
  const text = c.bad ? `${c.name} ✗ ${c.bad}` : c.name;
  const room = Math.floor((b - a) / 7.2);
  if (room > 3) out.append(svg('text', {x: a + 1, y: y + 43, class: 'small ' + (c.bad ? 'badmark' : 'soft')}, clip(text, room)));
}

function zigzag(out, a, b, y, k, kind) {
  let d = `M${a} ${y}`;
  if (kind === 'sleep') {
    for (let x = a, up = true; x + 5 <= b; x += 5, up = !up) d += ` L${x + 5} ${y + (up ? -5 : 5)}`;
  }
  out.append(svg('path', {class: 'zig k' + k, d: d + ` L${b} ${y}`, 'stroke-dasharray': kind === 'wait' ? '2 3' : null}));
}

// bracket draws something that is held from one step to another.
function bracket(out, cls, a, b, y, name) {
  b = Math.max(b, a + 4);
  out.append(svg('path', {class: cls, d: `M${a} ${y - 4} V${y} H${b} V${y - 4}`}));
  const room = Math.floor((b - a - 8) / 6.4);
  if (cls !== 'lock' && room > 3) out.append(svg('text', {x: a + 4, y: y + 14, class: 'small soft'}, clip(name, room)));
}

function clip(text, n) {
  return text.length <= n ? text : text.slice(0, Math.max(n - 1, 1)) + '…';
}
