'use strict';

// Lessons and exercises: a question that is asked before its answer is shown. What is right, and why,
// comes from the engine with the question; the page only keeps it back.

// progress is which lessons were answered, and how many exercises. It stays in this browser if that
// lets it.
const progress = {
  all: {lessons: {}, right: 0, asked: 0},
  stays: true,
  load() {
    try {
      const kept = JSON.parse(localStorage.getItem('sealab-progress'));
      if (kept && typeof kept.lessons === 'object') Object.assign(this.all, kept);
      localStorage.setItem('sealab-progress', JSON.stringify(this.all));
    } catch {
      this.stays = false;
    }
  },
  save() {
    try {
      if (this.stays) localStorage.setItem('sealab-progress', JSON.stringify(this.all));
    } catch {
      this.stays = false;
    }
  },
};

function startLearn(lab) {
  progress.load();
  $('lessons').hidden = false;
  lab.learn = (on = !lab.learning) => {
    lab.learning = on;
    $('lessons').setAttribute('aria-pressed', String(on));
    $('learn').hidden = !on;
    document.documentElement.classList.toggle('learning', on);
    document.documentElement.classList.toggle('alone', on && !lab.tried);
    if (on && !lab.asked) return lab.lesson(firstOpen());
    draw();
    (on ? $('lesson-h') : $('why-h')).focus();
  };

  // fetch asks for a lesson or an exercise, and shows it.
  const fetchOne = async (request, hash, show) => {
    clearTimeout(page.later);
    lab.tried = false;
    lab.asked = hash;
    if (!lab.learning) lab.learn(true);
    document.documentElement.classList.add('alone');
    history.replaceState(null, '', hash);
    try {
      const {status, body} = await lab.engine({format: 'sealab-learn-1', ...request});
      if (lab.asked !== hash) return; // something else was asked for by now
      if (status === 200) show(body);
      else failed(body.problems.map(p => p.message).join(' '));
    } catch (err) {
      failed(lab.unreached(err));
    }
  };
  const failed = text => {
    lab.asked = '';
    $('lesson').replaceChildren(heading('This did not work'), el('p', {role: 'alert', class: 'wrong'}, text));
    $('lesson-h').focus();
  };

  lab.lesson = id => fetchOne({lesson: id}, '#lesson-' + id, body => showLesson(lab, body.lesson));
  lab.exercise = (kind, seed) => fetchOne({exercise: true, kind, seed}, `#exercise-${kind || 'any'}-${seed}`,
    body => showExercise(lab, body.exercises[0], kind));

  $('lessons').addEventListener('click', () => lab.learn());
  $('ladder').addEventListener('click', ev => {
    const b = ev.target.closest('[data-lesson]');
    if (b) lab.lesson(b.dataset.lesson);
  });
  $('draw').addEventListener('submit', ev => {
    ev.preventDefault();
    const seed = $('seed').value.trim();
    if (seed && !/^\d{1,15}$/.test(seed)) return failed(`A seed is a whole number of at most 15 digits, and "${seed}" is none.`);
    lab.exercise($('kind').value, seed ? Number(seed) : Math.floor(Math.random() * 1e6));
  });
  startPromises(lab, fetchOne, failed);
  document.addEventListener('keydown', chooseByKey, true);
  addEventListener('hashchange', () => toLearn(lab));
  drawProgress();
}

// toLearn opens what the address names, as #lesson-counter, #exercise-wait-7 or
// #promises-read-only,private@6.1.
function toLearn(lab) {
  if (toPromises(lab)) return true;
  const m = /^#(lesson|exercise)-([a-z0-9-]+?)(?:-(\d{1,15}))?$/.exec(location.hash);
  if (!m) return false;
  if (m[1] === 'lesson') lab.lesson(m[2]);
  else lab.exercise(m[2] === 'any' ? '' : m[2], Number(m[3] || 0));
  return true;
}

// firstOpen is the first lesson that was not answered rightly.
function firstOpen() {
  const all = [...document.querySelectorAll('[data-lesson]')].map(b => b.dataset.lesson);
  return all.find(id => progress.all.lessons[id] !== 'right') || all[0];
}

