'use strict';

// Promises: what whoever is sent a file may rely on, and what can still happen. Each line is a
// scenario that the engine has played, and opens at the call that decided.

// promised are the means that are beside each other at first: what is most often taken for one another.
const promised = ['F_SEAL_WRITE', 'F_SEAL_FUTURE_WRITE', 'read-only', 'private'];

function startPromises(lab, fetchOne, failed) {
  const boxes = () => [...$('promises').elements.means];
  lab.promises = (names, kernel) => {
    boxes().forEach(b => { b.checked = names.includes(b.value); });
    $('promised-on').value = kernel;
    return fetchOne({promises: names, kernel}, '#promises-' + encodeURIComponent(names.join(',') + (kernel && '@' + kernel)),
      body => showPromises(lab, body.promises));
  };
  boxes().forEach(b => { b.checked = promised.includes(b.value); });
  $('promises').addEventListener('submit', ev => {
    ev.preventDefault();
    const names = boxes().filter(b => b.checked).map(b => b.value);
    if (names.length) lab.promises(names, $('promised-on').value.trim());
    else failed('Choose at least one means.');
  });
}

function toPromises(lab) {
  const m = /^#promises(?:-(.*))?$/.exec(location.hash);
  if (!m) return false;
  let asked;
  try {
    asked = decodeURIComponent(m[1] || promised.join(','));
  } catch {
    asked = m[1];
  }
  const [names, kernel] = asked.split('@');
  lab.promises(names.split(','), kernel || '');
  return true;
}

function showPromises(lab, cards) {
  drawProgress();
  $('lesson').replaceChildren(heading('Promises on Linux ' + cards[0].kernel),
    el('p', {}, 'Each line is a scenario that was just played. Choose it to see the run.'),
    el('div', {class: 'promises'}, cards.map(c => card(lab, c))));
  $('lesson-h').focus();
}

function card(lab, c) {
  const claims = (title, mark, all) => all.length > 0 && [el('h3', {}, title), el('ul', {}, all.map(v =>
    el('li', {class: mark}, el('button', {type: 'button', onclick: () => tryOut(lab, v.scenario, c.kernel, v.line)}, v.says))))];
  const missing = c.verdicts.some(v => v.outcome === 'no means');
  return el('section', {class: 'card', 'aria-label': c.name}, el('h2', {}, c.name), el('p', {}, c.about), missing ?
    el('p', {}, `This kernel does not have it: ${c.verdicts[0].errno}.`) :
    [claims('You may rely on this:', 'relied', c.verdicts.filter(v => v.outcome !== 'happens')),
      claims('This can still happen:', 'open', c.verdicts.filter(v => v.outcome === 'happens'))]);
}
