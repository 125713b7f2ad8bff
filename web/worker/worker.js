'use strict';

// The engine of a page without a server: the simulator itself, as WebAssembly, in a worker, so
// that the page stays alive while it runs.

importScripts('wasm_exec.js');

const waiting = [];
let run = null;

self.ready = () => {
  run = text => self.sealab(text);
  waiting.splice(0).forEach(answer);
};

function answer({id, text}) {
  try {
    self.postMessage({id, ...run(text)});
  } catch (err) {
    self.postMessage({id, failed: String(err)});
  }
}

self.onmessage = ev => run ? answer(ev.data) : waiting.push(ev.data);

(async () => {
  try {
    const go = new Go();
    const got = await fetch('sealab.wasm');
    if (!got.ok) throw new Error('sealab.wasm: the web server answers ' + got.status);
    const made = await WebAssembly.instantiate(await got.arrayBuffer(), go.importObject);
    await go.run(made.instance);
    throw new Error('it has ended');
  } catch (err) {
    self.postMessage({failed: String(err)});
  }
})();
