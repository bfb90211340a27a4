// What arrives in many small pieces is put in as often as a page can draw it: a quick model sends thousands of pieces a second, and
// each drawing of a long answer takes longer than the one before.

const { nextTick } = Vue;
const LEAST_MS = 30;
const REST = 4;   // so many times as long as the last drawing took is left to everything else

export function paced(put) {
  let waiting = "";
  let timer = null;
  let next = 0;
  function now() {
    clearTimeout(timer);
    timer = null;
    if (!waiting) return;
    const began = performance.now();
    next = began + LEAST_MS;
    put(waiting);
    waiting = "";
    nextTick(() => { next = performance.now() + Math.max(LEAST_MS, REST * (performance.now() - began)); });
  }
  function add(piece) {
    waiting += piece;
    const rest = next - performance.now();
    if (rest <= 0) now();
    else timer ??= setTimeout(now, rest);
  }
  return { add, now };
}
