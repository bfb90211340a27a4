// What a page does with text that others wrote, before it shows it: words without end are broken, and the language is told where the
// script alone tells it.

const { h } = Vue;
const MOST = 1_000;
const RUN = new RegExp(`\\S{${MOST}}(?=\\S)`, "g");

// The same letters, with places at which a word without end may be broken: browsers take very long to lay out one of a hundred thousand
// letters. Copied text has no trace of them.
export function broken(text) {
  if (text.length <= MOST) return [text];
  const parts = [];
  let at = 0;
  for (const { 0: run, index } of text.matchAll(RUN)) {
    parts.push(text.slice(at, index + run.length), h("wbr"));
    at = index + run.length;
  }
  parts.push(text.slice(at));
  return parts;
}

// A voice that reads aloud, and the choice of a font for Chinese characters, go by the language. Most scripts are shared by many.
const SCRIPTS = [["ja", /[\u3040-\u30FF]/g], ["ko", /[\uAC00-\uD7AF]/g], ["th", /[\u0E00-\u0E7F]/g], ["el", /[\u0370-\u03FF]/g], ["he", /[\u0590-\u05FF]/g], ["zh", /[\u4E00-\u9FFF]/g]];
const BEGINNING = 400;
export function languageOf(text) {
  const beginning = text.slice(0, BEGINNING);
  const letters = beginning.match(/\p{L}/gu)?.length ?? 0;
  return SCRIPTS.find(([, script]) => (beginning.match(script)?.length ?? 0) > 0.3 * letters)?.[0];
}
