// Text that a page can lay out in good time: browsers take very long over a word of a hundred thousand letters.

const { h } = Vue;
const MOST = 1_000;
const RUN = new RegExp(`\\S{${MOST}}(?=\\S)`, "g");

// The same letters, with places at which such a word may be broken; copied text has no trace of them.
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
