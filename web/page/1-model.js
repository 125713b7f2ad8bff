'use strict';

// A run as the page knows it: the document, and the state after any of its events.
class Run {
  constructor(doc) {
    this.doc = doc;
    this.events = doc.events;
    this.names = new Map(); // by object: what it is called, from which event on
    for (const n of doc.names) {
      if (!this.names.has(n.id)) this.names.set(n.id, []);
      this.names.get(n.id).push(n);
    }
    this.state = new Map(); // by object: a Map of its values
    this.applied = 0; // so many events are in the state
    this.show(false);
  }

  // show says which events are steps: all, or those of the story.
  show(details) {
    this.details = details;
    this.steps = [];
    this.events.forEach((e, i) => {
      if (e.kind !== 'boot' && (details || !e.detail)) this.steps.push(i);
    });
    if (!this.steps.length) this.steps.push(0);
    this.spans = null;
    this.nest();
  }

  // nest finds, for each step, the step with which its call began (itself, where there is none),
  // and the first of the details that it stands among.
  nest() {
    const open = new Map();
    this.callOf = [];
    this.groupOf = [];
    this.sizes = new Map(); // by a call's first step: how many it has
    this.steps.forEach((at, i) => {
      const e = this.events[at], among = i && e.detail && this.events[this.steps[i - 1]].detail;
      if (e.kind === 'begin') open.set(e.task, i);
      const call = open.has(e.task) ? open.get(e.task) : i;
      this.callOf.push(call);
      this.groupOf.push(among ? this.groupOf[i - 1] : i);
      this.sizes.set(call, (this.sizes.get(call) || 0) + 1);
      if (e.kind === 'end') open.delete(e.task);
    });
  }

  // stepOf returns the step that shows an event: its own, or the next.
  stepOf(event) {
    let low = 0, high = this.steps.length - 1;
    while (low < high) {
      const mid = (low + high) >> 1;
      if (this.steps[mid] < event) low = mid + 1; else high = mid;
    }
    return low;
  }

  // seek brings the state to after an event. Backwards is the same changes, the other way.
  seek(event) {
    for (; this.applied <= event; this.applied++) {
      for (const [id, field, , now] of this.events[this.applied].changes || []) this.set(id, field, now);
    }
    for (; this.applied > event + 1; this.applied--) {
      const changes = this.events[this.applied - 1].changes || [];
      for (let i = changes.length - 1; i >= 0; i--) this.set(changes[i][0], changes[i][1], changes[i][2]);
    }
  }

  set(id, field, value) {
    let o = this.state.get(id);
    if (value !== '') {
      if (!o) this.state.set(id, o = new Map());
      o.set(field, value);
    } else if (o) {
      o.delete(field);
      if (!o.size) this.state.delete(id);
    }
  }

  get(id, field) {
    const o = this.state.get(Number(id));
    return o ? o.get(field) || '' : '';
  }

  // changed returns what a step changed: by object and field, the value before it.
  changed(step) {
    const out = new Map();
    for (let i = step ? this.steps[step - 1] + 1 : 1; i <= this.steps[step]; i++) {
      for (const [id, field, old] of this.events[i].changes || []) {
        const key = id + ' ' + field;
        if (!out.has(key)) out.set(key, old);
      }
    }
    for (const [key, old] of out) {
      const at = key.indexOf(' ');
      if (this.get(key.slice(0, at), key.slice(at + 1)) === old) out.delete(key);
    }
    return out;
  }

  // change returns the nearest event before (by -1) or after (1) one that changes a value, or -1.
  change(event, by, id, field) {
    for (let i = event + by; i >= 0 && i < this.events.length; i += by) {
      if ((this.events[i].changes || []).some(c => c[0] === id && c[1] === field)) return i;
    }
    return -1;
  }

  // name says what an object is called at an event; before it has a name, by its first.
  name(id, event) {
    const all = this.names.get(Number(id));
    if (!all) return '';
    let found = all[0];
    for (const n of all) if (n.event <= event) found = n;
    return found.name;
  }

  // kind says what sort of object a number stands for.
  kind(id) {
    const all = this.names.get(Number(id));
    return all ? all[0].kind : '';
  }