function drawProgress(id) {
  for (const b of document.querySelectorAll('[data-lesson]')) {
    const how = progress.all.lessons[b.dataset.lesson];
    b.firstElementChild.replaceChildren(el('span', {'aria-hidden': 'true'}, how === 'right' ? '✓' : how ? '✗' : '○'),
      el('span', {class: 'quiet'}, how ? `answered, ${how}:` : 'not answered yet:'));
    if (b.dataset.lesson === id) b.setAttribute('aria-current', 'page');
    else b.removeAttribute('aria-current');
  }
  const {asked, right} = progress.all;
  $('kept').textContent = (asked ? `${right} of ${asked} exercises answered rightly. ` : '') +
    (progress.stays ? 'What you answered is kept in this browser only.' : 'This browser keeps nothing: what you answered is forgotten with the page.');
}

// chooseByKey lets a letter choose an answer, wherever the focus is in the lesson.
function chooseByKey(ev) {
  const lab = page.lab, t = ev.target;
  if (!lab || !lab.learning || !$('letters').checked || ev.ctrlKey || ev.metaKey || ev.altKey) return;
  if (t.matches('textarea, select, input:not([type=radio])') || t.closest('dialog')) return;
  const form = $('lesson').querySelector('form.question:not(.answered)');
  const choice = form && form.elements.choice[ev.key.charCodeAt(0) - 97];
  if (ev.key.length !== 1 || !choice) return;
  ev.preventDefault();
  ev.stopPropagation();
  choice.checked = true;
  choice.focus();
}

function heading(text) {
  return el('h1', {id: 'lesson-h', tabindex: '-1'}, text);
}

function letter(i) {
  return String.fromCharCode(97 + i);
}

function showLesson(lab, l) {
  drawProgress(l.id);
  const all = [...document.querySelectorAll('[data-lesson]')].map(b => b.dataset.lesson);
  const next = all[all.indexOf(l.id) + 1];
  $('lesson').replaceChildren(heading(`${l.number}. ${l.title}`), ...l.text.map(t => el('p', {}, t)),
    ...ask(l.question, right => {
      progress.all.lessons[l.id] = right ? 'right' : 'wrong';
      progress.save();
      drawProgress(l.id);
      return [...l.moral.map(t => el('p', {class: 'moral'}, t)), looks(lab, l.question), ...toTry(lab, l),
        el('p', {class: 'row'}, next ? el('button', {type: 'button', onclick: () => lab.lesson(next)}, 'Next lesson') :
          el('span', {}, 'This was the last lesson. Exercises never end.'))];
    }));
  $('lesson-h').focus();
}

function showExercise(lab, e, kind) {
  drawProgress();
  $('kind').value = kind;
  const another = () => el('p', {class: 'row'}, el('button', {type: 'button', onclick: () => lab.exercise(kind, e.seed + 1)}, 'Another one'));
  $('lesson').replaceChildren(heading(`Exercise ${e.kind}, seed ${e.seed}`), ...ask(e, right => {
    progress.all.asked++;
    progress.all.right += right ? 1 : 0;
    progress.save();
    drawProgress();
    return [looks(lab, e), another()];
  }));
  $('lesson-h').focus();
}

// ask shows a question. Once it is answered, what after(right) makes is shown too.
function ask(q, after) {
  const told = el('div', {class: 'told', tabindex: '-1', 'aria-label': 'The answer', role: 'group'});
  const choices = q.choices.map((c, i) => el('label', {}, el('input', {type: 'radio', name: 'choice', value: i, required: true}),
    el('kbd', {}, letter(i)), el('span', {}, c.text)));
  const form = el('form', {class: 'question'}, el('fieldset', {}, el('legend', {}, q.ask), choices),
    el('p', {class: 'row'}, el('button', {type: 'submit', class: 'main'}, 'Answer')));
  form.addEventListener('submit', ev => {
    ev.preventDefault();
    if (form.classList.contains('answered')) return;
    const chosen = Number(form.elements.choice.value);
    form.classList.add('answered');
    form.querySelector('button').disabled = true;
    choices.forEach((c, i) => {
      c.firstChild.disabled = true;
      c.classList.toggle('right', i === q.answer);
      c.classList.toggle('wrong', i === chosen && i !== q.answer);
    });
    fill(told, {}, [answer(q, chosen), after(chosen === q.answer)]);
    told.focus();
  });
  const secret = (q.kernel || '').includes(':'); // of a broken kernel, the line is the answer
  return [numbered(q.scenario, n => n === q.line && !secret), form, told];
}

