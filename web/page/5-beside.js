'use strict';

// Two runs beside each other: the same on another kernel, or the nearest order that ends otherwise.

function startBeside(lab, kind) {
  $('beside').hidden = false;
  $('other').replaceChildren(...page.run.doc.kernels.map(k => el('option', {value: k.id}, (k.id + ': ' + k.about).slice(0, 48))));

  // beside plays a request, and shows what comes of it beside the present run.
  const beside = async request => {
    const mine = page.run.doc;
    $('busy').textContent = 'Running …';
    $('both').replaceChildren(el('p', {}, 'Running …'));
    try {
      const {status, body} = await engine[kind](request);
      if (page.run.doc !== mine) return; // another run is shown by now
      $('both').replaceChildren(...(status === 200 ? both(lab, mine, body) :
        (body.problems || [{message: 'sealab answers ' + status + '.'}]).map(p => el('p', {class: 'say'}, p.message))));
    } catch (err) {
      $('both').replaceChildren(el('p', {class: 'say'}, 'sealab cannot be reached: ' + err.message + '.'));
    } finally {
      $('busy').textContent = '';
    }
    $('both').focus();
  };
  $('compare').addEventListener('click', () => beside({...requestOf(page.run.doc), kernel: $('other').value}));
  lab.near = () => beside({...requestOf(page.run.doc), near: true});
  lab.alone = () => $('both').replaceChildren();
  $('near').addEventListener('click', lab.near);
}

// both says in what two runs differ, and shows them around the step at which they part.
function both(lab, mine, other) {
  const a = new Run(mine), b = new Run(other);
  const said = (run, i) => i < run.steps.length ? run.events[run.steps[i]].say : '';
  const task = (run, i) => i < run.steps.length ? run.events[run.steps[i]].task : 0;
  const most = Math.max(a.steps.length, b.steps.length);
  let part = 0;
  while (part < most && said(a, part) === said(b, part) && task(a, part) === task(b, part)) part++;
  const name = run => run === b && other.near ? 'the near order' : run.doc.kernel;
  const row = (left, right) => el('tr', {class: left === right ? null : 'differs'}, el('td', {}, left), el('td', {}, right));
  const say = (run, i) => i < run.steps.length ? `${i + 1}. ${said(run, i)}.` : '(at its end)';
  const rows = [row(mine.verdicts[0].title, other.verdicts[0].title)];
  mine.calls.forEach((c, i) => {
    const o = other.calls.find(x => x.line === c.line && x.task === c.task) || {text: '(not made)'};
    if (o.text !== c.text) rows.push(row(c.text, o.text));
  });
  const out = [el('p', {class: 'say'}, [howNear(other.near) + parting(part, most), ...(other.notes || [])].join(' ')), el('div', {class: 'scroll', tabindex: 0,
    role: 'region', 'aria-label': 'Two runs'}, table('What comes of them', rows))];
  if (part < most) {
    const steps = [];
    for (let i = Math.max(0, part - 2); i < Math.min(most, part + 4); i++) steps.push(row(say(a, i), say(b, i)));
    out[1].append(table('Where they part', steps));
  }
  function table(caption, body) {
    return el('table', {}, el('caption', {}, caption), el('thead', {}, el('tr', {},
      el('th', {scope: 'col'}, 'this run, ' + name(a)), el('th', {scope: 'col'}, name(b)))), el('tbody', {}, body));
  }
  out.push(el('p', {class: 'row'}, part < most && el('button', {type: 'button', onclick: () => {
    const here = page.run.stepOf(a.steps[Math.min(part, a.steps.length - 1)]);
    go(here);
    $('sentence').focus();
  }}, 'Go to where they part'), el('button', {type: 'button', onclick: () =>
    lab.take(other, b.steps[Math.min(part, b.steps.length - 1)])}, 'Show the other run')));
  return out;
}

function parting(part, most) {
  return part < most ? `They part at step ${part + 1}.` : 'They do not differ in any step of the story.';
}

function howNear(near) {
  if (!near) return '';
  const turns = near.turns === 1 ? 'Once' : `${near.turns} times`;
  return `${near.first || 'A timer'} goes first. ${turns} somebody goes out of turn, for ` +
    `${near.moved === 1 ? 'one step' : near.moved + ' steps'} in all. `;
}
