'use strict';

// What a page can do that has sealab behind it: edit, change the kernel, fork, undo, share.

// engine answers a request with {status, body}: a server on this machine, or the simulator itself
// in a worker (see worker.js).
const engine = {
  server: async request => {
    const answer = await fetch('/run', {method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify(request)});
    return {status: answer.status, body: await answer.json()};
  },
  worker: (() => {
    let worker = null, last = 0;
    const asked = new Map();
    const give = (why) => {
      asked.forEach(([, fail]) => fail(new Error(why)));
      asked.clear();
      if (worker) worker.terminate();
      worker = null;
    };
    const begin = () => {
      worker = new Worker('worker.js');
      worker.onerror = ev => give(ev.message || 'the worker could not be started');
      worker.onmessage = ({data}) => {
        if (data.failed) return give(data.failed);
        const [done] = asked.get(data.id);
        asked.delete(data.id);
        done({status: data.status, body: JSON.parse(data.body)});
      };
    };
    return request => new Promise((done, fail) => {
      if (!worker) begin();
      const id = ++last;
      asked.set(id, [done, fail]);
      worker.postMessage({id, text: JSON.stringify(request)});
      setTimeout(() => asked.has(id) && give('it took longer than a minute'), 60000);
    });
  })(),
};

// most is how many characters of a scenario or a log a page takes.
const most = 2000000;

function startLab(doc) {
  if (!$('lab')) return;
  $('lab').hidden = false;
  $('share').hidden = false;
  const examples = JSON.parse($('examples').textContent);
  const kind = $('lab').dataset.engine;
  const lab = page.lab = {past: [], request: requestOf(doc)};

  lab.engine = engine[kind];

  // ask plays a request and shows what came of it, at an event or where at(document) says; the
  // present document can be come back to. It returns whether it is shown.
  lab.ask = async (request, event) => {
    if (request.text.length > most) {
      return void tell([{message: `The text has ${request.text.length} characters, and a page takes at most ${most}: \`sealab replay\` reads logs of any length.`}]);
    }
    $('busy').textContent = 'Running …';
    $('run').disabled = true;
    try {
      const {status, body} = await engine[kind](request);
      if (status !== 200) return void tell(body.problems || [{message: 'sealab answers ' + status + '.'}]);
      if (body.format !== 'sealab-page-1') {
        return void tell([{message: `sealab answers in format ${body.format}, and this page reads sealab-page-1: load the page anew.`}]);
      }
      tell([]);
      if (typeof event === 'function') event = event(body);
      lab.past.push({doc: page.run.doc, event: page.run.steps[page.step], request: lab.request});
      if (lab.past.length > 50) lab.past.shift();
      show(request, body, event);
      return true;
    } catch (err) {
      tell([{message: lab.unreached(err)}]);
    } finally {
      $('busy').textContent = '';
      $('run').disabled = false;
    }
    return false;
  };

  lab.unreached = err => 'sealab cannot be reached: ' + err.message + '. ' + (kind === 'server'
    ? 'Is `sealab serve` still running?' : 'The page needs a web server, which may be on this machine; a file that is opened cannot start it.');

  const show = (request, next, event) => {
    lab.request = request;
    lab.alone();
    fillForm(next);
    open(next, event);
    $('undo').disabled = !lab.past.length;
    lab.remember();
  };

  // take shows a run that has been played already.
  lab.take = (next, event) => {
    lab.past.push({doc: page.run.doc, event: page.run.steps[page.step], request: lab.request});
    show(requestOf(next), next, event);
    $('sentence').focus();
  };

  lab.fork = (choice, task) => lab.ask({...requestOf(page.run.doc), fork: {after: choice.after, task}}, page.run.steps[page.step])
    .then(() => $('sentence').focus());

  lab.undo = () => {
    const last = lab.past.pop();
    if (!last) return;
    show(last.request, last.doc, last.event);
    $('busy').textContent = 'Undone.';
  };

  // remember keeps the whole state in the address, so that it can be sent or come back to.
  lab.remember = async () => {
    const d = page.run.doc;
    const state = {v: 1, ...requestOf(d), event: page.run.steps[page.step]};
    lab.link = '#1.' + await pack(JSON.stringify(state));
    return lab.link;
  };

  $('form').addEventListener('submit', ev => {
    ev.preventDefault();
    lab.ask({format: doc.format, name: 'scenario', text: $('text').value, log: $('log').checked,
      kernel: $('kernel').value.trim(), program: $('program').selectedIndex > 0 ? $('program').selectedIndex : 0});
  });
  $('text').addEventListener('keydown', ev => {
    if (ev.key === 'Enter' && (ev.ctrlKey || ev.metaKey)) $('form').requestSubmit();
  });
  $('text').addEventListener('paste', ev => {
    const text = ev.clipboardData.getData('text');
    if (looksLikeLog(text)) $('log').checked = true;
  });
  $('example').addEventListener('change', () => {
    const x = examples.find(e => e.Name === $('example').value);
    if (!x) return;
    $('text').value = x.Text;
    $('log').checked = false;
    $('kernel').value = '';
    $('program').replaceChildren();
    $('form').requestSubmit();
  });
  $('undo').addEventListener('click', lab.undo);
  $('share').addEventListener('click', async () => {
    clearTimeout(page.later);
    const link = location.origin + location.pathname + await lab.remember();
    history.replaceState(null, '', link);
    try {
      await navigator.clipboard.writeText(link);
      $('busy').textContent = 'The link is copied, and in the address bar.';
    } catch {
      $('busy').textContent = 'The link is in the address bar.';
    }
  });
  startBeside(lab, kind);
  startLearn(lab);
  fillForm(doc);
  fromLink(lab);
}