  fact(e, name) {
    const f = (e.facts || []).find(x => x.name === name);
    return f ? f.value : 0;
  }

  // objects lists what there is, by number: [number, its values].
  objects() {
    if (this.sortedAt !== this.applied) {
      this.sorted = [...this.state].sort((a, b) => a[0] - b[0]);
      this.sortedAt = this.applied;
      this.held = null;
    }
    return this.sorted;
  }

  // holders lists who has references to a page: [who, how many].
  holders(page, event) {
    const objects = this.objects();
    if (!this.held) {
      this.held = new Map(); // by page: by holder, how many
      const add = (page, id, n) => {
        if (!this.held.has(page)) this.held.set(page, new Map());
        const by = this.held.get(page);
        by.set(id, (by.get(id) || 0) + n);
      };
      for (const [id, o] of objects) {
        for (const [field, v] of o) {
          const refs = field.startsWith('holds ') && /, (\d+) references?$/.exec(v);
          if (field.startsWith('holds ')) add(parseInt(v, 10), id, refs ? Number(refs[1]) : 1);
          if (field.startsWith('uses ')) add(Number(field.slice(5)), id, Number(v));
        }
      }
    }
    return [...this.held.get(page) || []].map(([id, n]) => [this.name(id, event) || 'object ' + id, n]);
  }

  // doing says what each task is in the middle of: its last event of a kind that tells.
  doing(event) {
    if (!this.tasks || event < this.told) {
      this.tasks = new Map();
      this.told = -1;
    }
    while (this.told < event) this.tell(this.events[++this.told]);
    return this.tasks;
  }

  tell(e) {
    if (!e.task) return;
    const d = this.tasks.get(e.task) || {};
    this.tasks.set(e.task, d);
    if (e.kind === 'begin') d.call = e.say.replace(/^.*? calls /, '');
    if (e.kind === 'end') d.call = '';
    if (e.kind === 'exit') d.gone = true;
    if (e.detail && e.kind !== 'sleep') return;
    d.waits = e.kind === 'wait' ? e : null;
    d.sleeps = e.kind === 'sleep' ? this.fact(e, 'until') : 0;
  }
}

// time prints virtual nanoseconds as the terminal does.
function time(ns) {
  const short = Math.abs(ns) < 1e6 && ns !== 0;
  const text = (ns / (short ? 1e3 : 1e6)).toFixed(3).replace(/\.?0+$/, '');
  return text + (short ? ' µs' : ' ms');
}

const $ = id => document.getElementById(id);

// el makes an element. What comes from a scenario is text here, never markup.
function el(tag, attrs, ...children) {
  return fill(document.createElement(tag), attrs, children);
}

function svg(tag, attrs, ...children) {
  return fill(document.createElementNS('http://www.w3.org/2000/svg', tag), attrs, children);
}

function fill(node, attrs, children) {
  for (const [k, v] of Object.entries(attrs || {})) {
    if (v === false || v === null || v === undefined) continue;
    if (k.startsWith('on')) node.addEventListener(k.slice(2), v);
    else node.setAttribute(k, v === true ? '' : v);
  }
  node.append(...children.flat(Infinity).filter(c => c !== null && c !== undefined && c !== false && c !== ''));
  return node;
}

// patch makes the children of a node equal to others. What is equal already is left alone, since
// a browser lays out anew only what has changed; listeners of the others are not taken over.
function patch(node, others) {
  const old = [...node.childNodes];
  others.forEach((n, i) => {
    const o = old[i];
    if (!o) node.append(n);
    else if (o.isEqualNode(n)) return;
    else if (o.nodeType === Node.TEXT_NODE && n.nodeType === Node.TEXT_NODE) o.data = n.data;
    else if (o.nodeName !== n.nodeName) o.replaceWith(n);
    else {
      for (const {name} of [...o.attributes]) if (!n.hasAttribute(name)) o.removeAttribute(name);
      for (const {name, value} of n.attributes) if (o.getAttribute(name) !== value) o.setAttribute(name, value);
      patch(o, [...n.childNodes]);
    }
  });
  old.slice(others.length).forEach(o => o.remove());
}