// numbered shows a scenario; lines of which marked(number) holds stand out.
function numbered(scenario, marked) {
  return el('ol', {class: 'lines', tabindex: 0, 'aria-label': 'Scenario'}, scenario.replace(/\n$/, '').split('\n').map((l, i) =>
    el('li', {class: marked(i + 1) ? 'now' : null}, l)));
}

// answer says which choice is right, and why, as the terminal does.
function answer(q, chosen) {
  const right = `${letter(q.answer)}) ${q.choices[q.answer].text}.`;
  return [chosen === q.answer ? el('p', {class: 'right'}, el('b', {}, 'Right: '), right) :
    el('p', {class: 'wrong'}, el('b', {}, 'No. '), q.choices[chosen].say), chosen !== q.answer && el('p', {}, 'The answer is ' + right),
  ...(q.because || []).map(t => el('p', {}, t))];
}

// looks lets one look at the run that the question is about: of a broken kernel, at both.
function looks(lab, q) {
  const [kernel, broken] = (q.kernel || '').split(':');
  const button = (words, scenario, kernel) => el('button', {type: 'button', onclick: () => tryOut(lab, scenario, kernel, q.line)}, words);
  if (!broken) return el('p', {class: 'row'}, button('Look at the run', q.scenario, q.kernel || ''));
  return el('p', {class: 'row'}, button('Look at the run on Linux', q.scenario, kernel), button('The same on the broken kernel', q.scenario, q.kernel));
}

// toTry is a thing to change. What comes of it is told when it has been made.
function toTry(lab, l) {
  const c = l.change, kernel = l.question.kernel || '', came = el('div', {tabindex: '-1', role: 'group', 'aria-label': 'What came of it'});
  const one = (words, scenario, line) => el('button', {type: 'button', onclick: () => tryOut(lab, scenario, kernel, line)}, words);
  const make = el('button', {type: 'button', onclick: () => {
    const lines = c.edits.filter(e => e.text).map(e => changedLines(c.edits, e)).flat();
    came.replaceChildren(numbered(c.scenario, n => lines.includes(n)), el('p', {}, el('b', {}, `Before: ${c.before}. After: ${c.after}.`)),
      ...(c.because || []).map(t => el('p', {}, t)), el('p', {class: 'row'}, one('Look at it before', l.question.scenario, l.question.line),
        one('Look at it after', c.scenario, c.line)));
    make.disabled = true;
    tryOut(lab, c.scenario, kernel, c.line).then(() => came.focus());
  }}, 'Make the change');
  return [el('h2', {}, 'To try'), el('p', {}, c.text), el('ul', {class: 'edits'}, c.edits.map(e => el('li', {},
    `line ${e.line}: `, e.text ? el('code', {}, e.text) : 'leave it out'))), el('p', {}, c.look), el('p', {class: 'row'}, make), came];
}

// changedLines are the numbers that the lines of an edit have once all edits are made.
function changedLines(edits, e) {
  const count = text => text ? text.split('\n').length : 0;
  const first = edits.filter(o => o.line < e.line).reduce((n, o) => n + count(o.text) - 1, e.line);
  return Array.from({length: count(e.text)}, (_, i) => first + i);
}

// tryOut loads a scenario into the page, beneath the lesson, where the call of a line ends.
async function tryOut(lab, text, kernel, line) {
  const end = doc => {
    const call = doc.calls.find(c => c.line === line && c.end >= 0);
    return call && call.end;
  };
  const shown = await lab.ask({format: page.run.doc.format, name: 'lesson', text, kernel}, end);
  $('failed')?.remove();
  if (!shown) return $('lesson').append(el('p', {id: 'failed', class: 'wrong', role: 'alert'}, $('problems').textContent));
  lab.tried = true;
  document.documentElement.classList.remove('alone');
  draw();
  $('why-h').focus();
}
