// What is written and not yet sent, one for each conversation ("" is the one that has not begun). Its words outlive a reload of the
// tab; attached files do not.

import { keep, kept, session } from "./state.js";

const { reactive } = Vue;
const NAME = "drafts";

const made = (text) => reactive({ text, files: [], answers: [], shown: 0, reading: 0 });   // `reading`: files that are still being read
const drafts = new Map(Object.entries(JSON.parse(kept(session, NAME, "{}"))).map(([id, text]) => [id, made(text)]));

export function draftOf(id) {
  if (!drafts.has(id)) drafts.set(id, made(""));
  return drafts.get(id);
}

export const dropDraft = (id) => drafts.delete(id);

function keepAll() {
  const words = [...drafts].map(([id, { text }]) => [id, text]).filter(([, text]) => text);
  keep(session, NAME, JSON.stringify(Object.fromEntries(words)));
}

// A page learns in time that it is left, and need not write with every letter.
window.addEventListener("pagehide", keepAll);
document.addEventListener("visibilitychange", keepAll);