// looksLikeLog says whether a text is what strace writes: pids or times before the calls.
function looksLikeLog(text) {
  const lines = text.split('\n').slice(0, 20).filter(Boolean);
  return lines.filter(l => /^(\[pid +\d+\] |\d+ +)?(\d+\.\d+ |\d\d:\d\d:\d\d)|^(\[pid +\d+\]|\d+ ) *\w+\(/.test(l)).length * 2 > lines.length;
}

function requestOf(doc) {
  return {format: doc.format, name: doc.name, text: doc.text, log: !!doc.log, program: doc.program || 0,
    ...doc.asked, schedule: doc.schedule};
}

function fillForm(doc) {
  $('text').value = doc.text;
  $('log').checked = !!doc.log;
  $('kernel').value = doc.asked.kernel || '';
  $('kernels').replaceChildren(...doc.kernels.map(k => el('option', {value: k.id}, k.about)));
  const programs = doc.programs || [];
  $('program').replaceChildren(...(programs.length ? programs : ['the only one']).map((p, i) =>
    el('option', {selected: i === (doc.program || 0)}, p || 'program ' + (i + 1))));
  $('program').disabled = programs.length < 2;
}

function tell(problems) {
  $('problems').replaceChildren(...problems.map(p => el('pre', {tabindex: 0}, p.message)));
  if (problems.length && problems[0].line) {
    const lines = $('text').value.split('\n');
    const before = lines.slice(0, problems[0].line - 1).reduce((n, l) => n + l.length + 1, 0);
    $('text').focus();
    $('text').setSelectionRange(before, before + (lines[problems[0].line - 1] || '').length);
  }
}

// fromLink opens what a link carries.
async function fromLink(lab) {
  if (toLearn(lab)) return;
  const m = /^#(\d+)\.(.*)$/.exec(location.hash);
  if (!m) return;
  if (m[1] !== '1') {
    return tell([{message: `This link is of version ${m[1]}, and this page reads version 1: open it with a newer sealab.`}]);
  }
  let state;
  try {
    state = JSON.parse(await unpack(m[2]));
    if (typeof state.text !== 'string') throw new Error('no text');
  } catch {
    return tell([{message: 'This link is torn: a part of it is missing. Copy it again as a whole.'}]);
  }
  const {v, event, ...request} = state;
  return lab.ask(request, event);
}

async function pack(text) {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream('deflate-raw'));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  return btoa(bytes.reduce((s, b) => s + String.fromCharCode(b), '')).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
}

async function unpack(text) {
  const bytes = Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), c => c.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'))).text();
}
